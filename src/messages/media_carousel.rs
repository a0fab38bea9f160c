//! `send/interactive/media-carousel`: pictures or videos side by side, each with a link or buttons.

use utoipa::openapi::schema::Schema;

use super::SendRequest;
use super::header::CardHeader;
use super::parts::{BodyText, Label, text_part};
use super::replies::Replies;
use super::web_address::WebUrl;
use crate::fields::{Field, Fields, FromFields, Json, List, Place, Text};
use crate::graph::{
    Action, Card, CardAction, Content, Header, Interactive, Parameters, QuickReply,
};

pub(super) const EXAMPLE: &str = r#"{
  "phoneNumberId": "106540352242922",
  "to": "15551234567",
  "bodyText": "New in the shop",
  "cards": [
    {
      "header": { "type": "image", "link": "https://example.com/aloe.png" },
      "bodyText": "Aloe, $20",
      "displayText": "Buy it",
      "url": "https://example.com/aloe"
    },
    {
      "header": { "type": "image", "link": "https://example.com/fern.png" },
      "bodyText": "Fern, $15",
      "displayText": "Buy it",
      "url": "https://example.com/fern"
    }
  ]
}"#;

/// In the body of a card.
const MOST_LINE_BREAKS: usize = 2;

pub(super) struct SendMediaCarousel {
    body: BodyText,
    cards: Cards,
}

/// Two to ten cards, alike but for what they show and say.
struct Cards(List<MediaCard, 2, 10>);

struct MediaCard {
    header: CardHeader,
    body: Option<CardText>,
    button: CardButton,
}

struct CardText(Text<160>);

enum CardButton {
    Link(Label, WebUrl),
    Replies(Replies),
}

impl Field for CardText {
    fn read(value: Json<'_>, place: &mut Place<'_>) -> Option<Self> {
        let text = Text::read(value, place)?;
        let breaks = text.as_str().matches('\n').count();
        if breaks > MOST_LINE_BREAKS {
            let limit = format!("must have at most {MOST_LINE_BREAKS} line breaks, has {breaks}");
            return place.fault(limit);
        }
        Some(Self(text))
    }

    fn schema() -> Schema {
        Text::<160>::schema()
    }

    fn is_blank(value: Json<'_>) -> bool {
        Text::<160>::is_blank(value)
    }

    fn optional_schema() -> Schema {
        Text::<160>::optional_schema()
    }
}

impl FromFields for MediaCard {
    fn from_fields(fields: &mut Fields<'_>) -> Option<Self> {
        let header = fields.required("header");
        let body = fields.optional("bodyText");
        let button = button(fields);
        Some(Self { header: header?, body: body?, button: button? })
    }
}

fn button(fields: &mut Fields<'_>) -> Option<CardButton> {
    let text = fields.optional::<Label>("displayText");
    let url = fields.optional::<WebUrl>("url");
    let replies = fields.optional::<Replies>("buttons");
    let one = fields.exactly_one_of([&["displayText", "url"], &["buttons"]]);
    let (text, url, replies) = (text?, url?, replies?);
    one?;
    match replies {
        Some(replies) => Some(CardButton::Replies(replies)),
        None => Some(CardButton::Link(text?, url?)),
    }
}

impl Field for Cards {
    fn read(value: Json<'_>, place: &mut Place<'_>) -> Option<Self> {
        let cards = List::<MediaCard, 2, 10>::read(value, place)?;
        let same_header = all_alike(cards.iter().map(|card| card.header.0));
        let same_buttons = all_alike(cards.iter().map(|card| card.button.count()));
        if !same_header {
            place.fault::<()>("must all have headers of the same type");
        }
        if !same_buttons {
            place.fault::<()>("must all have buttons of the same kind and number");
        }
        (same_header && same_buttons).then_some(Self(cards))
    }

    fn schema() -> Schema {
        List::<MediaCard, 2, 10>::schema()
    }
}

impl CardButton {
    /// How many quick replies; none for a link.
    fn count(&self) -> usize {
        match self {
            Self::Link(..) => 0,
            Self::Replies(replies) => replies.count(),
        }
    }

    fn into_action(self) -> CardAction {
        match self {
            Self::Link(text, url) => CardAction::Link {
                name: "cta_url",
                parameters: Parameters::Link { display_text: text.into_string(), url: url.0 },
            },
            Self::Replies(replies) => CardAction::QuickReplies {
                buttons: replies.into_replies().map(QuickReply::new).collect(),
            },
        }
    }
}

fn all_alike<T: PartialEq>(mut values: impl Iterator<Item = T>) -> bool {
    let first = values.next();
    values.all(|value| Some(value) == first)
}

impl FromFields for SendMediaCarousel {
    fn from_fields(fields: &mut Fields<'_>) -> Option<Self> {
        let body = fields.required("bodyText");
        let cards = fields.required("cards");
        Some(Self { body: body?, cards: cards? })
    }
}

impl SendRequest for SendMediaCarousel {
    fn into_content(self) -> Content {
        let cards = self.cards.0.into_vec().into_iter().enumerate().map(|(card_index, card)| {
            let CardHeader(kind, media) = card.header;
            Card {
                card_index,
                // Meta's samples call it so beside quick replies, too.
                kind: "cta_url",
                header: Some(Header::Media(kind, media)),
                body: card.body.map(|text| text_part(text.0)),
                action: card.button.into_action(),
            }
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
