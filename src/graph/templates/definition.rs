//! What a send of a template must give: counted from the template as Graph has it.
//!
//! Only what is certain is counted. Whatever is not understood is left to Graph.

use std::fmt;

use serde::Deserialize;

use super::TemplateRow;

/// A template in one language.
#[derive(Debug)]
pub struct TemplateDefinition {
    pub(super) language: Box<str>,
    /// None if it is not understood, or not approved: Graph says what is wrong with it then.
    pub(super) parts: Option<Parts>,
}

/// What must be given for a template, or for a card of its carousel.
#[derive(Debug, Default)]
pub(super) struct Parts {
    pub(super) header: Option<Variables>,
    pub(super) body: Option<Variables>,
    /// Each button in its place: whether its URL has a variable, if it has a URL.
    pub(super) buttons: Vec<Option<bool>>,
    pub(super) cards: Option<Vec<Parts>>,
}

#[derive(Debug, PartialEq, Eq)]
pub(super) enum Variables {
    Positional(usize),
    Named(Box<[Box<str>]>),
}

#[derive(Deserialize)]
struct Row {
    status: Option<String>,
    parameter_format: Option<String>,
    components: Vec<Component>,
}

#[derive(Deserialize)]
struct Component {
    #[serde(rename = "type")]
    kind: String,
    format: Option<String>,
    text: Option<String>,
    buttons: Option<Vec<Button>>,
    cards: Option<Vec<Card>>,
}

#[derive(Deserialize)]
struct Button {
    #[serde(rename = "type")]
    kind: String,
    url: Option<String>,
}

#[derive(Deserialize)]
struct Card {
    components: Vec<Component>,
}

impl TemplateDefinition {
    pub(super) fn of(row: &TemplateRow) -> Self {
        let parts = serde_json::from_str::<Row>(row.raw.get()).ok().and_then(|known| {
            let approved = known.status.is_none_or(|status| is(&status, "APPROVED"));
            let named = known.parameter_format.is_some_and(|format| is(&format, "NAMED"));
            approved.then(|| Parts::of(&known.components, named))
        });
        Self { language: row.language.as_str().into(), parts }
    }

    /// About how much memory it takes.
    pub(super) fn size(&self) -> usize {
        let parts = self.parts.as_ref().map_or(0, Parts::size);
        size_of::<Self>() + self.language.len() + parts
    }
}

impl Parts {
    fn of(components: &[Component], named: bool) -> Self {
        let find = |kind: &str| components.iter().find(|component| is(&component.kind, kind));
        let variables = |component: &Component| Variables::of(component.text.as_deref()?, named);
        let is_text =
            |header: &&Component| header.format.as_deref().is_some_and(|it| is(it, "TEXT"));
        let buttons = find("BUTTONS").and_then(|component| component.buttons.as_deref());
        let cards = find("CAROUSEL").and_then(|component| component.cards.as_deref());
        Self {
            header: find("HEADER").filter(is_text).and_then(variables),
            body: find("BODY").and_then(variables),
            buttons: buttons.unwrap_or_default().iter().map(Button::has_variable).collect(),
            // Whether more product cards may be sent than were defined, Meta's pages leave open.
            cards: cards
                .filter(|cards| !cards.iter().any(Card::shows_product))
                .map(|cards| cards.iter().map(|card| Self::of(&card.components, named)).collect()),
        }
    }

    fn size(&self) -> usize {
        let variables = |variables: &Option<Variables>| match variables {
            Some(Variables::Named(names)) => {
                names.iter().map(|name| size_of::<Box<str>>() + name.len()).sum()
            }
            _ => 0,
        };
        let cards: usize = self.cards.iter().flatten().map(Self::size).sum();
        size_of::<Self>()
            + variables(&self.header)
            + variables(&self.body)
            + self.buttons.len()
            + cards
    }
}

impl Button {
    fn has_variable(&self) -> Option<bool> {
        let url = self.url.as_deref().filter(|_| is(&self.kind, "URL"))?;
        Some(url.contains("{{"))
    }
}

impl Card {
    fn shows_product(&self) -> bool {
        let mut formats = self.components.iter().filter_map(|part| part.format.as_deref());
        formats.any(|format| is(format, "PRODUCT"))
    }
}

impl Variables {
    /// The variables in `Hello {{1}}` or `Hello {{name}}`, each once; none if one of them is
    /// written otherwise than the format says.
    fn of(text: &str, named: bool) -> Option<Self> {
        let mut names = Vec::<Box<str>>::new();
        for piece in text.split("{{").skip(1) {
            let name = piece.split_once("}}")?.0.trim();
            let is_number = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_digit());
            if is_number == named || name.is_empty() {
                return None;
            }
            if !names.iter().any(|known| **known == *name) {
                names.push(name.into());
            }
        }
        Some(if named { Self::Named(names.into()) } else { Self::Positional(names.len()) })
    }

    pub(super) fn count(&self) -> usize {
        match self {
            Self::Positional(count) => *count,
            Self::Named(names) => names.len(),
        }
    }
}

/// `3 parameters`, `1 parameter (first_name)`
impl fmt::Display for Variables {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let count = self.count();
        write!(f, "{count} parameter{}", if count == 1 { "" } else { "s" })?;
        match self {
            Self::Named(names) if count > 0 => write!(f, " ({})", names.join(", ")),
            _ => Ok(()),
        }
    }
}

fn is(word: &str, expected: &str) -> bool {
    word.eq_ignore_ascii_case(expected)
}
