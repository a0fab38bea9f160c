//! The cards of a carousel template: as many as it defines, each judged like a small template.

use serde_json::Value;

use crate::sandbox::codes;
use crate::sandbox::errors::{GraphError, Judged};
use crate::sandbox::reader::{Field, all_different};
use crate::sandbox::templates::list_of;
use crate::sandbox::world::World;

use super::components::Components;

pub(super) fn judge(
    defined: Option<&Value>,
    sent: Option<&Field<'_>>,
    named: bool,
    world: &World,
) -> Judged {
    let definitions = defined.map(|carousel| list_of(carousel, "cards")).unwrap_or_default();
    let cards = match sent {
        Some(carousel) => {
            carousel.only(&["type", "cards"])?;
            carousel.required("cards")?.items(0..=usize::MAX)?
        }
        None => Vec::new(),
    };
    if cards.len() != definitions.len() {
        let (found, expected) = (cards.len(), definitions.len());
        let details = format!("carousel: expected {expected} cards, received {found}");
        return Err(GraphError::new(codes::PARAMETER_FORMAT, details));
    }
    let mut places = Vec::new();
    for card in &cards {
        card.only(&["card_index", "components"])?;
        let place = card.required("card_index")?;
        let definition = definitions.get(place.index()?);
        let definition = definition.ok_or_else(|| place.refuse("is the index of no card"))?;
        let components = card.required("components")?.items(0..=usize::MAX)?;
        let components = Components::pair(list_of(definition, "components"), &components)?;
        components.judge(named, world)?;
        places.push(place);
    }
    all_different(places)
}
