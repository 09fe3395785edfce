//! A guard for HDF5's global heap, where texts of variable length lie: on some damaged collections of them HDF5 loops for ever.
//!
//! A collection is `GCOL`, version, size, and objects one behind the other, each a header with its index and size. HDF5 goes from
//! one to the next by that size, and stays where it is if the step is 0 (`H5HG__cache_heap_deserialize` in HDF5 2.2). All other
//! damage it finds itself. A file is looked through before the first such text of it is read: files of version 0.1 have no
//! others, those of today have a few, which only a check of the whole file reads.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

/// How a collection begins, with its version.
const SIGNATURE: &[u8] = b"GCOL\x01";

/// Size of the header of a collection, and of that of an object [bytes].
const HEADER: u64 = 16;

/// How much of a file is in memory at a time [bytes].
const BLOCK: u64 = 1 << 20;

/// The global heap of a file that is read.
#[derive(Debug)]
pub(super) struct Heap {
    path: PathBuf,
    looked_at: OnceLock<()>,
}

impl Heap {
    pub(super) fn of(path: &Path) -> Self {
        Self { path: path.to_owned(), looked_at: OnceLock::new() }
    }

    /// Checks that HDF5 can read it, once.
    ///
    /// # Errors
    /// If HDF5 would loop for ever, or the file cannot be read.
    pub(super) fn check(&self) -> hdf5::Result<()> {
        if self.looked_at.get().is_some() {
            return Ok(());
        }
        if let Some(place) = endless_collection(&self.path).map_err(|e| e.to_string())? {
            return Err(format!("the texts at byte {place} have no end").into());
        }
        self.looked_at.get_or_init(|| ());
        Ok(())
    }
}

/// The place in the file of a collection that HDF5 would never get to the end of, if there is one [bytes].
fn endless_collection(path: &Path) -> io::Result<Option<u64>> {
    let mut file = File::open(path)?;
    let length = file.metadata()?.len();
    let mut block = Vec::new();
    for start in (0..length).step_by(BLOCK as usize) {
        // Headers that begin in the block may end behind it.
        file.seek(SeekFrom::Start(start))?;
        block.clear();
        file.by_ref().take(BLOCK + HEADER - 1).read_to_end(&mut block)?;
        for at in (0..block.len().saturating_sub(HEADER as usize - 1)).filter(|&at| block[at..].starts_with(SIGNATURE))
        {
            let (place, size) = (start + at as u64, number(&block[at..]));
            // HDF5 reads none that is larger than what there is of the file.
            if size <= length - place && is_endless(&read_at(&mut file, place, size)?) {
                return Ok(Some(place));
            }
        }
    }
    Ok(None)
}

fn read_at(file: &mut File, place: u64, size: u64) -> io::Result<Vec<u8>> {
    let mut collection = Vec::new();
    file.seek(SeekFrom::Start(place))?;
    file.take(size).read_to_end(&mut collection)?;
    Ok(collection)
}

/// Whether a step from object to object is 0, on the way that HDF5 takes through a collection.
fn is_endless(collection: &[u8]) -> bool {
    let mut rest = collection.get(HEADER as usize..).unwrap_or_default();
    while rest.len() as u64 >= HEADER {
        let (index, size) = (u16::from_le_bytes([rest[0], rest[1]]), number(rest));
        // Object 0 is the free space, header included; others are padded. HDF5 counts modulo 2^64.
        let step = if index == 0 { size } else { (size.wrapping_add(7) / 8 * 8).wrapping_add(HEADER) };
        if step == 0 {
            return true;
        }
        // Where a step leads out of the collection, HDF5 gives up.
        rest = usize::try_from(step).ok().and_then(|step| rest.get(step..)).unwrap_or_default();
    }
    false
}

/// The size in a header of a collection or object.
fn number(header: &[u8]) -> u64 {
    header[8..16].iter().rev().fold(0, |number, &byte| number << 8 | u64::from(byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A collection of 4096 bytes with objects of these indices and sizes, each written where the one before ends.
    fn collection(objects: &[(u16, u64)]) -> Vec<u8> {
        let mut bytes = b"GCOL\x01\0\0\0".to_vec();
        bytes.extend(4096_u64.to_le_bytes());
        for &(index, size) in objects {
            bytes.extend(index.to_le_bytes());
            bytes.extend([1, 0, 0, 0, 0, 0]);
            bytes.extend(size.to_le_bytes());
            let content = if index == 0 { size.saturating_sub(16) } else { size.min(4096).next_multiple_of(8) };
            bytes.extend(vec![b'x'; content as usize]);
        }
        bytes.resize(4096, 0);
        bytes
    }

    /// 4096 = 16 + (16 + 16) + (16 + 40) + 3992.
    #[test]
    fn a_step_of_0_is_endless_and_none_other() {
        let whole = [(1, 11), (2, 40), (0, 3992)];
        assert!(!is_endless(&collection(&whole)));
        assert!(!is_endless(&collection(&whole[..2])[..104]), "without free space");
        assert!(!is_endless(&collection(&[(1, 5000)])), "a step out of the collection");
        assert!(is_endless(&collection(&[(1, 11), (0, 0)])));
        assert!(is_endless(&collection(&whole[..2])), "zeros where the free space should be");
        assert!(is_endless(&collection(&[(1, 11), (2, u64::MAX - 15)])), "2^64 with its header");
        for cut in 0..40 {
            is_endless(&collection(&whole)[..cut]);
        }
    }

    #[test]
    fn a_collection_is_found_wherever_it_lies() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("heap");
        let (endless, whole) = (collection(&[(1, 11), (0, 0)]), collection(&[(1, 11), (2, 40), (0, 3992)]));
        for place in [0, 5, BLOCK as usize - 15, BLOCK as usize - 1, BLOCK as usize, 3 * BLOCK as usize + 7] {
            let before = vec![b'G'; place];
            std::fs::write(&path, [&before, &endless[..]].concat()).unwrap();
            assert_eq!(endless_collection(&path).unwrap(), Some(place as u64));
            std::fs::write(&path, [&before, &whole[..]].concat()).unwrap();
            assert_eq!(endless_collection(&path).unwrap(), None);
            std::fs::write(&path, [&before, &endless[..4095]].concat()).unwrap();
            assert_eq!(endless_collection(&path).unwrap(), None, "one byte short");
        }
    }
}
