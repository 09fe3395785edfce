//! `--set key.path=value`: keys of a model changed from the command line.

use super::error::{ModelError, Origin};
use super::merge::{self, NAMED};
use super::tree::{self, Entry, Node, Table, Value};

/// More names than any key of a model has; what is longer is a slip.
const DEEPEST: usize = 8;

/// Lays overrides over a model, all at once; of two for one key the later holds.
pub(super) fn apply(model: &mut Table, overrides: &[String]) -> Result<(), ModelError> {
    let mut over = Table::empty(&model.at);
    for argument in overrides {
        merge::gather(&mut over, overlay(model, argument)?);
    }
    merge::merge(model, over);
    Ok(())
}

/// The tree with nothing but the one key of an override.
fn overlay(model: &Table, argument: &str) -> Result<Table, ModelError> {
    let at = Origin::Argument(format!("--set {argument}").into());
    let syntax = |message: &str| ModelError::Syntax { at: at.clone(), message: message.into() };
    let (path, value) = argument.split_once('=').ok_or_else(|| syntax("expected KEY=VALUE, found no `=`"))?;
    let path: Vec<_> = path.split('.').map(str::trim).collect();
    if path.len() > DEEPEST || path.iter().any(|key| key.is_empty()) {
        return Err(syntax("expected names with a dot between each, as in learning.batch=16"));
    }
    let node = value_of(value.trim(), &at)?;
    match path.as_slice() {
        [list, name, keys @ ..] if NAMED.contains(list) => {
            let item = item(model, list, name, nested(keys, node, &at), &at)?;
            let items = Node { at: at.clone(), value: Value::List(vec![item]) };
            Ok(table(list, items, &at))
        }
        [key, keys @ ..] => Ok(table(key, nested(keys, node, &at), &at)),
        [] => unreachable!("a split gives at least one part"),
    }
}

/// The value as TOML, or as a string if it is not.
fn value_of(text: &str, at: &Origin) -> Result<Node, ModelError> {
    if text.is_empty() {
        return Err(ModelError::Syntax { at: at.clone(), message: "expected a value after `=`, found nothing".into() });
    }
    let bare = !text.starts_with(['"', '\'', '[', '{']);
    match tree::value(text, at) {
        Err(_) if bare => Ok(Node { at: at.clone(), value: Value::String(text.to_owned()) }),
        read => read,
    }
}

fn table(key: &str, node: Node, at: &Origin) -> Table {
    Table { at: at.clone(), entries: vec![Entry { key: key.to_owned(), at: at.clone(), node }] }
}

fn nested(keys: &[&str], node: Node, at: &Origin) -> Node {
    keys.iter().rev().fold(node, |node, key| Node { at: at.clone(), value: Value::Table(table(key, node, at)) })
}

/// A named table with the keys of `node`, which must be there already.
fn item(model: &Table, list: &str, name: &str, node: Node, at: &Origin) -> Result<Node, ModelError> {
    let what = NAMED.into_iter().find(|what| *what == list).expect("called for a named list");
    let tables = model.get(list).and_then(|entry| entry.node.value.tables()).into_iter().flatten();
    let names: Vec<_> = tables.filter_map(|table| merge::name(list, table)).collect();
    if !names.iter().any(|known| known == name) {
        return Err(ModelError::unknown_name(at, what, name, names.iter().map(String::as_str)));
    }
    let Value::Table(mut keys) = node.value else {
        return Err(ModelError::refused(at, format!("expected a key of the {what}, as in {list}.{name}.KEY=VALUE")));
    };
    if keys.get("name").is_some() {
        return Err(ModelError::refused(at, format!("the name of a {what} stays: other keys refer to it")));
    }
    keys.push("name", at, Value::String(name.to_owned()));
    Ok(Node { at: at.clone(), value: Value::Table(keys) })
}

#[cfg(test)]
mod tests {
    use super::super::write;
    use super::*;

    const MODEL: &str = "[[population]]\nname = 'a'\nsize = 1\nbias = { mean = 1.0 }\n[learning]\nbatch = 1\n";

    fn set(overrides: &[&str]) -> Result<String, ModelError> {
        let mut model = tree::document(MODEL, "m").unwrap();
        let overrides: Vec<_> = overrides.iter().map(|&text| text.to_owned()).collect();
        apply(&mut model, &overrides).map(|()| write::model(&model))
    }

    #[test]
    fn lists_are_addressed_by_name_and_values_are_toml() {
        let text = set(&["population.a.size=5", "learning.batch = 16", "decoding.by=rate"]).unwrap();
        assert!(text.contains("size = 5") && text.contains("batch = 16") && text.contains("by = \"rate\""), "{text}");
    }

    #[test]
    fn the_order_of_overrides_only_matters_for_the_same_key() {
        let one = set(&["population.a.bias.from=npy", "population.a.bias.path=b.npy"]).unwrap();
        assert!(one.contains("bias = { from = \"npy\", path = \"b.npy\" }"), "{one}");
        let other = set(&["population.a.bias.path=b.npy", "population.a.bias.from=npy"]).unwrap();
        assert!(other.contains("bias = { path = \"b.npy\", from = \"npy\" }"), "{other}");
        assert!(set(&["learning.batch=2", "learning.batch=3"]).unwrap().contains("batch = 3"));
    }

    #[test]
    fn what_cannot_be_set_is_refused_with_the_argument() {
        for (argument, fragment) in [
            ("learning.batch", "no `=`"),
            ("learning..batch=1", "a dot between each"),
            ("a.a.a.a.a.a.a.a.a=1", "a dot between each"),
            ("learning.batch=", "found nothing"),
            ("learning.batch=[1", "not valid TOML"),
            ("population.b.size=1", "there is no population `b`"),
            ("population.a=1", "population.a.KEY=VALUE"),
            ("population.a.name=b", "stays"),
        ] {
            let error = set(&[argument]).unwrap_err().to_string();
            assert!(error.starts_with(&format!("--set {argument}: ")) && error.contains(fragment), "{error}");
        }
    }
}
