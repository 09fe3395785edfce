//! "all", "none" or a list of names.

use std::borrow::Cow;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{Error, SeqAccess, Unexpected, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// All of something, or what is listed.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Choice {
    All,
    Listed(Vec<String>),
}

impl Serialize for Choice {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::All => serializer.serialize_str("all"),
            Self::Listed(names) => names.serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for Choice {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct ChoiceWords;
        impl<'de> Visitor<'de> for ChoiceWords {
            type Value = Choice;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("\"all\", \"none\" or a list of populations")
            }

            fn visit_str<E: Error>(self, word: &str) -> Result<Choice, E> {
                match word {
                    "all" => Ok(Choice::All),
                    "none" => Ok(Choice::Listed(Vec::new())),
                    _ => Err(E::invalid_value(Unexpected::Str(word), &self)),
                }
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Choice, A::Error> {
                let mut names = Vec::new();
                while let Some(name) = items.next_element()? {
                    names.push(name);
                }
                Ok(Choice::Listed(names))
            }
        }
        deserializer.deserialize_any(ChoiceWords)
    }
}

impl JsonSchema for Choice {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Choice".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "oneOf": [
            { "type": "string", "enum": ["all", "none"] },
            { "type": "array", "items": { "type": "string" } },
        ] })
    }
}

impl Choice {
    /// Adds a name to a list.
    pub(super) fn add(&mut self, name: &str) {
        if let Self::Listed(names) = self {
            names.push(name.to_owned());
        }
    }
}
