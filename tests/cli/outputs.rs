//! What stands in the files of a run at any moment: nothing finished is lost, and nothing is written over.

use std::fs;
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::support::{self, Bench, Ran};

fn inspected(bench: &Bench, file: &str) -> Value {
    serde_json::from_str(&bench.ok(&format!("inspect --json {file}"))).unwrap()
}

/// Training presentations behind a checkpoint.
fn seen(bench: &Bench, checkpoint: &str) -> u64 {
    inspected(bench, checkpoint)["examples_seen"].as_u64().unwrap()
}

fn names(bench: &Bench) -> Vec<String> {
    let all = bench.files().into_iter().map(|path| path.display().to_string());
    all.filter(|name| name.contains(".h5")).collect()
}

#[test]
fn runs_without_a_name_take_the_next_number() {
    let bench = Bench::new();
    for expected in ["output/tiny-seed1", "output/tiny-seed1-2", "output/tiny-seed1-3"] {
        let run = bench.json("train tiny.toml --examples 4 --record none");
        assert_eq!(run["run_file"], format!("{expected}.h5"));
        assert_eq!(run["checkpoint_file"], format!("{expected}.checkpoint.h5"));
    }
    // A checkpoint alone is something to lose, too.
    fs::remove_file(bench.path("output/tiny-seed1-2.h5")).unwrap();
    let run = bench.json("train tiny.toml --examples 4 --record none");
    assert_eq!(run["run_file"], "output/tiny-seed1-4.h5");
    for expected in ["output/tiny-simulate-seed1.h5", "output/tiny-simulate-seed1-2.h5"] {
        assert_eq!(bench.json("simulate tiny.toml --examples 1")["run_file"], expected);
    }
}

#[test]
fn a_run_that_is_there_is_replaced_on_demand_alone() {
    let bench = Bench::new();
    bench.ok("train tiny.toml --examples 8 --out run.h5");
    let before = fs::read(bench.path("run.h5")).unwrap();
    let refused = bench.run("train tiny.toml --examples 4 --out run.h5");
    assert_eq!(refused.code, Some(2));
    for part in ["run.h5 already exists", "--overwrite", "--resume run.checkpoint.h5"] {
        assert!(refused.stderr.contains(part), "{}", refused.stderr);
    }
    assert!(fs::read(bench.path("run.h5")).unwrap() == before);
    bench.ok("train tiny.toml --examples 4 --out run.h5 --overwrite");
    assert_eq!(
        (seen(&bench, "run.checkpoint.h5"), names(&bench)),
        (4, vec!["run.checkpoint.h5".into(), "run.h5".into()])
    );
}

/// A training takes hours, and a test of what it learnt a moment.
#[test]
fn a_run_is_replaced_by_one_of_its_kind_alone() {
    let bench = Bench::new();
    bench.ok("train tiny.toml --examples 8 --out run.h5");
    bench.ok("test run.checkpoint.h5 --out test.h5");
    let files = || ["run.h5", "run.checkpoint.h5", "test.h5"].map(|name| fs::read(bench.path(name)).unwrap());
    let before = files();
    for (command, found) in [
        ("test run.checkpoint.h5 --out run.h5", "run.h5 is the run file of a training"),
        ("simulate run.checkpoint.h5 --out run.h5", "run.h5 is the run file of a training"),
        ("simulate tiny.toml --out run.h5", "run.h5 is the run file of a training"),
        ("train tiny.toml --examples 4 --out test.h5", "test.h5 is the run file of a test or simulation"),
    ] {
        let without = bench.run(command);
        assert!(without.code == Some(2) && !without.stderr.contains("give --overwrite"), "{command}: {without:?}");
        for ran in [without, bench.run(&format!("{command} --overwrite"))] {
            assert!(ran.code == Some(2) && ran.stderr.contains(found), "{command}: {ran:?}");
        }
        assert!(files() == before, "{command}");
    }
    for command in ["test", "simulate"] {
        bench.ok(&format!("{command} run.checkpoint.h5 --seed 7 --out test.h5 --overwrite"));
        let file = hdf5::File::open(bench.path("test.h5")).unwrap();
        assert_eq!(file.attr("frozen_after").unwrap().read_scalar::<u64>().unwrap(), 8);
    }
}

/// The first evaluation of the new run saves a checkpoint, and so does every presentation.
#[cfg(unix)]
#[test]
fn a_run_that_is_stopped_is_kept_beside_the_finished_one_that_it_was_to_replace() {
    let bench = Bench::new();
    bench.ok("train tiny.toml --examples 8 --out run.h5");
    let files = || ["run.h5", "run.checkpoint.h5"].map(|name| fs::read(bench.path(name)).unwrap());
    let before = files();
    for unfinished in ["run.unfinished", "run.unfinished-2"] {
        let checkpoint = format!("{unfinished}.checkpoint.h5");
        let arguments =
            "train tiny.toml --examples 100000000 --checkpoint-every 0s --out run.h5 --overwrite --record none";
        let ran = support::interrupt(bench.command(arguments), || bench.path(&checkpoint).exists());
        assert_eq!(ran.code, Some(130), "{}", ran.stderr);
        assert!(ran.stderr.contains(&format!("the run file is {unfinished}.h5")), "{}", ran.stderr);
        assert!(ran.stderr.contains(&format!("--resume {checkpoint}")), "{}", ran.stderr);
        assert!(files() == before);
        assert!(seen(&bench, &checkpoint) > 0 && bench.path(&format!("{unfinished}.h5")).exists());
    }
}

#[test]
fn what_is_no_run_is_not_replaced_and_endings_are_told_apart() {
    let bench = Bench::new();
    bench.write("run.checkpoint.h5", "mine");
    for overwrite in ["", "--overwrite"] {
        let ran = bench.run(&format!("train tiny.toml --examples 4 --out run.h5 {overwrite}"));
        assert!(ran.code == Some(2) && ran.stderr.contains("run.checkpoint.h5: is not an HDF5 file"), "{ran:?}");
    }
    assert_eq!(fs::read(bench.path("run.checkpoint.h5")).unwrap(), b"mine");
    let other = bench.json("train tiny.toml --examples 4 --out run.hdf5");
    assert_eq!(other["checkpoint_file"], "run.hdf5.checkpoint.h5");
}

#[test]
fn what_a_killed_run_left_is_put_aside_and_named() {
    let bench = Bench::new();
    bench.write("run.h5.part", "of a killed run");
    let ran = bench.run("train tiny.toml --examples 4 --out run.h5");
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    assert!(ran.stderr.contains("`apical inspect run.h5.part.1` shows it"), "{}", ran.stderr);
    assert_eq!(fs::read(bench.path("run.h5.part.1")).unwrap(), b"of a killed run");
}

/// Two starts with one name, over and over: one of them runs, the other is refused and harms nothing.
#[test]
fn of_two_starts_at_once_one_runs_and_its_files_are_whole() {
    let bench = Bench::new();
    for round in 0..20 {
        let out = format!("run{round}.h5");
        let start = |seed: u64| {
            let mut command = bench.command(&format!("train tiny.toml --examples 4 --seed {seed} --out {out} --quiet"));
            command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
        };
        let ends = [start(1), start(2)].map(|child| Ran::from(child.wait_with_output().unwrap()));
        let mut codes = ends.each_ref().map(|ran| ran.code);
        codes.sort_unstable();
        assert_eq!(codes, [Some(0), Some(2)], "{ends:?}");
        for file in [out.clone(), out.replace(".h5", ".checkpoint.h5")] {
            bench.ok(&format!("inspect --check {file}"));
        }
        let seed = 1 + u64::from(ends[1].code == Some(0));
        assert_eq!(inspected(&bench, &out)["seed"], seed);
    }
    assert!(names(&bench).iter().all(|name| name.strip_suffix(".part").is_none()), "{:?}", names(&bench));
}

#[cfg(unix)]
#[test]
fn a_symbolic_link_is_written_through() {
    let bench = Bench::new();
    fs::create_dir(bench.path("big")).unwrap();
    std::os::unix::fs::symlink("big/run.h5", bench.path("run.h5")).unwrap();
    bench.ok("train tiny.toml --examples 4 --out run.h5");
    bench.ok("train tiny.toml --examples 6 --out run.h5 --overwrite");
    assert!(bench.path("run.h5").is_symlink());
    assert_eq!(inspected(&bench, "big/run.h5")["presentations"]["train"], 6);
    assert_eq!(seen(&bench, "run.checkpoint.h5"), 6);
}

/// Killed at no moment of its own choosing, it goes on from the last checkpoint to the bit.
#[cfg(unix)]
#[test]
fn a_killed_run_goes_on_from_a_checkpoint_within_its_epoch() {
    let bench = Bench::new();
    let mut child =
        bench.command("train tiny.toml --examples 400 --checkpoint-every 0s --out run.h5 --quiet").spawn().unwrap();
    let checkpoint = bench.path("run.checkpoint.h5");
    while !checkpoint.exists() {
        std::thread::sleep(std::time::Duration::from_millis(1));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    let killed = seen(&bench, "run.checkpoint.h5");
    assert!(killed > 0 && killed < 400, "{killed}");
    bench.ok("train --resume run.checkpoint.h5 --record none --out rest.h5");
    bench.ok("train tiny.toml --examples 400 --record none --out whole.h5");
    assert_eq!(resumable(&bench, "rest.checkpoint.h5"), resumable(&bench, "whole.checkpoint.h5"));
}

/// All that a checkpoint holds but for times of the wall clock.
fn resumable(bench: &Bench, checkpoint: &str) -> (Value, support::Contents) {
    let counters = inspected(bench, checkpoint);
    let counters = ["examples_seen", "tests_done", "clock_ms"].map(|key| counters[key].clone()).to_vec();
    (counters.into(), support::Contents::of(&bench.path(checkpoint)).repeatable())
}

#[cfg(unix)]
#[test]
fn each_signal_has_its_exit_code_and_saves_what_was_learnt() {
    for (signal, code) in signals() {
        let bench = Bench::new();
        let arguments = "train tiny.toml --examples 100000000 --record none --checkpoint-every 0s --out run.h5";
        let child = bench.command(arguments).stderr(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        while !bench.path("run.checkpoint.h5").exists() {
            std::thread::sleep(std::time::Duration::from_millis(1));
        }
        let sent = Command::new("kill").args([&format!("-{signal}"), &child.id().to_string()]).status().unwrap();
        assert!(sent.success());
        let ran = Ran::from(child.wait_with_output().unwrap());
        assert_eq!(ran.code, Some(*code), "{}", ran.stderr);
        assert!(bench.path("run.h5").exists() && ran.stderr.contains("go on with:"), "{}", ran.stderr);
    }
}

/// Signals that end a run, each with its exit code.
#[cfg(unix)]
pub(super) fn signals() -> &'static [(&'static str, i32)] {
    // Where the tests run by `nohup` the program outlives its terminal, as it should.
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let ignored = status.lines().find_map(|line| u64::from_str_radix(line.strip_prefix("SigIgn:")?.trim(), 16).ok());
    let all = &[("INT", 130), ("TERM", 143), ("HUP", 129)];
    if ignored.unwrap_or(0) & 1 == 0 { all } else { &all[..2] }
}

/// A limit on the size of files reports as a full disk does: the recording makes room, or stays as far as it came.
#[cfg(target_os = "linux")]
#[test]
fn a_limit_on_the_size_of_files_is_an_error_and_no_signal() {
    let bench = Bench::new();
    let mut shell = Command::new("sh");
    shell.args(["-c", "ulimit -c 0; ulimit -f 400; exec \"$0\" \"$@\"", env!("CARGO_BIN_EXE_apical")]);
    shell.args(["train", "tiny.toml", "--examples", "4000", "--record", "all", "--out", "run.h5"]);
    let ran: Ran = shell.current_dir(bench.path("")).output().unwrap().into();
    assert_eq!(ran.code, Some(1), "{}", ran.stderr);
    assert!(ran.stderr.contains("the network as it stands is in run.checkpoint.h5"), "{}", ran.stderr);
    assert!(seen(&bench, "run.checkpoint.h5") > 0);
    what_is_left_is_readable_or_useless(&bench, &ran);
    // A circuit, whose last writes reach beyond the limit.
    bench.write(
        "circuit.toml",
        "name = 'circuit'\n[[population]]\nname = 'p'\nkind = 'poisson'\nsize = 200\nstimulus = { rate_hz = 500 }\n[protocol]\n\
         kind = 'continuous'\nduration_ms = 1e6\n",
    );
    for blocks in ["3000", "3001", "40000"] {
        let mut shell = Command::new("sh");
        shell.args([
            "-c",
            &format!("ulimit -c 0; ulimit -f {blocks}; exec \"$0\" \"$@\""),
            env!("CARGO_BIN_EXE_apical"),
        ]);
        shell.args(["simulate", "circuit.toml", "--quiet", "--out", "c.h5", "--overwrite"]);
        let ran: Ran = shell.current_dir(bench.path("")).output().unwrap().into();
        assert_eq!(ran.code, Some(1), "{}", ran.stderr);
        assert!(ran.stderr.contains("c.h5.part") && ran.stderr.contains("File too large"), "{}", ran.stderr);
        what_is_left_is_readable_or_useless(&bench, &ran);
        bench.ok("inspect --check c.checkpoint.h5");
        fs::remove_file(bench.path("c.h5.part")).unwrap();
    }
}

/// What is said of the `.part` file must be true.
fn what_is_left_is_readable_or_useless(bench: &Bench, ran: &Ran) {
    let left = bench.files().into_iter().find(|path| path.extension().is_some_and(|end| end == "part")).unwrap();
    let left = left.display();
    let opens = bench.run(&format!("inspect {left}")).code == Some(0);
    let expected = if opens {
        format!(
            "what was written of it before is in {left}; `apical inspect --check {left}` lists what of it is damaged"
        )
    } else {
        format!("{left} was cut short and cannot be read: it is of no use, remove it")
    };
    assert!(ran.stderr.contains(&expected), "{opens}: {}", ran.stderr);
}

/// HDF5 keeps texts of some length, and a model is one.
#[test]
fn a_model_longer_than_a_file_keeps_is_refused_with_what_to_do() {
    let bench = Bench::new();
    let model = |rates: usize| {
        let list = vec!["12.345678"; rates].join(", ");
        format!(
            "name = 'long'\n[[population]]\nname = 'p'\nkind = 'poisson'\nsize = {rates}\nstimulus = {{ kind = 'rates', rates_hz = \
             [{list}] }}\n[protocol]\nkind = 'continuous'\nduration_ms = 100\n"
        )
    };
    bench.write("long.toml", model(11_000));
    bench.ok("simulate long.toml --out long.h5");
    bench.ok("inspect --check long.checkpoint.h5");
    bench.write("longer.toml", model(13_000));
    let files = bench.files();
    let ran = bench.run("simulate longer.toml --out longer.h5");
    assert_eq!(ran.code, Some(2), "{}", ran.stderr);
    let said =
        ["the text of the model takes 14", "keeps 131072 at most; keep long lists in files that the model names"];
    assert!(said.iter().all(|part| ran.stderr.contains(part)) && !ran.stderr.contains("--out"), "{}", ran.stderr);
    assert_eq!(bench.files(), files, "nothing was written");
}

/// What `recording to` says against what the file takes, for records of every kind and of none.
#[test]
fn what_is_written_is_estimated_within_a_third() {
    let bench = Bench::new();
    let digits = format!("--data {}", support::MNIST);
    let cases = [
        "tiny.toml --examples 40 --record all".to_owned(),
        "tiny.toml --examples 300 --record all".to_owned(),
        "tiny.toml --examples 300 --record input,hidden".to_owned(),
        "tiny.toml --examples 300 --record none --set recording.weights=10".to_owned(),
        format!("g17-784-500-10 {digits} --examples 60 --test-examples 10 --record input,hidden,output,plateaus,0:"),
        format!("g17-784-500-10 {digits} --examples 60 --test-examples 10 --record none"),
    ];
    for (case, arguments) in cases.iter().enumerate() {
        let file = format!("run{case}.h5");
        let ran = bench.run(&format!("train {arguments} --out {file}"));
        assert_eq!(ran.code, Some(0), "{}", ran.stderr);
        let line = ran.stderr.lines().find(|line| line.starts_with(&format!("recording to {file}: "))).unwrap();
        let words: Vec<&str> = line.rsplit_once("about ").unwrap().1.split_whitespace().collect();
        let unit = [("kB", 1e3), ("MB", 1e6), ("GB", 1e9)].into_iter().find(|(name, _)| *name == words[1]).unwrap().1;
        let estimated = words[0].parse::<f64>().unwrap() * unit;
        let written = fs::metadata(bench.path(&file)).unwrap().len() as f64;
        assert!((0.75..1.5).contains(&(estimated / written)), "{arguments}: {estimated} estimated, {written} written");
    }
}

/// Each of 100 runs has room, all of them have not; each row of presentations takes 41 bytes.
#[test]
fn the_runs_of_all_seeds_need_room_together() {
    let bench = Bench::new();
    let free = fs4::available_space(bench.path("")).unwrap();
    let many = format!("train tiny.toml --examples {} --test-examples 1 --record none", free / 50 / 41);
    for out in ["", " --out run.h5"] {
        let ran = bench.run(&format!("{many} --seeds 1..100{out}"));
        assert_eq!(ran.code, Some(2), "{}", ran.stderr);
        for part in ["will be written by 100 runs, and the disk of ", "seed1.h5 has room for ", "--ignore-free-space"] {
            assert!(ran.stderr.contains(part), "{}", ran.stderr);
        }
    }
    assert!(!bench.path("output").exists(), "nothing was begun");
    bench.ok("train tiny.toml --examples 4 --seeds 1..2 --out few.h5");
}

#[test]
fn results_that_another_comparison_left_are_put_aside() {
    let bench = Bench::new();
    bench.write("rules.json.part", "of another");
    bench.write("rules.svg.part", "of another");
    let ran = bench.run("compare tiny.toml --rules backprop --epochs 1 --out rules.json");
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    assert!(ran.stderr.contains("a comparison that did not end left rules.json.part.1"), "{}", ran.stderr);
    assert_eq!(fs::read(bench.path("rules.json.part.1")).unwrap(), b"of another");
    assert_eq!(fs::read(bench.path("rules.svg.part")).unwrap(), b"of another");
}

/// Results and exports can be made again; runs, checkpoints and what is read cannot.
#[cfg(unix)]
#[test]
fn no_other_command_writes_over_a_run() {
    let bench = Bench::new();
    bench.ok("train tiny.toml --examples 4 --out run.h5");
    std::os::unix::fs::symlink("run.checkpoint.h5", bench.path("run.nwb")).unwrap();
    let files = || ["run.h5", "run.checkpoint.h5"].map(|name| fs::read(bench.path(name)).unwrap());
    let before = files();
    for (command, expected) in [
        ("compare tiny.toml --rules backprop --epochs 1 --out run.h5", "expected a name that ends in .json"),
        ("compare tiny.toml --rules backprop --epochs 1 --out run.checkpoint.h5", "expected a name that ends in .json"),
        ("export --nwb run.nwb run.h5", "run.nwb: that is a run file or checkpoint, which is not replaced"),
    ] {
        let ran = bench.run(command);
        assert!(ran.code == Some(2) && ran.stderr.contains(expected), "{command}: {ran:?}");
        assert!(files() == before, "{command}");
    }
}

#[test]
fn runs_of_all_names_have_checkpoints_of_their_own() {
    let bench = Bench::new();
    let names = ["a", "a.h5", "a.hdf5", "a.b"];
    for (seed, name) in names.iter().enumerate() {
        bench.ok(&format!("train tiny.toml --examples 4 --record none --seed {seed} --out {name}"));
    }
    for (seed, checkpoint) in
        ["a.checkpoint", "a.checkpoint.h5", "a.hdf5.checkpoint.h5", "a.b.checkpoint.h5"].iter().enumerate()
    {
        assert_eq!(bench.json(&format!("inspect {checkpoint}"))["seed"], seed, "{checkpoint}");
    }
}

#[test]
fn a_training_that_goes_on_says_which_keys_are_others() {
    let bench = Bench::new();
    bench.ok("train tiny.toml --examples 4 --record none --out first.h5");
    let resume = "train --resume first.checkpoint.h5 --examples 8 --record none --out";
    let same = bench.run(&format!("{resume} same.h5"));
    assert!(same.code == Some(0) && !same.stderr.contains("not as in the training so far"), "{}", same.stderr);
    let other = bench.run(&format!("{resume} other.h5 --set protocol.forward_ms=30"));
    assert_eq!(other.code, Some(0), "{}", other.stderr);
    assert!(other.stderr.contains("note: `protocol.forward_ms` not as in the training so far"), "{}", other.stderr);
}
