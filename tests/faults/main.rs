//! Refused system calls and kills: no run ends with exit code 0 and other content than an undisturbed one, what was finished
//! stays or is replaced by what is complete, and a checkpoint goes on to the bit.
//!
//! On Linux, with a C compiler: `faults.c` is preloaded into the program and fails the system calls on its files.
#![cfg(all(feature = "cli", target_os = "linux"))]

#[path = "../support/mod.rs"]
mod support;

use std::fs;
use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use serde_json::Value;

use support::{Bench, Contents, MNIST, Ran};

/// A run that is disturbed while it replaces a finished one.
struct Course {
    /// The command of both.
    command: &'static str,
    /// Options of the finished run.
    old: &'static str,
    /// Options of the one that is disturbed.
    new: &'static str,
    /// Goes on from a checkpoint, whose path is to follow.
    resume: &'static str,
}

const TRAINING: Course = Course {
    command: "train tiny.toml --record all --quiet --threads 1 --out run.h5",
    old: "--examples 4",
    new: "--examples 12 --test-examples 4 --overwrite",
    resume: "train --record none --quiet --threads 1 --test-examples 4 --out rest.h5 --resume",
};

/// Sparse synapses with delays of their own, a current that changes, and a checkpoint after every stretch.
const CIRCUIT: Course = Course {
    command: "simulate circuit.toml --quiet --threads 1 --checkpoint-every 0s --out run.h5",
    old: "--duration 50",
    new: "--duration 150 --overwrite",
    resume: "simulate --record none --quiet --threads 1 --out rest.h5 --resume",
};

const CIRCUIT_MODEL: &str = "name = 'circuit'\n\
    change = [{ kind = 'add-current', population = 'cells', at_ms = 100, by_pa = 90 }]\n\
    recording = { traces = ['cells'] }\n\
    protocol = { kind = 'continuous', warmup_ms = 0 }\n\
    [[population]]\nname = 'cells'\nsize = 8\nkind = 'lif'\n\
    stimulus = { kind = 'current', times_ms = [0, 50], currents_pa = [500, 700] }\n\
    [[projection]]\nfrom = 'cells'\nto = 'cells'\nport = 'exc'\n\
    connection = { kind = 'fixed_in_degree', in_degree = 3 }\nweights = { from = 'constant', value = 30 }\n\
    delay_ms = { from = 'normal', mean = 1.5, sd = 0.5 }\n";

#[derive(Clone, Copy, Debug, PartialEq)]
enum Fault {
    Kill,
    Once,
    Ever,
    Half,
}

const FAULTS: [(Fault, &str); 4] =
    [(Fault::Kill, "kill"), (Fault::Once, "once"), (Fault::Ever, "ever"), (Fault::Half, "half")];

/// Builds the library that fails system calls; none without a C compiler.
fn preloaded(folder: &Path) -> Option<String> {
    let library = folder.join("faults.so");
    let source = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/faults/faults.c");
    let built =
        Command::new("cc").args(["-shared", "-fPIC", "-O1", "-o"]).arg(&library).args([source, "-ldl"]).status();
    match built {
        Ok(status) if status.success() => Some(library.display().to_string()),
        _ => {
            eprintln!("skipped: faults.c needs a C compiler, cc");
            None
        }
    }
}

/// A folder in which the first run is finished.
fn finished(course: &Course) -> Bench {
    let bench = Bench::new();
    bench.write("circuit.toml", CIRCUIT_MODEL);
    bench.ok(&format!("{} {}", course.command, course.old));
    bench
}

/// All that a file holds but for times of the wall clock, and what it counts.
#[derive(PartialEq)]
struct Held(Contents, Value);

fn held(bench: &Bench, file: &str) -> Held {
    let inspected: Value = serde_json::from_str(&bench.ok(&format!("inspect --json {file}"))).unwrap();
    let counts = ["presentations", "examples_seen", "tests_done", "clock_ms"].map(|key| inspected[key].clone());
    Held(Contents::of(&bench.path(file)).repeatable(), counts.to_vec().into())
}

/// What an undisturbed run leaves.
struct Reference<'a> {
    course: &'a Course,
    run: Held,
    checkpoint: Held,
    calls: usize,
}

fn reference<'a>(library: &str, course: &'a Course) -> Reference<'a> {
    let bench = finished(course);
    let counted = bench.path("calls");
    let mut command = bench.command(&format!("{} {}", course.command, course.new));
    command.envs([("LD_PRELOAD", library), ("FAULT_FOLDER", &real(&bench))]).env("FAULT_COUNT", &counted);
    let ran: Ran = command.output().unwrap().into();
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    let calls = fs::read_to_string(counted).unwrap().trim().parse().unwrap();
    Reference { course, run: held(&bench, "run.h5"), checkpoint: held(&bench, "run.checkpoint.h5"), calls }
}

fn real(bench: &Bench) -> String {
    bench.path("").canonicalize().unwrap().display().to_string()
}

/// Disturbs one call and checks what is left; gives what is wrong.
fn disturbed(library: &str, expected: &Reference<'_>, (fault, name): (Fault, &str), at: usize) -> Result<(), String> {
    let Course { command, new, .. } = expected.course;
    let bench = finished(expected.course);
    let old = ["run.h5", "run.checkpoint.h5"].map(|file| fs::read(bench.path(file)).unwrap());
    let mut command = bench.command(&format!("{command} {new}"));
    command.envs([("LD_PRELOAD", library), ("FAULT_FOLDER", &real(&bench)), ("FAULT_MODE", name)]);
    let ran: Ran = command.env("FAULT_AT", at.to_string()).output().unwrap().into();
    let kept = |index: usize, file: &str, new: &Held| {
        fs::read(bench.path(file)).unwrap() == old[index] || held(&bench, file) == *new
    };
    if !kept(0, "run.h5", &expected.run) || !kept(1, "run.checkpoint.h5", &expected.checkpoint) {
        return Err("neither the old files nor those of an undisturbed run".to_owned());
    }
    match (fault, ran.code) {
        (_, Some(0)) if held(&bench, "run.h5") != expected.run => {
            return Err("exit code 0 and another run file".to_owned());
        }
        (_, Some(0)) if held(&bench, "run.checkpoint.h5") != expected.checkpoint => {
            return Err("exit code 0 and another checkpoint".to_owned());
        }
        (Fault::Kill, None) | (_, Some(0)) => (),
        (_, Some(1 | 2)) if ran.stderr.contains("No space left") && ran.stderr.contains("run.") => (),
        _ => return Err(format!("exit code {:?} and {:?}", ran.code, ran.stderr)),
    }
    resumed(&bench, expected)
}

/// Goes on from every checkpoint there is, the old one excepted.
fn resumed(bench: &Bench, expected: &Reference<'_>) -> Result<(), String> {
    let unfinished = "run.unfinished.checkpoint.h5";
    if !bench.path(unfinished).exists() {
        return Ok(());
    }
    let checked = bench.run(&format!("inspect --check {unfinished}"));
    if checked.code != Some(0) {
        return Err(format!("an unfinished checkpoint that is damaged: {}", checked.stdout));
    }
    bench.ok(&format!("{} {unfinished}", expected.course.resume));
    let rest = bench.path("rest.checkpoint.h5");
    let resumed = if rest.exists() { "rest.checkpoint.h5" } else { unfinished };
    if held(bench, resumed) == expected.checkpoint { Ok(()) } else { Err("another end after resuming".to_owned()) }
}

#[test]
fn every_system_call_may_fail_in_every_way() {
    fail_every_call(&TRAINING);
}

#[test]
fn every_system_call_of_a_circuit_may_fail_in_every_way() {
    fail_every_call(&CIRCUIT);
}

fn fail_every_call(course: &Course) {
    let folder = tempfile::tempdir().unwrap();
    let Some(library) = preloaded(folder.path()) else { return };
    let expected = reference(&library, course);
    assert!(expected.calls > 50, "{} calls", expected.calls);
    let next = AtomicUsize::new(0);
    let wrong = std::thread::scope(|scope| {
        let work = || {
            let mut wrong = Vec::new();
            loop {
                let case = next.fetch_add(1, Ordering::Relaxed);
                let (fault, at) = (FAULTS[case % FAULTS.len()], case / FAULTS.len() + 1);
                if at > expected.calls {
                    return wrong;
                }
                if let Err(what) = disturbed(&library, &expected, fault, at) {
                    wrong.push(format!("{:?} at call {at} of {}: {what}", fault.0, expected.calls));
                }
            }
        };
        let threads: Vec<_> = (0..2).map(|_| scope.spawn(work)).collect();
        threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect::<Vec<_>>()
    });
    assert!(wrong.is_empty(), "{} of {} cases:\n{}", wrong.len(), 4 * expected.calls, wrong.join("\n"));
}

/// Kills of the paper's network at moments spread over its run, 20 unless `APICAL_KILLS` names another number; each is gone on
/// with until it ends.
#[test]
fn a_network_that_is_killed_at_any_moment_goes_on_to_the_bit() {
    let kills: u32 = std::env::var("APICAL_KILLS").ok().map_or(20, |number| number.parse().unwrap());
    let train = format!("--data {MNIST} --test-examples 50 --record none --quiet --checkpoint-every 20ms");
    let bench = Bench::new();
    let begun = Instant::now();
    bench.ok(&format!("train g17-784-500-10 {train} --examples 300 --out whole.h5"));
    let length = begun.elapsed();
    let expected = held(&bench, "whole.checkpoint.h5");
    for kill in 0..kills {
        let run = format!("run{kill}");
        // The golden ratio spreads moments evenly, however many there are.
        let share = (f64::from(kill) * 0.618_033_988_749_895).fract();
        let mut child =
            bench.command(&format!("train g17-784-500-10 {train} --examples 300 --out {run}.h5")).spawn().unwrap();
        std::thread::sleep(Duration::from_secs_f64(share * length.as_secs_f64()));
        child.kill().unwrap();
        child.wait().unwrap();
        let checkpoint = format!("{run}.checkpoint.h5");
        let end = if bench.path(&checkpoint).exists() {
            bench.ok(&format!("train --resume {checkpoint} {train} --out {run}-rest.h5"));
            let rest = format!("{run}-rest.checkpoint.h5");
            if bench.path(&rest).exists() { rest } else { checkpoint }
        } else {
            bench.ok(&format!("train g17-784-500-10 {train} --examples 300 --out {run}.h5"));
            checkpoint
        };
        assert!(held(&bench, &end) == expected, "kill {kill}, after {share:.2} of the run");
    }
}

/// Kills of a circuit of sparse synapses, as of the network above.
#[test]
fn a_circuit_that_is_killed_at_any_moment_goes_on_to_the_bit() {
    let kills: u32 = std::env::var("APICAL_KILLS").ok().map_or(20, |number| number.parse().unwrap());
    let bench = Bench::new();
    bench.write("circuit.toml", CIRCUIT_MODEL);
    let simulate = "simulate circuit.toml --quiet --duration 2000 --checkpoint-every 0s --out";
    let begun = Instant::now();
    bench.ok(&format!("{simulate} whole.h5"));
    let length = begun.elapsed();
    let expected = held(&bench, "whole.checkpoint.h5");
    for kill in 0..kills {
        let run = format!("run{kill}");
        let share = (f64::from(kill) * 0.618_033_988_749_895).fract();
        let mut child = bench.command(&format!("{simulate} {run}.h5")).spawn().unwrap();
        std::thread::sleep(Duration::from_secs_f64(share * length.as_secs_f64()));
        child.kill().unwrap();
        child.wait().unwrap();
        let checkpoint = format!("{run}.checkpoint.h5");
        let end = if bench.path(&checkpoint).exists() {
            bench.ok(&format!("simulate --quiet --resume {checkpoint} --out {run}-rest.h5"));
            let rest = format!("{run}-rest.checkpoint.h5");
            if bench.path(&rest).exists() { rest } else { checkpoint }
        } else {
            bench.ok(&format!("{simulate} {run}.h5"));
            checkpoint
        };
        assert!(held(&bench, &end) == expected, "kill {kill}, after {share:.2} of the run");
    }
}
