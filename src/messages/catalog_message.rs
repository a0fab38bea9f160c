//! `send/interactive/catalog-message`: a way into the whole catalog.

use super::SendRequest;
use super::parts::{BodyText, footer, text_part};
use crate::fields::{AnyText, Fields, FromFields};
use crate::graph::{Action, Content, Interactive, Parameters, TextPart};

pub(super) const EXAMPLE: &str = r#"{
  "phoneNumberId": "106540352242922",
  "to": "15551234567",
  "bodyText": "Have a look at our catalog",
  "footerText": "Best prices in town",
  "thumbnailProductRetailerId": "abc123xyz"
}"#;

pub(super) struct SendCatalogMessage {
    body: BodyText,
    footer: Option<TextPart>,
    thumbnail: Option<AnyText>,
}

impl FromFields for SendCatalogMessage {
    fn from_fields(fields: &mut Fields<'_>) -> Option<Self> {
        let body = fields.required("bodyText");
        let footer = footer(fields);
        let thumbnail = fields.optional("thumbnailProductRetailerId");
        Some(Self { body: body?, footer: footer?, thumbnail: thumbnail? })
    }
}

impl SendRequest for SendCatalogMessage {
    fn into_content(self) -> Content {
        // Without a thumbnail Meta takes the first product, but only if `parameters` is absent.
        let parameters = self.thumbnail.map(|thumbnail| Parameters::Catalog {
            thumbnail_product_retailer_id: thumbnail.into_string(),
        });
        Content::Interactive(Box::new(Interactive {
            kind: "catalog_message",
            header: None,
            body: Some(text_part(self.body)),
            footer: self.footer,
            action: Action::Named { name: "catalog_message", parameters },
        }))
    }
}
