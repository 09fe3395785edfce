//! `apical plot`: what it draws, and what it refuses before anything is written.

use std::fs;
use std::sync::LazyLock;

use crate::support::{self, Bench};

const EVERY: [&str; 10] =
    ["raster", "traces", "plateaus", "rates", "isi", "learning", "confusion", "weights", "phases", "angle"];

/// A bench with `all.h5`, of which all is recorded, and `none.h5`, of which nothing is.
static RUN: LazyLock<Bench> = LazyLock::new(|| {
    let bench = Bench::new();
    bench.ok("train tiny.toml --examples 8 --set recording.credit=true --out all.h5");
    bench.ok("train tiny.toml --examples 8 --record none --out none.h5");
    bench
});

fn bench() -> Bench {
    let bench = Bench::new();
    for name in ["all.h5", "all.checkpoint.h5", "none.h5"] {
        fs::copy(RUN.path(name), bench.path(name)).unwrap();
    }
    bench
}

fn svg(bench: &Bench, arguments: &str) -> String {
    bench.ok(&format!("plot {arguments} --out figure.svg"));
    fs::read_to_string(bench.path("figure.svg")).unwrap()
}

/// Strokes of the rasters of an SVG, panel by panel.
fn strokes(svg: &str) -> Vec<usize> {
    let rasters = svg.lines().filter(|line| line.starts_with("<path class=\"spikes\""));
    rasters.map(|line| line.split(" d=\"").nth(1).unwrap().matches('M').count()).collect()
}

#[test]
fn every_figure_is_drawn_by_default_into_output_and_as_png() {
    let bench = bench();
    for what in EVERY {
        assert_eq!(bench.ok(&format!("plot {what} all.h5")), format!("figure: output/all-{what}.svg\n"));
        let svg = fs::read_to_string(bench.path(&format!("output/all-{what}.svg"))).unwrap();
        assert!(svg.starts_with("<svg ") && svg.contains("tiny"), "{what}");
        bench.ok(&format!("plot {what} all.h5 --out figure.PNG --size 640x480 --theme dark"));
        let png = fs::read(bench.path("figure.PNG")).unwrap();
        assert_eq!((&png[1..4], &png[16..24]), (&b"PNG"[..], &[0, 0, 2, 128, 0, 0, 1, 224][..]), "{what}");
    }
    assert!(!bench.files().iter().any(|path| path.to_string_lossy().ends_with(".part")));
}

#[test]
fn a_raster_shows_the_spikes_of_its_populations_neurons_and_time() {
    let bench = bench();
    let file = hdf5::File::open(bench.path("all.h5")).unwrap();
    let values = |name: &str| file.dataset(name).unwrap().read_raw::<f64>().unwrap();
    let starts = values("presentations/start_ms");
    let count = |population: &str, from: f64, to: f64, neurons: std::ops::Range<u64>| {
        let ids = file.dataset(&format!("spikes/{population}/node_ids")).unwrap().read_raw::<u64>().unwrap();
        let times = values(&format!("spikes/{population}/timestamps"));
        times.iter().zip(ids).filter(|(t, id)| (from..to).contains(*t) && neurons.contains(id)).count()
    };
    let drawn = strokes(&svg(&bench, "raster all.h5 --presentations 0:8"));
    let all = |population, size| count(population, 0.0, 1e9, 0..size);
    assert_eq!(drawn, [all("input", 16), all("hidden", 12), all("output", 4)]);
    let drawn = strokes(&svg(&bench, "raster all.h5 --population hidden --neurons 3:7 --presentations 2:5"));
    assert_eq!(drawn, [count("hidden", starts[2], starts[5], 3..7)]);
    let drawn = strokes(&svg(&bench, "raster all.h5 --population input --from 15.5 --to 60"));
    assert_eq!(drawn, [count("input", 15.5, 60.0, 0..16)]);
    assert!(drawn[0] > 0);
}

#[test]
fn traces_show_phases_plateaus_and_the_teaching_current() {
    let bench = bench();
    let svg = svg(&bench, "traces all.h5 --neurons 0:1");
    for said in
        ["forward", "target", "plateau (mean apical)", "teaching current g (E − U)", "soma", "apical", "time (ms)"]
    {
        assert!(svg.contains(&format!(">{said}</text>")), "{said}");
    }
    // Two presentations of two phases, each with a plateau.
    let plateaus = |svg: &str| {
        svg.lines().find(|line| line.contains("class=\"dots\"")).map_or(0, |diamonds| diamonds.matches('M').count())
    };
    assert_eq!(plateaus(&svg), 4);
    let early = "--set population.hidden.plateau_sd_ms=3 --set population.hidden.plateau_longest_ms=5";
    bench.ok(&format!("train tiny.toml --examples 8 --quiet --out early.h5 {early}"));
    assert_eq!(plateaus(&self::svg(&bench, "traces early.h5 --neurons 0:1")), 4);
}

/// 60 presentations in three epochs, of which the first two and the last three are recorded.
#[test]
fn what_was_recorded_last_is_drawn_and_titles_tell_which_it_is() {
    let bench = bench();
    bench.ok("train tiny.toml --epochs 3 --record all,0:2,-3: --out run.h5");
    bench.ok("simulate run.checkpoint.h5 --record all --out simulated.h5");
    bench.ok("test run.checkpoint.h5 --record all --out tested.h5");
    let drawn = bench.run("plot raster run.h5 --out figure.svg");
    assert!(drawn.stderr.contains("the last recorded presentations, 57:60; --presentations A:B draws others: 0:2"));
    let svg = |arguments: &str| svg(&bench, &format!("{arguments} --size 1400x900"));
    for (figure, title) in [
        ("raster run.h5", "tiny: spikes, presentations 57 to 59, after 57 training presentations"),
        ("traces run.h5", "tiny: potentials, presentations 58 to 59, after 58 training presentations"),
        ("isi run.h5", "tiny: inter-spike intervals, presentations 57 to 59, after 57 training presentations"),
        ("rates run.h5 --presentations 0:1", "tiny: firing rates, presentation 0, untrained"),
        ("plateaus run.h5 --presentations 0:", "tiny: plateau potentials, presentations 0 to 59, untrained at first"),
        ("phases run.h5", "tiny: lengths of phases, presentations 0 to 59, untrained at first"),
        ("raster simulated.h5", "tiny: spikes, presentations 16 to 19, after 60 training presentations"),
        ("weights simulated.h5", "tiny: receptive fields, input-hidden (final), after 60 training presentations"),
        ("raster tested.h5", "tiny: spikes, test presentations 8 to 11, after 60 training presentations"),
        ("learning run.h5", "tiny: learning, up to 60 training presentations"),
        ("weights run.h5 --snapshot initial", "tiny: receptive fields, input-hidden (initial), untrained"),
        ("weights run.h5", "tiny: receptive fields, input-hidden (final), after 60 training presentations"),
        (
            "confusion run.h5",
            "tiny: answers to test images, test presentations 24 to 35, after 60 training presentations",
        ),
    ] {
        let drawn = svg(figure);
        assert!(drawn.contains(&format!(">{title}</text>")), "{figure}: no {title:?}");
    }
    let gap = bench.run("plot traces run.h5 --presentations 30:40");
    assert!(
        gap.stderr.contains("--presentations 30:40: run.h5 holds training presentations 0:2, 57:60"),
        "{}",
        gap.stderr
    );
}

#[test]
fn traces_of_a_later_epoch_are_drawn_as_its_spikes_are() {
    let bench = bench();
    bench.ok("train tiny.toml --epochs 2 --out run.h5");
    for figure in ["raster run.h5", "traces run.h5", "traces run.h5 --presentations 17:22"] {
        assert!(svg(&bench, figure).contains(">soma</text>") == figure.starts_with("traces"), "{figure}");
    }
    // Three presentations before the evaluation and two after it, with nothing between.
    let across = svg(&bench, "traces run.h5 --presentations 17:22 --population hidden --neurons 0:1");
    let soma = across.lines().find(|line| line.contains("class=\"line\"")).unwrap();
    assert_eq!(soma.split(" d=\"").nth(1).unwrap().matches('M').count(), 2);
}

/// The encoder fires at another rate for every pixel and image, and as a Poisson process within a phase.
#[test]
fn intervals_of_the_encoder_are_those_of_a_poisson_process() {
    let bench = bench();
    let svg = svg(&bench, "isi all.h5 --population input");
    let measure = |name: &str| -> f64 {
        let (_, after) = svg.split_once(&format!(">{name} ")).unwrap();
        after[..after.find('<').unwrap()].parse().unwrap()
    };
    let [cv, cv2, lv] = ["CV", "CV2", "LV"].map(measure);
    assert!((0.7..1.1).contains(&cv) && [cv2, lv].iter().all(|m| (0.85..1.15).contains(m)), "{cv} {cv2} {lv}");
}

#[test]
fn a_confusion_matrix_is_that_of_the_last_test() {
    let bench = bench();
    let svg = svg(&bench, "confusion all.h5");
    assert!(svg.contains("12 answers, "));
}

/// A command that is refused, and what is said.
const REFUSED: [(&str, &[&str]); 24] = [
    ("raster none.h5", &["none.h5 holds no spikes; `--record spikes` keeps them"]),
    ("rates none.h5", &["none.h5 holds no spikes", "--record spikes"]),
    ("isi none.h5", &["none.h5 holds no spikes", "--record spikes"]),
    ("traces none.h5", &["none.h5 holds no traces", "--record traces"]),
    ("plateaus none.h5", &["none.h5 holds no plateaus", "--record plateaus"]),
    ("raster all.h5 --population cortex", &["--population cortex: ", "has the populations input, hidden, output"]),
    ("plateaus all.h5 --population output", &["holds no plateaus of `output`, but those of hidden"]),
    ("weights all.h5 --population input", &["--population input: no projection reaches it"]),
    ("weights all.h5 --snapshot epoch-7", &["has no snapshot `epoch-7`", "`initial`"]),
    ("raster all.h5 --population hidden --neurons 0:13", &["--neurons 0:13: `hidden` has neurons 0 to 11"]),
    ("traces all.h5 --neurons 16:", &["--neurons 16:"]),
    ("raster all.h5 --presentations 5:9", &["--presentations 5:9: all.h5 holds training presentations 0:8"]),
    ("raster all.h5 --from 1e6", &["--from, --to: all.h5 recorded 0.0 to "]),
    ("raster all.h5 --from nan", &["--from: expected a time in ms, found NaN"]),
    ("raster all.h5 --from 50 --to 20", &["expected times in ms, the first before the second"]),
    ("angle none.h5", &["holds no angles; `--set recording.credit=true` measures"]),
    ("learning all.h5 --neurons 0:5", &["--neurons has no meaning for learning"]),
    ("raster all.h5 --out figure.pdf", &["--out figure.pdf: expected a name that ends in .svg or .png"]),
    ("raster all.h5 --out figure", &["expected a name that ends in .svg or .png"]),
    ("raster all.h5 --out nowhere/figure.svg", &["there is no folder `nowhere`"]),
    ("raster absent.h5", &["cannot read absent.h5"]),
    ("raster tiny.toml", &["tiny.toml is a model, expected a run file"]),
    ("raster all.checkpoint.h5", &["is a checkpoint, expected a run file"]),
    ("traces all.h5 --neurons 0:12", &["expected at most 12 neurons"]),
];

#[test]
fn bad_input_is_refused_before_anything_is_written() {
    let bench = bench();
    let before = bench.files();
    for (arguments, fragments) in REFUSED {
        let ran = bench.run(&format!("plot {arguments}"));
        assert_eq!(ran.code, Some(2), "{arguments}: {}", ran.stderr);
        assert!(ran.stderr.starts_with("error: ") && ran.stdout.is_empty(), "{arguments}: {}", ran.stderr);
        for fragment in fragments {
            assert!(ran.stderr.contains(fragment), "{arguments}: no {fragment:?} in {}", ran.stderr);
        }
        assert_eq!(bench.files(), before, "{arguments}");
    }
    for usage in [
        "sculpture all.h5",
        "raster all.h5 --neurons 5:5",
        "raster all.h5 --neurons five",
        "raster all.h5 --size 9x9",
        "traces all.h5 --size 200x200",
    ] {
        let ran = bench.run(&format!("plot {usage}"));
        assert_eq!((ran.code, bench.files()), (Some(2), before.clone()), "{usage}: {}", ran.stderr);
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_a_failure_while_running() {
    let bench = bench();
    // A limit on the size of files reports as a full disk does.
    let limited = "ulimit -c 0; ulimit -f 0; exec \"$0\" \"$@\"";
    let mut shell = std::process::Command::new("sh");
    shell.args(["-c", limited, env!("CARGO_BIN_EXE_apical")]).args("plot raster all.h5 --out figure.svg".split(' '));
    let ran: support::Ran = shell.current_dir(bench.path("")).output().unwrap().into();
    assert_eq!(ran.code, Some(1), "{}", ran.stderr);
    assert!(ran.stderr.contains("cannot write figure.svg\n  because: File too large"), "{}", ran.stderr);
    assert!(fs::symlink_metadata(bench.path("figure.svg.part")).is_err());
}
