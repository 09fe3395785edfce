//! In which keys two models differ.

use toml::{Table, Value};

use super::{Model, file};

impl Model {
    /// Keys in which two models with the same populations and projections differ, as `--set` names them, but for `[[change]]`.
    ///
    /// # Panics
    /// As [`Model::text`].
    pub fn differing_keys(&self, other: &Self) -> Vec<String> {
        let [mut own, mut others] = [self, other].map(|model| {
            let mut table = file::written::table(model).expect("the parameters of its cells were checked");
            table.remove("change");
            table
        });
        let populations = self.populations.iter().map(|population| population.name.as_str()).collect();
        let projections = self.projections.iter().map(|projection| projection.name.as_str()).collect();
        let mut keys = Vec::new();
        for (kind, names) in [("population", populations), ("projection", projections)] {
            let [own, others] = [&mut own, &mut others].map(|table| named(table.remove(kind), &names));
            compare(kind, &own, &others, &mut keys);
        }
        compare("", &own, &others, &mut keys);
        keys
    }
}

/// Tables of a list by their names.
fn named(tables: Option<Value>, names: &Vec<&str>) -> Table {
    let Some(Value::Array(tables)) = tables else { return Table::new() };
    names.iter().zip(tables).map(|(name, table)| ((*name).to_owned(), table)).collect()
}

/// Adds the keys below `at` that are not the same.
fn compare(at: &str, own: &Table, others: &Table, keys: &mut Vec<String>) {
    let missing = others.keys().filter(|key| !own.contains_key(*key));
    for key in own.keys().chain(missing) {
        let below = if at.is_empty() { key.clone() } else { format!("{at}.{key}") };
        match (own.get(key), others.get(key)) {
            (Some(Value::Table(own)), Some(Value::Table(others))) => compare(&below, own, others, keys),
            (own, others) if own != others => keys.push(below),
            _ => (),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn models_differ_in_the_keys_that_were_set() {
        let model = |sets: &[&str]| {
            let sets: Vec<_> = sets.iter().map(|&set| set.to_owned()).collect();
            Model::load("recurrent-lif".as_ref(), &sets).unwrap()
        };
        let plain = model(&[]);
        assert_eq!(plain.differing_keys(&plain), [""; 0]);
        let set =
            model(&["population.exc.t_ref_ms=3", "protocol.duration_ms=700", "projection.inh-exc.weights.mean=-9"]);
        let expected = ["population.exc.t_ref_ms", "projection.inh-exc.weights.mean", "protocol.duration_ms"];
        for keys in [plain.differing_keys(&set), set.differing_keys(&plain)] {
            assert_eq!(keys, expected);
        }
        let stimulated = model(&["population.exc.stimulus={kind='current-table',path='i.csv'}"]);
        assert_eq!(plain.differing_keys(&stimulated), ["population.exc.stimulus"]);
    }
}
