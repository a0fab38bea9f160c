//! Arrays: those that are read, and those that are passed on as they are.

use serde::{Deserialize, Deserializer, Serialize, de};
use serde_json::value::RawValue;
use utoipa::openapi::schema::{ArrayBuilder, Schema, SchemaType};
use utoipa::openapi::{ObjectBuilder, RefOr};

use super::{Field, Json, Place};

/// `MIN` to `MAX` items, each of them valid.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct List<T, const MIN: usize, const MAX: usize>(Vec<T>);

impl<T, const MIN: usize, const MAX: usize> List<T, MIN, MAX> {
    #[must_use]
    pub fn into_vec(self) -> Vec<T> {
        self.0
    }

    pub fn iter(&self) -> impl Iterator<Item = &T> {
        self.0.iter()
    }
}

impl<T: Field, const MIN: usize, const MAX: usize> Field for List<T, MIN, MAX> {
    fn read(value: Json<'_>, place: &mut Place<'_>) -> Option<Self> {
        let Some(items) = value.items() else { return place.fault("must be an array") };
        let count = items.len();
        if count < MIN {
            return place.fault(format!("must have at least {MIN} {}", items_word(MIN)));
        }
        if count > MAX {
            return place
                .fault(format!("must have at most {MAX} {}, has {count}", items_word(MAX)));
        }
        let mut read = Vec::with_capacity(count);
        for (index, item) in items.into_iter().enumerate() {
            read.push(T::read(item, &mut place.item(index)));
        }
        read.into_iter().collect::<Option<Vec<T>>>().map(Self)
    }

    fn schema() -> Schema {
        let most = (MAX != usize::MAX).then_some(MAX);
        let least = (MIN > 0).then_some(MIN);
        let array = ArrayBuilder::new().items(RefOr::T(T::schema()));
        Schema::Array(array.min_items(least).max_items(most).build())
    }
}

fn items_word(count: usize) -> &'static str {
    if count == 1 { "item" } else { "items" }
}

/// An array that goes up exactly as it came, digit for digit.
#[derive(Clone, Debug, Serialize)]
#[serde(transparent)]
pub struct Forwarded(Box<RawValue>);

impl Forwarded {
    #[must_use]
    pub fn text(&self) -> &str {
        self.0.get()
    }
}

impl Field for Forwarded {
    fn read(value: Json<'_>, place: &mut Place<'_>) -> Option<Self> {
        if value.items().is_none() {
            return place.fault("must be an array");
        }
        if serde_json::from_str::<Sound>(value.text()).is_err() {
            return place.fault("must be valid Unicode text, nested at most 128 deep");
        }
        RawValue::from_string(value.text().to_owned()).ok().map(Self)
    }

    fn schema() -> Schema {
        let any = ObjectBuilder::new().schema_type(SchemaType::AnyValue);
        let any = RefOr::T(Schema::Object(any.build()));
        Schema::Array(ArrayBuilder::new().items(any).build())
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
