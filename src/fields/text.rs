//! Text with a limit.

use serde::Serialize;
use utoipa::openapi::schema::Schema;
use utoipa::openapi::{ObjectBuilder, Type};

use super::schema::nullable;
use super::{Field, Json, Place};

/// Text of at least one and at most `MAX` Unicode code points, not trimmed, without NUL.
/// An optional one that is empty counts as left out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Text<const MAX: usize>(String);

/// Text that only the size of the body limits.
pub type AnyText = Text<{ usize::MAX }>;

impl<const MAX: usize> Text<MAX> {
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    #[must_use]
    pub fn into_string(self) -> String {
        self.0
    }
}

/// Reads a string of any length; notes the fault if it is none, or no text that can be kept.
pub(super) fn read_string(value: Json<'_>, place: &mut Place<'_>) -> Option<String> {
    match value.as_string() {
        None => place.fault("must be a string"),
        Some(Err(_)) => place.fault("must be valid Unicode text"),
        Some(Ok(text)) if text.contains('\0') => place.fault("must not contain NUL characters"),
        Some(Ok(text)) => Some(text.into_owned()),
    }
}

impl<const MAX: usize> Field for Text<MAX> {
    fn read(value: Json<'_>, place: &mut Place<'_>) -> Option<Self> {
        let text = read_string(value, place)?;
        if text.is_empty() {
            return place.fault("must not be empty");
        }
        // A text of so many bytes cannot have more characters: counting is for the long ones.
        if text.len() > MAX {
            let count = text.chars().count();
            if count > MAX {
                return place.fault(format!("must be at most {MAX} characters, has {count}"));
            }
        }
        Some(Self(text))
    }

    fn schema() -> Schema {
        let limit = (MAX != usize::MAX).then_some(MAX);
        let text = ObjectBuilder::new().schema_type(Type::String).min_length(Some(1));
        Schema::Object(text.max_length(limit).build())
    }

    fn is_blank(value: Json<'_>) -> bool {
        value.is_blank()
    }

    fn optional_schema() -> Schema {
        let mut schema = Self::schema();
        if let Schema::Object(object) = &mut schema {
            object.min_length = None;
        }
        nullable(schema)
    }
}
