//! Circuits where a command expects images, a training, records or projections, and models where it expects files.

use serde_json::Value;

use super::support::{self, Bench};

/// Sources alone.
const SOURCES: &str = "name = 'sources'\n[[population]]\nname = 'p'\nkind = 'poisson'\nsize = 5\nstimulus = { rate_hz = 20 }\n\
                       [protocol]\nkind = 'continuous'\nduration_ms = 200\nwarmup_ms = 100\n";

fn bench() -> Bench {
    let bench = Bench::new();
    bench.write("sources.toml", SOURCES);
    bench.ok("simulate sources.toml --out run.h5");
    bench
}

#[test]
fn circuits_are_shown_no_images() {
    let bench = bench();
    let files = bench.files();
    for (arguments, said) in [
        ("simulate sources.toml --data data/mnist --out other.h5", "--data: a continuous model is shown no images"),
        ("simulate run.checkpoint.h5 --data data/mnist", "--data: a continuous model is shown no images"),
        ("simulate --resume run.checkpoint.h5 --data data/mnist", "--data: a continuous model is shown no images"),
        ("validate sources.toml --data data/mnist", "--data: a continuous model has no presentations"),
        ("view run.h5 --data data/mnist --export page.html", "--data: run.h5 holds no presentations of images"),
        (
            "compare --representations run.checkpoint.h5",
            "a circuit, of the protocol \"continuous\", is shown no images and has no classes",
        ),
        ("compare --representations rate:run.checkpoint.h5", "--representations rate:run.checkpoint.h5: a circuit"),
        ("compare --representations recurrent-lif", "--representations recurrent-lif: a circuit"),
        ("test run.checkpoint.h5", "has no presentations; it is run by `apical simulate"),
    ] {
        let ran = bench.run(arguments);
        assert_eq!(ran.code, Some(2), "{arguments}: {}", ran.stderr);
        assert!(ran.stderr.contains(said) && !ran.stderr.contains("MNIST"), "{arguments}: {}", ran.stderr);
    }
    assert_eq!(bench.files(), files, "nothing was written");
}

/// Each is named for what it is, with the command that makes the file expected.
#[test]
fn models_are_no_run_files_and_no_checkpoints() {
    let bench = Bench::new();
    bench.write("my model.toml", SOURCES);
    for (arguments, made_by) in [
        (
            "test g17-784-10",
            "expected a checkpoint; `apical train g17-784-10` makes one, output/g17-784-10-seed1.checkpoint.h5",
        ),
        ("test tiny.toml", "tiny.toml is a model, expected a checkpoint; `apical train tiny.toml` makes one"),
        ("test recurrent-lif", "recurrent-lif: a model of the protocol \"continuous\" has no presentations"),
        ("train --resume g17-784-10", "expected a checkpoint; `apical train g17-784-10` makes one"),
        ("simulate --resume recurrent-lif", "expected a checkpoint; `apical simulate recurrent-lif` makes one"),
        ("compare --representations g17-784-10", "expected a checkpoint; `apical train g17-784-10` makes one"),
        (
            "plot raster recurrent-lif",
            "expected a run file; `apical simulate recurrent-lif` makes one, output/recurrent-lif-seed1.h5",
        ),
        ("view tiny.toml", "tiny.toml is a model, expected a run file; `apical train tiny.toml` makes one"),
        ("export --nwb a.nwb recurrent-lif", "expected a run file; `apical simulate recurrent-lif` makes one"),
        ("inspect --check recurrent-lif", "expected a run file"),
    ] {
        let ran = bench.run(arguments);
        assert_eq!(ran.code, Some(2), "{arguments}: {}", ran.stderr);
        assert!(ran.stderr.contains(made_by), "{arguments}: {}", ran.stderr);
    }
    let ran: support::Ran = bench.command("plot raster").arg("my model.toml").output().unwrap().into();
    assert!(ran.stderr.contains("`apical simulate 'my model.toml'` makes one"), "{}", ran.stderr);
    // What is there is read for what it is.
    bench.write("g17-784-10", "no HDF5");
    let ran = bench.run("test g17-784-10");
    assert!(ran.stderr.contains("is not an HDF5 file") && ran.code == Some(2), "{}", ran.stderr);
}

#[test]
fn a_finished_circuit_that_is_resumed_has_nothing_to_do() {
    let bench = bench();
    let files = bench.files();
    let ran = bench.run("simulate --resume run.checkpoint.h5");
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    for said in ["complete after 200 ms and a warm-up of 100 ms", "nothing was written", "--duration is a total"] {
        assert!(ran.stderr.contains(said), "{}", ran.stderr);
    }
    let printed = bench.json("simulate --resume run.checkpoint.h5 --duration 200");
    assert_eq!((&printed["run_file"], &printed["checkpoint_file"]), (&Value::Null, &Value::Null));
    assert_eq!((printed["from_ms"].as_f64(), printed["recorded_ms"].as_f64()), (Some(300.0), Some(0.0)));
    let ran = bench.run("simulate --resume run.checkpoint.h5 --duration 100");
    assert_eq!(ran.code, Some(2), "{}", ran.stderr);
    assert!(ran.stderr.contains("stands at 300 ms, beyond the end of the run asked for, 200 ms"), "{}", ran.stderr);
    assert_eq!(bench.files(), files, "nothing was written");
}

#[cfg(unix)]
#[test]
fn a_run_that_ended_in_its_warm_up_says_so_where_it_is_drawn() {
    let bench = Bench::new();
    bench.write("long.toml", SOURCES.replace("warmup_ms = 100", "warmup_ms = 9e8"));
    let command = bench.command("simulate long.toml --checkpoint-every 1ms --out=-long.h5");
    let ran = support::interrupt(command, || bench.path("-long.checkpoint.h5").exists());
    assert_eq!(ran.code, Some(130), "{}", ran.stderr);
    for kind in ["raster", "rates", "isi", "correlation", "spectrum"] {
        let ran = bench.run(&format!("plot {kind} ./-long.h5"));
        assert_eq!(ran.code, Some(2), "{kind}");
        let said = "./-long.h5 has no records: its run ended in the warm-up, which takes 900000000 ms and is not recorded; `apical \
                    simulate --resume ./-long.checkpoint.h5` goes on with it";
        assert!(ran.stderr.contains(said), "{kind}: {}", ran.stderr);
    }
    // The same of a run that ended before the first time that is recorded.
    bench.write("late.toml", SOURCES.replace("duration_ms = 200", "duration_ms = 9e8"));
    let command = bench.command("simulate late.toml --record p,8e8: --checkpoint-every 1ms --out late.h5");
    let ran = support::interrupt(command, || bench.path("late.checkpoint.h5").exists());
    assert_eq!(ran.code, Some(130), "{}", ran.stderr);
    let ran = bench.run("plot raster late.h5");
    assert!(
        ran.stderr.contains("late.h5 has no records: its run ended before 800000000 ms, where recording begins"),
        "{}",
        ran.stderr
    );
}

#[test]
fn what_does_not_apply_to_sources_alone_is_said() {
    let bench = bench();
    let ran = bench.run("validate sources.toml --perturb p-p=0.1 --out results.json");
    assert_eq!(ran.code, Some(2));
    assert!(
        ran.stderr.contains("--perturb p-p=0.1: does not apply, for the model has no projections"),
        "{}",
        ran.stderr
    );
    let said = bench.ok("validate sources.toml --out results.json");
    assert!(said.contains("does not apply, the model has no populations of cells, only sources"), "{said}");
    let results: Value = serde_json::from_slice(&std::fs::read(bench.path("results.json")).unwrap()).unwrap();
    assert_eq!(results["verdicts"][0]["passed"], Value::Null, "{results}");
    assert_eq!(results["passed"], true, "{results}");
}

/// Steps of the report divide neither slices nor the warm-up.
#[test]
fn traces_of_a_run_that_goes_on_are_those_of_one_that_was_not_stopped() {
    for (step, record) in [("0.3", "exc[0:3].soma"), ("7", "exc[0:3].soma"), ("0.7", "exc[0:3].soma,210:590")] {
        let bench = Bench::new();
        let keys = format!("--set protocol.warmup_ms=33 --set recording.report_dt_ms={step} --record {record}");
        bench.ok(&format!("simulate recurrent-lif {keys} --duration 600 --out whole.h5"));
        bench.ok(&format!("simulate recurrent-lif {keys} --duration 367 --out first.h5"));
        bench.ok(&format!("simulate --resume first.checkpoint.h5 --duration 600 --record {record} --out rest.h5"));
        let [whole, rest] = ["whole.h5", "rest.h5"].map(|file| {
            bench.ok(&format!("inspect --check {file}"));
            let file = hdf5::File::open(bench.path(file)).unwrap();
            let time: Vec<f64> = file.dataset("report/exc/mapping/time").unwrap().read_raw().unwrap();
            (time[0], file.dataset("report/exc/data").unwrap().read_2d::<f32>().unwrap().mapv(f32::to_bits))
        });
        let before = whole.1.nrows() - rest.1.nrows();
        let dt: f64 = step.parse().unwrap();
        assert!(before > 0 && rest.1.nrows() > 10);
        assert_eq!(rest.1, whole.1.slice(ndarray::s![before.., ..]), "{step}: to the bit");
        assert_eq!(rest.0.to_bits(), (whole.0 + before as f64 * dt).to_bits(), "{step}");
        assert!(rest.0 >= 400.0 && rest.0 < 400.0 + dt, "{step}: {}", rest.0);
    }
}

/// Those of messages are short, those of files are exact, and neither has hundreds of zeros.
#[test]
fn numbers_are_printed_to_be_read() {
    let bench = bench();
    let refused = bench.run("simulate sources.toml --duration 1e300");
    assert!(
        refused.stderr.contains("--duration 1e300: expected a model time in ms, above 0 and of at most 1e9"),
        "{}",
        refused.stderr
    );
    let keys = "--set population.p.stimulus.rate_hz=1e-300 --set protocol.warmup_ms=123.4567";
    let ran = bench.run(&format!("simulate sources.toml {keys} --duration 0.30000000000000004 --out small.h5"));
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    assert!(ran.stderr.contains("small.h5: 0.3 ms of model time"), "{}", ran.stderr);
    assert!(ran.stdout.contains("0.1237567 s of model time in"), "{}", ran.stdout);
    let file = hdf5::File::open(bench.path("small.checkpoint.h5")).unwrap();
    let kept = file.attr("model").unwrap().read_scalar::<hdf5::types::FixedUnicode<2048>>().unwrap();
    for exact in ["rate_hz = 1e-300", "duration_ms = 0.30000000000000004", "warmup_ms = 123.4567"] {
        assert!(kept.as_str().lines().any(|line| line == exact), "{}", kept.as_str());
    }
    let again = bench.run("simulate --resume small.checkpoint.h5 --duration 1");
    assert_eq!(again.code, Some(0), "{}", again.stderr);
    assert!(again.stderr.contains("1 ms of model time"), "{}", again.stderr);
}
