//! What decides the results of a model, in one number.

use std::fmt::Write;

use sha2::{Digest, Sha256};

use super::tree::{Table, Value};
use super::{Model, source, write};

/// Keys that change no result: what is said of a model, and what is kept of its runs.
const WITHOUT_EFFECT: [&str; 2] = ["about", "recording"];

impl Model {
    /// Lower-case SHA-256 of the merged model, overrides included, without what changes no result (`about`, `[recording]`),
    /// comments, and the order of keys: runs of one digest, one seed and the same data give the same network.
    ///
    /// # Panics
    /// If [`Model::text`] was made something else than a model.
    pub fn sha256(&self) -> String {
        let mut tree = source::parse(&self.text, &self.name).expect("the text of a model is one");
        tree.entries.retain(|entry| !WITHOUT_EFFECT.contains(&entry.key.as_str()));
        sort(&mut tree);
        let digest = Sha256::digest(write::model(&tree));
        digest.iter().fold(String::with_capacity(64), |mut hex, byte| {
            write!(hex, "{byte:02x}").expect("a String takes all that is written to it");
            hex
        })
    }
}

/// Sorts keys, in inner tables, too.
fn sort(table: &mut Table) {
    table.entries.sort_by(|a, b| a.key.cmp(&b.key));
    for entry in &mut table.entries {
        sort_within(&mut entry.node.value);
    }
}

fn sort_within(value: &mut Value) {
    match value {
        Value::Table(table) => sort(table),
        Value::List(nodes) => nodes.iter_mut().for_each(|node| sort_within(&mut node.value)),
        _ => (),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn digest(overrides: &[&str]) -> String {
        let overrides: Vec<_> = overrides.iter().map(|&text| text.to_owned()).collect();
        Model::load("g17-784-10".as_ref(), &overrides).unwrap().sha256()
    }

    #[test]
    fn it_is_of_what_decides_results_and_of_nothing_else() {
        let (batch, seeds) = ("learning.batch=2", "learning.epochs=7");
        assert_eq!(digest(&[batch, seeds]), digest(&[seeds, batch, "recording.report_dt_ms=2", "about=x"]));
        assert_ne!(digest(&[batch, seeds]), digest(&[batch]));
        assert_ne!(digest(&["protocol.settle_ms=31"]), digest(&[]));
    }
}
