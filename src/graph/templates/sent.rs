//! The `components` of a send, held against the definition of the template.

use std::borrow::Cow;

use serde::Deserialize;
use serde::de::IgnoredAny;

use super::definition::{Parts, Variables};

/// One component of a send. A list of them that cannot be read so is not judged.
#[derive(Deserialize)]
pub(super) struct Component<'a> {
    #[serde(rename = "type", borrow)]
    kind: Cow<'a, str>,
    #[serde(borrow)]
    sub_type: Option<Cow<'a, str>>,
    index: Option<Index<'a>>,
    parameters: Option<Vec<IgnoredAny>>,
    #[serde(borrow)]
    cards: Option<Vec<Card<'a>>>,
}

#[derive(Deserialize)]
struct Card<'a> {
    card_index: Option<Index<'a>>,
    #[serde(borrow)]
    components: Option<Vec<Component<'a>>>,
}

/// Meta's own samples have both.
#[derive(Deserialize)]
#[serde(untagged)]
enum Index<'a> {
    Number(usize),
    #[serde(borrow)]
    Text(Cow<'a, str>),
}

impl Index<'_> {
    fn get(&self) -> Option<usize> {
        match self {
            Self::Number(index) => Some(*index),
            Self::Text(text) => text.parse().ok(),
        }
    }
}

impl Parts {
    /// What does not fit, each in a sentence; `whole` is how the template, or the card, is called.
    pub(super) fn misfits(&self, sent: &[Component<'_>], whole: &str) -> Vec<String> {
        let mut misfits = Vec::new();
        for (name, variables) in [("header", &self.header), ("body", &self.body)] {
            if let (Some(variables), Some(given)) = (variables, given(sent, name)) {
                misfits.extend(misfit(&format!("the {name} of {whole}"), variables, given));
            }
        }
        for (index, has_variable) in self.buttons.iter().enumerate() {
            if let (Some(has_variable), Some(given)) = (has_variable, given_to_url(sent, index)) {
                let variables = Variables::Positional(usize::from(*has_variable));
                misfits.extend(misfit(&format!("button {index} of {whole}"), &variables, given));
            }
        }
        if let Some(cards) = &self.cards {
            misfits.extend(card_misfits(cards, sent, whole));
        }
        misfits
    }
}

fn misfit(place: &str, variables: &Variables, given: usize) -> Option<String> {
    let differs = variables.count() != given;
    differs.then(|| format!("{place} takes {variables}, {} given", was(given)))
}

fn was(count: usize) -> String {
    format!("{count} {}", if count == 1 { "was" } else { "were" })
}

/// The components of this type; nothing is said of a type that comes twice.
fn one<'c>(sent: &'c [Component<'c>], kind: &str) -> Result<Option<&'c Component<'c>>, ()> {
    let mut found = sent.iter().filter(|component| component.kind.eq_ignore_ascii_case(kind));
    let first = found.next();
    if found.next().is_some() { Err(()) } else { Ok(first) }
}

/// How many parameters were given; none if that cannot be told.
fn given(sent: &[Component<'_>], kind: &str) -> Option<usize> {
    let component = one(sent, kind).ok()?;
    Some(component.and_then(|component| component.parameters.as_ref()).map_or(0, Vec::len))
}

fn given_to_url(sent: &[Component<'_>], index: usize) -> Option<usize> {
    let mut given = None;
    for component in sent.iter().filter(|component| component.kind.eq_ignore_ascii_case("button")) {
        let place = component.index.as_ref().and_then(Index::get)?;
        if place != index {
            continue;
        }
        let is_url = component.sub_type.as_ref().is_some_and(|it| it.eq_ignore_ascii_case("url"));
        if !is_url || given.is_some() {
            return None;
        }
        given = Some(component.parameters.as_ref().map_or(0, Vec::len));
    }
    Some(given.unwrap_or(0))
}

fn card_misfits(cards: &[Parts], sent: &[Component<'_>], whole: &str) -> Vec<String> {
    let Ok(carousel) = one(sent, "carousel") else { return Vec::new() };
    let given = carousel.and_then(|carousel| carousel.cards.as_deref()).unwrap_or_default();
    if given.len() != cards.len() {
        let (takes, was) = (cards.len(), was(given.len()));
        return vec![format!("the carousel of {whole} takes {takes} cards, {was} given")];
    }
    let mut misfits = Vec::new();
    for card in given {
        let Some(index) = card.card_index.as_ref().and_then(Index::get) else { continue };
        let (Some(parts), Some(components)) = (cards.get(index), &card.components) else {
            continue;
        };
        misfits.extend(parts.misfits(components, &format!("card {index} of {whole}")));
    }
    misfits
}
