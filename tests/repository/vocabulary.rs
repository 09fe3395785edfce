//! The name of a type is used once in the crate.

use std::collections::BTreeMap;

use super::tokens::{Token, library, tokens, without_tests};

/// The types that a file declares, outside of tests, with their lines; associated types of traits and their
/// implementations are not among them.
fn types(source: &str) -> Vec<(String, usize)> {
    let tokens = without_tests(&tokens(source));
    let mut found = Vec::new();
    let (mut depth, mut inside) = (0, None);
    for at in 0..tokens.len() {
        let text = |at: usize| tokens.get(at).map_or("", |token: &Token| token.text.as_str());
        match text(at) {
            "{" => depth += 1,
            "}" => {
                depth -= 1;
                inside = inside.filter(|&begun| begun < depth);
            }
            "impl" | "trait" if inside.is_none() => inside = Some(depth),
            // A semicolon ends what had no braces, such as `fn f() -> impl Trait;`.
            ";" => inside = inside.filter(|&begun| begun < depth),
            _ => {}
        }
        let declares =
            ["struct", "enum", "trait", "union"].contains(&text(at)) || text(at) == "type" && inside.is_none();
        if declares && text(at + 1).starts_with(char::is_uppercase) {
            found.push((tokens[at + 1].text.clone(), tokens[at + 1].line));
        }
    }
    found
}

#[test]
fn the_name_of_a_type_is_used_once() {
    let mut places: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (parts, source) in library() {
        // Modules of tests in files of their own.
        if parts.last().is_some_and(|part| part == "tests") {
            continue;
        }
        for (name, line) in types(&source) {
            places.entry(name).or_default().push(format!("src/{}.rs:{line}", parts.join("/")));
        }
    }
    places.retain(|_, places| places.len() > 1);
    let wrong: Vec<String> = places.iter().map(|(name, places)| format!("{name}: {}", places.join(", "))).collect();
    assert!(wrong.is_empty(), "names of several types:\n{}", wrong.join("\n"));
}

#[test]
fn associated_types_and_types_of_tests_are_not_counted() {
    let source = "pub struct A; enum B { C }\ntype D = u8;\nimpl E for A { type Output = B; }\ntrait F { type Item; }\n\
        fn f() { struct G; }\n#[cfg(test)]\nmod tests { struct A; }\n";
    let names: Vec<_> = types(source).into_iter().map(|(name, _)| name).collect();
    assert_eq!(names, ["A", "B", "D", "F", "G"]);
}
