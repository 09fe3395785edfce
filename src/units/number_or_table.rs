//! The schema of what a file writes as a number or as a table.

use std::borrow::Cow;
use std::marker::PhantomData;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

use super::FileQuantity;

/// The schema of a number of quantity `Q`, which stands for the variety `constant` of the table `T`, or that table.
pub(crate) struct NumberOrTable<Q, T>(PhantomData<(Q, T)>);

impl<Q: FileQuantity + JsonSchema, T: JsonSchema> JsonSchema for NumberOrTable<Q, T> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        format!("{}OrTable", T::schema_name()).into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let number = Q::json_schema(generator);
        let table = generator.subschema_for::<T>();
        let mut schema = json_schema!({ "anyOf": [number, table] });
        if !Q::UNIT.is_empty() {
            schema.insert("x-unit".to_owned(), Q::UNIT.into());
        }
        schema
    }
}
