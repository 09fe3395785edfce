//! Files of the runs of circuits: nothing finished is lost, nothing is written over, and signals save what there is.

use std::fs;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use super::outputs::signals;
use crate::support::{self, Bench, Contents, Ran};

/// Sparse synapses with delays of their own.
const LONG: &str = "simulate recurrent-lif --duration 1e8 --record exc --checkpoint-every 0s";

#[test]
fn runs_of_circuits_take_the_next_number_and_are_replaced_on_demand_alone() {
    let bench = Bench::new();
    for expected in ["output/recurrent-lif-seed1", "output/recurrent-lif-seed1-2"] {
        let run = bench.json("simulate recurrent-lif --duration 100");
        assert_eq!(run["run_file"], format!("{expected}.h5"));
        assert_eq!(run["checkpoint_file"], format!("{expected}.checkpoint.h5"));
    }
    for expected in ["output/recurrent-lif-seed1-from-300ms.h5", "output/recurrent-lif-seed1-from-300ms-2.h5"] {
        let run = bench.json("simulate --resume output/recurrent-lif-seed1.checkpoint.h5 --duration 300");
        assert_eq!(run["run_file"], expected);
    }
    bench.ok("simulate recurrent-lif --duration 100 --out run.h5");
    let files = || ["run.h5", "run.checkpoint.h5"].map(|file| fs::read(bench.path(file)).unwrap());
    let before = files();
    let refused = bench.run("simulate recurrent-lif --duration 200 --out run.h5");
    assert_eq!(refused.code, Some(2));
    for part in ["run.h5 already exists", "--overwrite", "--resume run.checkpoint.h5"] {
        assert!(refused.stderr.contains(part), "{}", refused.stderr);
    }
    let refused = bench.run("simulate --resume run.checkpoint.h5 --duration 300 --out run.h5");
    assert!(refused.code == Some(2) && refused.stderr.contains("run.h5 already exists"), "{}", refused.stderr);
    assert!(files() == before);
    bench.ok("simulate recurrent-lif --duration 200 --out run.h5 --overwrite");
    assert!(bench.ok("inspect run.checkpoint.h5").contains("400 ms of a continuous run"));
    bench.write("run.h5.part", "of a killed run");
    let ran = bench.run("simulate recurrent-lif --duration 100 --out run.h5 --overwrite");
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    assert!(ran.stderr.contains("`apical inspect run.h5.part.1` shows it"), "{}", ran.stderr);
}

#[cfg(unix)]
#[test]
fn a_circuit_that_is_stopped_is_kept_beside_the_finished_one() {
    let bench = Bench::new();
    bench.ok("simulate recurrent-lif --duration 100 --out run.h5");
    let files = || ["run.h5", "run.checkpoint.h5"].map(|file| fs::read(bench.path(file)).unwrap());
    let before = files();
    for unfinished in ["run.unfinished", "run.unfinished-2"] {
        let checkpoint = format!("{unfinished}.checkpoint.h5");
        let command = bench.command(&format!("{LONG} --out run.h5 --overwrite"));
        let ran = support::interrupt(command, || bench.path(&checkpoint).exists());
        assert_eq!(ran.code, Some(130), "{}", ran.stderr);
        assert!(ran.stderr.contains(&format!("the run file is {unfinished}.h5")), "{}", ran.stderr);
        assert!(ran.stderr.contains(&format!("--resume {checkpoint}")), "{}", ran.stderr);
        assert!(files() == before);
        bench.ok(&format!("inspect --check {unfinished}.h5"));
        bench.ok(&format!("inspect --check {checkpoint}"));
    }
}

/// What was saved goes on to the same end as a run that no signal met.
#[cfg(unix)]
#[test]
fn each_signal_ends_a_circuit_with_its_exit_code_and_what_is_saved_goes_on_to_the_bit() {
    let bench = Bench::new();
    for (signal, code) in signals() {
        let (run, checkpoint) = (format!("{signal}.h5"), format!("{signal}.checkpoint.h5"));
        let mut command = bench.command(&format!("{LONG} --out {run}"));
        let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let start = Instant::now();
        while !bench.path(&checkpoint).exists() && start.elapsed() < Duration::from_mins(1) {
            std::thread::sleep(Duration::from_millis(5));
        }
        assert!(
            Command::new("kill").args([&format!("-{signal}"), &child.id().to_string()]).status().unwrap().success()
        );
        let ran: Ran = child.wait_with_output().unwrap().into();
        assert_eq!(ran.code, Some(*code), "{}", ran.stderr);
        bench.ok(&format!("inspect --check {run}"));
        let end = bench.json(&format!("inspect {checkpoint}"))["clock_ms"].as_f64().unwrap() + 200.0;
        let length = format!("--duration {}", end - 200.0);
        bench.ok(&format!("simulate --resume {checkpoint} {length} --record exc --out {signal}-rest.h5"));
        bench.ok(&format!("simulate recurrent-lif {length} --record exc --out {signal}-whole.h5"));
        let of = |part: &str| Contents::of(&bench.path(&format!("{signal}-{part}.checkpoint.h5")));
        assert!(of("rest") == of("whole"), "{signal}");
    }
}
