//! `--record WHAT`, put as keys of `[recording]`.

use super::population::RESERVED;
use super::recording::stretch;
use crate::model::Model;
use crate::model::error::{ModelError, Origin};
use crate::model::tree::{Entry, Node, Table, Value};

/// What is wanted of each kind of data: all of it, or what is listed.
#[derive(Default)]
struct Wanted {
    spikes: Listed,
    plateaus: Listed,
    traces: Listed,
    /// Ranges as written; none: all presentations.
    presentations: Vec<String>,
}

#[derive(Default)]
struct Listed {
    all: bool,
    names: Vec<String>,
}

/// The tree to lay over a model.
pub(super) fn overlay(model: &Model, what: &str) -> Result<Table, ModelError> {
    let at = Origin::Argument(format!("--record {what}").into());
    let words: Vec<_> = what.split(',').map(str::trim).collect();
    if words.len() > 1 && words.contains(&"none") {
        return Err(ModelError::refused(&at, "expected `none` alone, found more"));
    }
    let only_ranges = words.iter().all(|word| word.contains(':'));
    let mut wanted = Wanted::default();
    for word in words {
        wanted.add(word, model, &at)?;
    }
    let mut recording = Table::empty(&at);
    if !only_ranges {
        recording.push("spikes", &at, wanted.spikes.value(&at));
        recording.push("plateaus", &at, wanted.plateaus.value(&at));
        recording.push("traces", &at, wanted.traces.value(&at));
    }
    let ranges = if wanted.presentations.is_empty() { "0:".to_owned() } else { wanted.presentations.join(",") };
    recording.push("presentations", &at, Value::String(ranges));
    let node = Node { at: at.clone(), value: Value::Table(recording) };
    Ok(Table { at: at.clone(), entries: vec![Entry { key: "recording".to_owned(), at, node }] })
}

impl Wanted {
    fn add(&mut self, word: &str, model: &Model, at: &Origin) -> Result<(), ModelError> {
        let population = |name: &str| model.populations.iter().any(|population| population.name == name);
        match (word, word.split_once('.')) {
            ("none", _) => {}
            ("all", _) => {
                self.spikes.all = true;
                self.plateaus.all = true;
                self.traces.all = true;
            }
            ("spikes", _) => self.spikes.all = true,
            ("plateaus", _) => self.plateaus.all = true,
            ("traces", _) => self.traces.all = true,
            _ if word.contains(':') => return self.add_range(word, at),
            (_, Some((name, _))) if population(name) => self.traces.names.push(word.to_owned()),
            (_, None) if population(word) => self.spikes.names.push(word.to_owned()),
            _ if word.parse::<i64>().is_ok() => {
                let why = format!(
                    "expected a range of presentations such as 0:20, 5: or -20:, found {word:?}; did you mean `{word}:`?"
                );
                return Err(ModelError::refused(at, why));
            }
            _ => {
                let name = word.split('.').next().unwrap_or(word);
                let names = model.populations.iter().map(|population| population.name.as_str());
                return Err(ModelError::unknown_name(at, "population", name, names.chain(RESERVED)));
            }
        }
        Ok(())
    }

    fn add_range(&mut self, text: &str, at: &Origin) -> Result<(), ModelError> {
        if stretch(text).is_none() {
            let why = format!("expected a range of presentations such as 0:20, 5: or -20:, found {text:?}");
            return Err(ModelError::refused(at, why));
        }
        self.presentations.push(text.to_owned());
        Ok(())
    }
}

impl Listed {
    fn value(self, at: &Origin) -> Value {
        if self.all {
            return Value::String("all".to_owned());
        }
        let node = |name| Node { at: at.clone(), value: Value::String(name) };
        Value::List(self.names.into_iter().map(node).collect())
    }
}
