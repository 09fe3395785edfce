//! What decides the results of a model, in one number.

use std::fmt::Write;

use sha2::{Digest, Sha256};
use toml::{Table, Value};

use super::{Model, file};

/// Keys that change no result: what is said of a model, and what is kept of its runs.
const WITHOUT_EFFECT: [&str; 2] = ["about", "recording"];

impl Model {
    /// Lower-case SHA-256 of the model as a file with all its keys, in the order of their names, without what changes no result
    /// (`about`, `[recording]`): runs of one digest, one seed and the same data give the same network.
    ///
    /// # Panics
    /// As [`Model::text`].
    pub fn sha256(&self) -> String {
        let mut table = file::written::table(self).expect("the parameters of its cells were checked");
        table.retain(|key, _| !WITHOUT_EFFECT.contains(&key));
        sort(&mut table);
        let digest = Sha256::digest(toml::to_string(&table).expect("a table of TOML values"));
        digest.iter().fold(String::with_capacity(64), |mut hex, byte| {
            write!(hex, "{byte:02x}").expect("a String takes all that is written to it");
            hex
        })
    }
}

/// Sorts keys, in inner tables, too.
fn sort(table: &mut Table) {
    let mut entries: Vec<_> = std::mem::take(table).into_iter().collect();
    entries.sort_by(|a, b| a.0.cmp(&b.0));
    for (key, mut value) in entries {
        sort_within(&mut value);
        table.insert(key, value);
    }
}

fn sort_within(value: &mut Value) {
    match value {
        Value::Table(table) => sort(table),
        Value::Array(values) => values.iter_mut().for_each(sort_within),
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
