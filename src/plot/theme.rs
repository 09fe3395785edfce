//! Colours: marks name an ink, whose colour is that of the theme.

/// Light or dark background.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Theme {
    /// Black on white.
    #[default]
    Light,
    /// White on almost black.
    Dark,
}

/// Inks: those of Okabe and Ito, whose black is white on dark, a grey, and a brown and a violet that stand off
/// all of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ink {
    /// Black, white on dark.
    Black,
    /// Orange.
    Orange,
    /// Sky blue.
    SkyBlue,
    /// Bluish green.
    Green,
    /// Yellow; hard to see on white.
    Yellow,
    /// Blue; lighter on dark.
    Blue,
    /// Vermillion.
    Vermillion,
    /// Reddish purple.
    Purple,
    /// Grey.
    Grey,
    /// Brown.
    Brown,
    /// Violet.
    Violet,
}

/// From values to colours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ColourMap {
    /// From the background to blue, for values from 0.
    Sequential,
    /// Blue below, orange-red above, the background between.
    Diverging,
}

/// A colour and how much it covers, 0 to 1.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Colour {
    pub(super) rgb: [u8; 3],
    pub(super) alpha: f64,
}

impl Ink {
    /// Inks for lines that have no ink of their own, those told apart best first.
    pub const SERIES: [Self; 7] =
        [Self::Blue, Self::Vermillion, Self::Green, Self::Purple, Self::Orange, Self::SkyBlue, Self::Black];

    /// Inks for ten classes, which colour-blind people tell apart.
    pub const CLASSES: [Self; 10] = [
        Self::Blue,
        Self::Vermillion,
        Self::Green,
        Self::Purple,
        Self::Orange,
        Self::SkyBlue,
        Self::Black,
        Self::Yellow,
        Self::Violet,
        Self::Brown,
    ];
}

impl Theme {
    /// The colour of an ink.
    pub(super) fn ink(self, ink: Ink) -> Colour {
        let dark = self == Self::Dark;
        let rgb = match ink {
            Ink::Black if dark => [240, 240, 240],
            Ink::Black => [20, 20, 20],
            Ink::Orange => [230, 159, 0],
            Ink::SkyBlue => [86, 180, 233],
            Ink::Green => [0, 158, 115],
            Ink::Yellow => [240, 228, 66],
            Ink::Blue if dark => [64, 150, 220],
            Ink::Blue => [0, 114, 178],
            Ink::Vermillion if dark => [240, 110, 40],
            Ink::Vermillion => [213, 94, 0],
            Ink::Purple => [204, 121, 167],
            Ink::Grey if dark => [150, 155, 165],
            Ink::Grey => [115, 115, 120],
            Ink::Brown if dark => [150, 85, 50],
            Ink::Brown => [120, 60, 20],
            Ink::Violet => [130, 30, 235],
        };
        Colour { rgb, alpha: 1.0 }
    }

    pub(super) fn background(self) -> Colour {
        let rgb = if self == Self::Dark { [18, 21, 26] } else { [255, 255, 255] };
        Colour { rgb, alpha: 1.0 }
    }

    /// Lines behind the marks.
    pub(super) fn grid(self) -> Colour {
        self.ink(Ink::Grey).with_alpha(if self == Self::Dark { 0.25 } else { 0.2 })
    }

    /// What a phase is shaded with.
    pub(super) fn shade(self, ink: Ink) -> Colour {
        let share = if ink == Ink::Grey { 0.5 } else { 1.0 };
        self.ink(ink).with_alpha(share * if self == Self::Dark { 0.22 } else { 0.18 })
    }

    /// What a bar behind the spikes of a neuron is drawn with.
    pub(super) fn span(self, ink: Ink) -> Colour {
        self.ink(ink).with_alpha(0.5)
    }

    /// The colour of a value at a share of the range of its map, 0 to 1.
    pub(super) fn mapped(self, map: ColourMap, share: f64) -> Colour {
        let middle = match self {
            Self::Light => [250, 250, 250],
            Self::Dark => [28, 32, 38],
        };
        let (cold, warm) = match self {
            Self::Light => ([5, 80, 140], [178, 60, 0]),
            Self::Dark => ([86, 180, 233], [255, 140, 60]),
        };
        let share = share.clamp(0.0, 1.0);
        match map {
            ColourMap::Sequential => between(middle, cold, share),
            ColourMap::Diverging if share < 0.5 => between(middle, cold, 1.0 - 2.0 * share),
            ColourMap::Diverging => between(middle, warm, 2.0 * share - 1.0),
        }
    }

    /// The ink that can be read on a colour.
    pub(super) fn on(colour: Colour) -> Colour {
        let [r, g, b] = colour.rgb.map(|part| (f64::from(part) / 255.0).powf(2.2));
        // The luminance at which both inks have the same contrast.
        let rgb = if 0.2126 * r + 0.7152 * g + 0.0722 * b > 0.184 { [20, 20, 20] } else { [245, 245, 245] };
        Colour { rgb, alpha: 1.0 }
    }
}

impl Colour {
    pub(super) fn with_alpha(self, alpha: f64) -> Self {
        Self { alpha, ..self }
    }
}

fn between(from: [u8; 3], to: [u8; 3], share: f64) -> Colour {
    let mix = |i: usize| (f64::from(from[i]) + (f64::from(to[i]) - f64::from(from[i])) * share).round() as u8;
    Colour { rgb: [mix(0), mix(1), mix(2)], alpha: 1.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Contrast of two colours as WCAG 2 defines it, 1 to 21.
    fn contrast(a: Colour, b: Colour) -> f64 {
        let luminance = |c: Colour| {
            let part = |v: u8| {
                let v = f64::from(v) / 255.0;
                if v <= 0.03928 { v / 12.92 } else { ((v + 0.055) / 1.055).powf(2.4) }
            };
            0.2126 * part(c.rgb[0]) + 0.7152 * part(c.rgb[1]) + 0.0722 * part(c.rgb[2])
        };
        let (low, high) = (luminance(a).min(luminance(b)), luminance(a).max(luminance(b)));
        (high + 0.05) / (low + 0.05)
    }

    #[test]
    fn text_and_lines_stand_out_from_the_background() {
        for theme in [Theme::Light, Theme::Dark] {
            assert!(contrast(theme.ink(Ink::Black), theme.background()) > 12.0);
            assert!(contrast(theme.ink(Ink::Grey), theme.background()) > 4.5);
            for ink in &Ink::SERIES[..4] {
                let found = contrast(theme.ink(*ink), theme.background());
                assert!(found > 2.8, "{theme:?} {ink:?} {found}");
            }
        }
    }

    /// CIE L*a*b* as seen by people without one kind of cone, full severity (Machado, Oliveira & Fernandes 2009), or by all.
    fn seen(colour: Colour, by: [[f64; 3]; 3]) -> [f64; 3] {
        let part = |v: u8| {
            let v = f64::from(v) / 255.0;
            if v <= 0.04045 { v / 12.92 } else { ((v + 0.055) / 1.055).powf(2.4) }
        };
        let dot = |a: [f64; 3], b: [f64; 3]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
        let rgb = by.map(|row| dot(row, colour.rgb.map(part)).clamp(0.0, 1.0));
        let f = |t: f64| if t > 0.008_856 { t.cbrt() } else { 7.787 * t + 16.0 / 116.0 };
        let x = f(dot([0.4124, 0.3576, 0.1805], rgb) / 0.9505);
        let y = f(dot([0.2126, 0.7152, 0.0722], rgb));
        let z = f(dot([0.0193, 0.1192, 0.9505], rgb) / 1.089);
        [116.0 * y - 16.0, 500.0 * (x - y), 200.0 * (y - z)]
    }

    #[test]
    fn ten_classes_are_told_apart_by_all_eyes() {
        let all = [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]];
        let no_l = [
            [0.152_286, 1.052_583, -0.204_868],
            [0.114_503, 0.786_281, 0.099_216],
            [-0.003_882, -0.048_116, 1.051_998],
        ];
        let no_m =
            [[0.367_322, 0.860_646, -0.227_968], [0.280_085, 0.672_501, 0.047_413], [-0.011_820, 0.042_940, 0.968_881]];
        let no_s = [
            [1.255_528, -0.076_749, -0.178_779],
            [-0.078_411, 0.930_809, 0.147_602],
            [0.004_733, 0.691_367, 0.303_900],
        ];
        for (theme, by) in [Theme::Light, Theme::Dark].into_iter().flat_map(|t| [all, no_l, no_m, no_s].map(|b| (t, b)))
        {
            for (i, a) in Ink::CLASSES.iter().enumerate() {
                for b in &Ink::CLASSES[i + 1..] {
                    let [a_seen, b_seen] = [a, b].map(|ink| seen(theme.ink(*ink), by));
                    let apart = a_seen.iter().zip(b_seen).map(|(a, b)| (a - b).powi(2)).sum::<f64>().sqrt();
                    // 2.3 can just be told apart when side by side.
                    assert!(apart > 10.0, "{theme:?} {a:?} {b:?} {apart}");
                }
            }
        }
    }

    #[test]
    fn numbers_can_be_read_on_every_value_of_a_map() {
        for theme in [Theme::Light, Theme::Dark] {
            for map in [ColourMap::Sequential, ColourMap::Diverging] {
                for share in 0..=100 {
                    let cell = theme.mapped(map, f64::from(share) / 100.0);
                    assert!(contrast(Theme::on(cell), cell) > 4.0, "{theme:?} {map:?} {share}");
                }
            }
        }
    }

    #[test]
    fn a_diverging_map_parts_at_its_middle() {
        let map = |share| Theme::Light.mapped(ColourMap::Diverging, share).rgb;
        assert_eq!((map(0.0), map(0.5), map(1.0)), ([5, 80, 140], [250, 250, 250], [178, 60, 0]));
        assert_eq!((map(-3.0), map(7.0)), (map(0.0), map(1.0)));
    }
}
