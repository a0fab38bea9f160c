//! A message as Meta takes it.

use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::value::RawValue;

use super::{Action, Interactive, Parameters, Template};
use crate::model::Destination;

/// One message to one receiver.
#[derive(Debug)]
pub struct Message {
    pub to: Destination,
    /// The wamid of the message that this one answers.
    pub context: Option<String>,
    pub content: Content,
}

#[derive(Debug)]
pub enum Content {
    Text(TextBody),
    Media(MediaKind, Media),
    Sticker(Link),
    Location(Location),
    Reaction(Reaction),
    /// An array of contacts, as the caller wrote it.
    Contacts(Box<RawValue>),
    Interactive(Box<Interactive>),
    Template(Template),
}

#[derive(Debug, serde::Serialize)]
pub struct TextBody {
    pub body: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub preview_url: Option<bool>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MediaKind {
    Image,
    Video,
    Audio,
    Document,
}

#[derive(Debug, serde::Serialize)]
pub struct Media {
    #[serde(flatten)]
    pub link: Link,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub caption: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub filename: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub voice: Option<bool>,
}

/// Where Meta finds the bytes: among what was uploaded, or on the web.
#[derive(Debug, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Link {
    Id(String),
    Link(String),
}

#[derive(Debug, serde::Serialize)]
pub struct Location {
    /// In the JSON type that the caller chose, digit for digit.
    pub latitude: Box<RawValue>,
    pub longitude: Box<RawValue>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
}

#[derive(Debug, serde::Serialize)]
pub struct Reaction {
    pub message_id: String,
    /// An empty one takes the reaction back.
    pub emoji: String,
}

impl MediaKind {
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Image => "image",
            Self::Video => "video",
            Self::Audio => "audio",
            Self::Document => "document",
        }
    }
}

impl Content {
    /// The form that it carries: its id, or its name if it is sent by that.
    #[must_use]
    pub fn form(&self) -> Option<&str> {
        let Self::Interactive(interactive) = self else { return None };
        match &interactive.action {
            Action::Named { parameters: Some(Parameters::Flow(flow)), .. } => {
                flow.flow_id.as_deref().or(flow.flow_name.as_deref())
            }
            _ => None,
        }
    }
}

impl Serialize for Message {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("messaging_product", "whatsapp")?;
        let (recipient_type, key, receiver) = match &self.to {
            Destination::Phone(digits) => ("individual", "to", digits),
            Destination::User(id) => ("individual", "recipient", id),
            Destination::Group(id) => ("group", "to", id),
        };
        map.serialize_entry("recipient_type", recipient_type)?;
        map.serialize_entry(key, receiver)?;
        if let Some(wamid) = &self.context {
            #[derive(serde::Serialize)]
            struct Context<'a> {
                message_id: &'a str,
            }
            map.serialize_entry("context", &Context { message_id: wamid })?;
        }
        match &self.content {
            Content::Text(text) => typed(&mut map, "text", text)?,
            Content::Media(kind, media) => typed(&mut map, kind.name(), media)?,
            Content::Sticker(link) => typed(&mut map, "sticker", link)?,
            Content::Location(location) => typed(&mut map, "location", location)?,
            Content::Reaction(reaction) => typed(&mut map, "reaction", reaction)?,
            Content::Contacts(contacts) => typed(&mut map, "contacts", contacts)?,
            Content::Interactive(interactive) => typed(&mut map, "interactive", interactive)?,
            Content::Template(template) => typed(&mut map, "template", template)?,
        }
        map.end()
    }
}

/// `"type":"text","text":{…}`
fn typed<M: SerializeMap>(
    map: &mut M,
    kind: &str,
    content: &impl Serialize,
) -> Result<(), M::Error> {
    map.serialize_entry("type", kind)?;
    map.serialize_entry(kind, content)
}
