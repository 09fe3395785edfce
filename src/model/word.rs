//! Words of which the list is not that of an enum's variants.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, EnumAccess, Error, VariantAccess, Visitor};

/// Reads one of these words.
pub(super) struct Among(pub(super) &'static [&'static str]);

impl<'de> Visitor<'de> for Among {
    type Value = &'static str;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&super::error::one_of(self.0))
    }

    fn visit_str<E: Error>(self, word: &str) -> Result<&'static str, E> {
        let known = self.0.iter().find(|known| **known == word);
        known.copied().ok_or_else(|| E::unknown_variant(word, self.0))
    }

    fn visit_enum<A: EnumAccess<'de>>(self, word: A) -> Result<&'static str, A::Error> {
        let (word, variant) = word.variant_seed(self)?;
        variant.unit_variant()?;
        Ok(word)
    }
}

impl<'de> DeserializeSeed<'de> for Among {
    type Value = &'static str;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<&'static str, D::Error> {
        deserializer.deserialize_identifier(self)
    }
}
