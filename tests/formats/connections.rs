//! Connection rules, delays and storage in model files, and lists of synapses: read, written and refused.

use std::fs;
use std::path::Path;

use apical::data::read_synapse_list;
use apical::model::{Connection, Delay, Ends, Model, ShortTermPlasticity, Storage, SynapseList, WeightInit};
use apical::network::{Moments, Network};
use apical::record::hdf5::read_edges;
use apical::training::initial_network;
use ndarray_npy::write_npy;

use crate::small::set;

const DRAWN: &str = "projection.input-hidden.weights={ from = 'uniform', low = 1, high = 2 }";

/// The small model with this connection from 4 inputs to 6 hidden neurons.
fn connected(connection: &str) -> Result<Model, String> {
    set(&[&format!("projection.input-hidden.connection={connection}"), DRAWN])
}

#[test]
fn rules_are_read_with_their_defaults_and_written() {
    let (autapses, multapses) = (true, true);
    for (text, expected) in [
        ("{}", Connection::AllToAll { autapses }),
        ("{ kind = 'all_to_all', autapses = false }", Connection::AllToAll { autapses: false }),
        ("{ kind = 'fixed_probability', p = 0.25 }", Connection::FixedProbability { p: 0.25, autapses }),
        (
            "{ kind = 'fixed_in_degree', in_degree = 3 }",
            Connection::FixedInDegree { in_degree: 3, autapses, multapses },
        ),
        (
            "{ kind = 'fixed_out_degree', out_degree = 3, multapses = false }",
            Connection::FixedOutDegree { out_degree: 3, autapses, multapses: false },
        ),
        ("{ kind = 'fixed_total_number', total = 9 }", Connection::FixedTotalNumber { total: 9, autapses, multapses }),
    ] {
        let model = connected(text).unwrap_or_else(|error| panic!("{text}: {error}"));
        assert_eq!(model.projections[0].connection, expected, "{text}");
        assert_eq!(Model::parse(&model.text(), "again", &[]).unwrap(), model, "{text}");
    }
    let all = set(&[]).unwrap();
    assert!(!all.text().contains("connection") && all.projections[0].storage(&all.populations) == Storage::Dense);
}

#[test]
fn a_delay_is_a_number_or_a_table() {
    for (text, expected) in [("2", 2.0), ("2.5", 2.5), ("{ from = 'constant', value = 2.5 }", 2.5)] {
        let model = set(&[&format!("projection.output-hidden.delay_ms={text}")]).unwrap();
        assert_eq!(model.projections[2].delay, Delay::Constant { value: expected }, "{text}");
        assert!(model.text().contains(&format!("delay_ms = {expected:?}")), "{}", model.text());
    }
    // Cells whose means over phases are measured take one delay, and say so of tables that are right.
    for text in [
        "{ from = 'normal', mean = 1.5, sd = 0.75 }",
        "{ from = 'lognormal', mu = 0.4, sigma = 0.3, resolution_ms = 0.05 }",
        "{ from = 'uniform', low = 1, high = 2 }",
        // Of which only what is beyond `max` has more than 65,535 steps.
        "{ from = 'normal', mean = 60, sd = 10, min = 20, max = 65, resolution_ms = 0.001 }",
    ] {
        let refused = set(&[&format!("projection.output-hidden.delay_ms={text}")]).unwrap_err();
        assert!(refused.contains("expected one delay of all synapses onto \"hidden\""), "{text}: {refused}");
    }
}

#[test]
fn what_a_rule_cannot_do_is_refused_with_what_was_expected() {
    for (text, fragments) in [
        (
            "{ kind = 'fixed_propability', p = 0.1 }",
            ["found \"fixed_propability\"", "did you mean `fixed_probability`?"],
        ),
        ("{ kind = 'fixed_probability', p = 1.5 }", ["`p` in `connection` of", "a number from 0 to 1, found 1.5"]),
        ("{ kind = 'fixed_probability' }", ["missing key `p` in `connection`", "expected probability of a synapse"]),
        ("{ kind = 'fixed_in_degree', in_degree = 5, multapses = false }", ["expected at most 4", "found 5"]),
        (
            "{ kind = 'fixed_out_degree', out_degree = 7, multapses = false }",
            ["expected at most 6", "or `multapses` true"],
        ),
        (
            "{ kind = 'fixed_total_number', total = 25, multapses = false }",
            ["expected at most 24 synapses", "found 25"],
        ),
        (
            "{ kind = 'fixed_total_number', total = 1000000000000 }",
            [
                "expected at most 4294967295, that is 4294967295 synapses onto any 4096 neurons",
                "found 1000000000000, 1000000000000 synapses of about 8000 GB of memory",
            ],
        ),
        (
            "{ kind = 'fixed_in_degree', in_degree = 1000000000 }",
            ["expected at most 715827882, that is", "found 1000000000, 6000000000 synapses of about 48 GB"],
        ),
        ("{ kind = 'one_to_one' }", ["expected populations of one size", "found 4 and 6 neurons"]),
        ("{ kind = 'fixed_in_degree', indegree = 5 }", ["unknown key `indegree`", "did you mean `in_degree`?"]),
    ] {
        let refused = connected(text).err().unwrap_or_else(|| "accepted".to_owned());
        assert!(fragments.iter().all(|fragment| refused.contains(fragment)), "{text}: {refused}");
    }
}

#[test]
fn keys_that_do_not_go_together_are_refused() {
    let probable = "projection.input-hidden.connection={ kind = 'fixed_probability', p = 0.5 }";
    for (keys, fragment) in [
        (
            vec![probable, "projection.input-hidden.weights.kept=0.5"],
            "expected `weights` from \"constant\", \"normal\", \"lognormal\" or \"uniform\"",
        ),
        (
            vec![probable, "projection.input-hidden.weights={ from = 'npy', path = 'w.npy' }"],
            "\"moments\" without `kept`",
        ),
        (
            vec![probable, DRAWN, "projection.input-hidden.learning_rate=0.1", "projection.input-hidden.storage=dense"],
            "expected `storage` \"sparse\" where a projection learns",
        ),
        (vec!["projection.hidden-output.short_term={ u = 0.5, tau_rec_ms = 800 }"], "expected no `short_term`"),
        (vec!["projection.input-hidden.weights.from=list"], "expected `connection` of kind \"list\""),
        (vec!["projection.input-hidden.delay_ms={ from = 'list' }"], "expected `connection` of kind \"list\""),
        (
            vec!["projection.output-hidden.delay_ms={ from = 'normal', mean = 0.04, sd = 0.1 }"],
            "expected delays of 0.05 ms or more, half a step; found 0.04 ms",
        ),
        (
            vec!["projection.output-hidden.delay_ms={ from = 'normal', mean = 60, sd = 10, resolution_ms = 0.001 }"],
            "65,535 steps of `resolution_ms` 0.001; found up to 120.0000 ms",
        ),
        (vec!["projection.output-hidden.delay_ms={ from = 'uniform', low = 2, high = 1 }"], "`low` of at most `high`"),
        (
            vec!["projection.output-hidden.delay_ms={ from = 'normal', mean = 1, sd = 1, min = 2, max = 1 }"],
            "expected `min` of at most `max`, found 2 and 1",
        ),
        (
            vec!["projection.output-hidden.delay_ms={ from = 'normal', mean = 1, sd = 0.5, min = 2 }"],
            "`min` and `max` that keep at least 10 % of what is drawn, for the rest is drawn again; found 2.275 %",
        ),
        (
            vec!["projection.output-hidden.delay_ms={ from = 'lognormal', mu = 0, sigma = 1, max = 0.04 }"],
            "found 0.000 %",
        ),
        (vec!["projection.output-hidden.delay_ms={ from = 'normal', mean = 1, sd = 1, max = 0 }"], "`max`"),
        (
            vec![
                "projection.output-hidden.delay_ms={ from = 'normal', mean = 1, sd = 0 }",
                "projection.output-hidden.storage=dense",
            ],
            "expected `storage` \"sparse\" where delays differ",
        ),
        (vec!["projection.output-hidden.delay_ms={ from = 'norml', mean = 1, sd = 0 }"], "did you mean `normal`?"),
        (vec!["projection.output-hidden.delay_ms=soon"], "`delay_ms`"),
        (vec!["projection.output-hidden.delay_ms=-1"], "a number from 0 to 100000, found -1"),
    ] {
        let refused = set(&keys).err().unwrap_or_else(|| "accepted".to_owned());
        assert!(refused.contains(fragment), "{keys:?}: {refused}");
    }
}

/// A rule in dense storage has zeros where there is no synapse, and sums where there are several.
#[test]
fn a_rule_in_dense_storage_is_a_matrix() {
    let model = connected("{ kind = 'fixed_in_degree', in_degree = 3, multapses = false }").unwrap();
    let weights = initial_network(&model, 1).unwrap().weights(0).view().to_owned();
    assert!(weights.rows().into_iter().all(|row| row.iter().filter(|&&w| (1.0..=2.0).contains(&w)).count() == 3));
    assert!(weights.iter().filter(|&&w| w == 0.0).count() == 6);
    let model = connected("{ kind = 'fixed_in_degree', in_degree = 40 }").unwrap();
    let weights = initial_network(&model, 1).unwrap().weights(0).view().to_owned();
    assert!(weights.rows().into_iter().all(|row| (40.0..=80.0).contains(&row.sum())));
}

#[test]
fn short_term_plasticity_is_written_as_it_is_read() {
    let mut model = set(&[]).unwrap();
    model.projections[0].short_term =
        Some(ShortTermPlasticity { u: 0.5, tau_rec: 800.0, tau_facil: 0.0, tau_inact: 3.0 });
    let text = model.text();
    assert!(
        text.contains("u = 0.5") && text.contains("tau_rec_ms = 800.0") && text.contains("tau_inact_ms = 3.0"),
        "{text}"
    );
}

const ENDS: Ends = Ends { pre: 4, post: 6, recurrent: false };

fn listed() -> SynapseList {
    SynapseList {
        sources: vec![0, 3, 0],
        targets: vec![5, 1, 5],
        weights: Some(vec![0.5, -1.0, 2.0]),
        delays_ms: Some(vec![1.5, 0.25, 3.0]),
    }
}

fn write(folder: &Path, name: &str, content: &str) -> std::path::PathBuf {
    let path = folder.join(name);
    fs::write(&path, content).unwrap();
    path
}

#[test]
fn lists_are_read_from_every_kind_of_file() {
    let folder = tempfile::tempdir().unwrap();
    let csv = "# edges\ntarget,source,delay_ms,weight\n5,0,1.5,0.5\n\n1,3,0.25,-1\n5,0,3,2\n";
    assert_eq!(read_synapse_list(&write(folder.path(), "a.csv", csv), ENDS).unwrap(), listed());
    let ends_alone = SynapseList { weights: None, delays_ms: None, ..listed() };
    let csv = write(folder.path(), "b.csv", "source,target\n0,5\n3,1\n0,5\n");
    assert_eq!(read_synapse_list(&csv, ENDS).unwrap(), ends_alone);
    let npy = folder.path().join("c.npy");
    write_npy(&npy, &ndarray::array![[0.0, 5.0, 0.5, 1.5], [3.0, 1.0, -1.0, 0.25], [0.0, 5.0, 2.0, 3.0]]).unwrap();
    assert_eq!(read_synapse_list(&npy, ENDS).unwrap(), listed());
    write_npy(&npy, &ndarray::array![[0_i64, 5], [3, 1], [0, 5]]).unwrap();
    assert_eq!(read_synapse_list(&npy, ENDS).unwrap(), ends_alone);
    // By numpy.savez_compressed of NumPy 2.
    assert_eq!(read_synapse_list(&fixture("edges.npz"), ENDS).unwrap(), listed());
    let h5 = folder.path().join("d.h5");
    sonata(&h5, &[0, 3, 0], &[0.5, -1.0, 2.0]);
    assert_eq!(read_edges(&h5, None, ENDS).unwrap(), listed());
    assert_eq!(read_edges(&h5, Some("a_to_b"), ENDS).unwrap(), listed());
}

fn fixture(name: &str) -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/formats").join(name)
}

/// Writes edges whose properties stand in another order, as a SONATA file may have them.
fn sonata(path: &Path, sources: &[i64], weights: &[f64; 3]) {
    let file = hdf5::File::create(path).unwrap();
    let edges = file.create_group("edges/a_to_b").unwrap();
    let put = |name: &str, values: &[i64]| {
        edges.new_dataset_builder().with_data(values).create(name).unwrap();
    };
    put("source_node_id", sources);
    put("target_node_id", &[5, 1, 5]);
    put("edge_group_id", &[0, 0, 0]);
    put("edge_group_index", &[2, 0, 1]);
    let group = edges.create_group("0").unwrap();
    let [a, b, c] = *weights;
    group.new_dataset_builder().with_data(&[b, c, a]).create("syn_weight").unwrap();
    group.new_dataset_builder().with_data(&[0.25, 3.0, 1.5]).create("delay").unwrap();
}

#[test]
fn mistakes_in_a_list_are_named_with_their_row() {
    let folder = tempfile::tempdir().unwrap();
    let refusal = |name: &str, content: &str| {
        let path = write(folder.path(), name, content);
        read_synapse_list(&path, ENDS).err().map_or_else(|| "accepted".to_owned(), |error| error.to_string())
    };
    for (content, expected) in [
        ("source,target\n0,6\n", "line 2, column 2: expected a neuron from 0 to 5 as `target`, found `6`"),
        ("source,target\n-1,0\n", "line 2, column 1: expected a neuron from 0 to 3 as `source`, found `-1`"),
        ("source,target\n0.5,0\n", "line 2, column 1: expected a neuron from 0 to 3 as `source`, found `0.5`"),
        (
            "source,target,weight\n0,0,1\n0,0,NaN\n",
            "line 3, column 3: expected a finite float32 as `weight`, found `NaN`",
        ),
        ("source,target,delay_ms\n0,0,-1\n", "line 2, column 3: expected a delay from 0 ms as `delay_ms`, found `-1`"),
        ("source,target\n0\n", ", line 2: expected 2 values, found 1"),
        ("source,target\n0,x\n", "line 2, column 2: expected a number as `target`, found `x`"),
        ("source,weight\n0,1\n", "source,target and, if there are, weight,delay_ms"),
        ("", "holds no list of synapses"),
    ] {
        let refused = refusal("e.csv", content);
        assert!(refused.contains(expected), "{content:?}: {refused}");
    }
    assert!(refusal("e.txt", "").contains("expected a list of synapses as .csv, .npy, .npz or .h5"));
    let npy = folder.path().join("f.npy");
    write_npy(&npy, &ndarray::array![[0.0, 5.0], [f64::NAN, 1.0]]).unwrap();
    let refused = read_synapse_list(&npy, ENDS).unwrap_err().to_string();
    assert!(refused.contains("element [1, 0]: expected a neuron from 0 to 3 as `source`, found `NaN`"), "{refused}");
    let h5 = folder.path().join("g.h5");
    for (sources, weight, expected) in [
        ([0, 4, 0], 1.0, "`edges/a_to_b/source_node_id`, row 1: expected a neuron from 0 to 3, found 4"),
        ([0, -1, 0], 1.0, "`edges/a_to_b/source_node_id`, row 1: expected a neuron from 0 to 3, found -1"),
        ([0, 3, 0], f64::NAN, "edge 2 has NaN as `edges/a_to_b/0/syn_weight`, expected a finite float32"),
    ] {
        sonata(&h5, &sources, &[0.5, -1.0, weight]);
        let refused = read_edges(&h5, None, ENDS).unwrap_err().to_string();
        assert!(refused.contains(expected), "{refused}");
    }
    assert!(
        read_edges(&h5, Some("b_to_a"), ENDS)
            .unwrap_err()
            .to_string()
            .contains("has no edges `b_to_a`; there are: a_to_b")
    );
}

/// HDF5 would cut 0.9 to 0, and clip -1 to 0 and 2^40 to the largest u32, where it is asked for integers.
#[test]
fn indices_that_are_none_are_named_with_their_row_whatever_their_type() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("edges.h5");
    let refusal = |name: &str, wrong: [f64; 3], signed: bool| {
        sonata(&path, &[0, 3, 0], &[0.5, -1.0, 2.0]);
        let file = hdf5::File::open_rw(&path).unwrap();
        let edges = file.group("edges/a_to_b").unwrap();
        edges.unlink(name).unwrap();
        let builder = edges.new_dataset_builder();
        if signed {
            builder.with_data(&wrong.map(|value| value as i64)).create(name)
        } else {
            builder.with_data(&wrong).create(name)
        }
        .unwrap();
        drop((edges, file));
        read_edges(&path, None, ENDS).err().map_or_else(|| "accepted".to_owned(), |error| error.to_string())
    };
    for (name, wrong, expected) in [
        ("source_node_id", [0.0, 0.9, 0.0], "row 1: expected a neuron from 0 to 3, found 0.9"),
        ("source_node_id", [0.0, 0.0, f64::NAN], "row 2: expected a neuron from 0 to 3, found NaN"),
        ("target_node_id", [5.5, 0.0, 0.0], "row 0: expected a neuron from 0 to 5, found 5.5"),
        ("edge_group_id", [0.0, 0.0, 0.5], "row 2: expected a group (one alone is read) from 0 to 0, found 0.5"),
        (
            "edge_group_index",
            [2.0, 0.25, 1.0],
            "row 1: expected a place in `edges/a_to_b/0/syn_weight` from 0 to 2, found 0.25",
        ),
    ] {
        let (refused, expected) = (refusal(name, wrong, false), format!("`edges/a_to_b/{name}`, {expected}"));
        assert!(refused.contains("edges.h5") && refused.contains(&expected), "{refused}");
    }
    for (name, wrong, found) in [
        ("source_node_id", [0.0, 1_099_511_627_776.0, 0.0], "1099511627776"),
        ("edge_group_id", [0.0, -1.0, 0.0], "-1"),
        ("edge_group_index", [0.0, -1.0, 0.0], "-1"),
    ] {
        let (refused, found) = (refusal(name, wrong, true), format!("found {found}"));
        assert!(
            refused.contains(&format!("`edges/a_to_b/{name}`, row 1: expected")) && refused.ends_with(&found),
            "{refused}"
        );
    }
    // What is whole is taken, whatever its type.
    assert_eq!(refusal("source_node_id", [0.0, 3.0, 0.0], false), "accepted");
    let names: ndarray::Array1<hdf5::types::FixedAscii<4>> =
        ndarray::array!["0", "3", "0"].mapv(|text| hdf5::types::FixedAscii::from_ascii(text).unwrap());
    sonata(&path, &[0, 3, 0], &[0.5, -1.0, 2.0]);
    let file = hdf5::File::open_rw(&path).unwrap();
    let edges = file.group("edges/a_to_b").unwrap();
    edges.unlink("source_node_id").unwrap();
    edges.new_dataset_builder().with_data(&names).create("source_node_id").unwrap();
    drop((edges, file));
    let refused = read_edges(&path, None, ENDS).unwrap_err().to_string();
    assert!(refused.contains("expected integers"), "{refused}");
}

#[test]
fn numbers_of_other_types_are_taken_where_they_fit_and_refused_by_name() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("list.npy");
    let ends_alone = SynapseList { weights: None, delays_ms: None, ..listed() };
    let check = || assert_eq!(read_synapse_list(&path, ENDS).unwrap(), ends_alone);
    let rows = ndarray::array![[0_u8, 5], [3, 1], [0, 5]];
    write_npy(&path, &rows).unwrap();
    check();
    write_npy(&path, &rows.mapv(u16::from)).unwrap();
    check();
    write_npy(&path, &rows.mapv(u8::cast_signed)).unwrap();
    check();
    write_npy(&path, &rows.mapv(f32::from)).unwrap();
    check();
    write_npy(&path, &rows.mapv(|value| value > 1)).unwrap();
    let refused = read_synapse_list(&path, ENDS).unwrap_err().to_string();
    let expected = "list.npy holds numbers of the type '|b1'; expected integers of 8 to 64 bits (`i1` to `i8`, `u1` to `u8`) or \
                    floats (`f2`, `f4`, `f8`)";
    assert!(refused.ends_with(expected), "{refused}");
}

/// In dense storage one delay is of all; weights come from the list, or are drawn where it has none.
#[test]
fn a_projection_is_made_of_a_list() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), "edges.csv", "source,target,weight\n0,5,0.5\n3,1,1\n0,5,2\n");
    let path = folder.path().join("edges.csv");
    let list = format!("projection.input-hidden.connection={{ kind = 'list', path = '{}' }}", path.display());
    let dense = "projection.input-hidden.storage=dense";
    let model = set(&[&list, dense, "projection.input-hidden.weights.from=list"]).unwrap();
    assert_eq!(model.projections[0].weights, WeightInit::List);
    let network = initial_network(&model, 1).unwrap();
    let weights = network.weights(0).view();
    assert_eq!((weights[[5, 0]], weights[[1, 3]], weights.sum()), (2.5, 1.0, 3.5));
    let drawn = initial_network(&set(&[&list, dense, DRAWN]).unwrap(), 1).unwrap();
    let weights = drawn.weights(0).view();
    assert!((2.0..=4.0).contains(&weights[[5, 0]]) && (1.0..=2.0).contains(&weights[[1, 3]]));
    let signed =
        set(&[&list, dense, "projection.input-hidden.weights.from=list", "projection.input-hidden.sign=non-positive"]);
    let refused = initial_network(&signed.unwrap(), 1).unwrap_err();
    let source = std::error::Error::source(&refused).unwrap().to_string();
    assert_eq!(
        source,
        "synapse 0 (the first is 0) has the weight 0.5: expected a finite number of sign \"non-positive\""
    );
    let expected = format!("the synapses of `input-hidden` cannot be built from {}, line 2", path.display());
    assert_eq!(refused.to_string(), expected);
    assert!(Network::new(&model, 1, |_| Err("a stored weight")).unwrap_err().to_string().contains("expected a list"));
}

/// As run files have synapses: several of a pair of neurons act in the order in which they did. Others are sorted by their weights.
#[test]
fn a_list_in_the_order_of_storage_keeps_it() {
    let folder = tempfile::tempdir().unwrap();
    for (rows, expected) in [("0,5,2\n0,5,0.5\n3,1,1\n", [2.0, 0.5, 1.0]), ("3,1,1\n0,5,2\n0,5,0.5\n", [0.5, 2.0, 1.0])]
    {
        write(folder.path(), "edges.csv", &format!("source,target,weight\n{rows}"));
        let path = folder.path().join("edges.csv");
        let list = format!("projection.input-hidden.connection={{ kind = 'list', path = '{}' }}", path.display());
        let model = set(&[&list, "projection.input-hidden.weights.from=list"]).unwrap();
        let network = initial_network(&model, 1).unwrap();
        let weights: Vec<f32> = network.synapses[0].sparse().unwrap().list().map(|synapse| synapse.weight).collect();
        assert_eq!(weights, expected, "{rows}");
    }
}

/// Whatever learns and is not all to all is sparse; the rest of a network of two phases by density, at one delay.
#[test]
fn synapses_that_learn_are_sparse_where_not_all_are_connected() {
    let probable = |p: f64| format!("projection.input-hidden.connection={{ kind = 'fixed_probability', p = {p} }}");
    for (p, learning_rate, storage) in [
        (0.02, 0.0, Storage::Sparse),
        (0.04, 0.0, Storage::Dense),
        (0.5, 0.1, Storage::Sparse),
        (1.0, 0.1, Storage::Sparse),
    ] {
        let rate = format!("projection.input-hidden.learning_rate={learning_rate}");
        let model = set(&[&probable(p), DRAWN, &rate]).unwrap();
        assert_eq!(model.projections[0].storage(&model.populations), storage, "p = {p}, η = {learning_rate}");
        let network = initial_network(&model, 1).unwrap();
        assert_eq!(network.synapses[0].sparse().is_some(), storage == Storage::Sparse);
        assert!(network.check(&model).is_ok());
    }
    let transpose = ["projection.output-hidden.weights.from=transpose", "projection.output-hidden.storage=sparse"];
    let refused = set(&transpose).unwrap_err();
    assert!(refused.contains("expected all-to-all dense synapses of \"output-hidden\""), "{refused}");
    let refused = set(&[transpose[0], "projection.hidden-output.storage=sparse"]).unwrap_err();
    assert!(refused.contains("expected all-to-all dense synapses of \"hidden-output\""), "{refused}");
}

/// 3 synapses onto each of 6 hidden neurons from 4 inputs: N = 3 of the moment formula; as feedback from 4 outputs, of which each
/// then reaches 4.5: N = 5.
#[test]
fn moments_are_those_of_the_synapses_that_there_are() {
    let of = |projection: &str| {
        let connection = "{ kind = 'fixed_in_degree', in_degree = 3, multapses = false }";
        set(&[&format!("projection.{projection}.connection={connection}")]).unwrap()
    };
    let (forward, feedback) = (of("input-hidden"), of("output-hidden"));
    assert_eq!(forward.projections[0].fan_in(&forward.populations), 3);
    assert_eq!(feedback.projections[2].fan_in(&feedback.populations), 5);
    let Moments { mean, sd } = Moments::new(3, forward.populations[0].phi_max() / 4.0, 3.0, 3.0, 0.8);
    // Uniform within √12 nominal spreads of the mean, all times 0.5: of 18 draws, one at least is in the outer half but for one seed in 2¹⁸.
    let network = initial_network(&forward, 1).unwrap();
    let weights = network.synapses[0].matrix();
    let off = weights.rows().iter().filter(|w| **w != 0.0).map(|w| (2.0 * f64::from(*w) - mean).abs() / (3.465 * sd));
    let off: Vec<f64> = off.collect();
    assert_eq!(off.len(), 18);
    assert!(off.iter().all(|&off| off <= 1.0 + 1e-6) && off.iter().any(|&off| off > 0.5), "{off:?}");
}

/// Without a learning rate, cells take sparse synapses by density, or where delays differ.
#[test]
fn storage_follows_density_and_delays() {
    let circuit = |keys: &str| {
        let text = format!(
            "name = 'circuit'\n[protocol]\nkind = 'continuous'\n[[population]]\nname = 'e'\nkind = 'lif'\nsize = 100\n\
             [[projection]]\nfrom = 'e'\nto = 'e'\nport = 'exc'\nweights = {{ from = 'constant', value = 20 }}\n{keys}\n"
        );
        Model::parse(&text, "circuit", &[]).map_err(|error| error.to_string())
    };
    let drawn = "delay_ms = { from = 'normal', mean = 1.5, sd = 0.75 }";
    for (keys, storage, smallest) in [
        ("delay_ms = 2", Storage::Dense, 2.0),
        ("delay_ms = 2\nconnection = { kind = 'fixed_probability', p = 0.1 }", Storage::Sparse, 2.0),
        ("delay_ms = 2\nconnection = { kind = 'fixed_probability', p = 0.2 }", Storage::Dense, 2.0),
        ("delay_ms = 2\nstorage = 'sparse'", Storage::Sparse, 2.0),
        (drawn, Storage::Sparse, 0.1),
        ("delay_ms = { from = 'uniform', low = 1, high = 3, resolution_ms = 0.25 }", Storage::Sparse, 1.0),
    ] {
        let model = circuit(keys).unwrap_or_else(|error| panic!("{keys}: {error}"));
        let projection = &model.projections[0];
        assert_eq!(projection.storage(&model.populations), storage, "{keys}");
        assert!((projection.delay.smallest() - smallest).abs() < 1e-12, "{keys}");
        assert_eq!(Model::parse(&model.text(), "again", &[]).unwrap(), model, "{keys}");
        let network = initial_network(&model, 1).unwrap();
        assert_eq!(network.synapses[0].sparse().is_some(), storage == Storage::Sparse, "{keys}");
    }
    let refused = circuit("delay_ms = 0").unwrap_err();
    assert!(refused.contains("closes a cycle of projections without delay"), "{refused}");
    let refused = circuit("delay_ms = { from = 'uniform', low = 0, high = 1, resolution_ms = 0.001 }").unwrap_err();
    assert!(refused.contains("expected `delay_ms` of at least 0.01, found 0.001"), "{refused}");
}
