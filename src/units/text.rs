//! Whole numbers in a range, names and paths.

use std::fmt;
use std::path::{Path, PathBuf};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{Deserializer, Error, Unexpected, Visitor};
use serde::ser::Serializer;

/// A whole number from `LOW` to `HIGH`.
#[derive(Clone, Copy, Debug)]
pub enum Whole<const LOW: u64, const HIGH: u64> {}

impl<const LOW: u64, const HIGH: u64> Whole<LOW, HIGH> {
    /// Reads a whole number in the range.
    ///
    /// # Errors
    /// If it is out of it.
    pub fn deserialize<'de, T: Count, D: Deserializer<'de>>(deserializer: D) -> Result<T, D::Error> {
        let number = deserializer.deserialize_u64(WholeNumber::<LOW, HIGH>)?;
        T::of(number).ok_or_else(|| D::Error::invalid_value(Unexpected::Unsigned(number), &WholeNumber::<LOW, HIGH>))
    }

    /// Writes a whole number; one beyond those of TOML as the largest of them.
    ///
    /// # Errors
    /// Those of the serializer.
    pub fn serialize<T: Count, S: Serializer>(value: &T, serializer: S) -> Result<S::Ok, S::Error> {
        match value.number() {
            Some(number) => serializer.serialize_i64(number.try_into().unwrap_or(i64::MAX)),
            None => serializer.serialize_none(),
        }
    }
}

/// What a field may keep of a whole number: the number, or one or none.
pub trait Count: Sized {
    /// The number as this type, if it has room for it.
    fn of(number: u64) -> Option<Self>;

    /// The number.
    fn number(&self) -> Option<u64>;
}

/// Types of whole numbers.
macro_rules! counts {
    ($($type:ty),*) => {$(
        impl Count for $type {
            fn of(number: u64) -> Option<Self> {
                number.try_into().ok()
            }

            fn number(&self) -> Option<u64> {
                (*self).try_into().ok()
            }
        }
    )*};
}

counts!(u8, u16, u32, u64, usize);

impl<T: Count> Count for Option<T> {
    fn of(number: u64) -> Option<Self> {
        T::of(number).map(Some)
    }

    fn number(&self) -> Option<u64> {
        self.as_ref()?.number()
    }
}

struct WholeNumber<const LOW: u64, const HIGH: u64>;

impl<const LOW: u64, const HIGH: u64> Visitor<'_> for WholeNumber<LOW, HIGH> {
    type Value = u64;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "an integer from {LOW} to {HIGH}")
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<u64, E> {
        let positive = u64::try_from(number).ok().filter(|number| (LOW..=HIGH).contains(number));
        positive.ok_or_else(|| E::invalid_value(Unexpected::Signed(number), &self))
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<u64, E> {
        if (LOW..=HIGH).contains(&number) {
            Ok(number)
        } else {
            Err(E::invalid_value(Unexpected::Unsigned(number), &self))
        }
    }
}

impl<const LOW: u64, const HIGH: u64> JsonSchema for Whole<LOW, HIGH> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        format!("Whole_{LOW}_{HIGH}").into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "integer", "minimum": LOW, "maximum": HIGH })
    }
}

/// Reads a string that fits, described by `expected`.
struct Text {
    expected: &'static str,
    fits: fn(&str) -> bool,
}

impl Visitor<'_> for Text {
    type Value = String;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.expected)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<String, E> {
        if (self.fits)(text) { Ok(text.to_owned()) } else { Err(E::invalid_value(Unexpected::Str(text), &self)) }
    }
}

fn is_name(text: &str, also: &str) -> bool {
    let fits = |c: char| c.is_ascii_alphanumeric() || also.contains(c);
    text.starts_with(|c: char| c.is_ascii_alphanumeric()) && text.chars().all(fits)
}

/// Declares kinds of texts: what they are in messages, whether one fits, and a pattern of it.
macro_rules! texts {
    ($($(#[$doc:meta])* $name:ident: $expected:expr, $fits:expr, $pattern:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug)]
        pub enum $name {}

        impl $name {
            /// Reads one.
            ///
            /// # Errors
            /// If it does not fit.
            pub fn deserialize<'de, T: From<String>, D: Deserializer<'de>>(deserializer: D) -> Result<T, D::Error> {
                let text = Text { expected: $expected, fits: $fits };
                deserializer.deserialize_str(text).map(T::from)
            }

            /// Writes one.
            ///
            /// # Errors
            /// Those of the serializer.
            pub fn serialize<T: serde::Serialize, S: Serializer>(name: &T, serializer: S) -> Result<S::Ok, S::Error> {
                name.serialize(serializer)
            }
        }

        impl JsonSchema for $name {
            fn inline_schema() -> bool {
                true
            }

            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!({ "type": "string", "pattern": $pattern })
            }
        }
    )*};
}

texts! {
    /// The name of a population or projection.
    Name: "a name of letters, digits and _-, beginning with a letter or digit", |text| is_name(text, "_-"),
        "^[A-Za-z0-9][A-Za-z0-9_-]*$";
    /// A name that files are called after.
    FileName: "a name of letters, digits and ._-, beginning with a letter or digit", |text| is_name(text, "._-"),
        "^[A-Za-z0-9][A-Za-z0-9._-]*$";
    /// The name of edges of a SONATA file, or of a snapshot of weights of a run file.
    EdgesName: "a name of letters, digits and ._-, beginning with a letter or digit, or PROJECTION/SNAPSHOT",
        |text| text.split('/').count() <= 2 && text.split('/').all(|name| is_name(name, "._-")),
        "^[A-Za-z0-9][A-Za-z0-9._-]*(/[A-Za-z0-9][A-Za-z0-9._-]*)?$";
    /// A factor of a plasticity rule.
    FactorText: "an expression of local signals", |_| true, "";
}

/// A path in a file.
#[derive(Clone, Copy, Debug)]
pub enum PathText {}

impl PathText {
    /// Reads a path.
    ///
    /// # Errors
    /// If it is empty.
    pub fn deserialize<'de, T: From<PathBuf>, D: Deserializer<'de>>(deserializer: D) -> Result<T, D::Error> {
        let text = deserializer.deserialize_str(Text { expected: "a path", fits: |text| !text.is_empty() })?;
        Ok(PathBuf::from(text).into())
    }

    /// Writes a path; what is not Unicode is replaced.
    ///
    /// # Errors
    /// Those of the serializer.
    pub fn serialize<T: PathLike, S: Serializer>(path: &T, serializer: S) -> Result<S::Ok, S::Error> {
        match path.path() {
            Some(path) => serializer.serialize_str(&path.to_string_lossy()),
            None => serializer.serialize_none(),
        }
    }
}

/// A path, or one or none.
pub trait PathLike {
    /// The path.
    fn path(&self) -> Option<&Path>;
}

impl PathLike for PathBuf {
    fn path(&self) -> Option<&Path> {
        Some(self)
    }
}

impl PathLike for Option<PathBuf> {
    fn path(&self) -> Option<&Path> {
        self.as_deref()
    }
}

impl JsonSchema for PathText {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Path".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "minLength": 1 })
    }
}
