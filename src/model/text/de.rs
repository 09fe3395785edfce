//! Reads derived structs from a merged tree, by serde. Faults keep their parts: which key, at which offset, what was expected
//! there; toml's own deserializer returns them as text.
//!
//! An enum called `kind` or `from` is read from a table, whose key of that name is the variety; without it, the first is
//! meant; a number stands for the table of the variety "constant" whose `value` it is. Every other enum is read from a word.
//! (serde's own `tag` loses the places of what stands beside it.)

use std::fmt::Display;

use serde::de::value::MapDeserializer;
use serde::de::{
    DeserializeSeed, Deserializer, EnumAccess, Error, Expected, IntoDeserializer, MapAccess, SeqAccess, Unexpected,
    VariantAccess, Visitor,
};
use serde::forward_to_deserialize_any;
use toml::Spanned;
use toml::de::DeValue;

use super::map::{Node, Tree};
use crate::units::tagged::TAGS;

/// What is wrong with a value.
#[derive(Debug, thiserror::Error)]
#[error("{what:?}")]
pub(in crate::model) struct Fault {
    pub(in crate::model) what: What,
    /// Its offset in the source map.
    pub(in crate::model) at: Option<usize>,
    /// What stands there.
    pub(in crate::model) found: String,
    /// The keys that lead to it, the outermost first.
    pub(in crate::model) keys: Vec<String>,
    /// The key that names the variety of the table it stands in.
    pub(in crate::model) tag: Option<&'static str>,
}

/// The kinds of fault.
#[derive(Debug)]
pub(in crate::model) enum What {
    /// Another type or value was expected.
    Expected(String),
    /// One of these words was expected.
    OneOf(&'static [&'static str]),
    /// A key that means nothing, among these.
    UnknownKey(&'static [&'static str]),
    /// A key that must be there.
    MissingKey(&'static str),
    /// Anything else, in words.
    Other(String),
}

impl Fault {
    pub(super) fn new(what: What) -> Self {
        Self { what, at: None, found: String::new(), keys: Vec::new(), tag: None }
    }

    /// Another type or value was expected, which serde names in words of its own.
    fn expected(expected: &dyn Expected) -> Self {
        let words = expected.to_string();
        let plain = match words.as_str() {
            "a boolean" => "true or false",
            "a sequence" => "a list",
            struct_or_map if struct_or_map.starts_with("struct ") || struct_or_map == "a map" => "a table",
            _ => &words,
        };
        Self::new(What::Expected(plain.to_owned()))
    }

    /// The fault with its place, if it has none yet.
    fn at(mut self, node: &Node<'_>) -> Self {
        if self.at.is_none() {
            self.at = Some(node.span().start);
            self.found = found(node.get_ref());
        }
        self
    }

    fn within(mut self, key: &str) -> Self {
        self.keys.insert(0, key.to_owned());
        self
    }
}

impl Error for Fault {
    fn custom<T: Display>(message: T) -> Self {
        Self::new(What::Other(message.to_string()))
    }

    fn invalid_type(_: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::expected(expected)
    }

    fn invalid_value(_: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::expected(expected)
    }

    fn unknown_variant(_: &str, expected: &'static [&'static str]) -> Self {
        Self::new(What::OneOf(expected))
    }

    fn unknown_field(_: &str, expected: &'static [&'static str]) -> Self {
        Self::new(What::UnknownKey(expected))
    }

    fn missing_field(field: &'static str) -> Self {
        Self::new(What::MissingKey(field))
    }
}

/// A value as found.
pub(in crate::model) fn found(value: &DeValue<'_>) -> String {
    match value {
        DeValue::String(text) => format!("{text:?}"),
        DeValue::Integer(number) => number.to_string(),
        DeValue::Float(number) => {
            number.as_str().parse().map_or_else(|_| number.to_string(), |n: f64| format!("{n:?}"))
        }
        DeValue::Boolean(truth) => truth.to_string(),
        DeValue::Datetime(date) => format!("the date {date}"),
        DeValue::Array(_) => "a list".to_owned(),
        DeValue::Table(_) => "a table".to_owned(),
    }
}

/// Reads one value.
#[derive(Clone, Copy)]
pub(in crate::model) struct Value<'t, 'i>(pub(in crate::model) &'t Node<'i>);

/// Reads a table but for some of its keys.
#[derive(Clone, Copy)]
pub(in crate::model) struct Keys<'t, 'i, 'b> {
    pub(in crate::model) tree: &'t Tree<'i>,
    pub(in crate::model) but: &'b [&'static str],
}

impl<'t, 'i> Value<'t, 'i> {
    fn visit<'de, V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        match self.0.get_ref() {
            DeValue::String(text) => visitor.visit_str(text),
            DeValue::Integer(number) => match i64::from_str_radix(number.as_str(), number.radix()) {
                Ok(number) => visitor.visit_i64(number),
                Err(_) => Err(Fault::new(What::Expected("an integer of at most 64 bits".to_owned()))),
            },
            DeValue::Float(number) => match number.as_str().parse() {
                Ok(number) => visitor.visit_f64(number),
                Err(_) => Err(Fault::new(What::Expected("a number".to_owned()))),
            },
            DeValue::Boolean(truth) => visitor.visit_bool(*truth),
            DeValue::Datetime(_) => Err(Fault::invalid_type(Unexpected::Other("date"), &visitor)),
            DeValue::Array(nodes) => visitor.visit_seq(Items(nodes.iter())),
            DeValue::Table(tree) => visitor.visit_map(Entries::of(Keys { tree, but: &[] })),
        }
    }

    fn tree(self) -> Result<&'t Tree<'i>, Fault> {
        match self.0.get_ref() {
            DeValue::Table(tree) => Ok(tree),
            _ => Err(Fault::new(What::Expected("a table".to_owned()))),
        }
    }
}

impl<'de> Deserializer<'de> for Value<'_, '_> {
    type Error = Fault;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        self.visit(visitor).map_err(|fault| fault.at(self.0))
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, Fault> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Fault> {
        let read = || visitor.visit_map(Entries::of(Keys { tree: self.tree()?, but: &[] }));
        read().map_err(|fault| fault.at(self.0))
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Fault> {
        let read = || match (TAGS.contains(&name), self.0.get_ref()) {
            (true, DeValue::Integer(_) | DeValue::Float(_)) if variants.contains(&"constant") => {
                visitor.visit_enum(Constant(self))
            }
            (true, DeValue::Table(_)) => {
                Keys { tree: self.tree()?, but: &[] }.deserialize_enum(name, variants, visitor)
            }
            (true, _) if name == "from" && variants.contains(&"constant") => {
                Err(Fault::new(What::Expected("a number or a table".to_owned())))
            }
            (true, _) => Err(Fault::new(What::Expected("a table".to_owned()))),
            (false, DeValue::String(word)) => visitor.visit_enum((&**word).into_deserializer()),
            (false, _) => Err(Fault::new(What::OneOf(variants))),
        };
        read().map_err(|fault| fault.at(self.0))
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 u8 u16 u32 u64 f32 f64 char str string bytes byte_buf unit unit_struct seq tuple tuple_struct map
        identifier ignored_any
    }
}

impl<'de> Deserializer<'de> for Keys<'_, '_, '_> {
    type Error = Fault;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        visitor.visit_map(Entries::of(self))
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Fault> {
        // A distribution is named: only a number stands for a constant.
        let named = name == "kernel" || (name == "from" && variants[0] == "constant");
        visitor.visit_enum(Variety { tag: name, default: (!named).then_some(variants[0]), tree: self.tree })
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 u8 u16 u32 u64 f32 f64 char str string bytes byte_buf unit unit_struct seq tuple tuple_struct map
        identifier ignored_any option newtype_struct struct
    }
}

struct Items<'t, 'i>(std::slice::Iter<'t, Node<'i>>);

impl<'de> SeqAccess<'de> for Items<'_, '_> {
    type Error = Fault;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, Fault> {
        self.0.next().map(|node| seed.deserialize(Value(node))).transpose()
    }
}

type Entry<'t, 'i> = (&'t Spanned<std::borrow::Cow<'i, str>>, &'t Node<'i>);

struct Entries<'t, 'i> {
    rest: std::vec::IntoIter<Entry<'t, 'i>>,
    next: Option<Entry<'t, 'i>>,
}

impl<'t, 'i> Entries<'t, 'i> {
    fn of(Keys { tree, but }: Keys<'t, 'i, '_>) -> Self {
        let entries = tree.iter().filter(|(key, _)| !but.contains(&key.get_ref().as_ref()));
        Self { rest: entries.collect::<Vec<_>>().into_iter(), next: None }
    }
}

impl<'de> MapAccess<'de> for Entries<'_, '_> {
    type Error = Fault;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Fault> {
        self.next = self.rest.next();
        let Some((key, _)) = self.next else { return Ok(None) };
        let at_key = |fault: Fault| Fault { at: Some(key.span().start), ..fault }.within(key.get_ref());
        seed.deserialize(key.get_ref().as_ref().into_deserializer()).map(Some).map_err(at_key)
    }

    fn next_value_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<T::Value, Fault> {
        let Some((key, node)) = self.next.take() else { return Err(Fault::custom("a value without a key")) };
        seed.deserialize(Value(node)).map_err(|fault| fault.within(key.get_ref()))
    }
}

/// A number that stands for `{ from = "constant", value = NUMBER }`.
struct Constant<'t, 'i>(Value<'t, 'i>);

impl<'de> EnumAccess<'de> for Constant<'_, '_> {
    type Error = Fault;
    type Variant = Self;

    fn variant_seed<V: DeserializeSeed<'de>>(self, seed: V) -> Result<(V::Value, Self), Fault> {
        Ok((seed.deserialize("constant".into_deserializer())?, self))
    }
}

impl<'de> VariantAccess<'de> for Constant<'_, '_> {
    type Error = Fault;

    fn unit_variant(self) -> Result<(), Fault> {
        Err(Fault::new(What::Expected("a table".to_owned())))
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<T::Value, Fault> {
        seed.deserialize(self.0)
    }

    fn tuple_variant<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value, Fault> {
        self.struct_variant(&[], visitor)
    }

    fn struct_variant<V: Visitor<'de>>(self, _: &'static [&'static str], visitor: V) -> Result<V::Value, Fault> {
        visitor.visit_map(MapDeserializer::new(std::iter::once(("value", self.0))))
    }
}

impl IntoDeserializer<'_, Fault> for Value<'_, '_> {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

/// A table that names its variety.
struct Variety<'t, 'i> {
    tag: &'static str,
    /// The variety that is meant without the key.
    default: Option<&'static str>,
    tree: &'t Tree<'i>,
}

impl<'de> EnumAccess<'de> for Variety<'_, '_> {
    type Error = Fault;
    type Variant = Self;

    fn variant_seed<V: DeserializeSeed<'de>>(self, seed: V) -> Result<(V::Value, Self), Fault> {
        let variant = match self.tree.get(self.tag) {
            None => match self.default {
                Some(default) => seed.deserialize(default.into_deserializer()),
                None => Err(Fault::new(What::MissingKey(self.tag))),
            },
            Some(node) => {
                let word = if let DeValue::String(word) = node.get_ref() { word.as_ref() } else { "" };
                let read: Result<V::Value, Fault> = seed.deserialize(word.into_deserializer());
                read.map_err(|fault| fault.at(node).within(self.tag))
            }
        };
        Ok((variant?, self))
    }
}

impl<'t, 'i> Variety<'t, 'i> {
    fn keys(&self) -> Entries<'t, 'i> {
        Entries::of(Keys { tree: self.tree, but: &[self.tag] })
    }

    /// A fault in the table, which names its variety by a key.
    fn fault(&self, fault: Fault) -> Fault {
        if fault.keys.len() > 1 { fault } else { Fault { tag: Some(self.tag), ..fault } }
    }
}

impl<'de> VariantAccess<'de> for Variety<'_, '_> {
    type Error = Fault;

    fn unit_variant(self) -> Result<(), Fault> {
        let Some((key, _)) = self.keys().rest.next() else { return Ok(()) };
        let fault = Fault { at: Some(key.span().start), ..Fault::new(What::UnknownKey(&[])) };
        Err(self.fault(fault.within(key.get_ref())))
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<T::Value, Fault> {
        seed.deserialize(Keys { tree: self.tree, but: &[self.tag] }).map_err(|fault| self.fault(fault))
    }

    fn tuple_variant<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value, Fault> {
        self.struct_variant(&[], visitor)
    }

    fn struct_variant<V: Visitor<'de>>(self, _: &'static [&'static str], visitor: V) -> Result<V::Value, Fault> {
        visitor.visit_map(self.keys()).map_err(|fault| self.fault(fault))
    }
}
