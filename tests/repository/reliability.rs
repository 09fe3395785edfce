//! Every test that `docs/reliability.md` names is there.

use std::fs;
use std::path::{Path, PathBuf};

/// The sources that a row may mean by `file`: a file of `src/`, or a test, which is a file or a folder.
fn sources(file: &str) -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let test = root.join("tests").join(file);
    if Path::new(file).extension().is_some() {
        vec![root.join("src").join(file)]
    } else if test.is_dir() {
        fs::read_dir(test).unwrap().map(|entry| entry.unwrap().path()).collect()
    } else {
        vec![test.with_extension("rs")]
    }
}

/// File and name of each test in the last column of a table, written "`file`: `test`, `test`; `file`: `test`".
fn named(page: &str) -> Vec<(&str, &str)> {
    let cells = page.lines().filter_map(|line| line.strip_suffix(" |")?.rsplit(" | ").next());
    let parts = cells.flat_map(|cell| cell.split("; ")).filter_map(|part| part.split_once("`: "));
    parts.flat_map(|(file, tests)| tests.split('`').skip(1).step_by(2).map(move |test| (&file[1..], test))).collect()
}

#[test]
fn tests_that_are_named_exist() {
    let page = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/reliability.md")).unwrap();
    let named = named(&page);
    assert!(named.len() > 40, "{} tests are named", named.len());
    for (file, test) in named {
        let found = |path: &PathBuf| fs::read_to_string(path).is_ok_and(|text| text.contains(&format!("fn {test}(")));
        assert!(sources(file).iter().any(found), "there is no {test} in {file}");
    }
}
