//! No circle of imports among the files of one module.
//!
//! A file uses another where it names it in a path of `super::`, `self::` or `crate::`. A `mod.rs` may re-export what its
//! children declare (`pub use child::Type`): that is no use. What it declares itself is used by children as `super::Name`.

use std::collections::{BTreeMap, BTreeSet};

use super::tokens::{Token, library, tokens, without_tests};

/// Circles that there still are, by one file of each: the list only shrinks.
const TO_BE_BROKEN: &[&str] = &["engine/lane", "record/hdf5/digest", "training/backprop", "training/builder"];

type Parts = Vec<String>;

/// The module that a file is, without `mod`.
fn module_of(file: &[String]) -> Parts {
    file.iter().filter(|part| *part != "mod").cloned().collect()
}

/// All paths that a file names, each from the root; names re-exported are left out.
fn paths(file: &[String], source: &str) -> Vec<Parts> {
    let tokens = without_tests(&tokens(source));
    let own = module_of(file);
    let mut found = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        let text = |at: usize| tokens.get(at).map_or("", |token: &Token| token.text.as_str());
        if text(at) == "pub" && reexports(&tokens[at..]) {
            while at < tokens.len() && text(at) != ";" {
                at += 1;
            }
            continue;
        }
        // Not in the middle of a path, and not the place of `pub(in PLACE)`.
        let continues = at > 0 && ["::", "in"].contains(&text(at - 1));
        let base = match text(at) {
            "crate" => Some(Vec::new()),
            "self" => Some(own.clone()),
            "super" => Some(own[..own.len().saturating_sub(1)].to_vec()),
            // A child that is named without `self::`.
            name if name.starts_with(char::is_lowercase) => Some([&own[..], &[name.to_owned()]].concat()),
            _ => None,
        };
        match base {
            Some(base) if !continues && text(at + 1) == "::" => at = tree(&tokens, at + 2, base, &mut found),
            _ => at += 1,
        }
    }
    found
}

/// Whether tokens begin with `pub use` or `pub(…) use`.
fn reexports(tokens: &[Token]) -> bool {
    let end = tokens.iter().position(|token| token.text == "use" || [";", "{", "fn"].contains(&token.text.as_str()));
    end.is_some_and(|end| end <= 10 && tokens[end].text == "use")
}

/// Reads a path, or a tree of paths in braces, from `at` on; returns the place after it.
fn tree(tokens: &[Token], mut at: usize, mut base: Parts, found: &mut Vec<Parts>) -> usize {
    let text = |at: usize| tokens.get(at).map_or("", |token: &Token| token.text.as_str());
    loop {
        match text(at) {
            "super" => _ = base.pop(),
            "{" => {
                at += 1;
                while at < tokens.len() && text(at) != "}" {
                    if text(at) == "," {
                        at += 1;
                    } else {
                        at = tree(tokens, at, base.clone(), found);
                    }
                }
                return at + 1;
            }
            "self" => {}
            name => base.push(name.to_owned()),
        }
        at += 1;
        if text(at) == "as" {
            at += 2;
        }
        if text(at) != "::" {
            found.push(base);
            return at;
        }
        at += 1;
    }
}

/// The files that each file of the library uses, of its own top-level module.
fn uses(files: &[(Parts, String)]) -> BTreeMap<Parts, BTreeSet<Parts>> {
    let modules: BTreeMap<Parts, &Parts> = files.iter().map(|(file, _)| (module_of(file), file)).collect();
    let of = |(file, source): &(Parts, String)| {
        let longest = |path: &Parts| {
            let mut ends = (1..=path.len()).rev();
            ends.find_map(|end| modules.get(&path[..end])).map(|&file| file.clone())
        };
        let used = paths(file, source).into_iter().filter_map(|path| longest(&path));
        let used = used.filter(|other| other != file && other[0] == file[0]);
        (file.clone(), used.collect())
    };
    files.iter().map(of).collect()
}

/// All files that a file uses, those that they use, and so on.
fn reached<'a>(uses: &'a BTreeMap<Parts, BTreeSet<Parts>>, from: &'a Parts) -> BTreeSet<&'a Parts> {
    let (mut seen, mut next) = (BTreeSet::new(), vec![from]);
    while let Some(file) = next.pop() {
        next.extend(uses[file].iter().filter(|used| seen.insert(*used)));
    }
    seen
}

/// Groups of files that use each other, each file of a group reaching every other.
fn circles(uses: &BTreeMap<Parts, BTreeSet<Parts>>) -> Vec<Vec<String>> {
    let reached: BTreeMap<&Parts, BTreeSet<&Parts>> = uses.keys().map(|file| (file, reached(uses, file))).collect();
    let mut found: Vec<Vec<String>> = Vec::new();
    for (file, others) in reached.iter().filter(|(file, others)| others.contains(*file)) {
        let circle = others.iter().filter(|other| reached[**other].contains(*file)).map(|other| other.join("/"));
        let circle: Vec<String> = circle.collect();
        if !found.contains(&circle) {
            assert!(circle.contains(&file.join("/")));
            found.push(circle);
        }
    }
    found
}

#[test]
fn no_file_uses_one_that_uses_it() {
    let files: Vec<_> = library().into_iter().filter(|(file, _)| !file.iter().any(|part| part == "tests")).collect();
    let found = circles(&uses(&files));
    let known = |circle: &&Vec<String>| circle.iter().any(|file| TO_BE_BROKEN.contains(&file.as_str()));
    let new: Vec<_> = found.iter().filter(|circle| !known(circle)).map(|circle| circle.join(" ")).collect();
    assert!(new.is_empty(), "circles of imports:\n{}", new.join("\n"));
}

#[test]
fn a_circle_is_found_through_trees_of_paths() {
    let file = |path: &str, source: &str| (path.split('/').map(str::to_owned).collect::<Parts>(), source.to_owned());
    let files = [
        file("a/mod", "mod b; mod c; mod d; pub use b::B; pub(crate) use self::c::{C, D};"),
        file("a/b", "use super::{c::C, d}; #[cfg(test)] mod tests { use super::super::d::X; }"),
        file("a/c", "fn f() { crate::a::d::f() }"),
        file("a/d", "use crate::{a::{b as other, Own}, e};"),
        file("e", ""),
    ];
    assert_eq!(circles(&uses(&files)), [["a/b", "a/c", "a/d"]]);
    let files = [file("a/mod", "mod b; use b::B; struct Own;"), file("a/b", "use super::Own;")];
    assert_eq!(circles(&uses(&files)), [["a/b", "a/mod"]]);
}
