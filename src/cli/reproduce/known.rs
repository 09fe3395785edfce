//! Runs that are known by their results: files as in docs/results, one for a network and seed.
//!
//! A comparison needs no more of a run than its errors. With `--results` seeds that were run at other times or on other
//! machines stand in one figure with those at hand, if they are of the very model and data: digests of both are compared.

use std::fs;
use std::path::Path;

use anyhow::{Context, bail};
use serde_json::{Value, json};

use super::comparison::ComparedModel;
use super::runs::RunLength;
use crate::cli::report::learning_curve;
use crate::record::Evaluation;

/// What a result must be of, by its names and by its digests.
pub(super) struct ResultQuery<'a> {
    pub(super) network: &'a ComparedModel,
    pub(super) seed: u64,
    pub(super) course: RunLength,
    /// [`Model::sha256`](crate::model::Model::sha256).
    pub(super) model_sha256: String,
    /// Of images and labels, `digest  file` a line.
    pub(super) data_sha256: String,
}

/// Results of one folder.
pub(super) struct StoredResults {
    results: Vec<StoredRun>,
}

/// A run by its result.
#[derive(Clone)]
pub(super) struct StoredRun {
    /// Of its file, without `.json`.
    pub(super) name: String,
    pub(super) curve: Vec<Evaluation>,
    result: Value,
}

impl StoredResults {
    /// Reads all results of a folder.
    pub(super) fn load(folder: &Path) -> anyhow::Result<Self> {
        let told = || format!("--results: cannot read {}", folder.display());
        let mut results = Vec::new();
        for entry in fs::read_dir(folder).with_context(told)? {
            let path = entry.with_context(told)?.path();
            if path.extension().is_none_or(|extension| extension != "json") {
                continue;
            }
            let told = || format!("--results: {} is no result", path.display());
            let result = serde_json::from_str(&fs::read_to_string(&path).with_context(told)?).with_context(told)?;
            let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
            results.push(StoredRun::read(name, result).with_context(told)?);
        }
        if results.is_empty() {
            bail!("--results: {} holds no results, files as in docs/results", folder.display());
        }
        results.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(Self { results })
    }

    /// The first spiking run of this network, seed and course on all images.
    ///
    /// # Errors
    /// Why none was taken that has its names.
    pub(super) fn find(&self, asked: &ResultQuery<'_>) -> Result<Option<StoredRun>, String> {
        let RunLength { epochs, images: None, tested: None } = asked.course else { return Ok(None) };
        let mut refused = None;
        for run in self.results.iter().filter(|run| run.is_called(asked.network, asked.seed, epochs)) {
            match run.unlike(asked) {
                None => return Ok(Some(run.clone())),
                why => refused = refused.or(why),
            }
        }
        refused.map_or(Ok(None), Err)
    }
}

impl StoredRun {
    fn read(name: String, result: Value) -> anyhow::Result<Self> {
        let point = |point: &Value| {
            let (examples_seen, test_error) = (point[0].as_u64()?, point[1].as_f64()?);
            let evaluation =
                Evaluation { examples_seen, test_error, train_error: f64::NAN, loss: f64::NAN, seconds: f64::NAN };
            (0.0..=100.0).contains(&test_error).then_some(evaluation)
        };
        let curve = result["curve"].as_array().and_then(|curve| curve.iter().map(point).collect());
        match curve {
            Some(curve) if result["model"].is_string() && result["seed"].is_u64() => Ok(Self { name, curve, result }),
            _ => bail!("expected an object with `model`, `seed` and `curve` of [examples, error from 0 to 100]"),
        }
    }

    /// Whether it has the names of this network, seed and course.
    fn is_called(&self, network: &ComparedModel, seed: u64, epochs: u32) -> bool {
        let Self { curve, result, .. } = self;
        result["kind"] == "spiking"
            && result["model"] == network.model
            && result["overrides"] == json!(network.overrides)
            && result["seed"] == seed
            && curve.len() == epochs as usize
    }

    /// Why it is none of the model and data asked for, if it is none.
    fn unlike(&self, asked: &ResultQuery<'_>) -> Option<String> {
        let expected =
            [("model_sha256", "another model", &asked.model_sha256), ("data_sha256", "other data", &asked.data_sha256)];
        let unlike = |(key, another, digest): (&str, &str, &String)| match self.result[key].as_str() {
            Some(found) if found == digest => None,
            Some(_) => Some(format!("{} is of {another}: its {key} is not the one at hand", self.name)),
            None => Some(format!("{} has no {key} and may be of {another}", self.name)),
        };
        expected.into_iter().find_map(unlike)
    }

    /// As a run that was trained is told, and that it was not.
    pub(super) fn told(&self) -> Value {
        let mut told = json!({ "name": self.name });
        let own = ["model", "model_sha256", "data_sha256", "kind", "batch", "seed", "commit", "examples_seen"];
        for key in own.into_iter().chain(["test_examples", "test_error_percent"]) {
            told[key] = self.result[key].clone();
        }
        told["known"] = true.into();
        told["learning"] = learning_curve(&self.curve);
        told
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NETWORK: ComparedModel = ComparedModel::shipped("one", "g17-784-10", "-");
    const COURSE: RunLength = RunLength { epochs: 2, images: None, tested: None };

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

    fn asked() -> ResultQuery<'static> {
        let (model_sha256, data_sha256) = ("0a".to_owned(), "0b  images\n".to_owned());
        ResultQuery { network: &NETWORK, seed: 3, course: COURSE, model_sha256, data_sha256 }
    }

    #[test]
    fn a_result_stands_for_the_run_it_is_of() {
        let known = StoredResults::load(folder(&result()).path()).unwrap();
        let run = known.find(&asked()).unwrap().unwrap();
        assert_eq!((run.name.as_str(), run.curve.len(), run.curve[1].examples_seen), ("6B-seed3", 2, 200));
        assert!((run.curve[1].test_error - 8.5).abs() < 1e-12);
        let told = run.told();
        assert_eq!(
            (&told["commit"], &told["known"], &told["learning"][0]["test_error_percent"]),
            (&json!("c0ffee"), &json!(true), &json!(9.0))
        );
    }

    #[test]
    fn it_stands_for_no_other() {
        let known = StoredResults::load(folder(&result()).path()).unwrap();
        let of_another = ComparedModel { model: "g17-784-500-10", ..NETWORK };
        let overridden = ComparedModel { overrides: &["learning.batch=2"], ..NETWORK };
        for other in [
            ResultQuery { seed: 4, ..asked() },
            ResultQuery { course: RunLength { epochs: 3, ..COURSE }, ..asked() },
            ResultQuery { course: RunLength { images: Some(100), ..COURSE }, ..asked() },
            ResultQuery { network: &of_another, ..asked() },
            ResultQuery { network: &overridden, ..asked() },
        ] {
            assert!(known.find(&other).unwrap().is_none());
        }
        for (key, other) in [("kind", json!("rate")), ("curve", json!([[100, 9.0]]))] {
            let mut result = result();
            result[key] = other;
            assert!(StoredResults::load(folder(&result).path()).unwrap().find(&asked()).unwrap().is_none(), "{key}");
        }
    }

    #[test]
    fn of_another_model_or_other_data_it_is_refused_by_name() {
        for (key, other, said) in [
            ("model_sha256", json!("0c"), "6B-seed3 is of another model: its model_sha256"),
            ("data_sha256", json!("0c  images\n"), "6B-seed3 is of other data: its data_sha256"),
            ("model_sha256", Value::Null, "6B-seed3 has no model_sha256"),
            ("data_sha256", Value::Null, "6B-seed3 has no data_sha256"),
        ] {
            let mut result = result();
            result[key] = other;
            let refused = StoredResults::load(folder(&result).path()).unwrap().find(&asked()).err().unwrap();
            assert!(refused.starts_with(said), "{refused}");
        }
    }

    #[test]
    fn what_holds_no_results_is_refused_by_name() {
        let refusal = |path: &Path| format!("{:#}", StoredResults::load(path).err().unwrap());
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
            let said = refusal(folder(&refused).path());
            assert!(said.contains("6B-seed3.json is no result: expected an object"), "{refused}: {said}");
        }
    }
}
