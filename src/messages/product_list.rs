//! `send/interactive/product-list`: products in sections.

use super::SendRequest;
use super::parts::{BodyText, HeaderText, footer, text_part};
use crate::fields::{AnyText, Fields, FromFields, List, Text};
use crate::graph::{Action, Content, Header, Interactive, ProductItem, ProductSection, TextPart};

pub(super) const EXAMPLE: &str = r#"{
  "phoneNumberId": "106540352242922",
  "to": "15551234567",
  "catalogId": "123456789",
  "headerText": "Our menu",
  "bodyText": "Choose what you like",
  "footerText": "Delivered within the hour",
  "sections": [
    {
      "title": "Pizza",
      "product_items": [{ "product_retailer_id": "pizza-1" }, { "product_retailer_id": "pizza-2" }]
    }
  ]
}"#;

/// What Meta takes in all sections together.
const MOST_PRODUCTS: usize = 30;

pub(super) struct SendProductList {
    catalog: AnyText,
    header: HeaderText,
    body: BodyText,
    footer: Option<TextPart>,
    sections: List<Section, 1, 10>,
}

struct Section {
    title: Text<24>,
    items: List<Item, 1, MOST_PRODUCTS>,
}

struct Item(AnyText);

impl FromFields for Item {
    fn from_fields(fields: &mut Fields<'_>) -> Option<Self> {
        fields.required("product_retailer_id").map(Self)
    }
}

impl FromFields for Section {
    fn from_fields(fields: &mut Fields<'_>) -> Option<Self> {
        let title = fields.required("title");
        let items = fields.required("product_items");
        Some(Self { title: title?, items: items? })
    }
}

impl FromFields for SendProductList {
    fn from_fields(fields: &mut Fields<'_>) -> Option<Self> {
        let catalog = fields.required("catalogId");
        let header = fields.required("headerText");
        let body = fields.required("bodyText");
        let footer = footer(fields);
        let sections = fields.required::<List<Section, 1, 10>>("sections");
        let count =
            sections.iter().flat_map(List::iter).map(|section| section.items.iter().count());
        let count: usize = count.sum();
        if count > MOST_PRODUCTS {
            let limit = format!("must have at most {MOST_PRODUCTS} products in all, has {count}");
            return fields.fault("sections", limit);
        }
        let (catalog, header) = (catalog?, header?);
        Some(Self { catalog, header, body: body?, footer: footer?, sections: sections? })
    }
}

impl SendRequest for SendProductList {
    fn into_content(self) -> Content {
        let sections = self.sections.into_vec().into_iter().map(|section| ProductSection {
            title: section.title.into_string(),
            product_items: section.items.into_vec().into_iter().map(product).collect(),
        });
        Content::Interactive(Box::new(Interactive {
            kind: "product_list",
            header: Some(Header::Text(self.header.into_string())),
            body: Some(text_part(self.body)),
            footer: self.footer,
            action: Action::ProductList {
                catalog_id: self.catalog.into_string(),
                sections: sections.collect(),
            },
        }))
    }
}

fn product(item: Item) -> ProductItem {
    ProductItem { product_retailer_id: item.0.into_string() }
}
