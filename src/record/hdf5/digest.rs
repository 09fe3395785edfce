//! Digests of what was written, kept beside it: by them a later change is found, whoever or whatever made it.
//!
//! `/content_sha256` has a line `digest  object` for every group and dataset but itself. The digest is the SHA-256 of parts,
//! each its length in bytes as u64 and then its bytes: of a group `group`, of a dataset `dataset`, type, shape and values; and
//! of every attribute, by their names, name, type, shape and values. Types are as in `f64`, `text` and
//! `enum u8 none=0 by_id=1`, a shape is its numbers with blanks between, numbers are little-endian, and each text is a part.

use std::collections::BTreeMap;
use std::path::Path;

use hdf5::types::{EnumType, FloatSize, IntSize, TypeDescriptor};
use hdf5::{Container, Dataset, File, Group, H5Type, LinkType, Location, LocationType, Result};
use ndarray::s;
use sha2::{Digest, Sha256};

use super::heap::Heap;
use super::open_file::held;
use super::{RecordError, attribute, place};

/// The dataset of digests.
const SEAL: &str = "content_sha256";

/// How much of a dataset is in memory at a time [bytes].
const BLOCK: usize = 1 << 20;

/// Writes the digests of all that a file holds, flushed before, which is then complete.
pub(super) fn write_digests(file: &File) -> Result<()> {
    let mut found = BTreeMap::new();
    gather(file, "/", &mut found)?;
    let lines: Vec<String> = found.iter().map(|(object, digest)| format!("{digest}  {object}")).collect();
    attribute::put_text_dataset(file, SEAL, &lines.iter().map(String::as_str).collect::<Vec<_>>())?;
    file.flush()
}

/// Checks that a closed file reads back as it was has_digests.
pub(super) fn verify_written(path: &Path) -> std::result::Result<(), RecordError> {
    let failed = |cause: hdf5::Error| place::failed("cannot read back", path, cause);
    // Whoever has written it still holds the lock.
    let opened = File::with_options().with_fapl(|access| access.file_locking(false)).open(path);
    let differ = opened.and_then(|file| differences(&file, &Heap::of(path))).map_err(failed)?;
    match differ.as_deref() {
        Some([]) => Ok(()),
        None => Err(place::content(path, "was not written in full: it has no digests of its content")),
        Some([first, ..]) => Err(place::content(path, format!("does not read back as it was written: {first}"))),
    }
}

/// What differs from when a file was has_digests, a line for each object; none if it was not, as those of version 0.1.
pub(super) fn differences(file: &File, heap: &Heap) -> Result<Option<Vec<String>>> {
    if !file.link_exists(SEAL) {
        return Ok(None);
    }
    // All texts of the file are read.
    heap.check()?;
    let kept = read(file)?;
    let mut differ = Vec::new();
    for (object, expected) in &kept {
        let problem = match digest_of(file, object) {
            Ok(found) if found == *expected => continue,
            Ok(_) => "is not as it was written: its digest is another".to_owned(),
            Err(error) => format!("is missing or damaged ({error})"),
        };
        differ.push(format!("{object}: {problem}"));
    }
    for group in kept.keys() {
        let Ok(group) = own(file, group).and_then(|()| file.group(group)) else { continue };
        for (name, _) in links(&group)? {
            let object = within(&group.name(), &name);
            if !kept.contains_key(&object) && object != within("/", SEAL) {
                differ.push(format!("{object}: is not of the file as it was written"));
            }
        }
    }
    Ok(Some(differ))
}

/// The digests kept, by object.
fn read(file: &File) -> Result<BTreeMap<String, String>> {
    let damaged = || hdf5::Error::from(format!("`{SEAL}` is no list of digests"));
    own(file, &within("/", SEAL))?;
    let dataset = file.dataset(SEAL)?;
    held(&dataset)?;
    let line = |line: String| line.split_once("  ").map(|(digest, object)| (object.to_owned(), digest.to_owned()));
    attribute::texts(&dataset)?.into_iter().map(|text| line(text).ok_or_else(damaged)).collect()
}

/// Adds the digests of a group and of all within it.
fn gather(group: &Group, path: &str, found: &mut BTreeMap<String, String>) -> Result<()> {
    found.insert(path.to_owned(), group_digest(group)?);
    for (name, _) in links(group)? {
        let object = within(path, &name);
        if group.loc_type_by_name(&name)? == LocationType::Group {
            gather(&group.group(&name)?, &object, found)?;
        } else {
            found.insert(object, dataset_digest(&group.dataset(&name)?)?);
        }
    }
    Ok(())
}

fn digest_of(file: &File, object: &str) -> Result<String> {
    own(file, object)?;
    match file.loc_type_by_name(object)? {
        LocationType::Group => group_digest(&file.group(object)?),
        LocationType::Dataset => dataset_digest(&file.dataset(object)?),
        _ => Err("is a type, expected a group or dataset".into()),
    }
}

/// Refuses an object that lies in another file, which HDF5 would open.
pub(super) fn own(file: &File, object: &str) -> Result<()> {
    let object = object.trim_matches('/');
    let ends = object.match_indices('/').map(|(end, _)| end).chain([object.len()]);
    for part in ends.map(|end| &object[..end]).filter(|part| !part.is_empty()) {
        let (parent, name) = part.rsplit_once('/').unwrap_or(("/", part));
        let links = links(&file.group(parent)?)?;
        if links.iter().any(|(link, kind)| link == name && *kind == LinkType::External) {
            return Err("is a link to another file".into());
        }
    }
    Ok(())
}

/// Names and kinds of the members of a group.
fn links(group: &Group) -> Result<Vec<(String, LinkType)>> {
    let mut links = Vec::new();
    group.iter_visit_default(|name, info| {
        links.push((name.to_owned(), info.link_type));
        Ok(())
    })?;
    Ok(links)
}

fn within(group: &str, name: &str) -> String {
    format!("{}/{name}", group.trim_end_matches('/'))
}

fn group_digest(group: &Group) -> Result<String> {
    let mut hash = Sha256::new();
    part(&mut hash, b"group");
    attributes(&mut hash, group)?;
    Ok(hex(hash))
}

fn dataset_digest(dataset: &Dataset) -> Result<String> {
    held(dataset)?;
    let mut hash = Sha256::new();
    part(&mut hash, b"dataset");
    values(&mut hash, dataset)?;
    attributes(&mut hash, dataset)?;
    Ok(hex(hash))
}

fn attributes(hash: &mut Sha256, of: &Location) -> Result<()> {
    for name in of.attr_names()? {
        part(hash, name.as_bytes());
        values(hash, &*of.attr(&name)?)?;
    }
    Ok(())
}

/// Digests type, shape and values of a dataset or attribute.
fn values(hash: &mut Sha256, of: &Container) -> Result<()> {
    let descriptor = of.dtype()?.to_descriptor()?;
    let shape: Vec<_> = of.shape().iter().map(ToString::to_string).collect();
    part(hash, type_name(&descriptor)?.as_bytes());
    part(hash, shape.join(" ").as_bytes());
    match descriptor {
        TypeDescriptor::Unsigned(IntSize::U1) | TypeDescriptor::Enum(_) => numbers(hash, of, u8::to_le_bytes),
        TypeDescriptor::Unsigned(IntSize::U2) => numbers(hash, of, u16::to_le_bytes),
        TypeDescriptor::Unsigned(IntSize::U4) => numbers(hash, of, u32::to_le_bytes),
        TypeDescriptor::Unsigned(IntSize::U8) => numbers(hash, of, u64::to_le_bytes),
        TypeDescriptor::Integer(IntSize::U2) => numbers(hash, of, i16::to_le_bytes),
        TypeDescriptor::Float(FloatSize::U4) => numbers(hash, of, f32::to_le_bytes),
        TypeDescriptor::Float(FloatSize::U8) => numbers(hash, of, f64::to_le_bytes),
        _ => {
            attribute::texts(of)?.iter().for_each(|text| part(hash, text.as_bytes()));
            Ok(())
        }
    }
}

/// The name of a type that our files have.
fn type_name(descriptor: &TypeDescriptor) -> Result<String> {
    Ok(match descriptor {
        TypeDescriptor::Unsigned(size @ (IntSize::U1 | IntSize::U2 | IntSize::U4 | IntSize::U8)) => {
            format!("u{}", 8 * *size as u8)
        }
        TypeDescriptor::Integer(IntSize::U2) => "i16".to_owned(),
        TypeDescriptor::Float(FloatSize::U4) => "f32".to_owned(),
        TypeDescriptor::Float(FloatSize::U8) => "f64".to_owned(),
        TypeDescriptor::FixedUnicode(_) | TypeDescriptor::VarLenUnicode => "text".to_owned(),
        TypeDescriptor::Enum(EnumType { size: IntSize::U1, signed: false, members }) => {
            members.iter().fold("enum u8".to_owned(), |name, m| format!("{name} {}={}", m.name, m.value))
        }
        other => return Err(format!("is of type {other}, which no object of ours has").into()),
    })
}

/// Digests numbers, some rows at a time.
fn numbers<T: H5Type + Copy, const N: usize>(hash: &mut Sha256, of: &Container, bytes: fn(T) -> [u8; N]) -> Result<()> {
    let shape = of.shape();
    let row = N * shape.iter().skip(1).product::<usize>();
    let rows = shape.first().copied().unwrap_or(1);
    hash.update(((rows * row) as u64).to_le_bytes());
    let mut update = |values: Vec<T>| hash.update(values.into_iter().flat_map(bytes).collect::<Vec<u8>>());
    let step = (BLOCK / row.max(1)).max(1);
    if rows <= step {
        update(of.read_raw()?);
        return Ok(());
    }
    for start in (0..rows).step_by(step) {
        let end = rows.min(start + step);
        match shape.len() {
            1 => update(of.read_slice_1d(s![start..end])?.into_raw_vec_and_offset().0),
            2 => update(of.read_slice_2d(s![start..end, ..])?.into_raw_vec_and_offset().0),
            rank => return Err(format!("is of rank {rank}, expected 1 or 2").into()),
        }
    }
    Ok(())
}

fn part(hash: &mut Sha256, bytes: &[u8]) {
    hash.update((bytes.len() as u64).to_le_bytes());
    hash.update(bytes);
}

fn hex(hash: Sha256) -> String {
    hash.finalize().iter().fold(String::new(), |hex, byte| format!("{hex}{byte:02x}"))
}
