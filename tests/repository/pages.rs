//! The pages that name files are true: what ARCHITECTURE.md and CONTRIBUTING.md name exists, and every module of `src` is named.

use std::fs;
use std::path::Path;

/// The paths that a page names in backticks: those that end with a slash or an extension that sources have.
fn paths(page: &str) -> Vec<&str> {
    let code = page.split('`').skip(1).step_by(2);
    let is_path = |text: &&str| {
        let extension = Path::new(text).extension().and_then(|extension| extension.to_str());
        !text.contains([' ', '*', '.']) && text.ends_with('/') && text.len() > 1
            || text.contains('/') && extension.is_some_and(|found| ["rs", "py", "md", "c"].contains(&found))
    };
    code.filter(is_path).collect()
}

#[test]
fn what_the_pages_name_exists() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    // A page may leave out the folder that most of what it names is in.
    for (page, folders) in [("ARCHITECTURE.md", ["", "tests"]), ("CONTRIBUTING.md", ["", "src"])] {
        let text = fs::read_to_string(root.join(page)).unwrap();
        let named = paths(&text);
        assert!(named.len() > 15, "{page} names {named:?}");
        for path in named {
            assert!(folders.iter().any(|folder| root.join(folder).join(path).exists()), "{page}: there is no {path}");
        }
    }
}

#[test]
fn every_module_is_in_the_table() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let text = fs::read_to_string(root.join("ARCHITECTURE.md")).unwrap();
    for entry in fs::read_dir(root.join("src")).unwrap().map(Result::unwrap).filter(|entry| entry.path().is_dir()) {
        let module = entry.file_name().into_string().unwrap();
        assert!(text.contains(&format!("`src/{module}/`")), "ARCHITECTURE.md has no row for {module}");
    }
}
