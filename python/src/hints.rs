//! Arguments and results with the types that the stub of the package has for them, where pyo3 knows none: arrays of numpy, tables, callbacks.

use std::convert::Infallible;

use numpy::{Element, PyArray, PyReadonlyArray};
use pyo3::inspect::PyStaticExpr;
use pyo3::prelude::*;
use pyo3::types::PyDict;
use pyo3::{type_hint_identifier as name, type_hint_subscript as of};

/// Elements of arrays.
pub(crate) trait Dtype: Element {
    /// Their type in numpy.
    const NAME: PyStaticExpr;
}

impl Dtype for f32 {
    const NAME: PyStaticExpr = name!("numpy", "float32");
}

impl Dtype for f64 {
    const NAME: PyStaticExpr = name!("numpy", "float64");
}

impl Dtype for i64 {
    const NAME: PyStaticExpr = name!("numpy", "int64");
}

/// A result that is an array of `D::Dim` dimensions.
pub(crate) struct NdArray<'py, T, D>(Bound<'py, PyArray<T, D>>);

impl<'py, T, D> From<Bound<'py, PyArray<T, D>>> for NdArray<'py, T, D> {
    fn from(array: Bound<'py, PyArray<T, D>>) -> Self {
        Self(array)
    }
}

impl<'py, T: Dtype, D: numpy::ndarray::Dimension> IntoPyObject<'py> for NdArray<'py, T, D> {
    type Target = PyArray<T, D>;
    type Output = Bound<'py, Self::Target>;
    type Error = Infallible;
    const OUTPUT_TYPE: PyStaticExpr = of!(name!("numpy.typing", "NDArray"), T::NAME);

    fn into_pyobject(self, _: Python<'py>) -> Result<Self::Output, Infallible> {
        Ok(self.0)
    }
}

/// An argument that is an array, to be read.
pub(crate) struct ReadArray<'py, T: Element, D: numpy::ndarray::Dimension>(pub(crate) PyReadonlyArray<'py, T, D>);

impl<'a, 'py, T: Dtype + 'a, D: numpy::ndarray::Dimension + 'a> FromPyObject<'a, 'py> for ReadArray<'py, T, D> {
    type Error = <PyReadonlyArray<'py, T, D> as FromPyObject<'a, 'py>>::Error;
    const INPUT_TYPE: PyStaticExpr = of!(name!("numpy.typing", "NDArray"), T::NAME);

    fn extract(given: Borrowed<'a, 'py, PyAny>) -> Result<Self, Self::Error> {
        given.extract().map(Self)
    }
}

/// An argument that numpy makes an array of.
pub(crate) struct ArrayLike<'py>(pub(crate) Bound<'py, PyAny>);

impl<'a, 'py> FromPyObject<'a, 'py> for ArrayLike<'py> {
    type Error = Infallible;
    const INPUT_TYPE: PyStaticExpr = name!("numpy.typing", "ArrayLike");

    fn extract(given: Borrowed<'a, 'py, PyAny>) -> Result<Self, Infallible> {
        Ok(Self(given.to_owned()))
    }
}

/// What a run reports to: called with the part that runs, what is done of it, all of it, and the error in percent.
pub(crate) struct Heed<'py>(pub(crate) Bound<'py, PyAny>);

impl<'a, 'py> FromPyObject<'a, 'py> for Heed<'py> {
    type Error = Infallible;
    const INPUT_TYPE: PyStaticExpr = of!(
        name!("collections.abc", "Callable"),
        PyStaticExpr::List {
            elts: &[
                name!("builtins", "str"),
                name!("builtins", "float"),
                name!("builtins", "float"),
                name!("builtins", "float")
            ]
        },
        name!("builtins", "object")
    );

    fn extract(given: Borrowed<'a, 'py, PyAny>) -> Result<Self, Infallible> {
        Ok(Self(given.to_owned()))
    }
}

/// A result that is a table: columns or values by their names.
pub(crate) struct Table<'py>(Bound<'py, PyDict>);

impl<'py> From<Bound<'py, PyDict>> for Table<'py> {
    fn from(table: Bound<'py, PyDict>) -> Self {
        Self(table)
    }
}

impl<'py> IntoPyObject<'py> for Table<'py> {
    type Target = PyDict;
    type Output = Bound<'py, PyDict>;
    type Error = Infallible;
    const OUTPUT_TYPE: PyStaticExpr = of!(name!("builtins", "dict"), name!("builtins", "str"), name!("typing", "Any"));

    fn into_pyobject(self, _: Python<'py>) -> Result<Self::Output, Infallible> {
        Ok(self.0)
    }
}
