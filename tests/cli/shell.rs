//! Where the program meets the shell: commands to paste, completions, manual pages, values that look like options, names that
//! would act on the terminal.

use crate::support::{self, Bench};

#[test]
fn command_lines_are_kept_as_a_shell_takes_them() {
    let bench = Bench::new();
    let command = &mut bench.command("train tiny.toml --examples 2 --json --record none --out");
    let ran: support::Ran = command.args(["my run.h5", "--set", "learning.batch = 2"]).output().unwrap().into();
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    let printed: serde_json::Value = serde_json::from_str(ran.stdout.trim_end()).unwrap();
    let expected = "--record none --out 'my run.h5' --set 'learning.batch = 2'";
    assert!(printed["command_line"].as_str().unwrap().ends_with(expected), "{printed}");
}

#[cfg(unix)]
#[test]
fn the_command_that_goes_on_can_be_pasted() {
    let bench = Bench::new();
    std::fs::rename(bench.path("data"), bench.path("my data")).unwrap();
    let mut command = bench.command("train tiny.toml --epochs 100000 --record none --test-examples 2 --data");
    command.args(["my data/mnist", "--out", "my run.h5"]);
    let ran = support::interrupt(command, || bench.path("my run.checkpoint.h5").exists());
    assert_eq!(ran.code, Some(130), "{}", ran.stderr);
    let expected = "--resume 'my run.checkpoint.h5' --data 'my data/mnist' --test-examples 2 --record none";
    assert!(ran.stderr.contains(expected), "{}", ran.stderr);
}

/// A path that begins with a dash would be an option, and so would a range that counts from the end.
#[cfg(unix)]
#[test]
fn the_command_that_goes_on_names_no_options_that_are_none() {
    let bench = Bench::new();
    let mut command = bench.command("train tiny.toml --epochs 100000 --record=-20: --test-examples 2 --out=-run.h5");
    let ran = support::interrupt(command, || bench.path("-run.checkpoint.h5").exists());
    assert_eq!(ran.code, Some(130), "{}", ran.stderr);
    let goes_on = ran.stderr.lines().find_map(|line| line.split_once("go on with: apical ")).unwrap().1;
    assert!(goes_on.contains("--resume ./-run.checkpoint.h5") && goes_on.contains("--record=-20:"), "{goes_on}");
    // As it is printed, with one more option: what the checkpoint has is more than that.
    let more = bench.run(&format!("{goes_on} --examples 1"));
    assert!(more.stderr.contains("--epochs and --examples are totals"), "{goes_on}: {}", more.stderr);
    let refused = bench.run("train tiny.toml --examples 2 --out=-run.h5");
    assert!(refused.stderr.contains("--resume ./-run.checkpoint.h5"), "{}", refused.stderr);
    // A circuit.
    bench.write(
        "circuit.toml",
        "name = 'circuit'\n[[population]]\nname = 'p'\nkind = 'poisson'\nsize = 2\nstimulus = { kind = 'constant', rate_hz = 5 }\n\
         [protocol]\nkind = 'continuous'\nduration_ms = 1e8\n",
    );
    command = bench.command("simulate circuit.toml --record p --checkpoint-every 1ms --out=-circuit.h5");
    let ran = support::interrupt(command, || bench.path("-circuit.checkpoint.h5").exists());
    assert_eq!(ran.code, Some(130), "{}", ran.stderr);
    assert!(ran.stderr.contains("--resume ./-circuit.checkpoint.h5"), "{}", ran.stderr);
}

#[test]
fn negative_values_are_refused_for_what_they_are() {
    let bench = Bench::new();
    for (arguments, said) in [
        ("train tiny.toml --seed -1", "expected a whole number of at least 0"),
        ("train tiny.toml --epochs -2", "invalid value '-2' for '--epochs <N>'"),
        ("plot raster run.h5 --neurons -1:4", "stands behind `=`, as in `--from=-5`"),
        ("train tiny.toml --seed=-1", "invalid value '-1' for '--seed <N>'"),
    ] {
        let ran = bench.run(arguments);
        assert_eq!(ran.code, Some(2), "{arguments}");
        assert!(ran.stderr.contains(said) && !ran.stderr.contains("'-- -"), "{arguments}: {}", ran.stderr);
    }
}

#[test]
fn completions_and_manual_pages_know_every_subcommand() {
    let bench = Bench::new();
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let script = bench.ok(&format!("completions {shell}"));
        assert!(["reproduce", "test-examples"].iter().all(|word| script.contains(word)), "{shell}");
    }
    assert!(bench.ok("man pages/man1").contains("pages/man1"));
    let page = |name: &str| std::fs::read_to_string(bench.path(&format!("pages/man1/{name}.1"))).unwrap();
    assert!(page("apical").contains("validate") && page("apical-train").contains("resume"));
}

#[test]
fn models_are_listed_in_columns() {
    let said = Bench::new().ok("models");
    let starts = said.lines().map(|line| line.len() - line.split_once("  ").unwrap().1.trim_start().len());
    let starts: std::collections::BTreeSet<_> = starts.collect();
    assert_eq!(starts.len(), 1, "{said}");
}

#[test]
fn names_do_not_act_on_the_terminal() {
    let bench = Bench::new();
    bench.write("\u{1b}[2Jevil.toml", "name = \"\u{1b}[2J\"");
    let ran: support::Ran = bench.command("train").arg("\u{1b}[2Jevil.toml").output().unwrap().into();
    assert_eq!(ran.code, Some(2));
    assert!(ran.stderr.contains(r"\u001b[2Jevil.toml") && !ran.stderr.contains('\u{1b}'), "{}", ran.stderr);
    let refused = bench.run("train tiny.toml --set name=\u{9b}1mbold");
    assert_eq!(refused.code, Some(2));
    assert!(!refused.stderr.contains('\u{9b}') && refused.stderr.contains("a name of letters"), "{}", refused.stderr);
}
