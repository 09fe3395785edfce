//! Stored results, as in docs/results: a file for a network and seed.
//!
//! A comparison needs no more of a run than its errors. With `--results` seeds that were run at other times or on other
//! machines stand in one figure with those at hand, if they are of the very model and data: digests of both are compared.

use std::error::Error;
use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use super::error::ReproduceCause;
use super::length::RunLength;
use super::record::RunRecord;
use crate::record::Evaluation;

/// The run that a stored result is to stand for.
pub(super) struct ResultQuery<'a> {
    /// Name of a shipped model.
    pub(super) model: &'a str,
    /// Keys of the model that differ, as in `--set`.
    pub(super) overrides: &'a [&'a str],
    pub(super) seed: u64,
    pub(super) length: RunLength,
    /// [`Model::sha256`](crate::model::Model::sha256).
    pub(super) model_sha256: String,
    /// Of images and labels, `digest  file` a line.
    pub(super) data_sha256: String,
}

/// The stored results of a folder.
#[derive(Clone, Debug)]
pub struct StoredResults {
    results: Vec<StoredRun>,
}

/// A run by its stored result.
#[derive(Clone, Debug)]
pub(super) struct StoredRun {
    /// Of its file, without `.json`.
    pub(super) name: String,
    pub(super) curve: Vec<Evaluation>,
    result: Value,
}

impl StoredResults {
    /// Reads all results of a folder.
    ///
    /// # Errors
    /// If it cannot be read, holds none, or a file in it does not hold a result.
    pub fn load(folder: &Path) -> Result<Self, ReproduceCause> {
        let unreadable = |path: &Path| {
            let path = path.to_owned();
            move |source| ReproduceCause::UnreadableResult { path, source }
        };
        let mut results = Vec::new();
        for entry in fs::read_dir(folder).map_err(unreadable(folder))? {
            let path = entry.map_err(unreadable(folder))?.path();
            if path.extension().is_none_or(|extension| extension != "json") {
                continue;
            }
            let no_result =
                |source: Box<dyn Error + Send + Sync>| ReproduceCause::NoResult { path: path.clone(), source };
            let text = fs::read_to_string(&path).map_err(|error| no_result(error.into()))?;
            let result = serde_json::from_str(&text).map_err(|error| no_result(error.into()))?;
            let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
            results.push(StoredRun::read(name, result).map_err(|expected| no_result(expected.into()))?);
        }
        if results.is_empty() {
            return Err(ReproduceCause::NoResults(folder.to_owned()));
        }
        results.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(Self { results })
    }

    /// The first spiking run of this model, seed and length on all images.
    ///
    /// # Errors
    /// Why a run of this model, seed and length was not taken.
    pub(super) fn find(&self, query: &ResultQuery<'_>) -> Result<Option<StoredRun>, String> {
        let RunLength { epochs, images: None, tested: None } = query.length else { return Ok(None) };
        let mut refused = None;
        for run in self.results.iter().filter(|run| run.matches(query, epochs)) {
            match run.mismatch(query) {
                None => return Ok(Some(run.clone())),
                why => refused = refused.or(why),
            }
        }
        refused.map_or(Ok(None), Err)
    }
}

impl StoredRun {
    fn read(name: String, result: Value) -> Result<Self, &'static str> {
        let point = |point: &Value| {
            let (examples_seen, test_error) = (point[0].as_u64()?, point[1].as_f64()?);
            let evaluation =
                Evaluation { examples_seen, test_error, train_error: f64::NAN, loss: f64::NAN, seconds: f64::NAN };
            (0.0..=100.0).contains(&test_error).then_some(evaluation)
        };
        let curve = result["curve"].as_array().and_then(|curve| curve.iter().map(point).collect());
        match curve {
            Some(curve) if result["model"].is_string() && result["seed"].is_u64() => Ok(Self { name, curve, result }),
            _ => Err("expected an object with `model`, `seed` and `curve` of [examples, error from 0 to 100]"),
        }
    }

    /// Whether it is a spiking run of this model, seed and number of epochs, by name.
    fn matches(&self, query: &ResultQuery<'_>, epochs: u32) -> bool {
        let Self { curve, result, .. } = self;
        result["kind"] == "spiking"
            && result["model"] == query.model
            && result["overrides"] == json!(query.overrides)
            && result["seed"] == query.seed
            && curve.len() == epochs as usize
    }

    /// How model or data differ from those of the query; `None` if they do not.
    fn mismatch(&self, query: &ResultQuery<'_>) -> Option<String> {
        let expected =
            [("model_sha256", "another model", &query.model_sha256), ("data_sha256", "other data", &query.data_sha256)];
        let mismatch = |(key, another, digest): (&str, &str, &String)| match self.result[key].as_str() {
            Some(found) if found == digest => None,
            Some(_) => Some(format!("{} is of {another}: its {key} is not the one at hand", self.name)),
            None => {
                let named = self.result["images"].as_str().filter(|_| key == "data_sha256");
                let of = named.map_or(String::new(), |images| format!(" of its images, {images},"));
                Some(format!("{} has no {key}{of} and may be of {another}", self.name))
            }
        };
        expected.into_iter().find_map(mismatch)
    }

    /// The record of the run.
    pub(super) fn record(&self) -> RunRecord {
        let text = |key: &str| self.result[key].as_str().map(str::to_owned);
        let count = |key: &str| self.result[key].as_u64();
        RunRecord {
            name: self.name.clone(),
            model: text("model").unwrap_or_default(),
            model_sha256: text("model_sha256"),
            data_sha256: text("data_sha256"),
            kind: text("kind").unwrap_or_default(),
            batch: count("batch"),
            seed: count("seed").unwrap_or_default(),
            commit: text("commit"),
            examples_seen: count("examples_seen"),
            model_time_ms: None,
            test_examples: count("test_examples"),
            tested_on: None,
            test_error_percent: self.result["test_error_percent"].as_f64(),
            known: true,
            learning: self.curve.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LENGTH: RunLength = RunLength { epochs: 2, images: None, tested: None };

    fn folder(result: &Value) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("6B-seed3.json"), result.to_string()).unwrap();
        fs::write(folder.path().join("notes.txt"), "no result").unwrap();
        folder
    }

    fn result() -> Value {
        json!({
            "model": "g17-784-10", "kind": "spiking", "batch": 1, "seed": 3, "commit": "c0ffee", "images": "mnist",
            "model_sha256": "0a", "data_sha256": "0b  images\n", "overrides": [], "examples_seen": 200, "test_examples": 10, "test_error_percent": 8.5,
            "curve": [[100, 9.0], [200, 8.5]],
        })
    }

    fn query() -> ResultQuery<'static> {
        let (model_sha256, data_sha256) = ("0a".to_owned(), "0b  images\n".to_owned());
        ResultQuery { model: "g17-784-10", overrides: &[], seed: 3, length: LENGTH, model_sha256, data_sha256 }
    }

    #[test]
    fn a_result_stands_for_the_run_it_is_of() {
        let known = StoredResults::load(folder(&result()).path()).unwrap();
        let run = known.find(&query()).unwrap().unwrap();
        assert_eq!((run.name.as_str(), run.curve.len(), run.curve[1].examples_seen), ("6B-seed3", 2, 200));
        assert!((run.curve[1].test_error - 8.5).abs() < 1e-12);
        let record = serde_json::to_value(run.record()).unwrap();
        assert_eq!(
            (&record["commit"], &record["known"], &record["learning"][0]["test_error_percent"]),
            (&json!("c0ffee"), &json!(true), &json!(9.0))
        );
    }

    #[test]
    fn it_stands_for_no_other() {
        let known = StoredResults::load(folder(&result()).path()).unwrap();
        for other in [
            ResultQuery { seed: 4, ..query() },
            ResultQuery { length: RunLength { epochs: 3, ..LENGTH }, ..query() },
            ResultQuery { length: RunLength { images: Some(100), ..LENGTH }, ..query() },
            ResultQuery { model: "g17-784-500-10", ..query() },
            ResultQuery { overrides: &["learning.batch=2"], ..query() },
        ] {
            assert!(known.find(&other).unwrap().is_none());
        }
        for (key, other) in [("kind", json!("rate")), ("curve", json!([[100, 9.0]]))] {
            let mut result = result();
            result[key] = other;
            assert!(StoredResults::load(folder(&result).path()).unwrap().find(&query()).unwrap().is_none(), "{key}");
        }
    }

    #[test]
    fn of_another_model_or_other_data_it_is_refused_by_name() {
        for (key, other, message) in [
            ("model_sha256", json!("0c"), "6B-seed3 is of another model: its model_sha256"),
            ("data_sha256", json!("0c  images\n"), "6B-seed3 is of other data: its data_sha256"),
            ("model_sha256", Value::Null, "6B-seed3 has no model_sha256"),
            ("data_sha256", Value::Null, "6B-seed3 has no data_sha256"),
        ] {
            let mut result = result();
            result[key] = other;
            let refused = StoredResults::load(folder(&result).path()).unwrap().find(&query()).err().unwrap();
            assert!(refused.starts_with(message), "{refused}");
        }
        // Kept before runs recorded digests, of images that are named.
        let mut result = result();
        result["data_sha256"] = Value::Null;
        result["images"] = json!("fashion-mnist");
        let refused = StoredResults::load(folder(&result).path()).unwrap().find(&query()).err().unwrap();
        assert_eq!(refused, "6B-seed3 has no data_sha256 of its images, fashion-mnist, and may be of other data");
    }

    #[test]
    fn what_holds_no_results_is_refused_by_name() {
        let refusal = |path: &Path| {
            let error = StoredResults::load(path).err().unwrap();
            error.source().map_or_else(|| error.to_string(), |cause| format!("{error}: {cause}"))
        };
        assert!(refusal(Path::new("nowhere")).starts_with("--results: cannot read nowhere"));
        let empty = tempfile::tempdir().unwrap();
        assert!(refusal(empty.path()).contains("holds no results"));
        fs::write(empty.path().join("a.json"), "{").unwrap();
        assert!(refusal(empty.path()).contains("a.json is no result"));
        let curves = [json!([[100, 9.0], [200]]), json!([[100, 100.5]]), json!([[100, -1.0]]), json!([[100, null]])];
        let with = |key: &str, value: &Value| {
            let mut result = result();
            result[key] = value.clone();
            result
        };
        let mistaken = curves.iter().map(|curve| with("curve", curve));
        let lacking = ["model", "seed", "curve"].map(|key| with(key, &Value::Null));
        for refused in mistaken.chain(lacking).chain([json!([]), json!(3)]) {
            let message = refusal(folder(&refused).path());
            assert!(message.contains("6B-seed3.json is no result: expected an object"), "{refused}: {message}");
        }
    }
}
