//! One quantity against another, over all pairs seen.

/// Sums over pairs (x, y), from which all else follows.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Regression {
    n: f64,
    x: f64,
    y: f64,
    xx: f64,
    yy: f64,
    xy: f64,
}

impl Regression {
    /// Takes a pair in.
    pub fn add(&mut self, x: f64, y: f64) {
        self.n += 1.0;
        self.x += x;
        self.y += y;
        self.xx += x * x;
        self.yy += y * y;
        self.xy += x * y;
    }

    /// Means of x and y.
    pub fn means(&self) -> [f64; 2] {
        [self.x / self.n, self.y / self.n]
    }

    /// Slope of the line of least squares of y on x.
    pub fn slope(&self) -> f64 {
        (self.n * self.xy - self.x * self.y) / (self.n * self.xx - self.x * self.x)
    }

    /// Pearson's correlation.
    pub fn correlation(&self) -> f64 {
        let spread = |s: f64, ss: f64| self.n * ss - s * s;
        (self.n * self.xy - self.x * self.y) / (spread(self.x, self.xx) * spread(self.y, self.yy)).sqrt()
    }

    /// Root of the mean of (y − x)².
    pub fn rms(&self) -> f64 {
        ((self.xx - 2.0 * self.xy + self.yy).max(0.0) / self.n).sqrt()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_has_its_slope_and_scatter_lowers_the_correlation() {
        let of = |pairs: &[(f64, f64)]| {
            let mut all = Regression::default();
            pairs.iter().for_each(|&(x, y)| all.add(x, y));
            all
        };
        let line = of(&[(0.0, 1.0), (1.0, 3.0), (2.0, 5.0)]);
        assert!((line.slope() - 2.0).abs() < 1e-12 && (line.correlation() - 1.0).abs() < 1e-12);
        // Differences 1, 2, 3.
        assert!((line.rms() - (14.0_f64 / 3.0).sqrt()).abs() < 1e-12);
        assert!(line.means().iter().zip([1.0, 3.0]).all(|(a, b)| (a - b).abs() < 1e-12));
        // x 0, 1, 2 and y 0, 2, 1: covariance 1/3, variances 2/3.
        assert!((of(&[(0.0, 0.0), (1.0, 2.0), (2.0, 1.0)]).correlation() - 0.5).abs() < 1e-12);
    }
}
