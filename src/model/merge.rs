//! Laying one model tree over another: a variant over its base, `--set` over a model.
//!
//! Tables merge key by key, `[[population]]` and `[[projection]]` by name; everything else is replaced. A table that says
//! which variety of a thing it holds (`weights = { from = "run", .. }`) replaces one of another variety.

use std::collections::BTreeMap;

use super::error::{ModelError, Origin};
use super::tree::{Entry, Node, Table, Value};

/// The lists whose tables have names.
pub(super) const NAMED: [&str; 2] = ["population", "projection"];

/// The tables of several varieties: key, the key that tells the variety, the variety if it is not there.
const VARIETIES: [(&str, &str, &str); 4] = [
    ("bias", "from", "uniform"),
    ("weights", "from", "moments"),
    ("schedule", "kind", "constant"),
    ("stimuli", "kind", "idx"),
];

/// Lays one model over another.
pub(super) fn merge(base: &mut Table, over: Table) {
    combine(base, over, changes_variety);
}

/// Joins parts of what will be laid over a model, where a missing variety is as yet unknown.
pub(super) fn gather(base: &mut Table, over: Table) {
    combine(base, over, |_, _, _| false);
}

/// Keys of a list by their first place, so that long lists merge in the time that sorting them takes; nothing for short ones.
struct Places(Option<BTreeMap<String, usize>>);

impl Places {
    /// Lists laid over others that are shorter than this are searched key by key.
    const SHORT: usize = 16;

    fn of(base: usize, over: usize, key: impl Fn(usize) -> Option<String>) -> Self {
        let index = || {
            let mut index = BTreeMap::new();
            (0..base).filter_map(|i| Some((key(i)?, i))).for_each(|(key, i)| _ = index.entry(key).or_insert(i));
            index
        };
        Self((over >= Self::SHORT).then(index))
    }

    fn find(&self, key: &str, search: impl FnOnce() -> Option<usize>) -> Option<usize> {
        self.0.as_ref().map_or_else(search, |index| index.get(key).copied())
    }

    fn add(&mut self, key: &str, place: usize) {
        if let Some(index) = &mut self.0 {
            index.entry(key.to_owned()).or_insert(place);
        }
    }
}

type Replaces = fn(key: &str, base: &Table, over: &Table) -> bool;

fn combine(base: &mut Table, over: Table, replaces: Replaces) {
    let mut places = Places::of(base.entries.len(), over.entries.len(), |i| Some(base.entries[i].key.clone()));
    for entry in over.entries {
        let found = places.find(&entry.key, || base.entries.iter().position(|old| old.key == entry.key));
        let Some(old) = found.map(|place| &mut base.entries[place]) else {
            places.add(&entry.key, base.entries.len());
            base.entries.push(entry);
            continue;
        };
        match (&mut old.node.value, entry.node.value) {
            (Value::Table(table), Value::Table(over)) if !replaces(&entry.key, table, &over) => {
                combine(table, over, replaces);
            }
            (Value::List(old), Value::List(over)) if NAMED.contains(&entry.key.as_str()) => {
                combine_named(&entry.key, old, over, replaces);
            }
            (_, value) => *old = Entry { node: Node { value, ..entry.node }, ..entry },
        }
    }
}

fn combine_named(list: &str, base: &mut Vec<Node>, over: Vec<Node>, replaces: Replaces) {
    let mut places = Places::of(base.len(), over.len(), |i| name_of(list, &base[i]));
    for node in over {
        let name = name_of(list, &node);
        let known =
            |name: &String| places.find(name, || base.iter().position(|old| name_of(list, old).as_ref() == Some(name)));
        let old = name.as_ref().and_then(known);
        match (old.map(|place| &mut base[place].value), node.value) {
            (Some(Value::Table(old)), Value::Table(over)) => combine(old, over, replaces),
            (_, value) => {
                if let Some(name) = &name {
                    places.add(name, base.len());
                }
                base.push(Node { value, ..node });
            }
        }
    }
}

fn changes_variety(key: &str, base: &Table, over: &Table) -> bool {
    VARIETIES
        .iter()
        .filter(|(table, ..)| *table == key)
        .any(|(_, tag, default)| over.text(tag).is_some_and(|new| new != base.text(tag).unwrap_or(default)))
}

/// The name of a population or projection; that of a projection is FROM-TO unless given.
pub(super) fn name(list: &str, table: &Table) -> Option<String> {
    match (table.get("name"), list) {
        (None, "projection") => Some(format!("{}-{}", table.text("from")?, table.text("to")?)),
        _ => table.text("name").map(str::to_owned),
    }
}

fn name_of(list: &str, node: &Node) -> Option<String> {
    match &node.value {
        Value::Table(table) => name(list, table),
        _ => None,
    }
}

/// Refuses two populations or projections of one name in one file, which a merge would hide.
pub(super) fn refuse_duplicates(model: &Table) -> Result<(), ModelError> {
    for what in NAMED {
        let mut seen: BTreeMap<String, &Origin> = BTreeMap::new();
        for table in model.get(what).and_then(|entry| entry.node.value.tables()).into_iter().flatten() {
            let Some(name) = name(what, table) else { continue };
            if let Some(first) = seen.get(&name) {
                let (at, first) = (table.at.clone(), (*first).clone());
                return Err(ModelError::Duplicate { at, what, name: name.into(), first });
            }
            seen.insert(name, &table.at);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::{tree, write};
    use super::*;

    fn merged(base: &str, over: &str) -> String {
        let mut base = tree::document(base, "base").unwrap();
        merge(&mut base, tree::document(over, "over").unwrap());
        write::model(&base)
    }

    #[test]
    fn tables_merge_key_by_key_and_the_rest_is_replaced() {
        let text = merged("name = 'a'\n[x]\na = 1\nb = [1, 2]\n", "name = 'b'\n[x]\nb = [3]\nc = 4\n");
        assert_eq!(text, "name = \"b\"\n\n[x]\na = 1\nb = [3]\nc = 4\n");
    }

    #[test]
    fn populations_merge_by_name_and_projections_by_their_ends() {
        let base = "[[population]]\nname = 'a'\nsize = 1\n[[projection]]\nfrom = 'a'\nto = 'b'\n";
        let over = "[[projection]]\nfrom = 'a'\nto = 'b'\ndelay_ms = 2\n[[population]]\nname = 'a'\nsize = 2\n";
        let expected =
            "[[population]]\nname = \"a\"\nsize = 2\n\n[[projection]]\nfrom = \"a\"\nto = \"b\"\ndelay_ms = 2\n";
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
            let mut base = tree::document(&(named(0) + &text(0)), "base").unwrap();
            let over = tree::document(&(named(25_000) + &text(50_000)), "over").unwrap();
            refuse_duplicates(&base).unwrap();
            merge(&mut base, over);
            let sizes = base.entries.iter().map(|entry| match &entry.node.value {
                Value::List(nodes) => nodes.len(),
                Value::Table(table) => table.entries.len(),
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
        assert_eq!(kept, "[x]\nweights = { v_avg = 3, scale = 1, from = \"moments\" }\n");
        let replaced = merged(base, "[x]\nweights = { from = 'npy', path = 'w.npy' }\n");
        assert_eq!(replaced, "[x]\nweights = { from = \"npy\", path = \"w.npy\" }\n");
    }

    #[test]
    fn what_is_laid_over_keeps_its_origin() {
        let mut base = tree::document("[x]\na = 1\nb = 2\n", "base").unwrap();
        merge(&mut base, tree::document("[x]\n\n\nb = 3\n", "over").unwrap());
        let Value::Table(x) = &base.entries[0].node.value else { panic!("a table") };
        assert_eq!(x.at.to_string(), "base:1:1");
        assert_eq!(x.entries[0].at.to_string(), "base:2:1");
        assert_eq!(x.entries[1].at.to_string(), "over:4:1");
    }

    #[test]
    fn a_name_stands_once_in_a_file() {
        let twice = "[[population]]\nname = 'a'\n[[population]]\nname = 'a'\n";
        let error = refuse_duplicates(&tree::document(twice, "m").unwrap()).unwrap_err().to_string();
        assert!(error.starts_with("m:3:1: a second population `a`") && error.ends_with("m:1:1"), "{error}");
    }
}
