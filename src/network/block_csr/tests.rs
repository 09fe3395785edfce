//! Rows of synapses by block, and what is refused.

#![allow(clippy::float_cmp, reason = "these values are exact")]

use super::*;

fn listed(source: u32, target: u32, delay: u16, weight: f32) -> ListedSynapse {
    ListedSynapse { source, target, delay, weight }
}

#[test]
fn a_list_becomes_rows_by_block_sorted_by_delay_and_target() {
    let list = [
        listed(1, 4096, 3, 0.5),
        listed(0, 7, 9, 1.0),
        listed(1, 5, 3, 2.0),
        listed(1, 4, 3, 3.0),
        listed(1, 9, 2, 4.0),
        listed(1, 4, 3, 1.5),
    ];
    let synapses = BlockCsr::from_list(3, 5000, 0.1, &list).unwrap();
    let row = |block: usize, pre: usize| -> Vec<_> {
        synapses.row(block, pre).iter().map(|s| (s.delay, s.target, s.weight)).collect::<Vec<_>>()
    };
    assert_eq!(row(0, 0), [(9, 7, 1.0)]);
    assert_eq!(row(0, 1), [(2, 9, 4.0), (3, 4, 1.5), (3, 4, 3.0), (3, 5, 2.0)]);
    assert_eq!((row(1, 1), row(0, 2), row(1, 2)), (vec![(3, 0, 0.5)], vec![], vec![]));
    assert_eq!((synapses.targets(0), synapses.targets(1)), (0..4096, 4096..5000));
    assert_eq!((synapses.min_delay_ms(), synapses.max_delay_ms()), (Some(2.0 * 0.1), Some(9.0 * 0.1)));
    assert_eq!((size_of::<Synapse>(), synapses.bytes()), (8, 6 * 8 + 2 * 4 * 4));
    let back: Vec<_> = synapses.list().collect();
    assert_eq!(BlockCsr::from_list(3, 5000, 0.1, &back).unwrap(), synapses);
}

/// Row 1 goes to 0, 3, 3, 9 and, in the second block, 4,100.
#[test]
fn rows_are_cut_by_targets_and_counted() {
    let ends = [(1, 3), (1, 9), (1, 0), (1, 4100), (1, 3), (0, 3)];
    let list = ends.map(|(pre, post)| listed(pre, post, 1, 1.0 + pre as f32));
    let synapses = BlockCsr::from_list(2, 5000, 1.0, &list).unwrap();
    let onto = |targets: Range<usize>| -> Vec<u16> {
        synapses.blocks()[0].row_onto(1, targets).iter().map(|synapse| synapse.target).collect()
    };
    assert_eq!((onto(0..10), onto(0..9), onto(3..4)), (vec![0, 3, 3, 9], vec![0, 3, 3], vec![3, 3]));
    assert_eq!((onto(1..4096), onto(4..9), onto(10..11)), (vec![3, 3, 9], vec![], vec![]));
    assert_eq!((synapses.out_degree(0), synapses.out_degree(1)), (1, 5));
}

#[test]
fn synapses_of_neurons_that_are_not_there_are_refused() {
    let wrong = [listed(0, 0, 1, 1.0), listed(2, 1, 1, 1.0)];
    let error = BlockCsr::from_list(2, 2, 0.1, &wrong).unwrap_err();
    assert_eq!(error, SynapsesError::Ends { index: 1, source_neuron: 2, target: 1, pre: 2, post: 2 });
    assert!(BlockCsr::from_list(3, 1, 0.1, &wrong).is_err() && BlockCsr::from_list(3, 2, 0.1, &wrong).is_ok());
}

#[test]
fn no_synapses_have_no_delay() {
    let none = BlockCsr::from_list(0, 0, 0.1, &[]).unwrap();
    assert!(none.is_empty() && none.min_delay_ms().is_none() && none.blocks().is_empty());
}

/// Several synapses of one pair of neurons stay in the order in which they were, whatever became of their weights.
#[test]
fn what_is_stored_is_read_in_its_order() {
    let synapse = |n: u32| ListedSynapse {
        source: n * 7 % 5,
        target: n * 2749 % 9000,
        delay: 1 + (n % 3) as u16,
        weight: n as f32 - 20.0,
    };
    let list: Vec<_> = (0..4000).map(|n| synapse(n % 500)).collect();
    let mut synapses = BlockCsr::from_list(5, 9000, 0.1, &list).unwrap();
    synapses.scale(-1.0);
    let read = BlockCsr::from_stored(5, 9000, 0.1, synapses.list()).unwrap();
    assert_eq!(read, synapses);
    let mut stored: Vec<_> = synapses.list().collect();
    stored.swap(10, 3000);
    assert!(matches!(
        BlockCsr::from_stored(5, 9000, 0.1, stored.into_iter()),
        Err(SynapsesError::Order { index: 11 | 3000 | 3001 })
    ));
    let at_once = |delay| ListedSynapse { source: 0, target: 0, delay, weight: 1.0 };
    let refused = BlockCsr::from_stored(5, 9000, 0.1, [at_once(0), at_once(1)].into_iter());
    assert!(matches!(refused, Err(SynapsesError::Delay { index: 1, .. })));
    let read = BlockCsr::from_stored(5, 9000, 1.0, [at_once(0), at_once(0)].into_iter()).unwrap();
    assert_eq!((read.len(), read.delay_steps()), (2, Some([0, 0])));
    let beyond = ListedSynapse { source: 0, target: 9000, delay: 1, weight: 1.0 };
    let refused = BlockCsr::from_stored(5, 9000, 0.1, std::iter::once(beyond));
    assert!(matches!(refused, Err(SynapsesError::Ends { index: 0, .. })));
}
