//! Objects of NWB: what marks them, and text.

use std::fmt::Write;
use std::str::FromStr;

use hdf5::types::VarLenUnicode;
use hdf5::{Group, Location, Result};
use sha2::{Digest, Sha256};

use super::super::attribute::variable as attribute;

/// Makes the identifiers of a file's objects.
pub(super) struct Maker {
    run: [u8; 32],
}

impl Maker {
    /// A maker for the run that these texts tell from others.
    pub(super) fn of(texts: &[&str]) -> Self {
        let mut hash = Sha256::new();
        texts.iter().for_each(|text| {
            hash.update((text.len() as u64).to_le_bytes());
            hash.update(text);
        });
        Self { run: hash.finalize().into() }
    }

    /// An identifier of the whole file.
    pub(super) fn identifier(&self) -> String {
        self.uuid("")
    }

    /// Marks an object as being of a type of a namespace.
    pub(super) fn mark(&self, object: &Location, namespace: &str, kind: &str) -> Result<()> {
        attribute::put_text(object, "namespace", namespace)?;
        attribute::put_text(object, "neurodata_type", kind)?;
        attribute::put_text(object, "object_id", &self.uuid(&object.name()))
    }

    /// A UUID of a name in this file: version 8 of RFC 9562, from a hash.
    fn uuid(&self, name: &str) -> String {
        let mut bytes = Sha256::new().chain_update(self.run).chain_update(name).finalize();
        bytes[6] = bytes[6] & 0x0f | 0x80;
        bytes[8] = bytes[8] & 0x3f | 0x80;
        let mut text = String::new();
        for (i, byte) in bytes.iter().take(16).enumerate() {
            let dash = if [4, 6, 8, 10].contains(&i) { "-" } else { "" };
            write!(text, "{dash}{byte:02x}").expect("a string takes what is written to it");
        }
        text
    }
}

/// Writes a text as a scalar.
pub(super) fn text(group: &Group, name: &str, value: &str) -> Result<()> {
    group.new_dataset::<VarLenUnicode>().create(name)?.write_scalar(&unicode(value)?)
}

/// Writes a list of texts.
pub(super) fn texts(group: &Group, name: &str, values: &[&str]) -> Result<hdf5::Dataset> {
    let values = values.iter().map(|value| unicode(value)).collect::<Result<Vec<_>>>()?;
    group.new_dataset_builder().with_data(&values).create(name)
}

/// A text as a JSON string; control characters are left out.
pub(super) fn json(value: &str) -> String {
    let plain: String = value.chars().filter(|c| !c.is_control()).collect();
    format!("\"{}\"", plain.replace('\\', "\\\\").replace('"', "\\\""))
}

fn unicode(value: &str) -> Result<VarLenUnicode> {
    VarLenUnicode::from_str(value).map_err(|e| format!("{e}: {value:?}").into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_json_string_reads_back() {
        let value = "a \"model\" of C:\\α\n";
        let read: String = serde_json::from_str(&json(value)).unwrap();
        assert_eq!(read, "a \"model\" of C:\\α");
    }

    #[test]
    fn identifiers_are_uuids_that_tell_runs_and_objects_apart() {
        let (a, b) = (Maker::of(&["ab", "c"]), Maker::of(&["a", "bc"]));
        let ids = [a.uuid("/units"), a.uuid("/general"), b.uuid("/units")];
        assert!(ids[0] != ids[1] && ids[0] != ids[2]);
        assert_eq!(ids[0], Maker::of(&["ab", "c"]).uuid("/units"));
        for id in ids {
            let lengths: Vec<_> = id.split('-').map(str::len).collect();
            assert_eq!(lengths, [8, 4, 4, 4, 12], "{id}");
            assert!(id[14..].starts_with('8') && "89ab".contains(&id[19..20]), "{id}");
        }
    }
}
