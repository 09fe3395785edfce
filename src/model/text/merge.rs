//! Laying one model tree over another: a variant over its base, `--set` over a model.
//!
//! Tables merge key by key, `[[population]]` and `[[projection]]` by name; everything else is replaced. A table that says
//! which variety of a thing it holds (`weights = { from = "run", .. }`) replaces one of another variety.

use std::collections::BTreeMap;

use toml::Spanned;
use toml::de::{DeArray, DeValue};

use super::map::{Node, TextMap, Tree};
use crate::model::error::ModelError;

/// The lists whose tables have names.
pub(super) const NAMED: [&str; 2] = ["population", "projection"];

/// Tables whose other keys depend on one of them: the table, that key, and what is meant
/// without it, if anything.
const VARIETIES: [(&str, &str, &str); 11] = [
    ("plasticity", "kind", "stdp"),
    ("bias", "from", "uniform"),
    ("weights", "from", "moments"),
    ("schedule", "kind", "constant"),
    ("stimuli", "kind", "idx"),
    ("stimulus", "kind", "constant"),
    ("protocol", "kind", "two-phase"),
    ("connection", "kind", "all_to_all"),
    ("delay_ms", "from", ""),
    ("v_th_mv", "from", ""),
    ("v_init_mv", "from", ""),
];

/// Lays one model over another.
pub(super) fn merge<'i>(base: &mut Tree<'i>, over: Tree<'i>) {
    combine(base, over, changes_variety);
}

/// Joins parts of what will be laid over a model, where a missing variety is as yet unknown.
pub(super) fn gather<'i>(base: &mut Tree<'i>, over: Tree<'i>) {
    combine(base, over, |_, _, _| false);
}

type Replaces = fn(key: &str, base: &Tree<'_>, over: &Tree<'_>) -> bool;

fn combine<'i>(base: &mut Tree<'i>, over: Tree<'i>, replaces: Replaces) {
    for (key, node) in over {
        let Some(old) = base.get_mut(key.get_ref().as_ref()) else {
            base.insert(key, node);
            continue;
        };
        let (at, value) = (node.span(), node.into_inner());
        match (old.get_mut(), value) {
            (DeValue::Table(table), DeValue::Table(over)) if !replaces(key.get_ref(), table, &over) => {
                combine(table, over, replaces);
            }
            (DeValue::Array(old), DeValue::Array(over)) if NAMED.contains(&key.get_ref().as_ref()) => {
                combine_named(key.get_ref(), old, over, replaces);
            }
            (_, value) => *old = Spanned::new(at, value),
        }
    }
}

fn combine_named<'i>(list: &str, base: &mut DeArray<'i>, over: DeArray<'i>, replaces: Replaces) {
    let mut places = BTreeMap::new();
    for (place, node) in base.iter().enumerate() {
        name_of(list, node).map(|name| places.entry(name).or_insert(place));
    }
    for node in over {
        let name = name_of(list, &node);
        let old = name.as_ref().and_then(|name| places.get(name)).and_then(|&place| base.get_mut(place));
        let (at, value) = (node.span(), node.into_inner());
        match (old.map(Spanned::get_mut), value) {
            (Some(DeValue::Table(old)), DeValue::Table(over)) => combine(old, over, replaces),
            (_, value) => {
                name.map(|name| places.entry(name).or_insert(base.len()));
                base.push(Spanned::new(at, value));
            }
        }
    }
}

fn changes_variety(key: &str, base: &Tree<'_>, over: &Tree<'_>) -> bool {
    VARIETIES
        .iter()
        .filter(|(table, ..)| *table == key)
        .any(|(_, tag, default)| text(over, tag).is_some_and(|new| new != text(base, tag).unwrap_or(default)))
}

/// The text of a key that has one.
pub(super) fn text<'t>(tree: &'t Tree<'_>, key: &str) -> Option<&'t str> {
    match tree.get(key)?.get_ref() {
        DeValue::String(text) => Some(text),
        _ => None,
    }
}

/// The tables of a list `[[key]]`, each with its offset; what is no table is left out.
pub(super) fn tables<'t, 'i>(model: &'t Tree<'i>, key: &str) -> impl Iterator<Item = (usize, &'t Tree<'i>)> {
    let nodes = match model.get(key).map(Spanned::get_ref) {
        Some(DeValue::Array(nodes)) => &nodes[..],
        _ => &[],
    };
    nodes.iter().filter_map(|node| match node.get_ref() {
        DeValue::Table(table) => Some((node.span().start, table)),
        _ => None,
    })
}

/// The name of a population or projection; that of a projection is FROM-TO unless given.
pub(super) fn name(list: &str, table: &Tree<'_>) -> Option<String> {
    match (table.get("name"), list) {
        (None, "projection") => Some(format!("{}-{}", text(table, "from")?, text(table, "to")?)),
        _ => text(table, "name").map(str::to_owned),
    }
}

fn name_of(list: &str, node: &Node<'_>) -> Option<String> {
    match node.get_ref() {
        DeValue::Table(table) => name(list, table),
        _ => None,
    }
}

/// Keys of a projection in version 0.1, each with its name of today.
const OLD_KEYS: [(&str, &str); 2] = [("compartment", "port"), ("feedback_rule", "rule")];

/// Gives keys of earlier versions their names of today.
pub(super) fn rename_old_keys(map: &TextMap, model: &mut Tree<'_>) -> Result<(), ModelError> {
    let Some(DeValue::Array(projections)) = model.get_mut("projection").map(Spanned::get_mut) else { return Ok(()) };
    for node in projections.iter_mut() {
        let DeValue::Table(table) = node.get_mut() else { continue };
        for (old, new) in OLD_KEYS {
            let Some((key, value)) = table.remove_entry(old) else { continue };
            if table.contains_key(new) {
                let why = format!("expected `{new}` alone, for `{old}` is the same key; found both");
                return Err(ModelError::refused(map.origin(value.span().start), why));
            }
            table.insert(Spanned::new(key.span(), new.into()), value);
        }
    }
    Ok(())
}

/// Refuses two populations or projections of one name in one file, which a merge would hide.
pub(super) fn refuse_duplicates(map: &TextMap, model: &Tree<'_>) -> Result<(), ModelError> {
    for what in NAMED {
        let mut seen: BTreeMap<String, usize> = BTreeMap::new();
        for (at, table) in tables(model, what) {
            let Some(name) = name(what, table) else { continue };
            if let Some(&first) = seen.get(&name) {
                let (at, first) = (map.origin(at), map.origin(first));
                return Err(ModelError::Duplicate { at, what, name: name.into(), first });
            }
            seen.insert(name, at);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::super::map::Role;
    use super::*;

    /// The merged tree as TOML, keys in their order.
    fn merged(base: &str, over: &str) -> String {
        let mut map = TextMap::default();
        let mut tree = map.document(base, "base", Path::new(""), Role::File).unwrap().into_inner();
        merge(&mut tree, map.document(over, "over", Path::new(""), Role::File).unwrap().into_inner());
        written(&DeValue::Table(tree))
    }

    fn written(value: &DeValue<'_>) -> String {
        match value {
            DeValue::Table(table) => {
                let entries: Vec<_> =
                    table.iter().map(|(key, node)| format!("{}={}", key.get_ref(), written(node.get_ref()))).collect();
                format!("{{{}}}", entries.join(" "))
            }
            DeValue::Array(nodes) => {
                format!("[{}]", nodes.iter().map(|node| written(node.get_ref())).collect::<Vec<_>>().join(" "))
            }
            DeValue::String(text) => text.to_string(),
            DeValue::Integer(number) => number.to_string(),
            DeValue::Float(number) => number.to_string(),
            _ => unreachable!("none of these tests has one"),
        }
    }

    #[test]
    fn tables_merge_key_by_key_and_the_rest_is_replaced() {
        let text = merged("name = 'a'\n[x]\na = 1\nb = [1, 2]\n", "name = 'b'\n[x]\nb = [3]\nc = 4\n");
        assert_eq!(text, "{name=b x={a=1 b=[3] c=4}}");
    }

    #[test]
    fn populations_merge_by_name_and_projections_by_their_ends() {
        let base = "[[population]]\nname = 'a'\nsize = 1\n[[projection]]\nfrom = 'a'\nto = 'b'\n";
        let over = "[[projection]]\nfrom = 'a'\nto = 'b'\ndelay_ms = 2\n[[population]]\nname = 'a'\nsize = 2\n";
        let expected = "{population=[{name=a size=2}] projection=[{from=a to=b delay_ms=2}]}";
        assert_eq!(merged(base, over), expected);
    }

    /// 100,000 keys and 50,000 names over as many: seconds, where to compare each with each takes minutes.
    #[test]
    fn long_tables_merge_in_the_time_of_their_length() {
        let (done, is_done) = std::sync::mpsc::channel();
        std::thread::spawn(move || {
            let text =
                |from: usize| (from..from + 100_000).fold(String::from("[x]\n"), |t, i| t + &format!("k{i} = 1\n"));
            let named = |from: usize| {
                (from..from + 50_000).fold(String::new(), |t, i| t + &format!("[[population]]\nname = 'p{i}'\n"))
            };
            let (base, over) = (named(0) + &text(0), named(25_000) + &text(50_000));
            let mut map = TextMap::default();
            let mut tree = map.document(&base, "base", Path::new(""), Role::File).unwrap().into_inner();
            let over = map.document(&over, "over", Path::new(""), Role::File).unwrap().into_inner();
            refuse_duplicates(&map, &tree).unwrap();
            merge(&mut tree, over);
            let sizes = tree.values().map(|node| match node.get_ref() {
                DeValue::Array(nodes) => nodes.len(),
                DeValue::Table(table) => table.len(),
                _ => 0,
            });
            done.send(sizes.collect::<Vec<_>>()).unwrap();
        });
        let found = is_done.recv_timeout(std::time::Duration::from_mins(1)).expect("within a minute");
        assert_eq!(found, [75_000, 150_000]);
    }

    #[test]
    fn another_variety_replaces_and_the_same_merges() {
        let base = "[x]\nweights = { v_avg = 3, scale = 0.5 }\n";
        let kept = merged(base, "[x]\nweights = { from = 'moments', scale = 1 }\n");
        assert_eq!(kept, "{x={weights={v_avg=3 scale=1 from=moments}}}");
        let replaced = merged(base, "[x]\nweights = { from = 'npy', path = 'w.npy' }\n");
        assert_eq!(replaced, "{x={weights={from=npy path=w.npy}}}");
        // Without a word of it the first variety is meant.
        let base = "[x]\nplasticity = { a_plus = 0.1, w_max = 3 }\n";
        let kept = merged(base, "[x]\nplasticity = { kind = 'stdp', w_max = 4 }\n");
        assert_eq!(kept, "{x={plasticity={a_plus=0.1 w_max=4 kind=stdp}}}");
        let replaced = merged(base, "[x]\nplasticity = { kind = 'triplet_stdp', w_max = 4 }\n");
        assert_eq!(replaced, "{x={plasticity={kind=triplet_stdp w_max=4}}}");
    }

    #[test]
    fn what_is_laid_over_keeps_its_origin() {
        let mut map = TextMap::default();
        let mut base = map.document("[x]\na = 1\nb = 2\n", "base", Path::new(""), Role::File).unwrap().into_inner();
        merge(&mut base, map.document("[x]\n\n\nb = 3\n", "over", Path::new(""), Role::File).unwrap().into_inner());
        let place = |node: &Node<'_>| map.origin(node.span().start).to_string();
        let DeValue::Table(x) = base["x"].get_ref() else { panic!("a table") };
        assert_eq!(
            (place(&base["x"]), place(&x["a"]), place(&x["b"])),
            ("base:1:1".into(), "base:2:5".into(), "over:4:5".into())
        );
    }

    #[test]
    fn a_name_stands_once_in_a_file() {
        let twice = "[[population]]\nname = 'a'\n[[population]]\nname = 'a'\n";
        let mut map = TextMap::default();
        let tree = map.document(twice, "m", Path::new(""), Role::File).unwrap().into_inner();
        let error = refuse_duplicates(&map, &tree).unwrap_err().to_string();
        assert!(error.starts_with("m:3:1: a second population `a`") && error.ends_with("m:1:1"), "{error}");
    }
}
