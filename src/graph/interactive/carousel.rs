//! Cards side by side.

use serde::Serialize;

use super::{Header, Parameters, Reply, TextPart};

#[derive(Debug, Serialize)]
pub struct Card {
    pub card_index: usize,
    #[serde(rename = "type")]
    pub kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub header: Option<Header>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub body: Option<TextPart>,
    pub action: CardAction,
}

#[derive(Debug, Serialize)]
#[serde(untagged)]
pub enum CardAction {
    Product { product_retailer_id: String, catalog_id: String },
    Link { name: &'static str, parameters: Parameters },
    QuickReplies { buttons: Vec<QuickReply> },
}

#[derive(Debug, Serialize)]
pub struct QuickReply {
    #[serde(rename = "type")]
    kind: &'static str,
    quick_reply: Reply,
}

impl QuickReply {
    #[must_use]
    pub fn new(reply: Reply) -> Self {
        Self { kind: "quick_reply", quick_reply: reply }
    }
}
