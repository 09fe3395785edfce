//! Models.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::PathBuf;
use std::sync::Arc;

use apical::model::{self, shipped};
use pyo3::prelude::*;
use pyo3::types::PyDict;

use crate::errors::raised;
use crate::hints::Table;

/// A model: what a network is, how it learns, what it is shown and what is recorded.
#[pyclass(subclass, frozen, module = "apical._native")]
pub(crate) struct Model {
    pub(crate) model: Arc<model::Model>,
}

#[pymethods]
impl Model {
    /// Reads the model of a file or name, of a text, or of values that a program wrote under a name; or takes that of another
    /// object.
    #[new]
    #[pyo3(signature = (path=None, *, text=None, origin="the text", values=None, of=None, overrides=Vec::new()))]
    fn new(
        path: Option<PathBuf>,
        text: Option<&str>,
        origin: &str,
        values: Option<&str>,
        of: Option<&Self>,
        overrides: Vec<String>,
    ) -> PyResult<Self> {
        let model = match (path, text, values, of) {
            (Some(path), None, None, None) => model::Model::load(&path, &overrides),
            (None, Some(text), None, None) => model::Model::parse(text, origin, &overrides),
            (None, None, Some(values), None) => model::Model::of_values(values, origin, &overrides),
            (None, None, None, Some(of)) if overrides.is_empty() => return Ok(Self { model: Arc::clone(&of.model) }),
            _ => return Err(pyo3::exceptions::PyTypeError::new_err("expected one of path, text, values and of")),
        };
        Ok(Self { model: Arc::new(model.map_err(raised)?) })
    }

    /// The whole model as the text of a model file, with all keys.
    #[getter]
    fn text(&self) -> String {
        self.model.text()
    }

    /// Name of the model, after which files are called.
    #[getter]
    fn name(&self) -> &str {
        &self.model.name
    }

    /// What it is, in a few words; empty: nothing.
    #[getter]
    fn about(&self) -> &str {
        &self.model.about
    }

    /// SHA-256 of all of it that results depend on.
    #[getter]
    fn sha256(&self) -> String {
        self.model.sha256()
    }

    /// Classes that are decoded; 0 without an output population.
    #[getter]
    fn classes(&self) -> usize {
        self.model.classes()
    }

    /// Whether it runs without presentations, as circuits do.
    #[getter]
    fn is_continuous(&self) -> bool {
        self.model.protocol.continuous().is_some()
    }

    /// Name, size, kind, compartments and unit of potentials of each population.
    fn _populations<'py>(&self, py: Python<'py>) -> PyResult<Vec<Table<'py>>> {
        let row = |population: &model::Population| {
            let row = PyDict::new(py);
            row.set_item("name", &population.name)?;
            row.set_item("size", population.size)?;
            row.set_item("kind", population.cell.kind())?;
            row.set_item("unit", population.potential_unit().name())?;
            let compartments = population.cell.compartments().iter().map(|compartment| &*compartment.name);
            row.set_item("compartments", compartments.collect::<Vec<_>>())?;
            Ok(row.into())
        };
        self.model.populations.iter().map(row).collect()
    }

    /// Name, ends, port and learning rate of each projection.
    fn _projections<'py>(&self, py: Python<'py>) -> PyResult<Vec<Table<'py>>> {
        let row = |projection: &model::Projection| {
            let row = PyDict::new(py);
            row.set_item("name", &projection.name)?;
            row.set_item("source", &self.model.population(projection.from).name)?;
            row.set_item("target", &self.model.population(projection.to).name)?;
            row.set_item("port", self.model.port_name(projection))?;
            row.set_item("learning_rate", projection.learning_rate)?;
            Ok(row.into())
        };
        self.model.projections.iter().map(row).collect()
    }

    fn __hash__(&self) -> u64 {
        let mut hasher = DefaultHasher::new();
        self.model.text().hash(&mut hasher);
        hasher.finish()
    }

    fn __eq__(&self, other: &Self) -> bool {
        self.model == other.model
    }
}

/// The models that come with the package: the text of each by its name.
#[pyfunction]
pub(crate) fn shipped_models() -> BTreeMap<&'static str, &'static str> {
    shipped::MODELS.iter().map(|model| (model.name, model.text)).collect()
}
