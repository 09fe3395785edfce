//! Tells the program which commit it was built from, for the provenance of run files.

use std::process::Command;

fn main() {
    println!("cargo::rerun-if-changed=.git/HEAD");
    println!("cargo::rerun-if-changed=.git/logs/HEAD");
    let output = Command::new("git").args(["describe", "--always", "--dirty", "--abbrev=40"]).output();
    let commit = output.ok().filter(|o| o.status.success()).and_then(|o| String::from_utf8(o.stdout).ok());
    println!("cargo::rustc-env=APICAL_GIT_COMMIT={}", commit.unwrap_or_default().trim());
}
