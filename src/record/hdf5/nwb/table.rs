//! Tables of NWB: `DynamicTable` of hdmf-common, a dataset for each column.

use hdf5::{Dataset, Group, H5Type, ObjectReference1, Result};
use ndarray::{Array, ArrayView2, Dimension};

use super::super::attribute::variable as attribute;
use super::object::{self, Maker};

/// A table being written.
pub(super) struct Table<'a> {
    maker: &'a Maker,
    group: Group,
    names: Vec<String>,
}

impl<'a> Table<'a> {
    /// A table of so many rows, of a type of the core namespace.
    pub(super) fn create(
        maker: &'a Maker,
        parent: &Group,
        name: &str,
        (kind, description): (&str, &str),
        rows: usize,
    ) -> Result<Self> {
        let group = parent.create_group(name)?;
        maker.mark(&group, "core", kind)?;
        attribute::put_text(&group, "description", description)?;
        let ids: Vec<i64> = (0..rows as u64).map(u64::cast_signed).collect();
        let id = group.new_dataset_builder().with_data(&ids).create("id")?;
        maker.mark(&id, "hdmf-common", "ElementIdentifiers")?;
        Ok(Self { maker, group, names: Vec::new() })
    }

    /// Adds a column [rows].
    pub(super) fn column<T: H5Type>(&mut self, name: &str, description: &str, values: &[T]) -> Result<()> {
        let column = self.group.new_dataset_builder().with_data(values).create(name)?;
        self.vector(&column, name, description)
    }

    /// Adds a column of texts [rows].
    pub(super) fn texts(&mut self, name: &str, description: &str, values: &[&str]) -> Result<()> {
        let column = object::texts(&self.group, name, values)?;
        self.vector(&column, name, description)
    }

    /// Adds a column with a list of the same length in each row [rows, n].
    pub(super) fn rows<T: H5Type>(&mut self, name: &str, description: &str, values: &ArrayView2<'_, T>) -> Result<()> {
        let column = self.group.new_dataset_builder().with_data(values).create(name)?;
        self.vector(&column, name, description)
    }

    /// Adds a column of lists of any length: all values, and where the list of each row ends among them [rows].
    pub(super) fn ragged<T: H5Type, D: Dimension>(
        &mut self,
        name: &str,
        description: &str,
        values: &Array<T, D>,
        ends: &[u64],
    ) -> Result<()> {
        let column = self.group.new_dataset_builder().with_data(values).create(name)?;
        self.vector(&column, name, description)?;
        self.index(name, ends)
    }

    /// Adds a column of lists of texts in the same way.
    pub(super) fn ragged_texts(&mut self, name: &str, description: &str, values: &[&str], ends: &[u64]) -> Result<()> {
        self.texts(name, description, values)?;
        self.index(name, ends)
    }

    fn index(&self, name: &str, ends: &[u64]) -> Result<()> {
        let index = self.group.new_dataset_builder().with_data(ends).create(format!("{name}_index").as_str())?;
        self.maker.mark(&index, "hdmf-common", "VectorIndex")?;
        attribute::put_text(&index, "description", &format!("ends of the rows of {name}"))?;
        let target = self.group.reference::<ObjectReference1>(name)?;
        attribute::put(&index, "target", &target)
    }

    /// Writes an attribute of a column.
    pub(super) fn note(&self, column: &str, name: &str, value: f64) -> Result<()> {
        let column = self.group.dataset(column)?;
        attribute::put(&column, name, &value)
    }

    /// Writes the order of the columns.
    pub(super) fn finish(self) -> Result<()> {
        attribute::put_texts(&self.group, "colnames", self.names.iter().map(String::as_str))
    }

    fn vector(&mut self, column: &Dataset, name: &str, description: &str) -> Result<()> {
        self.maker.mark(column, "hdmf-common", "VectorData")?;
        attribute::put_text(column, "description", description)?;
        self.names.push(name.to_owned());
        Ok(())
    }
}
