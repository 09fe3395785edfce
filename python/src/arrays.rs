//! Arrays of numpy that show what Rust holds, without a copy.
#![allow(unsafe_code, reason = "an array that borrows is made by an unsafe function of the numpy crate")]

use std::sync::Arc;

use apical::record::Checkpoint;
use numpy::{Ix1, Ix2, PyArray1, PyArray2, PyArrayMethods, PyUntypedArrayMethods};
use pyo3::prelude::*;

use crate::hints::NdArray;

/// What arrays borrow from: the state of a network, which is never changed, only replaced.
#[pyclass(frozen, module = "apical._native")]
struct Lender(#[allow(dead_code, reason = "held, not read")] Arc<Checkpoint>);

/// The weights of a projection with dense synapses, [post, pre], not to be written to; none of sparse ones.
pub(crate) fn weights<'py>(
    py: Python<'py>,
    state: &Arc<Checkpoint>,
    projection: usize,
) -> PyResult<Option<NdArray<'py, f32, Ix2>>> {
    let Some(weights) = state.network.synapses[projection].dense() else { return Ok(None) };
    let lender = Bound::new(py, Lender(Arc::clone(state)))?;
    // SAFETY: the array keeps the lender alive, the lender the state, and nothing changes a state.
    let array = unsafe { PyArray2::borrow_from_array(&weights.view(), lender.into_any()) };
    array.readwrite().make_nonwriteable();
    Ok(Some(array.into()))
}

/// The biases of a population, [n], not to be written to.
pub(crate) fn biases<'py>(
    py: Python<'py>,
    state: &Arc<Checkpoint>,
    population: usize,
) -> PyResult<NdArray<'py, f32, Ix1>> {
    let biases = apical::ndarray::ArrayView1::from(&state.network.biases[population][..]);
    let lender = Bound::new(py, Lender(Arc::clone(state)))?;
    // SAFETY: as above.
    let array = unsafe { PyArray1::borrow_from_array(&biases, lender.into_any()) };
    if !array.is_empty() {
        array.readwrite().make_nonwriteable();
    }
    Ok(array.into())
}
