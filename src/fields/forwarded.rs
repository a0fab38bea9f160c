//! What is read only to be checked, and then passed on as it came.

use serde::{Deserialize, Deserializer, de};
use serde_json::value::RawValue;
use utoipa::openapi::schema::{ArrayBuilder, Schema, SchemaType};
use utoipa::openapi::{ObjectBuilder, RefOr, Type};

use super::{Field, Json, Place};

/// A value that goes up exactly as it came, digit for digit, once it could be read as a `T`.
#[derive(Clone, Debug)]
pub struct Forwarded<T> {
    raw: Box<RawValue>,
    known: T,
}

/// An array of anything.
#[derive(Clone, Copy, Debug)]
pub struct AnyArray;

/// An object with any members.
#[derive(Clone, Copy, Debug)]
pub struct AnyObject;

impl<T> Forwarded<T> {
    #[must_use]
    pub fn text(&self) -> &str {
        self.raw.get()
    }

    #[must_use]
    pub fn into_raw(self) -> Box<RawValue> {
        self.raw
    }

    /// What was read of it.
    #[must_use]
    pub fn known(&self) -> &T {
        &self.known
    }
}

impl<T: Field> Field for Forwarded<T> {
    fn read(value: Json<'_>, place: &mut Place<'_>) -> Option<Self> {
        let known = T::read(value, place)?;
        if serde_json::from_str::<Sound>(value.text()).is_err() {
            return place.fault("must be valid Unicode text, nested at most 128 deep");
        }
        let raw = RawValue::from_string(value.text().to_owned()).ok()?;
        Some(Self { raw, known })
    }

    fn schema() -> Schema {
        T::schema()
    }
}

impl Field for AnyArray {
    fn read(value: Json<'_>, place: &mut Place<'_>) -> Option<Self> {
        value.items().map(|_| Self).or_else(|| place.fault("must be an array"))
    }

    fn schema() -> Schema {
        let any = ObjectBuilder::new().schema_type(SchemaType::AnyValue);
        let any = RefOr::T(Schema::Object(any.build()));
        Schema::Array(ArrayBuilder::new().items(any).build())
    }
}

impl Field for AnyObject {
    fn read(value: Json<'_>, place: &mut Place<'_>) -> Option<Self> {
        value.members().map(|_| Self).or_else(|| place.fault("must be an object"))
    }

    fn schema() -> Schema {
        super::schema::of_type(Type::Object)
    }
}

/// Walks a value to the bottom and keeps nothing: what a strict parser upstream would choke on
/// is found here, where the caller can be told.
struct Sound;

impl<'de> Deserialize<'de> for Sound {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(SoundVisitor)
    }
}

struct SoundVisitor;

impl<'de> de::Visitor<'de> for SoundVisitor {
    type Value = Sound;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("any JSON value")
    }

    fn visit_bool<E>(self, _: bool) -> Result<Sound, E> {
        Ok(Sound)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Sound, E> {
        Ok(Sound)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Sound, E> {
        Ok(Sound)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Sound, E> {
        Ok(Sound)
    }

    fn visit_str<E>(self, _: &str) -> Result<Sound, E> {
        Ok(Sound)
    }

    fn visit_unit<E>(self) -> Result<Sound, E> {
        Ok(Sound)
    }

    fn visit_seq<A: de::SeqAccess<'de>>(self, mut items: A) -> Result<Sound, A::Error> {
        while items.next_element::<Sound>()?.is_some() {}
        Ok(Sound)
    }

    fn visit_map<A: de::MapAccess<'de>>(self, mut members: A) -> Result<Sound, A::Error> {
        while members.next_entry::<Sound, Sound>()?.is_some() {}
        Ok(Sound)
    }
}
