//! The module diagram: which top-level module may import which, so that it cannot go stale.
//!
//! Sources are read as text: every `crate::MODULE`, `crate::{MODULE…}` and chain of `super::` up to the root counts,
//! outside of comments, strings and what is compiled for tests alone.

use std::fs;
use std::path::{Path, PathBuf};

/// Each module with those it may import, all of which stand above it: nothing points back.
const DIAGRAM: [(&str, &[&str]); 15] = [
    ("numeric", &[]),
    ("cells", &["numeric"]),
    // Slices in, factors out.
    ("plasticity", &["numeric"]),
    ("model", &["cells", "plasticity"]),
    // Reads the stimuli that a model names.
    ("data", &["numeric", "model"]),
    ("network", &["model", "numeric", "plasticity"]),
    ("engine", &["numeric", "cells", "model", "data", "network"]),
    // Beside the engine: its twins are laid out and measured as it is.
    ("rate", &["numeric", "cells", "data", "model", "network", "engine"]),
    ("record", &["cells", "model", "data", "network", "engine"]),
    // Plain data in, plain data out.
    ("analysis", &["numeric"]),
    ("training", &["numeric", "model", "data", "network", "engine", "rate", "plasticity", "record", "analysis"]),
    ("validation", &["cells", "numeric", "model", "data", "network", "engine", "rate", "training", "analysis"]),
    ("plot", &["analysis"]),
    ("view", &["model", "data", "engine", "record", "analysis"]),
    (
        "cli",
        &[
            "cells",
            "model",
            "data",
            "network",
            "rate",
            "engine",
            "record",
            "training",
            "analysis",
            "validation",
            "plot",
            "view",
        ],
    ),
];

/// A word or a sign with the line it stands on.
#[derive(Clone, Debug, PartialEq)]
struct Token {
    text: String,
    line: usize,
}

/// Splits Rust source into words and signs; comments, strings and characters are left out.
fn tokens(source: &str) -> Vec<Token> {
    let mut tokens: Vec<Token> = Vec::new();
    let (mut rest, mut line) = (source, 1);
    while let Some(first) = rest.chars().next() {
        let is_word = |c: char| c.is_alphanumeric() || c == '_';
        let skipped = comment(rest).or_else(|| literal(rest));
        let length = skipped.unwrap_or_else(|| {
            let word = rest.find(|c| !is_word(c)).unwrap_or(rest.len());
            if word > 0 {
                word
            } else if rest.starts_with("::") {
                2
            } else {
                first.len_utf8()
            }
        });
        let (text, after) = rest.split_at(length);
        if skipped.is_none() && !first.is_whitespace() {
            tokens.push(Token { text: text.to_owned(), line });
        }
        line += text.matches('\n').count();
        rest = after;
    }
    tokens
}

/// The length of the comment that `rest` begins with.
fn comment(rest: &str) -> Option<usize> {
    if rest.starts_with("//") {
        return Some(rest.find('\n').unwrap_or(rest.len()));
    }
    rest.starts_with("/*").then(|| rest.find("*/").map_or(rest.len(), |end| end + 2))
}

/// The length of the string or character that `rest` begins with.
fn literal(rest: &str) -> Option<usize> {
    let prefix = ["br", "b", "r"].into_iter().find(|p| rest.starts_with(p)).unwrap_or("");
    let quoted = &rest[prefix.len()..];
    if prefix.ends_with('r') {
        let hashes = quoted.len() - quoted.trim_start_matches('#').len();
        let end = format!("\"{}", "#".repeat(hashes));
        let body = quoted[hashes..].strip_prefix('"')?;
        return Some(prefix.len() + hashes + 1 + body.find(&end).map_or(body.len(), |at| at + end.len()));
    }
    let quote = quoted.chars().next().filter(|c| "\"'".contains(*c))?;
    // 'a is a lifetime, 'a' a character.
    if quote == '\'' && !quoted.starts_with("'\\") && quoted.chars().nth(2) != Some('\'') {
        return None;
    }
    let mut escaped = false;
    let end = quoted.char_indices().skip(1).find(|&(_, c)| {
        let ends = c == quote && !escaped;
        escaped = c == '\\' && !escaped;
        ends
    });
    Some(prefix.len() + end.map_or(quoted.len(), |(at, _)| at + 1))
}

/// Leaves out every item under `#[cfg(test)]`: up to its first semicolon, or the end of its first braces.
fn without_tests(tokens: &[Token]) -> Vec<Token> {
    const CFG_TEST: [&str; 7] = ["#", "[", "cfg", "(", "test", ")", "]"];
    let mut kept = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        let window = &tokens[at..tokens.len().min(at + CFG_TEST.len())];
        if !window.iter().map(|t| t.text.as_str()).eq(CFG_TEST) {
            kept.push(tokens[at].clone());
            at += 1;
            continue;
        }
        let mut depth = 0;
        for token in &tokens[at..] {
            at += 1;
            match token.text.as_str() {
                "{" => depth += 1,
                "}" => depth -= 1,
                _ => {}
            }
            if depth == 0 && [";", "}"].contains(&token.text.as_str()) {
                break;
            }
        }
    }
    kept
}

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

/// Every source file below `folder`.
fn sources(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(sources(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    files.sort();
    files
}

/// What is wrong with the imports of one file, `parts` being its path below `src` without its ending.
fn mistakes(parts: &[&str], source: &str) -> Vec<String> {
    if ["lib", "main"].contains(&parts[0]) {
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
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let files = sources(&root);
    assert!(files.len() > 20);
    let mut found = Vec::new();
    for path in files {
        let below = path.strip_prefix(&root).unwrap().with_extension("");
        let parts: Vec<&str> = below.iter().map(|part| part.to_str().unwrap()).collect();
        found.extend(mistakes(&parts, &fs::read_to_string(&path).unwrap()));
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
