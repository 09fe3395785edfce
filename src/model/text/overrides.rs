//! `--set key.path=value`: keys of a model changed from the command line.

use std::borrow::Cow;

use toml::Spanned;
use toml::de::{DeArray, DeValue};

use super::map::{Node, TextMap, Tree};
use super::merge::{self, NAMED};
use crate::model::error::ModelError;

/// More names than any key of a model has; what is longer is a slip.
const DEEPEST: usize = 8;

/// Lays overrides over a model, all at once; of two for one key the later holds.
pub(super) fn apply<'i>(map: &mut TextMap, model: &mut Tree<'i>, overrides: &'i [String]) -> Result<(), ModelError> {
    let mut over = Tree::new();
    for argument in overrides {
        let at = map.argument(&format!("--set {argument}"));
        let mut one = Override { map, at }.overlay(model, argument)?;
        merge::rename_old_keys(map, &mut one)?;
        merge::gather(&mut over, one);
    }
    merge::merge(model, over);
    Ok(())
}

/// One override, at its offset in the map.
struct Override<'m> {
    map: &'m TextMap,
    at: usize,
}

impl Override<'_> {
    fn syntax(&self, message: &str) -> ModelError {
        ModelError::Syntax { at: self.map.origin(self.at), message: message.into() }
    }

    fn refused(&self, why: &str) -> ModelError {
        ModelError::refused(self.map.origin(self.at), why)
    }

    /// The tree with nothing but the one key of an override.
    fn overlay<'i>(&self, model: &Tree<'_>, argument: &'i str) -> Result<Tree<'i>, ModelError> {
        let parts = argument.split_once('=');
        let (path, value) = parts.ok_or_else(|| self.syntax("expected KEY=VALUE, found no `=`"))?;
        let path: Vec<_> = path.split('.').map(str::trim).collect();
        if path.len() > DEEPEST || path.iter().any(|key| key.is_empty()) {
            return Err(self.syntax("expected names with a dot between each, as in learning.batch=16"));
        }
        let node = self.value(value.trim())?;
        match path.as_slice() {
            [list, name, keys @ ..] if NAMED.contains(list) => {
                let item = self.item(model, list, name, self.nested(keys, node))?;
                Ok(self.table(list, self.spanned(DeValue::Array(DeArray::from_iter([item])))))
            }
            [key, keys @ ..] => Ok(self.table(key, self.nested(keys, node))),
            [] => Ok(Tree::new()),
        }
    }

    /// The value as TOML, or as a string if it is not.
    fn value<'i>(&self, text: &'i str) -> Result<Node<'i>, ModelError> {
        if text.is_empty() {
            return Err(self.syntax("expected a value after `=`, found nothing"));
        }
        let bare = !text.starts_with(['"', '\'', '[', '{']);
        match self.map.value(text, self.at) {
            Err(_) if bare => Ok(self.spanned(DeValue::String(Cow::Borrowed(text)))),
            read => read,
        }
    }

    fn spanned<T>(&self, value: T) -> Spanned<T> {
        Spanned::new(self.at..self.at, value)
    }

    fn table<'i>(&self, key: &'i str, node: Node<'i>) -> Tree<'i> {
        Tree::from_iter([(self.spanned(Cow::Borrowed(key)), node)])
    }

    fn nested<'i>(&self, keys: &[&'i str], node: Node<'i>) -> Node<'i> {
        keys.iter().rev().fold(node, |node, key| self.spanned(DeValue::Table(self.table(key, node))))
    }

    /// A named table with the keys of `node`, which must be there already.
    fn item<'i>(&self, model: &Tree<'_>, list: &str, name: &'i str, node: Node<'i>) -> Result<Node<'i>, ModelError> {
        let what = if list == "population" { "population" } else { "projection" };
        let names: Vec<_> = merge::tables(model, list).filter_map(|(_, table)| merge::name(list, table)).collect();
        if !names.iter().any(|known| known == name) {
            return Err(ModelError::unknown_name(
                self.map.origin(self.at),
                what,
                name,
                names.iter().map(String::as_str),
            ));
        }
        let DeValue::Table(mut keys) = node.into_inner() else {
            return Err(self.refused(&format!("expected a key of the {what}, as in {list}.{name}.KEY=VALUE")));
        };
        if keys.contains_key("name") {
            return Err(self.refused(&format!("the name of a {what} stays: other keys refer to it")));
        }
        keys.insert(self.spanned("name".into()), self.spanned(DeValue::String(Cow::Borrowed(name))));
        Ok(self.spanned(DeValue::Table(keys)))
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::super::map::Role;
    use super::*;

    const MODEL: &str = "[[population]]\nname = 'a'\nsize = 1\nbias = { mean = 1.0 }\n[learning]\nbatch = 1\n";

    /// The model with overrides, as debugging output without offsets.
    fn set(overrides: &[&str]) -> Result<String, ModelError> {
        let mut map = TextMap::default();
        let mut model = map.document(MODEL, "m", Path::new(""), Role::File).unwrap().into_inner();
        let overrides: Vec<_> = overrides.iter().map(|&text| text.to_owned()).collect();
        apply(&mut map, &mut model, &overrides)?;
        Ok(keys(&DeValue::Table(model)).join(" "))
    }

    /// Every key with its value, as KEY.VALUE.
    fn keys(value: &DeValue<'_>) -> Vec<String> {
        match value {
            DeValue::Table(table) => {
                let of = |(key, node): (&Spanned<Cow<'_, str>>, &Node<'_>)| {
                    keys(node.get_ref())
                        .into_iter()
                        .map(|value| format!("{}.{value}", key.get_ref()))
                        .collect::<Vec<_>>()
                };
                table.iter().flat_map(of).collect()
            }
            DeValue::Array(nodes) => nodes.iter().flat_map(|node| keys(node.get_ref())).collect(),
            DeValue::String(text) => vec![text.to_string()],
            DeValue::Integer(number) => vec![number.to_string()],
            DeValue::Float(number) => vec![number.to_string()],
            _ => unreachable!("none of these tests has one"),
        }
    }

    #[test]
    fn lists_are_addressed_by_name_and_values_are_toml() {
        let text = set(&["population.a.size=5", "learning.batch = 16", "decoding.by=rate"]).unwrap();
        assert_eq!(
            text,
            "population.name.a population.size.5 population.bias.mean.1.0 learning.batch.16 decoding.by.rate"
        );
    }

    #[test]
    fn the_order_of_overrides_only_matters_for_the_same_key() {
        let one = set(&["population.a.bias.from=npy", "population.a.bias.path=b.npy"]).unwrap();
        assert!(one.contains("population.bias.from.npy population.bias.path.b.npy") && !one.contains("mean"), "{one}");
        let other = set(&["population.a.bias.path=b.npy", "population.a.bias.from=npy"]).unwrap();
        assert!(
            other.contains("population.bias.path.b.npy population.bias.from.npy") && !other.contains("mean"),
            "{other}"
        );
        assert!(set(&["learning.batch=2", "learning.batch=3"]).unwrap().contains("batch.3"));
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
