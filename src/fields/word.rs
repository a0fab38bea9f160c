//! One of a few words.

use utoipa::openapi::schema::Schema;
use utoipa::openapi::{ObjectBuilder, Type};

use super::{Field, Json, Place, nullable};

/// What a field means that takes a few words only, in this very spelling.
pub trait Word: Copy + 'static {
    const WORDS: &'static [(&'static str, Self)];
}

/// A string that is one of [`Word::WORDS`]. An optional one that is empty counts as left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OneOf<T>(pub T);

fn words<T: Word>() -> Vec<&'static str> {
    T::WORDS.iter().map(|(word, _)| *word).collect()
}

impl<T: Word> Field for OneOf<T> {
    fn read(value: Json<'_>, place: &mut Place<'_>) -> Option<Self> {
        let text = value.as_string().and_then(Result::ok);
        let known = T::WORDS.iter().find(|(word, _)| text.as_deref() == Some(*word));
        known.map(|(_, meaning)| Self(*meaning)).or_else(|| {
            let words = words::<T>();
            let listed = match words.split_last() {
                Some((last, others)) if !others.is_empty() => {
                    format!("{} or {last}", others.join(", "))
                }
                _ => words.concat(),
            };
            place.fault(format!("must be {listed}"))
        })
    }

    fn schema() -> Schema {
        let words = Some(words::<T>());
        Schema::Object(ObjectBuilder::new().schema_type(Type::String).enum_values(words).build())
    }

    fn is_blank(value: Json<'_>) -> bool {
        value.is_blank()
    }

    fn optional_schema() -> Schema {
        let words = words::<T>().into_iter().chain([""]);
        let words = ObjectBuilder::new().schema_type(Type::String).enum_values(Some(words));
        nullable(Schema::Object(words.build()))
    }
}
