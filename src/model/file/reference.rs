//! What a model file may hold, for editors (a JSON schema) and for readers (a page of Markdown), from the structs that read it.

use std::fmt::{Arguments, Write};

use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde_json::{Map, Value, json};

use super::experiment::DecodingKeys;
use super::intervention::InterventionSpec;
use super::projection::ProjectionSpec;
use super::recording_keys::RecordingKeys;
use crate::model::registry::{CellKind, Registry};
use crate::model::{BiasInit, Learning, PopulationStimulus, Protocol, Scaling, Stimuli};
use crate::units::{FileName, Name, Whole};

/// The page around the tables of keys, which take the place of `{{KEYS}}`.
const GUIDE: &str = include_str!("guide.md");

impl Registry {
    /// The JSON schema (draft 2020-12) of model files with these kinds of cell. No key is required but `name`, for a model laid
    /// over a base has only what differs.
    pub fn schema(&self) -> Value {
        let mut generator = SchemaSettings::draft2020_12().into_generator();
        let kinds: Vec<Value> = self.kinds().iter().map(|kind| population(kind, &mut generator)).collect();
        let projection = projection(&mut generator);
        let mut properties = json!({
            "name": described::<FileName>(&mut generator, "Name of the experiment; output files are called after it."),
            "about": { "type": "string", "description": "What it is, in a few words." },
            "base": { "type": "string", "description": BASE },
            "population": { "type": "array", "items": { "anyOf": kinds }, "description": POPULATION },
            "projection": { "type": "array", "items": projection, "description": "Synapses between two populations." },
        });
        let sections = [
            ("scaling", generator.subschema_for::<Scaling>()),
            ("protocol", generator.subschema_for::<Protocol>()),
            ("learning", generator.subschema_for::<Learning>()),
            ("decoding", generator.subschema_for::<DecodingKeys>()),
            ("stimuli", generator.subschema_for::<Stimuli>()),
            ("recording", generator.subschema_for::<RecordingKeys>()),
        ];
        properties["change"] = json!({
            "type": "array",
            "items": generator.subschema_for::<InterventionSpec>().to_value(),
            "description": "What is changed in the course of a continuous run, at times of its clock.",
        });
        for (key, schema) in sections {
            properties[key] = schema.to_value();
        }
        let mut schema = json!({
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "title": "A model of apical",
            "type": "object",
            "properties": properties,
            "required": ["name"],
            "additionalProperties": false,
            "$defs": generator.take_definitions(true),
        });
        without_null(&mut schema);
        schema
    }

    /// The reference of model files with these kinds of cell, in Markdown.
    pub fn reference(&self) -> String {
        let schema = self.schema();
        let mut page = Page { schema: &schema, text: String::new(), written: Vec::new() };
        page.section("(top)", "", &schema);
        for kind in schema["properties"]["population"]["items"]["anyOf"].as_array().into_iter().flatten() {
            let name = kind["properties"]["kind"]["const"].as_str().unwrap_or_default();
            page.section(
                &format!("[[population]] of kind \"{name}\""),
                kind["description"].as_str().unwrap_or_default(),
                kind,
            );
        }
        for (key, header) in [
            ("projection", "[[projection]]"),
            ("scaling", "[scaling]"),
            ("protocol", "[protocol]"),
            ("learning", "[learning]"),
            ("decoding", "[decoding]"),
            ("stimuli", "[stimuli]"),
            ("change", "[[change]]"),
            ("recording", "[recording]"),
        ] {
            let section = &schema["properties"][key];
            let section = page.resolved(section.get("items").unwrap_or(section));
            page.section(header, section["description"].as_str().unwrap_or_default(), section);
        }
        GUIDE.replace("{{KEYS}}\n", page.text.trim_start())
    }
}

const BASE: &str = "A model file, or a shipped model, that this one is laid over: tables merge key by key, populations and \
                    projections by name. It has no base itself.";

const POPULATION: &str = "Like cells. The first population of a kind that encodes is given the stimuli, the last one with teaching conductances is decoded; for the learning rules, populations stand from input to output.";

/// A schema with a description.
fn described<T: JsonSchema>(generator: &mut SchemaGenerator, description: &str) -> Value {
    let mut schema = generator.subschema_for::<T>();
    schema.insert("description".to_owned(), description.into());
    schema.to_value()
}

/// The schema of a population of a kind.
fn population(kind: &CellKind, generator: &mut SchemaGenerator) -> Value {
    let own = kind.schema(generator);
    let own = definition(own, generator);
    let mut properties = Map::new();
    properties.insert("name".to_owned(), described::<Name>(generator, "Unique name."));
    properties.insert("size".to_owned(), described::<Whole<1, 1_000_000>>(generator, "Number of neurons."));
    properties.insert("kind".to_owned(), json!({ "const": kind.name(), "description": "Kind of cell." }));
    if let Some(Value::Object(parameters)) = own.get("properties") {
        properties.extend(parameters.clone());
    }
    if kind.has_stimulus() {
        let description = "What its neurons fire, in a continuous run, or where [stimuli] are shown to another source.";
        let of = generator.subschema_for::<PopulationStimulus>().to_value();
        properties.insert("stimulus".to_owned(), json!({ "description": description, "allOf": [of] }));
    }
    if kind.has_bias() {
        let description = "Initial biases of the dendrite that feedforward synapses reach.";
        let of = generator.subschema_for::<BiasInit>().to_value();
        properties.insert("bias".to_owned(), json!({ "description": description, "allOf": [of] }));
    }
    json!({
        "type": "object",
        "description": own.get("description"),
        "properties": properties,
        "required": ["name"],
        "additionalProperties": false,
    })
}

/// The schema of a projection, with the name that `port` had.
fn projection(generator: &mut SchemaGenerator) -> Value {
    let own = generator.subschema_for::<ProjectionSpec>();
    let mut own = definition(own, generator).to_value();
    let old =
        json!({ "type": "string", "deprecated": true, "description": "The name of `port` in files of version 0.1." });
    own["properties"]["compartment"] = old;
    if let Some(object) = own.as_object_mut() {
        object.remove("required");
        object.insert("description".to_owned(), "Synapses from one population to another.".into());
    }
    own
}

/// A schema itself, where it is a reference.
fn definition(schema: Schema, generator: &mut SchemaGenerator) -> Schema {
    let name = schema.get("$ref").and_then(|name| name.as_str()?.strip_prefix("#/$defs/").map(str::to_owned));
    let Some(definition) = name.and_then(|name| generator.definitions_mut().remove(&name)) else { return schema };
    Schema::try_from(definition).unwrap_or(schema)
}

/// The tables of keys, as they are written.
struct Page<'s> {
    schema: &'s Value,
    text: String,
    /// Tables inside others that stand there already.
    written: Vec<&'s Value>,
}

/// A row of a table of keys.
struct KeyRow {
    unit: String,
    range: String,
    default: String,
    meaning: String,
}

impl<'s> Page<'s> {
    /// What a schema refers to, if it does.
    fn resolved(&self, schema: &'s Value) -> &'s Value {
        let one =
            schema.get("anyOf").and_then(Value::as_array).and_then(|any| any.iter().find(|s| s.get("$ref").is_some()));
        let inner = schema.get("allOf").and_then(|all| all.get(0)).or(one).unwrap_or(schema);
        let name = inner.get("$ref").and_then(|name| name.as_str()?.strip_prefix("#/$defs/"));
        name.map_or(inner, |name| &self.schema["$defs"][name])
    }

    fn push(&mut self, text: Arguments<'_>) {
        // Writing to a text cannot fail.
        let _ = self.text.write_fmt(text);
    }

    /// A heading, what the table is, and its keys; of a table of several varieties, each by itself.
    fn section(&mut self, header: &str, about: &str, schema: &'s Value) {
        self.push(format_args!("\n### `{header}`\n"));
        self.table(header, about, schema);
    }

    fn table(&mut self, header: &str, about: &str, schema: &'s Value) {
        if !about.is_empty() {
            self.push(format_args!("\n{}\n", one_line(about)));
        }
        if let Some(varieties) = schema.get("oneOf").and_then(Value::as_array) {
            for (index, variety) in varieties.iter().enumerate() {
                self.variety(variety, index == 0);
            }
            return;
        }
        let properties: Vec<_> = schema["properties"].as_object().into_iter().flatten().collect();
        let required: Vec<_> = schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        self.text += "\n| key | unit | range | default | meaning |\n|---|---|---|---|---|\n";
        let mut inner = Vec::new();
        for (key, value) in properties {
            let KeyRow { unit, range, default, meaning } = self.row(key, value, required.contains(&key.as_str()));
            self.push(format_args!("| `{key}` | {unit} | {range} | {default} | {meaning} |\n"));
            let is_table = |schema: &Value| schema.get("properties").is_some();
            let resolved = self.resolved(if value["type"] == "array" { &value["items"] } else { value });
            let varieties = resolved.get("oneOf").and_then(Value::as_array);
            if is_table(resolved) || varieties.is_some_and(|v| v.iter().any(is_table)) {
                inner.push((key, resolved));
            }
        }
        if header != "(top)" {
            for (key, schema) in inner {
                if !self.written.contains(&schema) {
                    self.push(format_args!("\n#### `{key}` of `{header}`\n"));
                    self.table(key, schema["description"].as_str().unwrap_or_default(), schema);
                    self.written.push(schema);
                }
            }
        }
    }

    /// One variety of a table: the key that names it, and its own.
    fn variety(&mut self, schema: &'s Value, first: bool) {
        let properties: Vec<_> = schema["properties"].as_object().into_iter().flatten().collect();
        let named = properties.iter().find_map(|(key, value)| Some((*key, value.get("const")?.as_str()?)));
        let Some((tag, name)) = named else { return };
        let required = schema["required"].as_array().is_some_and(|keys| keys.iter().any(|key| key == tag.as_str()));
        let which = if first && !required { " (the default)" } else { "" };
        let about = one_line(schema["description"].as_str().unwrap_or_default());
        self.push(format_args!("\n`{tag} = \"{name}\"`{which}: {about}\n"));
        if properties.len() > 1 {
            let required: Vec<_> =
                schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
            self.text += "\n| key | unit | range | default | meaning |\n|---|---|---|---|---|\n";
            let mut inner = Vec::new();
            for (key, value) in properties.into_iter().filter(|(key, _)| *key != tag) {
                let KeyRow { unit, range, default, meaning } = self.row(key, value, required.contains(&key.as_str()));
                self.push(format_args!("| `{key}` | {unit} | {range} | {default} | {meaning} |\n"));
                let table = self.resolved(value);
                inner.extend(table.get("properties").map(|_| (key, table)));
            }
            for (key, table) in inner {
                self.push(format_args!("\n#### `{key}` of `{tag} = \"{name}\"`\n"));
                self.table(key, table["description"].as_str().unwrap_or_default(), table);
            }
        }
    }

    fn row(&self, key: &str, value: &'s Value, required: bool) -> KeyRow {
        let resolved = self.resolved(value);
        let of = |name: &str| value.get(name).or_else(|| resolved.get(name));
        let mut meaning = one_line(of("description").and_then(Value::as_str).unwrap_or_default());
        let words = words(resolved);
        if words.iter().any(|(_, about)| !about.is_empty()) {
            let each: Vec<_> = words.iter().map(|(word, about)| format!("`\"{word}\"`: {about}")).collect();
            meaning = format!("{meaning} {}", each.join(" "));
        }
        let unit = of("x-unit")
            .or_else(|| resolved["items"].get("x-unit"))
            .and_then(Value::as_str)
            .unwrap_or_default()
            .to_owned();
        meaning = meaning.replace(&format!(" [{unit}]"), "");
        let must = ["name", "size", "kind", "from", "to", "port"].contains(&key) && value.get("default").is_none();
        let default = match value.get("default") {
            Some(default) => format!("`{}`", toml_text(default)),
            None if required || must => "must be given".to_owned(),
            None => "none".to_owned(),
        };
        let any = value.get("anyOf").and_then(Value::as_array).filter(|any| any.len() > 1);
        let range = any.map_or_else(
            || range(resolved, &words),
            |any| any.iter().map(|each| range(self.resolved(each), &[])).collect::<Vec<_>>().join(" or "),
        );
        KeyRow { unit, range, default, meaning }
    }
}

/// The words of an enum, each with what it means.
fn words(schema: &Value) -> Vec<(&str, String)> {
    let about = |word: &Value| one_line(word.get("description").and_then(Value::as_str).unwrap_or_default());
    let listed = schema.get("enum").and_then(Value::as_array).into_iter().flatten();
    let described = schema.get("oneOf").and_then(Value::as_array).into_iter().flatten();
    let described = described.filter_map(|word| Some((word.get("const")?.as_str()?, about(word))));
    listed.filter_map(|word| Some((word.as_str()?, String::new()))).chain(described).collect()
}

/// Leaves out that a key may be null, which TOML has not: a key that is not given is not there.
fn without_null(schema: &mut Value) {
    match schema {
        Value::Object(object) => {
            if object.get("default") == Some(&Value::Null) {
                object.remove("default");
            }
            if let Some(Value::Array(types)) = object.get_mut("type") {
                types.retain(|of| of != "null");
                if let [only] = types.as_slice() {
                    let only = only.clone();
                    object.insert("type".to_owned(), only);
                }
            }
            if let Some(Value::Array(schemas)) = object.get_mut("anyOf") {
                schemas.retain(|schema| schema["type"] != "null");
                if schemas.len() == 1 {
                    let only = object.remove("anyOf");
                    object.extend(only.map(|only| ("allOf".to_owned(), only)));
                }
            }
            object.values_mut().for_each(without_null);
        }
        Value::Array(values) => values.iter_mut().for_each(without_null),
        _ => (),
    }
}

/// The values that a key may have.
fn range(schema: &Value, words: &[(&str, String)]) -> String {
    if !words.is_empty() {
        return words.iter().map(|(word, _)| format!("`\"{word}\"`")).collect::<Vec<_>>().join(", ");
    }
    if let Some(word) = schema.get("const") {
        return format!("`{}`", toml_text(word));
    }
    let of = |name: &str| schema.get(name).and_then(Value::as_f64);
    match (of("minimum"), of("exclusiveMinimum"), of("maximum"), of("exclusiveMaximum")) {
        (Some(low), _, Some(high), _) => return format!("{low} to {high}"),
        (_, Some(low), Some(high), _) => return format!("above {low}, to {high}"),
        (Some(low), _, _, Some(high)) => return format!("{low} to below {high}"),
        (Some(low), ..) => return format!("from {low}"),
        _ => (),
    }
    if let Some(each) =
        schema.get("oneOf").and_then(Value::as_array).filter(|each| each.iter().all(|s| s.get("properties").is_none()))
    {
        return each.iter().map(|schema| range(schema, &self::words(schema))).collect::<Vec<_>>().join(" or ");
    }
    let kind = |schema: &Value| schema.get("type").and_then(Value::as_str).unwrap_or("table").to_owned();
    match kind(schema).as_str() {
        "array" => format!("list ({})", range(&schema["items"], &[])),
        "boolean" => "`true`, `false`".to_owned(),
        "object" => "table".to_owned(),
        other => other.to_owned(),
    }
}

/// A JSON value as TOML has it.
fn toml_text(value: &Value) -> String {
    match value {
        Value::Object(entries) => {
            let pairs: Vec<_> = entries.iter().map(|(key, value)| format!("{key} = {}", toml_text(value))).collect();
            format!("{{ {} }}", pairs.join(", "))
        }
        Value::Array(values) => format!("[{}]", values.iter().map(toml_text).collect::<Vec<_>>().join(", ")),
        Value::Number(number) => number.as_f64().map_or_else(|| number.to_string(), |n| n.to_string()),
        other => other.to_string(),
    }
}

/// Text in one line, without links and what ends a cell of a table.
fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ").replace("[`", "`").replace("`]", "`").replace('|', "\\|")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_schema_knows_ranges_and_units() {
        let schema = Registry::default().schema();
        let forward = &schema["$defs"]["Protocol"]["oneOf"][0]["properties"]["forward_ms"];
        assert_eq!((&forward["exclusiveMinimum"], &forward["x-unit"]), (&json!(0.0), &json!("ms")));
        let kinds = schema["properties"]["population"]["items"]["anyOf"].as_array().unwrap();
        assert_eq!(kinds[1]["properties"]["g_b_per_ms"]["default"], json!(0.6));
    }
}
