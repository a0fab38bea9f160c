//! A template message.

use serde::Serialize;
use serde_json::value::RawValue;

#[derive(Debug, Serialize)]
pub struct Template {
    pub name: String,
    pub language: Language,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub components: Option<Box<RawValue>>,
}

#[derive(Debug, Serialize)]
pub struct Language {
    pub code: String,
}

impl Template {
    #[must_use]
    pub fn new(name: String, language: String, components: Option<Box<RawValue>>) -> Self {
        Self { name, language: Language { code: language }, components }
    }
}
