//! Which data a network was trained on: where they were and what they held.

use std::path::{Path, PathBuf};

use super::DataError;
use crate::model::{RateSource, Stimuli};

/// Where stimuli were: a folder of IDX files, a table, or, of a circuit, the folder from which its model names files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DataPlace {
    /// As it was named.
    pub named: String,
    /// The same from the root of the file system.
    pub absolute: String,
}

/// The data of a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DataIdentity {
    /// Where they were.
    pub place: DataPlace,
    /// Name and SHA-256 of every file read; of a circuit, the path that its model names.
    pub sha256: Vec<(String, String)>,
    /// Images set aside for validation.
    pub validation: u64,
}

impl DataPlace {
    /// The place that `path` names in the current folder.
    pub fn of(path: &Path) -> Self {
        let absolute = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
        Self { named: path.display().to_string(), absolute: absolute.display().to_string() }
    }

    /// Where it is now: at its absolute path, or else where its name leads from the current folder.
    pub fn found(&self) -> &Path {
        let (absolute, named) = (Path::new(&self.absolute), Path::new(&self.named));
        if named.exists() && !absolute.exists() { named } else { absolute }
    }

    /// The same stimuli, from this place; rates in the model file itself stay as they are.
    #[must_use]
    pub fn stimuli(&self, of: &Stimuli) -> Stimuli {
        let mut stimuli = of.clone();
        let found = || self.found().to_owned();
        match &mut stimuli {
            Stimuli::Idx(images) => images.path = Some(found()),
            Stimuli::Rates { source: RateSource::Table(path), .. } | Stimuli::Spikes { path, .. } => *path = found(),
            Stimuli::Rates { source: RateSource::Fixed(_), .. } => {}
        }
        stimuli
    }
}

impl DataIdentity {
    /// Where a file of a circuit is that its model names: one of the run's from the folder of the run, any other from the current
    /// folder.
    pub fn find(&self, file: &Path) -> PathBuf {
        if self.digest_of(file).is_some() { self.place.found().join(file) } else { file.to_owned() }
    }

    /// SHA-256 of a file of the run, by the path that the model names.
    pub fn digest_of(&self, file: &Path) -> Option<&str> {
        let named = file.display().to_string();
        self.sha256.iter().find(|(known, _)| *known == named).map(|(_, digest)| digest.as_str())
    }

    /// The data of a training that goes on after it was shown `before`: of the same files, no more images than were set aside all
    /// along are set aside.
    #[must_use]
    pub fn after(self, before: Option<&Self>) -> Self {
        let same = before.filter(|before| before.sha256 == self.sha256);
        Self { validation: same.map_or(self.validation, |before| before.validation.min(self.validation)), ..self }
    }

    /// Refuses files of other contents than those kept here, `at` being where they were read. Nothing is known of a test set
    /// that was not read.
    ///
    /// # Errors
    /// The first file that differs, with both digests.
    pub fn check(&self, read: &[(String, String)], at: &Path) -> Result<(), DataError> {
        for (file, found) in read {
            let kept = self.sha256.iter().find(|(known, _)| key(known) == key(file));
            let expected = match kept {
                Some((_, kept)) if kept == found => continue,
                None if file.starts_with("t10k-") => continue,
                Some((_, kept)) => kept.as_str(),
                None => "none of that name",
            };
            let (file, place) = (file.clone(), at.display().to_string());
            return Err(DataError::Changed { file, place, found: found.clone(), expected: expected.to_owned() });
        }
        Ok(())
    }
}

/// Names and digests of files as text, `digest  file` a line.
pub fn digests(sha256: &[(String, String)]) -> String {
    sha256.iter().flat_map(|(file, digest)| [digest, "  ", file, "\n"]).collect()
}

/// The path that stimuli name, if they name one.
pub fn path_of(stimuli: &Stimuli) -> Option<&PathBuf> {
    match stimuli {
        Stimuli::Idx(images) => images.path.as_ref(),
        Stimuli::Rates { source: RateSource::Table(path), .. } | Stimuli::Spikes { path, .. } => Some(path),
        Stimuli::Rates { source: RateSource::Fixed(_), .. } => None,
    }
}

/// One name for the two spellings of an IDX file.
fn key(file: &str) -> String {
    file.replace(".idx", "-idx")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(name: &str, digest: &str) -> (String, String) {
        (name.to_owned(), digest.to_owned())
    }

    #[test]
    fn files_are_known_by_name_in_either_spelling_and_differ_by_digest() {
        let sha256 = vec![file("train-images-idx3-ubyte", "a"), file("train-labels-idx1-ubyte", "b")];
        let identity = DataIdentity { place: DataPlace::of(Path::new("d")), sha256, validation: 0 };
        let check = |read: &[(String, String)]| identity.check(read, Path::new("d")).map_err(|e| e.to_string());
        assert_eq!(check(&[file("train-images.idx3-ubyte", "a"), file("t10k-images-idx3-ubyte", "c")]), Ok(()));
        let refused = check(&[file("train-labels-idx1-ubyte", "c")]).unwrap_err();
        assert!(refused.contains("the SHA-256 of `train-labels-idx1-ubyte` is c, expected b"), "{refused}");
        assert!(check(&[file("rates.csv", "c")]).unwrap_err().contains("expected none of that name"));
    }

    #[test]
    fn images_that_were_trained_on_once_are_not_set_aside_later() {
        let identity = |digest: &str, validation| DataIdentity {
            place: DataPlace::of(Path::new("d")),
            sha256: vec![file("train-images-idx3-ubyte", digest)],
            validation,
        };
        let after = |before: Option<&DataIdentity>| identity("a", 10).after(before).validation;
        assert_eq!([after(None), after(Some(&identity("b", 2)))], [10, 10]);
        assert_eq!([after(Some(&identity("a", 2))), after(Some(&identity("a", 20)))], [2, 10]);
    }

    #[test]
    fn a_place_is_found_by_its_absolute_path_first_and_then_by_its_name() {
        let folder = tempfile::tempdir().unwrap();
        let there = folder.path().display().to_string();
        let place = |named: &str, absolute: &str| DataPlace { named: named.to_owned(), absolute: absolute.to_owned() };
        let nowhere = folder.path().join("none").display().to_string();
        assert_eq!(place(&nowhere, &there).found(), folder.path());
        assert_eq!(place(&there, &nowhere).found(), folder.path());
        assert_eq!(place("none", &nowhere).found(), Path::new(&nowhere));
        assert!(Path::new(&DataPlace::of(Path::new("data")).absolute).is_absolute());
    }
}
