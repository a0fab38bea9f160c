//! `interactive.type: carousel`: two to ten cards, all with products or all with media.

use crate::sandbox::errors::Judged;
use crate::sandbox::reader::{Field, all_alike, all_different};
use crate::sandbox::world::World;

use super::button::judge_replies;
use super::{cta_url, judge_header};

pub(super) fn judge(action: &Field<'_>, world: &World) -> Judged {
    action.only(&["cards"])?;
    let cards = action.required("cards")?.items(2..=10)?;
    let mut places = Vec::new();
    for card in &cards {
        let place = card.required("card_index")?;
        place.whole_number(0..=9)?;
        places.push(place);
    }
    all_different(places)?;
    let is_product = |card: &Field<'_>| {
        card.optional("type").is_some_and(|kind| matches!(kind.string(), Ok("product")))
    };
    if cards.iter().any(is_product) {
        return judge_products(&cards);
    }
    judge_media(&cards, world)
}

fn judge_products(cards: &[Field<'_>]) -> Judged {
    let mut catalogues = Vec::new();
    for card in cards {
        card.only(&["card_index", "type", "action"])?;
        card.required("type")?.one_of(&["product"])?;
        let action = card.required("action")?;
        action.only(&["catalog_id", "product_retailer_id"])?;
        action.required("product_retailer_id")?.some_text()?;
        let catalogue = action.required("catalog_id")?;
        catalogue.some_text()?;
        catalogues.push(catalogue);
    }
    all_alike(catalogues)
}

fn judge_media(cards: &[Field<'_>], world: &World) -> Judged {
    let mut header_types = Vec::new();
    let mut buttons = None;
    for card in cards {
        card.only(&["card_index", "type", "header", "body", "action"])?;
        let header = card.required("header")?;
        judge_header(&header, &["image", "video"], world)?;
        header_types.push(header.required("type")?);
        if let Some(body) = card.optional("body") {
            judge_body(&body)?;
        }
        let action = card.required("action")?;
        let own = judge_buttons(card, &action)?;
        if *buttons.get_or_insert(own) != own {
            return Err(action.refuse("must have the same buttons as the other cards"));
        }
    }
    all_alike(header_types)
}

fn judge_body(body: &Field<'_>) -> Judged {
    body.only(&["text"])?;
    let text = body.required("text")?;
    if text.text(1..=160)?.matches('\n').count() > 2 {
        return Err(text.refuse("must have at most 2 line breaks"));
    }
    Ok(())
}

/// How many quick replies the card has; none when it has a link instead. The type is printed
/// as `cta_url` for both, and may be left out beside quick replies.
fn judge_buttons(card: &Field<'_>, action: &Field<'_>) -> Judged<usize> {
    if let Some(kind) = card.optional("type") {
        kind.one_of(&["cta_url"])?;
    }
    let Some(list) = action.optional("buttons") else {
        card.required("type")?;
        cta_url::judge(action)?;
        return Ok(0);
    };
    action.only(&["buttons"])?;
    let buttons = list.items(1..=3)?;
    for button in &buttons {
        button.only(&["type", "quick_reply"])?;
        button.required("type")?.one_of(&["quick_reply"])?;
    }
    judge_replies(&buttons, "quick_reply")?;
    Ok(buttons.len())
}
