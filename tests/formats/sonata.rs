//! Spikes in SONATA files of other programs.

use std::path::Path;

use apical::record::hdf5::read_sonata_spikes;

/// Writes spikes of a population `cells`, and the unit of their times if there is one.
fn write<I: hdf5::H5Type>(path: &Path, times: &[f64], ids: &[I], unit: Option<&str>) {
    let file = hdf5::File::create(path).unwrap();
    let spikes = file.create_group("spikes/cells").unwrap();
    let timestamps = spikes.new_dataset_builder().with_data(times).create("timestamps").unwrap();
    if let Some(unit) = unit {
        let unit: hdf5::types::VarLenUnicode = unit.parse().unwrap();
        timestamps.new_attr::<hdf5::types::VarLenUnicode>().create("units").unwrap().write_scalar(&unit).unwrap();
    }
    spikes.new_dataset_builder().with_data(ids).create("node_ids").unwrap();
}

#[test]
fn spikes_are_sorted_and_in_ms_whatever_their_types_and_unit() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("spikes.h5");
    let read = || {
        let spikes = read_sonata_spikes(&path, "cells", 3).unwrap();
        spikes.iter().map(|spike| (spike.time, spike.neuron)).collect::<Vec<_>>()
    };
    write(&path, &[2.0, 0.5, 0.5], &[0_u64, 2, 1], None);
    assert_eq!(read(), [(0.5, 1), (0.5, 2), (2.0, 0)]);
    write(&path, &[2.0, 0.5, 0.5], &[0.0_f32, 2.0, 1.0], Some("ms"));
    assert_eq!(read(), [(0.5, 1), (0.5, 2), (2.0, 0)]);
    write(&path, &[2.0, 0.5], &[0_i16, 2], Some("s"));
    assert_eq!(read(), [(500.0, 2), (2000.0, 0)]);
}

/// HDF5 would cut 0.9 to 0 and clip -1 to 0; times before or after every run would be no spikes of any.
#[test]
fn what_is_no_spike_is_named_with_dataset_row_and_value() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("spikes.h5");
    let refusal = || {
        let refused = read_sonata_spikes(&path, "cells", 3).err();
        refused.map_or_else(|| "accepted".to_owned(), |error| error.to_string())
    };
    for (times, ids, unit, expected) in [
        ([1.0, 2.0], [0.0, 0.9], None, "`spikes/cells/node_ids`, row 1: expected a neuron from 0 to 2, found 0.9"),
        ([1.0, 2.0], [-1.0, 0.0], None, "`spikes/cells/node_ids`, row 0: expected a neuron from 0 to 2, found -1"),
        ([1.0, 2.0], [0.0, 3.0], None, "`spikes/cells/node_ids`, row 1: expected a neuron from 0 to 2, found 3"),
        (
            [1.0, -0.5],
            [0.0, 0.0],
            None,
            "`spikes/cells/timestamps`, row 1: expected a time from 0 to 1e9 ms, found -0.5",
        ),
        (
            [1.5e9, 1.0],
            [0.0, 0.0],
            None,
            "`spikes/cells/timestamps`, row 0: expected a time from 0 to 1e9 ms, found 15",
        ),
        ([1.5e6, 1.0], [0.0, 0.0], Some("s"), "row 0: expected a time from 0 to 1e6 s, found 15"),
        (
            [f64::NAN, 1.0],
            [0.0, 0.0],
            None,
            "`spikes/cells/timestamps`, row 0: expected a time from 0 to 1e9 ms, found NaN",
        ),
        ([1.0, 2.0], [0.0, 0.0], Some("min"), "`spikes/cells/timestamps` has the unit `min`, expected ms or s"),
    ] {
        write(&path, &times, &ids, unit);
        let refused = refusal();
        assert!(refused.contains("spikes.h5") && refused.contains(expected), "{refused}");
    }
    write(&path, &[1.0, 2.0], &[0_i64, -1], None);
    assert!(refusal().contains("row 1: expected a neuron from 0 to 2, found -1"), "{}", refusal());
    write(&path, &[1.0], &[0_u64, 1], None);
    assert!(refusal().contains("times and neurons differ in number"), "{}", refusal());
    assert!(read_sonata_spikes(&path, "other", 3).unwrap_err().to_string().contains("but those of cells"));
}
