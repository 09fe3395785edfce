//! docs/json.md is made from the structs that `--json` prints, and must be what they are now.
//!
//! `APICAL_WRITE_DOCS=1 cargo test --lib json_docs` writes it.

use std::fmt::Write;

use schemars::{JsonSchema, Schema, schema_for};
use serde_json::Value;

use super::compare::{CompareResults, RecurrentResults};
use super::continuous::ContinuousResults;
use super::inspect::{CheckResults, InspectResults, ModelSize};
use super::report::{SeedsResults, TrainResults};
use super::reproduce::{AllResults, FigureResults};
use super::simulate::SimulateResults;
use super::test::TestResults;
use super::validate::{MeanFieldResults, ValidationResults};

const PATH: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/json.md");

const HEAD: &str = "# JSON output

`--json` prints the results of a command as one JSON object on one line, the last on standard output. `compare`, `validate` and
`reproduce` write the same object to files. Numbers that are not finite are null. Units stand in brackets and in the names of
keys. Keys are added in later versions, and neither removed nor renamed.

`a[].b` is the key `b` of each element of the array `a`.
";

/// A section of the document: what prints the object, and its schema.
struct DocumentSection {
    title: &'static str,
    schema: Schema,
}

fn section<T: JsonSchema>(title: &'static str) -> DocumentSection {
    DocumentSection { title, schema: schema_for!(T) }
}

fn sections() -> Vec<DocumentSection> {
    vec![
        section::<TrainResults>("`train --json`, one seed"),
        section::<SeedsResults>("`train --seeds SEEDS --json`, several seeds"),
        section::<TestResults>("`test --json`"),
        section::<SimulateResults>("`simulate --json`"),
        section::<ContinuousResults>("`simulate --json`, a continuous run"),
        section::<InspectResults>("`inspect --json`"),
        section::<ModelSize>("`inspect MODEL --json`"),
        section::<CheckResults>("`inspect --check --json`"),
        section::<CompareResults<'static>>("`compare --json`"),
        section::<RecurrentResults<'static>>("`compare --task TASK --json`"),
        section::<ValidationResults>("`validate --json`"),
        section::<MeanFieldResults>("`validate --json`, a continuous model"),
        section::<FigureResults>("`reproduce FIGURE --json`"),
        section::<AllResults<'static>>("`reproduce all --json`"),
    ]
}

/// A row of a table: key, type and meaning.
type KeyRows = Vec<[String; 3]>;

/// Follows references within a schema.
fn resolved<'a>(root: &'a Value, mut schema: &'a Value) -> &'a Value {
    while let Some(reference) = schema["$ref"].as_str() {
        schema = root.pointer(reference.trim_start_matches('#')).expect("a reference within the schema");
    }
    schema
}

/// The alternatives of a schema: itself, or those it lists; null is none of them.
fn alternatives<'a>(root: &'a Value, schema: &'a Value) -> Vec<&'a Value> {
    let schema = resolved(root, schema);
    let listed = ["oneOf", "anyOf"].iter().filter_map(|key| schema[key].as_array()).flatten();
    let listed: Vec<_> = listed.filter(|one| one["type"] != "null").flat_map(|one| alternatives(root, one)).collect();
    if listed.is_empty() || schema["properties"].is_object() { [vec![schema], listed].concat() } else { listed }
}

/// The type of a value, as text.
fn type_of(root: &Value, schema: &Value) -> String {
    let one = |schema: &Value| {
        let names = match &schema["type"] {
            Value::String(name) => vec![name.as_str()],
            Value::Array(names) => names.iter().filter_map(Value::as_str).filter(|name| *name != "null").collect(),
            _ => vec!["any"],
        };
        match names.first() {
            Some(&"array") => format!("array of {}", type_of(root, &schema["items"])),
            Some(name) => (*name).to_owned(),
            None => "null".to_owned(),
        }
    };
    let mut names: Vec<String> = alternatives(root, schema).into_iter().map(one).collect();
    names.dedup();
    names.join(" or ")
}

/// Adds the keys of an object, and of objects in it.
fn keys(root: &Value, schema: &Value, before: &str, rows: &mut KeyRows) {
    for schema in alternatives(root, schema) {
        if schema["type"] == "array" {
            keys(root, &schema["items"], &format!("{}[].", before.trim_end_matches('.')), rows);
        }
        for (key, of) in schema["properties"].as_object().into_iter().flatten() {
            let name = format!("{before}{key}");
            if rows.iter().any(|[known, ..]| *known == name) {
                continue;
            }
            let text = of["description"].as_str().or(resolved(root, of)["description"].as_str()).unwrap_or_default();
            let text = match of["const"].as_str() {
                Some(value) => format!("`{value}` {text}"),
                None => text.replace(['\n', '|'], " ").replace("NaN", "null"),
            };
            rows.push([name.clone(), type_of(root, of), text]);
            keys(root, of, &format!("{name}."), rows);
        }
    }
}

fn document() -> String {
    let mut text = HEAD.to_owned();
    for DocumentSection { title, schema } in sections() {
        let root = schema.to_value();
        let mut rows = KeyRows::new();
        keys(&root, &root, "", &mut rows);
        let _ = write!(text, "\n## {title}\n\n| key | type | meaning |\n|---|---|---|\n");
        for [key, kind, meaning] in rows {
            assert!(!meaning.is_empty(), "{title}: `{key}` is not documented");
            let _ = writeln!(text, "| `{key}` | {kind} | {meaning} |");
        }
    }
    text
}

#[test]
fn every_key_of_json_outputs_is_documented() {
    let expected = document();
    if std::env::var_os("APICAL_WRITE_DOCS").is_some() {
        std::fs::write(PATH, &expected).unwrap();
    }
    let found = std::fs::read_to_string(PATH).unwrap_or_default();
    assert!(found == expected, "docs/json.md is not what the structs are; APICAL_WRITE_DOCS=1 writes it:\n{expected}");
}
