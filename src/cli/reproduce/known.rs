//! Runs that are known by their results: files as in docs/results, one for a network and seed.
//!
//! A comparison needs no more of a run than its errors. With `--results` seeds that were run at other times or on other
//! machines stand in one figure with those at hand.

use std::fs;
use std::path::Path;

use anyhow::{Context, bail};
use serde_json::{Value, json};

use super::comparison::Network;
use super::runs::Course;
use crate::cli::report::learning;
use crate::record::Evaluation;

/// What stands in the images' place of a result where the command line names none.
const DEFAULT_IMAGES: &str = "mnist";

/// Results of one folder.
pub(super) struct Known {
    results: Vec<KnownRun>,
    /// Last part of the folder of images.
    images: String,
}

/// A run by its result.
#[derive(Clone)]
pub(super) struct KnownRun {
    /// Of its file, without `.json`.
    pub(super) name: String,
    pub(super) curve: Vec<Evaluation>,
    result: Value,
}

impl Known {
    /// Reads all results of a folder, of networks that learned from the images of `data`.
    pub(super) fn load(folder: &Path, data: Option<&Path>) -> anyhow::Result<Self> {
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
            results.push(KnownRun::read(name, result).with_context(told)?);
        }
        if results.is_empty() {
            bail!("--results: {} holds no results, files as in docs/results", folder.display());
        }
        results.sort_by(|a, b| a.name.cmp(&b.name));
        let images = data.map_or(DEFAULT_IMAGES.into(), |data| data.file_name().unwrap_or_default().to_string_lossy());
        Ok(Self { results, images: images.into_owned() })
    }

    /// The first spiking run of this network, seed and course on all images.
    pub(super) fn find(&self, network: &Network, seed: u64, course: Course) -> Option<KnownRun> {
        let Course { epochs, images: None, tested: None } = course else { return None };
        let found = self.results.iter().find(|KnownRun { curve, result, .. }| {
            result["kind"] == "spiking"
                && result["model"] == network.model
                && result["overrides"] == json!(network.overrides)
                && result["seed"] == seed
                && result["images"] == self.images
                && curve.len() == epochs as usize
        });
        found.cloned()
    }
}

impl KnownRun {
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

    /// As a run that was trained is told, and that it was not.
    pub(super) fn told(&self) -> Value {
        let mut told = json!({ "name": self.name });
        for key in ["model", "kind", "batch", "seed", "commit", "examples_seen", "test_examples", "test_error_percent"]
        {
            told[key] = self.result[key].clone();
        }
        told["known"] = true.into();
        told["learning"] = learning(&self.curve);
        told
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NETWORK: Network = Network::shipped("one", "g17-784-10", "-");
    const COURSE: Course = Course { epochs: 2, images: None, tested: None };

    fn folder(result: &Value) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("6B-seed3.json"), result.to_string()).unwrap();
        fs::write(folder.path().join("notes.txt"), "no result").unwrap();
        folder
    }

    fn result() -> Value {
        json!({
            "model": "g17-784-10", "kind": "spiking", "batch": 1, "seed": 3, "commit": "c0ffee", "images": "mnist",
            "overrides": [], "examples_seen": 200, "test_examples": 10, "test_error_percent": 8.5,
            "curve": [[100, 9.0], [200, 8.5]],
        })
    }

    #[test]
    fn a_result_stands_for_the_run_it_is_of() {
        let known = Known::load(folder(&result()).path(), None).unwrap();
        let run = known.find(&NETWORK, 3, COURSE).unwrap();
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
        let known = Known::load(folder(&result()).path(), None).unwrap();
        assert!(known.find(&NETWORK, 4, COURSE).is_none());
        assert!(known.find(&NETWORK, 3, Course { epochs: 3, ..COURSE }).is_none());
        assert!(known.find(&NETWORK, 3, Course { images: Some(100), ..COURSE }).is_none());
        assert!(known.find(&Network { model: "g17-784-500-10", ..NETWORK }, 3, COURSE).is_none());
        assert!(known.find(&Network { overrides: &["learning.batch=2"], ..NETWORK }, 3, COURSE).is_none());
        let of_garments = Known::load(folder(&result()).path(), Some(Path::new("data/fashion-mnist"))).unwrap();
        assert!(of_garments.find(&NETWORK, 3, COURSE).is_none());
        for (key, other) in [("kind", json!("rate")), ("curve", json!([[100, 9.0]]))] {
            let mut result = result();
            result[key] = other;
            assert!(Known::load(folder(&result).path(), None).unwrap().find(&NETWORK, 3, COURSE).is_none(), "{key}");
        }
    }

    #[test]
    fn what_holds_no_results_is_refused_by_name() {
        let refusal = |path: &Path| format!("{:#}", Known::load(path, None).err().unwrap());
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
