//! Numbers in a range, and what keeps them.

use std::collections::BTreeMap;
use std::fmt;
use std::marker::PhantomData;

use serde::de::{Deserialize, Deserializer, Error, Unexpected, Visitor};
use serde::ser::{Serialize, Serializer};

/// The range of a quantity.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bounds {
    /// Its lower end.
    pub low: f64,
    /// Its upper end.
    pub high: f64,
    /// Which of the ends is not in it.
    pub open: OpenEnd,
}

/// An end of a range that is not in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OpenEnd {
    /// Both ends are in it.
    None,
    /// The lower end is not.
    Low,
    /// The upper end is not.
    High,
}

impl Bounds {
    /// `low` to `high`.
    pub const fn closed(low: f64, high: f64) -> Self {
        Self { low, high, open: OpenEnd::None }
    }

    /// Above `low`, at most `high`.
    pub const fn above(low: f64, high: f64) -> Self {
        Self { low, high, open: OpenEnd::Low }
    }

    /// At least `low`, below `high`.
    pub const fn below(low: f64, high: f64) -> Self {
        Self { low, high, open: OpenEnd::High }
    }

    /// Whether a number is in it; NaN never is.
    pub fn contains(&self, number: f64) -> bool {
        let inside = (self.low..=self.high).contains(&number);
        inside && (self.open != OpenEnd::Low || number > self.low) && (self.open != OpenEnd::High || number < self.high)
    }

    /// Its schema.
    pub(crate) fn schema(&self, unit: &str) -> schemars::Schema {
        let (low, high) = match self.open {
            OpenEnd::None => ("minimum", "maximum"),
            OpenEnd::Low => ("exclusiveMinimum", "maximum"),
            OpenEnd::High => ("minimum", "exclusiveMaximum"),
        };
        let mut schema = schemars::json_schema!({ "type": "number", low: self.low, high: self.high });
        if !unit.is_empty() {
            schema.insert("x-unit".to_owned(), unit.into());
        }
        schema
    }
}

impl fmt::Display for Bounds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { low, high, open } = self;
        match open {
            OpenEnd::None => write!(f, "a number from {low} to {high}"),
            OpenEnd::Low => write!(f, "a number above {low} and of at most {high}"),
            OpenEnd::High => write!(f, "a number of at least {low} and below {high}"),
        }
    }
}

/// A kind of number in files.
pub trait FileQuantity {
    /// Its range, in the unit of the file.
    const BOUNDS: Bounds;
    /// Its unit in files; empty: it has none.
    const UNIT: &'static str;
    /// A number of a file over the same in the unit used inside.
    const SCALE: f64;
}

/// What a field may keep of a quantity: a number, one or none, a list of them, or one by name.
pub trait Held: Sized {
    /// Reads numbers of this quantity.
    ///
    /// # Errors
    /// If one is out of its range.
    fn read<'de, Q: FileQuantity, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error>;

    /// Writes numbers of this quantity.
    ///
    /// # Errors
    /// Those of the serializer.
    fn write<Q: FileQuantity, S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error>;
}

impl Held for f64 {
    fn read<'de, Q: FileQuantity, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Checked::<Q>::deserialize(deserializer)?.0)
    }

    fn write<Q: FileQuantity, S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Checked::<Q>(*self, PhantomData).serialize(serializer)
    }
}

impl Held for Option<f64> {
    fn read<'de, Q: FileQuantity, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Option::<Checked<Q>>::deserialize(deserializer)?.map(|checked| checked.0))
    }

    fn write<Q: FileQuantity, S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.map(|number| Checked::<Q>(number, PhantomData)).serialize(serializer)
    }
}

impl Held for Vec<f64> {
    fn read<'de, Q: FileQuantity, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Vec::<Checked<Q>>::deserialize(deserializer)?.into_iter().map(|checked| checked.0).collect())
    }

    fn write<Q: FileQuantity, S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.iter().map(|number| Checked::<Q>(*number, PhantomData)))
    }
}

impl Held for BTreeMap<String, f64> {
    fn read<'de, Q: FileQuantity, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let checked = BTreeMap::<String, Checked<Q>>::deserialize(deserializer)?;
        Ok(checked.into_iter().map(|(name, checked)| (name, checked.0)).collect())
    }

    fn write<Q: FileQuantity, S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.iter().map(|(name, number)| (name, Checked::<Q>(*number, PhantomData))))
    }
}

/// A number of a quantity, in the unit used inside.
struct Checked<Q>(f64, PhantomData<Q>);

impl<'de, Q: FileQuantity> Deserialize<'de> for Checked<Q> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_f64(Number::<Q>(PhantomData))
    }
}

impl<Q: FileQuantity> Serialize for Checked<Q> {
    /// Writes the number that reads back as this one; where there is none, the nearest.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let near = self.0 * Q::SCALE;
        let exact =
            [near, near.next_down(), near.next_up()].into_iter().find(|n| (n / Q::SCALE).to_bits() == self.0.to_bits());
        serializer.serialize_f64(exact.unwrap_or(near))
    }
}

/// Reads a number; integers are numbers.
struct Number<Q>(PhantomData<Q>);

impl<Q: FileQuantity> Visitor<'_> for Number<Q> {
    type Value = Checked<Q>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", Q::BOUNDS)
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<Checked<Q>, E> {
        if Q::BOUNDS.contains(number) {
            return Ok(Checked(number / Q::SCALE, PhantomData));
        }
        Err(E::invalid_value(Unexpected::Float(number), &self))
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<Checked<Q>, E> {
        self.visit_f64(number as f64)
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Checked<Q>, E> {
        self.visit_f64(number as f64)
    }
}

/// Declares quantities: name, range, unit in files, and number in a file over that inside if they differ.
macro_rules! quantities {
    ($($(#[$doc:meta])* $name:ident = $bounds:expr, $unit:literal $(, $scale:literal)?;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug)]
        pub enum $name {}

        impl FileQuantity for $name {
            const BOUNDS: Bounds = $bounds;
            const UNIT: &'static str = $unit;
            const SCALE: f64 = 1.0 $(* $scale)?;
        }

        impl $name {
            /// Reads numbers in its range.
            ///
            /// # Errors
            /// If one is out of it.
            pub fn deserialize<'de, T: Held, D: serde::Deserializer<'de>>(deserializer: D) -> Result<T, D::Error> {
                T::read::<Self, D>(deserializer)
            }

            /// Writes numbers in the unit of files.
            ///
            /// # Errors
            /// Those of the serializer.
            pub fn serialize<T: Held, S: serde::Serializer>(value: &T, serializer: S) -> Result<S::Ok, S::Error> {
                value.write::<Self, S>(serializer)
            }
        }

        impl schemars::JsonSchema for $name {
            fn inline_schema() -> bool {
                true
            }

            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
                Self::BOUNDS.schema(Self::UNIT)
            }
        }
    )*};
}
pub(crate) use quantities;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::Rate;
    use super::*;

    #[test]
    fn ranges_are_put_in_words() {
        assert_eq!(Bounds::closed(0.25, 1000.0).to_string(), "a number from 0.25 to 1000");
        assert_eq!(Bounds::above(0.0, 1.0).to_string(), "a number above 0 and of at most 1");
        assert_eq!(Bounds::below(0.0, 1.0).to_string(), "a number of at least 0 and below 1");
        assert!(!Bounds::closed(0.0, 1.0).contains(f64::NAN) && !Bounds::above(0.0, 1.0).contains(0.0));
        assert!(!Bounds::below(0.0, 1.0).contains(1.0) && Bounds::below(0.0, 1.0).contains(0.0));
    }

    proptest! {
        /// Hz of a file are read to per ms, and what is written of that is read to the same bits.
        #[test]
        fn a_rate_that_was_read_is_written_so_that_it_reads_the_same(hz in 1e-6..1e4_f64) {
            let read = |value: toml::Value| Rate::deserialize::<f64, _>(value).unwrap();
            let inside = read(toml::Value::Float(hz));
            let written = toml::Value::try_from(Checked::<Rate>(inside, PhantomData)).unwrap();
            prop_assert_eq!(read(written).to_bits(), inside.to_bits());
        }
    }
}
