//! `send/interactive/product`: one product of a catalog.

use super::SendRequest;
use super::parts::{BodyText, footer, text_part};
use crate::fields::{AnyText, Fields, FromFields};
use crate::graph::{Action, Content, Interactive, TextPart};

pub(super) const EXAMPLE: &str = r#"{
  "phoneNumberId": "106540352242922",
  "to": "15551234567",
  "catalogId": "123456789",
  "productRetailerId": "abc123xyz",
  "bodyText": "Our best seller",
  "footerText": "While stocks last"
}"#;

pub(super) struct SendProduct {
    catalog: AnyText,
    product: AnyText,
    body: Option<BodyText>,
    footer: Option<TextPart>,
}

impl FromFields for SendProduct {
    fn from_fields(fields: &mut Fields<'_>) -> Option<Self> {
        let catalog = fields.required("catalogId");
        let product = fields.required("productRetailerId");
        let body = fields.optional("bodyText");
        let footer = footer(fields);
        Some(Self { catalog: catalog?, product: product?, body: body?, footer: footer? })
    }
}

impl SendRequest for SendProduct {
    fn into_content(self) -> Content {
        Content::Interactive(Box::new(Interactive {
            kind: "product",
            header: None,
            body: self.body.map(text_part),
            footer: self.footer,
            action: Action::Product {
                catalog_id: self.catalog.into_string(),
                product_retailer_id: self.product.into_string(),
            },
        }))
    }
}
