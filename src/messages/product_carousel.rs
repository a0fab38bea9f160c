//! `send/interactive/product-carousel`: products side by side.

use super::SendRequest;
use super::parts::{BodyText, text_part};
use crate::fields::{AnyText, Fields, FromFields, List};
use crate::graph::{Action, Card, CardAction, Content, Interactive};

pub(super) const EXAMPLE: &str = r#"{
  "phoneNumberId": "106540352242922",
  "to": "15551234567",
  "bodyText": "Check out our featured products!",
  "cards": [
    { "catalogId": "123456789", "productRetailerId": "abc123xyz" },
    { "catalogId": "123456789", "productRetailerId": "def456uvw" }
  ]
}"#;

pub(super) struct SendProductCarousel {
    body: BodyText,
    cards: List<ProductCard, 2, 10>,
}

struct ProductCard {
    catalog: AnyText,
    product: AnyText,
}

impl FromFields for ProductCard {
    fn from_fields(fields: &mut Fields<'_>) -> Option<Self> {
        let catalog = fields.required("catalogId");
        let product = fields.required("productRetailerId");
        Some(Self { catalog: catalog?, product: product? })
    }
}

impl FromFields for SendProductCarousel {
    fn from_fields(fields: &mut Fields<'_>) -> Option<Self> {
        let body = fields.required("bodyText");
        let cards = fields.required::<List<ProductCard, 2, 10>>("cards");
        let catalogs = || cards.iter().flat_map(List::iter).map(|card| &card.catalog);
        if catalogs().any(|catalog| Some(catalog) != catalogs().next()) {
            return fields.fault("cards", "must all have the same catalogId");
        }
        Some(Self { body: body?, cards: cards? })
    }
}

impl SendRequest for SendProductCarousel {
    fn into_content(self) -> Content {
        let cards = self.cards.into_vec().into_iter().enumerate().map(|(card_index, card)| Card {
            card_index,
            kind: "product",
            header: None,
            body: None,
            action: CardAction::Product {
                product_retailer_id: card.product.into_string(),
                catalog_id: card.catalog.into_string(),
            },
        });
        Content::Interactive(Box::new(Interactive {
            kind: "carousel",
            header: None,
            body: Some(text_part(self.body)),
            footer: None,
            action: Action::Carousel { cards: cards.collect() },
        }))
    }
}
