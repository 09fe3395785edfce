//! What must hold of every figure: parsed from its SVG, decoded from its PNG.

use super::gallery::*;
use super::*;
use crate::analysis::Variability;

/// A text of an SVG with the room it takes.
#[derive(Clone, Debug)]
struct Text {
    said: String,
    left: f64,
    right: f64,
    top: f64,
    bottom: f64,
}

/// The value of an attribute.
fn attribute<'a>(element: &'a str, name: &str) -> Option<&'a str> {
    let start = element.find(&format!(" {name}=\""))? + name.len() + 3;
    Some(&element[start..start + element[start..].find('"')?])
}

fn texts(svg: &str) -> Vec<Text> {
    let found = svg.lines().filter(|line| line.starts_with("<text ")).map(|line| {
        let number = |name| attribute(line, name).unwrap().parse::<f64>().unwrap();
        let (x, y, size) = (number("x"), number("y"), number("font-size"));
        let inner = &line[line.find('>').unwrap() + 1..line.rfind("</text>").unwrap()];
        let text = inner.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&");
        let width = font::width(&text, size);
        let before = match attribute(line, "text-anchor").unwrap() {
            "start" => 0.0,
            "middle" => 0.5 * width,
            _ => width,
        };
        let (ascent, descent) = (0.78 * size, 0.22 * size);
        if attribute(line, "transform").is_some() {
            let bottom = y + before;
            return Text { said: text, left: x - ascent, right: x + descent, top: bottom - width, bottom };
        }
        let left = x - before;
        Text { said: text, left, right: left + width, top: y - ascent, bottom: y + descent }
    });
    found.collect()
}

/// What is cut off or overlaps.
fn faults(figure: &Figure) -> Vec<String> {
    let texts = texts(&figure.svg());
    let [w, h] = figure.size.map(f64::from);
    let cut = |t: &Text| t.left < 0.0 || t.right > w || t.top < 0.0 || t.bottom > h;
    let mut faults: Vec<_> = texts.iter().filter(|t| cut(t)).map(|t| format!("cut: {t:?}")).collect();
    for (i, a) in texts.iter().enumerate() {
        for b in &texts[i + 1..] {
            let apart = a.right <= b.left || b.right <= a.left || a.bottom <= b.top || b.bottom <= a.top;
            if !apart {
                faults.push(format!("overlap: {a:?} {b:?}"));
            }
        }
    }
    faults
}

/// Presentations of about the length of the paper's.
fn trials(count: usize) -> Vec<TrialPhases> {
    let trial = |i: usize| {
        let start = 104.0 * i as f64;
        TrialPhases { start, forward_end: start + 52.0, target_end: Some(start + 104.0), label: Some(7), decoded: 3 }
    };
    (0..count).map(trial).collect()
}

/// Spikes at times and neurons spread evenly: `rate` per ms.
fn spread(size: usize, end: f64, rate: f64) -> (Vec<f64>, Vec<u64>) {
    let count = (end * rate) as usize;
    (0..count).map(|i| (i as f64 / rate, (i * 7919 % size) as u64)).unzip()
}

fn raster_of(size: usize, presentations: usize, rate: f64) -> Figure {
    let end = 104.0 * presentations as f64;
    let (times, ids) = spread(size, end, rate);
    let (few, their) = spread(10, end, 0.3);
    let populations = [
        RasterPopulation { name: "hidden", neurons: [0, size], times: &times, ids: &ids, events: &[] },
        RasterPopulation { name: "output", neurons: [0, 10], times: &few, ids: &their, events: &[] },
    ];
    raster(&populations, &trials(presentations), [0.0, end])
}

fn correlated(values: &[f64]) -> PopulationCorrelations {
    PopulationCorrelations {
        name: "hidden".to_owned(),
        coefficients: values.iter().map(|v| v - 0.5).collect(),
        count_bin: 10.0,
        correlogram: values[..101].to_vec(),
        lag_bin: 1.0,
    }
}

fn spectral(values: &[f64]) -> PopulationSpectrum {
    let spectrum = crate::analysis::PowerSpectrum {
        frequencies: (1..=150).map(|k| 2.0 * f64::from(k)).collect(),
        neurons: values[..150].to_vec(),
        population: values[150..300].iter().map(|v| 40.0 * v).collect(),
    };
    PopulationSpectrum { name: "hidden".to_owned(), rate: 24.5, spectrum }
}

/// Dendritic events of which some overlap, follow each other closely, or go on beyond a window of 208 ms.
fn dendritic_events() -> Vec<EventSpan> {
    let event = |event, range| EventSpan { event, range };
    vec![
        event(DrawnEvent::Plateau, [60.0, 80.0]),
        event(DrawnEvent::DendriticSpike, [70.0, 75.0]),
        event(DrawnEvent::Plateau, [82.0, 100.0]),
        event(DrawnEvent::Burst, [83.0, 91.0]),
        event(DrawnEvent::Plateau, [200.0, 230.0]),
    ]
}

/// A raster of two populations of 30 neurons, each neuron with every dendritic event, and as many spikes as are asked for.
fn raster_with_events(spikes: f64) -> Figure {
    let (times, ids) = spread(30, 208.0, spikes / 208.0);
    let of = |neuron| dendritic_events().into_iter().map(move |span| NeuronEvent { neuron, span });
    let events: Vec<_> = (0..30).flat_map(of).collect();
    let population = |name| RasterPopulation { name, neurons: [0, 30], times: &times, ids: &ids, events: &events };
    raster(&[population("upper"), population("lower")], &[], [0.0, 208.0])
}

/// One figure of every kind.
fn every_kind() -> Vec<(&'static str, Figure)> {
    let wave = |i: usize| [i as f64 * 0.5, (i as f64 * 0.1).sin() * 4.0];
    let neuron = |name: &str| NeuronTraces {
        name: name.to_owned(),
        unit: "dimensionless",
        potentials: ["soma", "basal", "apical"].map(|c| (c.to_owned(), (0..416).map(wave).collect())).to_vec(),
        spikes: vec![1.0, 50.0, 207.9],
        plateaus: vec![Level { from: 30.0, to: 52.0, alpha: 0.7 }, Level { from: 186.0, to: 208.0, alpha: 1.0 }],
        teaching: vec![Pull { from: 52.0, to: 104.0, reversal: -8.0 }],
        events: Vec::new(),
    };
    let neurons: Vec<_> = (0..12).map(|i| neuron(&format!("hidden {i}"))).collect();
    let bursting = [0, 1].map(|i| NeuronTraces { events: dendritic_events(), ..neurons[i].clone() });
    let values: Vec<f64> = (0..1000).map(|i| 0.5 + 0.4 * (f64::from(i) * 0.7).sin()).collect();
    let activity = || Activity { rates: values.iter().map(|v| v * 200.0).collect(), course: values[..25].to_vec() };
    let phases_of = |name: &str| PhaseRates {
        run_from: None,
        name: name.to_owned(),
        largest: 150.0,
        bin: 2.0,
        forward: activity(),
        target: Some(activity()),
    };
    let variability: Vec<_> = values.iter().map(|&v| Variability { cv: v, cv2: v + 0.1, lv: v + 0.2 }).collect();
    let intervals = || Intervals {
        within_phases: true,
        name: "hidden".to_owned(),
        intervals: values.clone(),
        neurons: variability.clone(),
        population: Some(variability[0]),
    };
    let curve = |i: u32| CurvePoint {
        examples: 60_000.0 * f64::from(i),
        test_error: 8.0 / f64::from(i),
        train_error: if i == 1 { f64::NAN } else { 9.0 / f64::from(i) },
        loss: 2.5e-3,
    };
    let axis: Vec<f64> = (0..120).map(f64::from).collect();
    let eigenvalues: Vec<_> = axis.iter().map(|&x| (x, 0.2, 7.5)).collect();
    let counts: Vec<Vec<u64>> = (0..10).map(|i| (0..10).map(|j| if i == j { 1017 } else { j }).collect()).collect();
    let weight: Vec<f32> = (0..100 * 784).map(|i| (i as f32 * 0.37).sin()).collect();
    let lengths = |name: &str| (name.to_owned(), values.iter().map(|v| 50.0 + v).collect(), [50.0, 2.0, 1.0]);
    let points = |k: u32| (1..20).map(|i| [f64::from(3000 * i), 40.0 / f64::from(i + k)]).collect::<Vec<_>>();
    let rules = |count: u32| (0..count).map(|k| (format!("Simplified difference target propagation {k}"), k));
    let comparison = |count: u32| {
        let entry = |(name, k)| NamedValue { name, value: 2.0 + f64::from(k), spread: 0.3 };
        let curve = |(label, k)| Curve { label, points: points(k) };
        let labels = ["training presentations".to_owned(), "test error (%)".to_owned()];
        let (title, curves_of) = ("learning".to_owned(), rules(count).map(curve).collect());
        let drawn = curves(&Curves { title, labels, scale: Scale::Log, curves: curves_of });
        let last =
            named_values("final error", "test error (%)", Scale::Linear, &rules(count).map(entry).collect::<Vec<_>>());
        sheet(vec![vec![drawn], vec![last]])
    };
    let validated = |name: &str| Validated {
        population: name.to_owned(),
        rates: values.iter().map(|&v| [200.0 * v, 198.0 * v]).collect(),
        off: [50.0, 100.0, 250.0, 1000.0].map(|length: f64| [length, 500.0 / length.sqrt()]).to_vec(),
        floor: 2.2,
    };
    let same: Vec<[f64; 2]> = validated("").off.iter().map(|[length, off]| [*length, 100.0 - off]).collect();
    let grouped = ["real", "shuffled"].map(|name| (name.to_owned(), values.clone()));
    let plane = ["t-SNE 1", "t-SNE 2"];
    // 10,000 points in ten clusters, the last of which lies on the one before.
    let classes: Vec<u8> = (0..10_000).map(|i| (i % 10) as u8).collect();
    let place = |i: usize| [(i % 10).min(8) as f64 * 10.0 + values[i % 1000], values[(7 * i) % 1000] * 80.0];
    let places: Vec<[f64; 2]> = (0..10_000).map(place).collect();
    let both = [[0.0, 90.0, 91.0], [500.0, 20.0, 15.0], [2000.0, 9.0, 8.0]];
    vec![
        ("raster of 10", raster_of(10, 4, 0.3)),
        ("raster of 4000", raster_of(4000, 4, 100.0)),
        ("raster of many presentations", raster_of(500, 200, 0.5)),
        ("raster with events", raster_with_events(500.0)),
        ("traces", traces(&neurons[..3], &trials(2), [0.0, 208.0])),
        ("many traces", traces(&neurons, &trials(2), [0.0, 208.0])),
        ("traces with dendritic events", traces(&bursting, &[], [0.0, 208.0])),
        ("plateaus", plateaus(&[PlateauPairs { name: "hidden", forward: &values, target: &values }; 2])),
        ("rates", rates(&["input", "hidden", "output"].map(phases_of))),
        ("correlation", correlations(&[correlated(&values), correlated(&values)])),
        ("spectrum", spectra(&[spectral(&values), spectral(&values)])),
        ("isi", isi(&[intervals(), intervals(), intervals()])),
        ("learning", learning(&(1..61).map(curve).collect::<Vec<_>>(), "validation")),
        ("confusion", confusion(&counts)),
        ("weights", weights(&weight, 784, 0, WeightLayout::Fields(28), ["input", "hidden"])),
        ("weights of 500", weights(&weight[..5000], 500, 0, WeightLayout::Matrix, ["hidden", "output"])),
        ("receptive fields", sheet(vec![vec![receptive_fields("a network", &weight[..25 * 784], 784, 28); 2]])),
        ("histograms", sheet(vec![vec![histograms("fields", "largest correlation", &grouped)]])),
        (
            "scatters",
            Figure { size: [1500, 600], ..sheet(vec![vec![scatter("hidden 1", plane, &places, &classes); 3]]) },
        ),
        ("phases", phases(&[lengths("forward"), lengths("target")])),
        (
            "angle",
            angles(&axis, &[("hidden1".to_owned(), axis.clone()), ("hidden2".to_owned(), axis.clone())], &eigenvalues),
        ),
        ("curves of two", comparison(2)),
        ("validation", validation(&["hidden1", "hidden2", "output"].map(validated), &same, &both)),
        ("validation without learning", validation(&[validated("output")], &same, &[])),
    ]
}

#[test]
fn nothing_is_cut_and_nothing_overlaps() {
    for (name, figure) in every_kind() {
        for size in [figure.size, [800, 500], [1600, 1000], [1600, 500]] {
            let tall = figure.rows.len() as u32 * 90 + 180;
            let size = [size[0], size[1].max(tall)];
            let title =
                "g17-784-500-100-10: a title, presentations 59,980 to 59,999, after 59,980 training presentations";
            let figure = Figure { title: title.to_owned(), size, ..figure.clone() };
            assert!(figure.has_room(), "{name} at {size:?}");
            let found = faults(&figure);
            assert!(found.is_empty(), "{name} at {size:?}\n{}", found.join("\n"));
        }
    }
}

#[test]
fn a_size_too_small_is_told_before_anything_is_cut() {
    for (name, figure) in every_kind() {
        assert!(figure.has_room(), "{name} at its own size");
        let sizes = (200..1600).step_by(200).flat_map(|w| (200..1600).step_by(200).map(move |h| [w, h]));
        for figure in sizes.map(|size| Figure { size, ..figure.clone() }).filter(Figure::has_room) {
            let found = faults(&figure);
            assert!(found.is_empty(), "{name} at {:?}\n{}", figure.size, found.join("\n"));
        }
    }
}

#[test]
fn labels_with_units_stand_on_every_figure_and_text_stays_text() {
    for (name, figure) in every_kind() {
        let svg = figure.svg();
        let said: Vec<_> = texts(&svg).into_iter().map(|text| text.said).collect();
        let panels = figure.rows.iter().flat_map(|row| &row.panels);
        for label in panels.flat_map(|panel| [&panel.x.label, &panel.y.label]).filter(|label| !label.is_empty()) {
            let quantity = label.split(" (").next().unwrap();
            assert!(said.iter().any(|text| text.starts_with(quantity)), "{name}: {label} is not among {said:?}");
        }
        assert!(svg.ends_with("</svg>\n") && svg.matches("<g ").count() == svg.matches("</g>").count());
    }
}

#[test]
fn a_title_too_long_for_a_line_stands_in_two() {
    let title = "tiny: spikes, presentations 59,980 to 59,999, after 59,980 training presentations".to_owned();
    let said = |width| -> Vec<String> {
        let figure = Figure { title: title.clone(), size: [width, 600], ..raster_of(10, 4, 0.3) };
        let said = texts(&figure.svg()).into_iter().map(|text| text.said);
        said.filter(|said| said.len() > 20 && title.contains(said.as_str())).collect()
    };
    assert_eq!(said(1000), [title.as_str()]);
    assert_eq!(said(300), ["tiny: spikes, presentations 59,980 to 59,999,", "after 59,980 training presentations"]);
}

#[test]
fn phases_are_named_above_them_or_in_the_legend() {
    let count = |figure: &Figure, text: &str| texts(&figure.svg()).iter().filter(|t| t.said == text).count();
    assert_eq!(count(&raster_of(10, 4, 0.3), "forward"), 4);
    assert_eq!(count(&raster_of(10, 4, 0.3), "shown 7, answered 3"), 4);
    assert_eq!(count(&raster_of(10, 20, 0.3), "target"), 1, "in the legend, for there is no room");
    assert_eq!(count(&raster_of(10, 2000, 0.3), "target"), 0, "phases thinner than a pixel are not shaded");
}

/// Strokes of the rasters of an SVG.
fn strokes(svg: &str) -> usize {
    let rasters = svg.lines().filter(|line| line.starts_with("<path class=\"spikes\""));
    rasters.map(|line| attribute(line, "d").unwrap().matches('M').count()).sum()
}

#[test]
fn a_raster_has_a_stroke_for_each_spike_up_to_twenty_thousand() {
    let figure = raster_of(100, 4, 40.0);
    assert!((10_000..20_000).contains(&figure.spikes()), "{}", figure.spikes());
    assert_eq!(strokes(&figure.svg()), figure.spikes());
}

#[test]
fn a_raster_of_more_is_a_bitmap_and_no_file_exceeds_two_megabytes() {
    let bars = raster_with_events(30_000.0).svg();
    assert_eq!(bars.matches("<image class=\"spans\"").count(), 6);
    for (size, rate) in [(4000, 100.0), (4000, 5000.0)] {
        let figure = Figure { size: [8000, 8000], ..raster_of(size, 4, rate) };
        let svg = figure.svg();
        assert_eq!((strokes(&svg), svg.matches("<image class=\"spikes\"").count()), (0, 2));
        assert!(svg.len() < 2_000_000, "{}", svg.len());
    }
    for (name, figure) in every_kind() {
        let svg = Figure { size: [1600, 1600], ..figure }.svg();
        assert!(svg.len() < 2_000_000, "{name}: {}", svg.len());
    }
}

/// A bar for each event in its neuron's row, behind the spikes, and one entry of the legend for each kind.
#[test]
fn events_are_bars_behind_the_spikes_of_their_neurons() {
    let figure = raster_with_events(500.0);
    let svg = figure.svg();
    let bars: Vec<_> = svg.lines().filter(|line| line.starts_with("<path class=\"spans\"")).collect();
    let of_each: Vec<_> = bars.iter().map(|bar| attribute(bar, "d").unwrap().matches('Z').count()).collect();
    assert_eq!(of_each, [90, 30, 30, 90, 30, 30], "plateaus, bursts and dendritic spikes of both populations");
    assert!(svg.find("class=\"spans\"") < svg.find("class=\"spikes\""));
    let words: Vec<_> = texts(&svg).into_iter().map(|text| text.said).collect();
    for kind in ["plateau", "burst", "dendritic spike"] {
        assert_eq!(words.iter().filter(|word| *word == kind).count(), 1, "{kind}: {words:?}");
    }
    let layout = layout::layout(&figure);
    let plot = layout.panels[0].plot;
    // The first plateau of neuron 0, of 30 rows: from 60 to 80 of 208 ms, in the upper third of the lowest row.
    let first = attribute(bars[0], "d").unwrap().split('Z').next().unwrap();
    let numbers: Vec<f64> = first.split(['M', 'H', 'V', 'L', ' ']).filter_map(|part| part.parse().ok()).collect();
    let (row, x) = (plot.h / 30.0, |ms: f64| plot.x + plot.w * ms / 208.0);
    for (found, expected) in
        numbers.iter().zip([x(60.0), plot.bottom() - 0.95 * row, x(80.0), plot.bottom() - 0.65 * row])
    {
        assert!((found - expected).abs() < 0.06, "{numbers:?}, expected {expected}");
    }
}

#[test]
fn a_png_is_as_large_as_asked_and_shows_something_in_every_plot() {
    for theme in [Theme::Light, Theme::Dark] {
        for (name, figure) in every_kind() {
            let figure = Figure { theme, ..figure };
            let picture = tiny_skia::Pixmap::decode_png(&figure.png()).unwrap();
            assert_eq!([picture.width(), picture.height()], figure.size, "{name}");
            let layout = layout::layout(&figure);
            for placed in &layout.panels {
                let plot = placed.plot;
                let places = (plot.x as u32 + 3..plot.right() as u32 - 3)
                    .flat_map(|x| (plot.y as u32 + 3..plot.bottom() as u32 - 3).map(move |y| (x, y)));
                let colours: std::collections::BTreeSet<[u8; 3]> =
                    places.map(|(x, y)| picture.pixel(x, y).unwrap()).map(|p| [p.red(), p.green(), p.blue()]).collect();
                assert!(colours.len() > 4, "{name}: {} is empty", placed.panel.title);
            }
            let corner = picture.pixel(0, 0).unwrap();
            assert_eq!([corner.red(), corner.green(), corner.blue()], theme.background().rgb);
        }
    }
}

#[test]
fn marks_are_as_many_as_the_data() {
    let (_, figure) = every_kind().into_iter().find(|(name, _)| *name == "confusion").unwrap();
    let svg = figure.svg();
    assert_eq!(svg.matches("<path class=\"cell\"").count(), 100);
    let numbers = texts(&svg).iter().filter(|text| text.said == "1017").count();
    assert_eq!(numbers, 10);
    let panel = Panel {
        x: Axis::linear("x", [0.0, 10.0]),
        y: Axis::linear("y", [0.0, 10.0]),
        marks: vec![
            Mark::new(
                "a",
                Ink::Blue,
                Shape::Dots { points: vec![[1.0, 1.0], [10.0, 10.0], [11.0, 1.0]], dot: Dot::Circle },
            ),
            Mark::new("b", Ink::Black, Shape::Boxes { boxes: vec![(3.0, [1.0, 2.0, 3.0, 4.0, 5.0]); 3], width: 0.5 }),
            Mark::new(
                "c",
                Ink::Green,
                Shape::Band { low: vec![[0.0, 1.0], [9.0, 2.0]], high: vec![[0.0, 3.0], [9.0, 4.0]] },
            ),
        ],
        ..Panel::default()
    };
    let svg = Figure::of(vec![vec![panel]]).svg();
    let path = |class: &str| svg.lines().find(|line| line.contains(&format!("class=\"{class}\""))).unwrap();
    assert_eq!(attribute(path("dots"), "d").unwrap().matches('M').count(), 2, "one lies outside");
    assert_eq!(attribute(path("medians"), "d").unwrap().matches('M').count(), 3);
    assert_eq!(attribute(path("band"), "d").unwrap().matches('Z').count(), 1);
}
