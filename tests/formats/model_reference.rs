//! The schema and the reference of model files, as they are kept beside the sources.

use std::path::Path;

use apical::model::{Model, Registry};

fn kept(path: &str) -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap()
}

/// `apical models --schema > models/schema.json` writes it anew.
#[test]
fn the_schema_is_that_of_the_structs() {
    let schema = serde_json::to_string_pretty(&Registry::default().schema()).unwrap();
    assert!(
        kept("models/schema.json").trim_end() == schema,
        "models/schema.json is not what `apical models --schema` prints"
    );
}

/// `apical models --reference > docs/model.md` writes it anew.
#[test]
fn the_reference_is_that_of_the_structs() {
    let reference = Registry::default().reference();
    let kept = kept("docs/model.md");
    assert!(kept.trim_end() == reference.trim_end(), "docs/model.md is not what `apical models --reference` prints");
}

#[test]
fn the_examples_of_the_reference_are_models() {
    let page = kept("docs/model.md");
    let examples: Vec<_> = page.split("```toml\n").skip(1).filter_map(|rest| rest.split_once("```")).collect();
    assert_eq!(examples.len(), 9);
    for (example, _) in examples {
        Model::parse(example, "docs/model.md", &[]).unwrap();
    }
}
