//! What decides the results of a model, in one number.

use std::fmt::Write;

use sha2::{Digest, Sha256};
use toml::{Table, Value};

use super::{ContinuousProtocol, Decoding, Learning, Model, ProjectionSpec, Protocol, Registry, Stimuli, file};

/// Keys that change no result: what is said of a model, and what is kept of its runs.
const WITHOUT_EFFECT: [&str; 2] = ["about", "recording"];

impl Model {
    /// Lower-case SHA-256 of the model as a file, its keys in the order of their names, without those that have their defaults
    /// and what changes no result (`about`, `[recording]`): runs of one digest, one seed and the same data give the same network,
    /// and a key that a later version adds changes no digest while it has its default. Of kinds of cell that the program does not
    /// have, all keys count.
    ///
    /// # Panics
    /// As [`Model::text`].
    pub fn sha256(&self) -> String {
        let mut table = file::written::table(self).expect("the parameters of its cells were checked");
        table.retain(|key, _| !WITHOUT_EFFECT.contains(&key));
        omit_defaults(&mut table).expect("defaults are TOML");
        sort(&mut table);
        let digest = Sha256::digest(toml::to_string(&table).expect("a table of TOML values"));
        digest.iter().fold(String::with_capacity(64), |mut hex, byte| {
            write!(hex, "{byte:02x}").expect("a String takes all that is written to it");
            hex
        })
    }
}

/// Leaves out keys that have their defaults.
fn omit_defaults(model: &mut Table) -> Result<(), toml::ser::Error> {
    let is_continuous = model.get("protocol").and_then(|protocol| protocol.get("kind")).is_some();
    let protocol = if is_continuous { ContinuousProtocol::default().into() } else { Protocol::default() };
    let sections = (protocol, Learning::default(), Decoding::default(), Stimuli::default());
    let sections = file::written::sections(&sections.0, &sections.1, sections.2, &sections.3)?;
    omit(model, &sections, &[]);
    let registry = Registry::default();
    let tables = |model: &'_ mut Table, key: &str| match model.remove(key) {
        Some(Value::Array(tables)) => tables,
        _ => Vec::new(),
    };
    let mut populations = tables(model, "population");
    for population in populations.iter_mut().filter_map(Value::as_table_mut) {
        let kind = population.get("kind").and_then(Value::as_str).unwrap_or_default();
        if let Some(default) = registry.default_population(kind) {
            omit(population, &file::population_table(&default)?, &["name", "size", "kind"]);
        }
    }
    let mut projections = tables(model, "projection");
    let default = Table::try_from(ProjectionSpec::new("", "", ""))?;
    for projection in projections.iter_mut().filter_map(Value::as_table_mut) {
        omit(projection, &default, &["from", "to", "port"]);
    }
    model.insert("population".to_owned(), Value::Array(populations));
    model.insert("projection".to_owned(), Value::Array(projections));
    Ok(())
}

/// Leaves out of a table the keys whose values are those of another, but for `kept` ones; in tables of one variety, theirs.
fn omit(table: &mut Table, defaults: &Table, kept: &[&str]) {
    const TAGS: [&str; 2] = ["kind", "from"];
    for (key, default) in defaults.iter().filter(|(key, _)| !kept.contains(&key.as_str())) {
        if table.get(key) == Some(default) {
            table.remove(key);
        } else if let (Some(Value::Table(inner)), Value::Table(default)) = (table.get_mut(key), default)
            && TAGS.iter().all(|tag| inner.get(*tag) == default.get(*tag))
        {
            omit(inner, default, &TAGS);
        }
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

    /// The shipped one-layer network, written out with defaults and without.
    #[test]
    fn defaults_do_not_enter_it() {
        assert_eq!(digest(&["population.output.g_l_per_ms=0.1", "decoding.by=potential"]), digest(&[]));
        let noise = ["projection.input-output.weights={ from = 'moments', v_sd = 3 }"];
        assert_eq!(digest(&noise), digest(&[]));
        assert_ne!(digest(&["projection.input-output.weights={ from = 'moments', v_sd = 4 }"]), digest(&[]));
        let mut model = Model::load("g17-784-10".as_ref(), &[]).unwrap();
        model.about = "another".to_owned();
        assert_eq!(model.sha256(), digest(&[]));
    }
}
