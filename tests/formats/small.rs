//! A small model that is right, to be read as it is and with one thing spoilt.

use apical::model::Model;

pub(crate) const RIGHT: &str = include_str!("small.toml");

pub(crate) fn parse(text: &str) -> Result<Model, String> {
    Model::parse(text, "m.toml", &[]).map_err(|error| error.to_string())
}

pub(crate) fn set(overrides: &[&str]) -> Result<Model, String> {
    let overrides: Vec<_> = overrides.iter().map(|&text| text.to_owned()).collect();
    Model::parse(RIGHT, "m.toml", &overrides).map_err(|error| error.to_string())
}
