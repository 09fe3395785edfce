//! SHA-256 of what is read, while it is read: the provenance of a run.

use std::fmt::Write;
use std::io::{self, BufReader, Read};
use std::path::Path;

use sha2::{Digest, Sha256};

use crate::model::open_file;

/// A reader that counts and digests all that passes through it.
pub(super) struct Hashing<R> {
    inner: R,
    hash: Sha256,
    length: u64,
}

impl<R: Read> Hashing<R> {
    /// Starts at the current position of `inner`.
    pub(super) fn new(inner: R) -> Self {
        Self { inner, hash: Sha256::new(), length: 0 }
    }

    /// Reads on to the end; gives back the length and the lower-case SHA-256 of everything read since the start.
    pub(super) fn finish(mut self) -> io::Result<(u64, String)> {
        io::copy(&mut self, &mut io::sink())?;
        let mut hex = String::with_capacity(64);
        for byte in self.hash.finalize() {
            write!(hex, "{byte:02x}").expect("a String takes all that is written to it");
        }
        Ok((self.length, hex))
    }
}

/// The name of a file and its lower-case SHA-256.
///
/// # Errors
/// If it cannot be read.
pub fn file_sha256(path: &Path) -> io::Result<(String, String)> {
    let (_, sha256) = Hashing::new(BufReader::new(open_file(path)?)).finish()?;
    Ok((path.file_name().unwrap_or_default().to_string_lossy().into_owned(), sha256))
}

impl<R: Read> Read for Hashing<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        self.hash.update(&buffer[..read]);
        self.length += read as u64;
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_digest_is_that_of_all_bytes_however_many_were_asked_for() {
        let mut reader = Hashing::new(&b"abc"[..]);
        reader.read_exact(&mut [0]).unwrap();
        // FIPS 180-4, example of "abc".
        let expected = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(reader.finish().unwrap(), (3, expected.to_owned()));
    }
}
