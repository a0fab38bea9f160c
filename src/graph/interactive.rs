//! Interactive messages: a body, what stands around it, and what the receiver can do.

mod carousel;
mod parameters;

use serde::Serialize;

use super::{Link, MediaKind};

pub use carousel::{Card, CardAction, QuickReply};
pub use parameters::{
    AddressParameters, FlowOpening, FlowParameters, Parameters, VoiceCallParameters,
};

#[derive(Debug, Serialize)]
pub struct Interactive {
    #[serde(rename = "type")]
    pub kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub header: Option<Header>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub body: Option<TextPart>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub footer: Option<TextPart>,
    pub action: Action,
}

#[derive(Debug, Serialize)]
pub struct TextPart {
    text: String,
}

impl TextPart {
    #[must_use]
    pub fn new(text: String) -> Self {
        Self { text }
    }
}

#[derive(Debug)]
pub enum Header {
    Text(String),
    Media(MediaKind, HeaderMedia),
}

#[derive(Debug, Serialize)]
pub struct HeaderMedia {
    #[serde(flatten)]
    pub link: Link,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub filename: Option<String>,
}

impl Serialize for Header {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        use serde::ser::SerializeMap as _;
        let mut map = serializer.serialize_map(Some(2))?;
        match self {
            Self::Text(text) => {
                map.serialize_entry("type", "text")?;
                map.serialize_entry("text", text)?;
            }
            Self::Media(kind, media) => {
                map.serialize_entry("type", kind.name())?;
                map.serialize_entry(kind.name(), media)?;
            }
        }
        map.end()
    }
}

#[derive(Debug, Serialize)]
#[serde(untagged)]
pub enum Action {
    /// What Meta knows by a name.
    Named {
        name: &'static str,
        #[serde(skip_serializing_if = "Option::is_none")]
        parameters: Option<Parameters>,
    },
    Product {
        catalog_id: String,
        product_retailer_id: String,
    },
    ProductList {
        catalog_id: String,
        sections: Vec<ProductSection>,
    },
    Carousel {
        cards: Vec<Card>,
    },
    Buttons {
        buttons: Vec<ReplyButton>,
    },
    List {
        button: String,
        sections: Vec<ListSection>,
    },
}

#[derive(Debug, Serialize)]
pub struct ProductSection {
    pub title: String,
    pub product_items: Vec<ProductItem>,
}

#[derive(Debug, Serialize)]
pub struct ProductItem {
    pub product_retailer_id: String,
}

#[derive(Debug, Serialize)]
pub struct ReplyButton {
    #[serde(rename = "type")]
    kind: &'static str,
    reply: Reply,
}

#[derive(Debug, Serialize)]
pub struct Reply {
    pub id: String,
    pub title: String,
}

impl ReplyButton {
    #[must_use]
    pub fn new(reply: Reply) -> Self {
        Self { kind: "reply", reply }
    }
}

#[derive(Debug, Serialize)]
pub struct ListSection {
    pub title: String,
    pub rows: Vec<ListRow>,
}

#[derive(Debug, Serialize)]
pub struct ListRow {
    pub id: String,
    pub title: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
}
