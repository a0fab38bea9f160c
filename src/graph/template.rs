//! A template message.

use serde::Serialize;

use crate::fields::Forwarded;

#[derive(Debug, Serialize)]
pub struct Template {
    pub name: String,
    pub language: Language,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub components: Option<Forwarded>,
}

#[derive(Debug, Serialize)]
pub struct Language {
    code: String,
}

impl Template {
    #[must_use]
    pub fn new(name: String, language: String, components: Option<Forwarded>) -> Self {
        Self { name, language: Language { code: language }, components }
    }
}
