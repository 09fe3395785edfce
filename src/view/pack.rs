//! Arrays of numbers as one block of bytes, which a page reads without copying.
//!
//! | bytes | hold |
//! |---|---|
//! | 4 | length of the header, u32 |
//! | header | JSON `{"meta": …, "arrays": [[name, type, length], …]}`, blanks after it up to a multiple of 8 |
//! | arrays | one after the other, zeros after each up to a multiple of 8 |
//!
//! All numbers are little-endian; types are `f64`, `f32`, `u32`, `i16`, `u8`.

use serde_json::{Value, json};

/// A text object and named arrays.
#[derive(Clone, Debug, Default, PartialEq)]
#[must_use]
pub struct Pack {
    /// What is no array.
    pub meta: Value,
    arrays: Vec<Array>,
}

#[derive(Clone, Debug, PartialEq)]
struct Array {
    name: String,
    kind: &'static str,
    length: usize,
    bytes: Vec<u8>,
}

impl Pack {
    /// A pack without arrays.
    pub fn of(meta: Value) -> Self {
        Self { meta, arrays: Vec::new() }
    }

    /// Adds an array.
    pub fn f64(self, name: &str, values: &[f64]) -> Self {
        self.with(name, "f64", values.iter().map(|v| v.to_le_bytes()))
    }

    /// Adds an array.
    pub fn f32(self, name: &str, values: &[f32]) -> Self {
        self.with(name, "f32", values.iter().map(|v| v.to_le_bytes()))
    }

    /// Adds an array.
    pub fn u32(self, name: &str, values: impl ExactSizeIterator<Item = u32>) -> Self {
        self.with(name, "u32", values.map(u32::to_le_bytes))
    }

    /// Adds an array.
    pub fn i16(self, name: &str, values: impl ExactSizeIterator<Item = i16>) -> Self {
        self.with(name, "i16", values.map(i16::to_le_bytes))
    }

    /// Adds an array.
    pub fn u8(self, name: &str, values: impl ExactSizeIterator<Item = u8>) -> Self {
        self.with(name, "u8", values.map(|v| [v]))
    }

    /// Adds all arrays of another pack, their names behind `part` and a slash; its text stands under `part` in `meta`.
    pub fn part(mut self, part: &str, other: Self) -> Self {
        self.meta[part] = other.meta;
        let renamed = other.arrays.into_iter().map(|a| Array { name: format!("{part}/{}", a.name), ..a });
        self.arrays.extend(renamed);
        self
    }

    /// The block.
    pub fn bytes(&self) -> Vec<u8> {
        let arrays: Vec<_> = self.arrays.iter().map(|a| json!([a.name, a.kind, a.length])).collect();
        let mut header = json!({ "meta": self.meta, "arrays": arrays }).to_string().into_bytes();
        header.resize((header.len() + 4).next_multiple_of(8) - 4, b' ');
        let mut block = (header.len() as u32).to_le_bytes().to_vec();
        block.append(&mut header);
        for array in &self.arrays {
            block.extend_from_slice(&array.bytes);
            block.resize(block.len().next_multiple_of(8), 0);
        }
        block
    }

    fn with<const N: usize>(
        mut self,
        name: &str,
        kind: &'static str,
        values: impl ExactSizeIterator<Item = [u8; N]>,
    ) -> Self {
        let length = values.len();
        let mut bytes = Vec::with_capacity(length * N);
        values.for_each(|value| bytes.extend_from_slice(&value));
        self.arrays.push(Array { name: name.to_owned(), kind, length, bytes });
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arrays_begin_at_multiples_of_eight_in_the_order_of_the_header() {
        let block = Pack::of(json!({ "é": 1 })).u8("a", [1, 2, 3].into_iter()).f64("b", &[0.5]).bytes();
        let length = u32::from_le_bytes(block[..4].try_into().unwrap()) as usize;
        let header: Value = serde_json::from_slice(&block[4..4 + length]).unwrap();
        assert_eq!(header, json!({ "meta": { "é": 1 }, "arrays": [["a", "u8", 3], ["b", "f64", 1]] }));
        assert_eq!((4 + length) % 8, 0);
        assert_eq!(block[4 + length..][..8], [1, 2, 3, 0, 0, 0, 0, 0]);
        assert_eq!(block[4 + length + 8..], 0.5_f64.to_le_bytes());
    }

    #[test]
    fn a_part_keeps_its_arrays_under_its_name() {
        let inner = Pack::of(json!({ "n": 2 })).u32("id", [7].into_iter());
        let outer = Pack::default().part("spikes/0", inner);
        assert_eq!(outer.meta, json!({ "spikes/0": { "n": 2 } }));
        assert_eq!(outer.arrays[0].name, "spikes/0/id");
    }
}
