//! The module diagram: which top-level module may import which, so that it cannot go stale.
//!
//! Sources are read as text: every `crate::MODULE`, `crate::{MODULE…}` and chain of `super::` up to the root counts,
//! outside of comments, strings and what is compiled for tests alone.

use super::tokens::{Token, library, tokens, without_tests};

/// Each module with those it may import, all of which stand above it: nothing points back.
const DIAGRAM: [(&str, &[&str]); 19] = [
    ("numeric", &[]),
    ("units", &[]),
    ("cells", &["numeric", "units"]),
    ("protocol", &["numeric", "units"]),
    // Slices in, factors out.
    ("plasticity", &["numeric", "units"]),
    ("model", &["numeric", "cells", "protocol", "plasticity", "units"]),
    // Reads the stimuli that a model names.
    ("data", &["numeric", "units", "protocol", "model"]),
    ("network", &["model", "numeric", "plasticity"]),
    ("engine", &["numeric", "cells", "protocol", "plasticity", "model", "network"]),
    // Beside the engine: its twins are laid out and measured as it is.
    ("rate", &["numeric", "cells", "protocol", "data", "model", "network", "engine"]),
    ("record", &["units", "cells", "protocol", "model", "data", "network", "engine"]),
    // Plain data in, plain data out.
    ("analysis", &["numeric"]),
    (
        "training",
        &["numeric", "protocol", "model", "data", "network", "engine", "rate", "plasticity", "record", "analysis"],
    ),
    // Continuous runs.
    ("simulation", &["numeric", "units", "protocol", "model", "data", "network", "engine", "record", "training"]),
    (
        "validation",
        &[
            "cells",
            "numeric",
            "protocol",
            "model",
            "data",
            "network",
            "engine",
            "rate",
            "record",
            "training",
            "simulation",
            "analysis",
        ],
    ),
    // What run files hold becomes figures in plot/recorded.rs.
    ("plot", &["analysis", "model", "record"]),
    ("view", &["protocol", "model", "data", "engine", "record", "analysis"]),
    (
        "reproduce",
        &[
            "numeric",
            "cells",
            "protocol",
            "model",
            "data",
            "network",
            "engine",
            "rate",
            "record",
            "training",
            "simulation",
            "analysis",
            "plot",
        ],
    ),
    (
        "cli",
        &[
            "units",
            "cells",
            "protocol",
            "model",
            "data",
            "network",
            "rate",
            "engine",
            "record",
            "training",
            "simulation",
            "analysis",
            "validation",
            "plot",
            "view",
            "reproduce",
        ],
    ),
];

/// The top-level modules named in a file that lies `depth` modules below the root, each with its line.
fn imports(source: &str, depth: usize) -> Vec<(String, usize)> {
    let tokens = without_tests(&tokens(source));
    let text = |at: usize| tokens.get(at).map_or("", |t| t.text.as_str());
    let mut found = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        let mut path = at;
        let mut supers = 0;
        while text(path) == "super" && text(path + 1) == "::" {
            supers += 1;
            path += 2;
        }
        let from_root = if text(at) == "crate" && text(at + 1) == "::" {
            path += 2;
            true
        } else {
            supers > 0 && supers >= depth
        };
        at = path.max(at + 1);
        if from_root && text(path) == "{" {
            found.extend(group(&tokens[path..]));
        } else if from_root && path < tokens.len() {
            found.push((text(path).to_owned(), tokens[path].line));
        }
    }
    found
}

/// The first word of each part of the group `{…, …}` that `tokens` begin with.
fn group(tokens: &[Token]) -> Vec<(String, usize)> {
    let mut found = Vec::new();
    let mut depth = 0;
    for (token, next) in tokens.iter().zip(&tokens[1..]) {
        depth += i32::from(token.text == "{") - i32::from(token.text == "}");
        if depth == 0 {
            break;
        }
        if depth == 1 && ["{", ","].contains(&token.text.as_str()) && next.text != "}" {
            found.push((next.text.clone(), next.line));
        }
    }
    found
}

/// What is wrong with the imports of one file, `parts` being its path below `src` without its ending.
fn mistakes(parts: &[&str], source: &str) -> Vec<String> {
    if ["lib", "main", "error"].contains(&parts[0]) {
        return Vec::new();
    }
    let file = format!("src/{}.rs", parts.join("/"));
    let Some((_, allowed)) = DIAGRAM.iter().find(|(module, _)| *module == parts[0]) else {
        return vec![format!("{file}: {} is not in the diagram", parts[0])];
    };
    let depth = parts.iter().filter(|part| **part != "mod").count();
    let wrong = imports(source, depth).into_iter().filter(|(to, _)| to != parts[0] && !allowed.contains(&to.as_str()));
    wrong.map(|(to, line)| format!("{file}:{line}: {} may not import {to}", parts[0])).collect()
}

#[test]
fn modules_import_what_the_diagram_allows() {
    let mut found = Vec::new();
    for (parts, source) in library() {
        let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
        found.extend(mistakes(&parts, &source));
    }
    assert!(found.is_empty(), "\n{}", found.join("\n"));
}

#[test]
fn the_diagram_has_no_way_back() {
    for (place, (module, allowed)) in DIAGRAM.iter().enumerate() {
        for other in *allowed {
            assert!(DIAGRAM[..place].iter().any(|(above, _)| above == other), "{module} imports {other}");
        }
    }
}

#[test]
fn a_wrong_import_is_named_with_file_and_line() {
    let source = "//! crate::cli\n/* crate::cli */ use crate::numeric::exp;\nconst A: &str = \"crate::cli\\\" { \";\n\
        use crate::{cells::Psp, training::{Plan, cli}};\nfn f<'a>(c: char) -> bool { c == '\"' && super::super::record::x() }\n\
        #[cfg(test)]\nmod tests { use crate::cli::{A}; }\npub(crate) fn g() { super::lane::h(r#\"crate::cli\"#) }\n";
    let expected =
        ["src/engine/lane.rs:4: engine may not import training", "src/engine/lane.rs:5: engine may not import record"];
    assert_eq!(mistakes(&["engine", "lane"], source), expected);
    assert_eq!(mistakes(&["attic"], ""), ["src/attic.rs: attic is not in the diagram"]);
}
