//! `send/interactive/cta-url`: a button that opens a web page.

use super::SendRequest;
use super::header::header;
use super::parts::{BodyText, Label, footer, text_part};
use super::web_address::WebUrl;
use crate::fields::{Fields, FromFields};
use crate::graph::{Action, Content, Header, Interactive, Parameters, TextPart};

pub(super) const EXAMPLE: &str = r#"{
  "phoneNumberId": "106540352242922",
  "to": "15551234567",
  "header": { "type": "image", "link": "https://example.com/summer.png" },
  "bodyText": "Our summer dates are out",
  "footerText": "Dates may change",
  "displayText": "See the dates",
  "url": "https://example.com/dates?from=whatsapp"
}"#;

pub(super) struct SendCtaUrl {
    header: Option<Header>,
    body: BodyText,
    footer: Option<TextPart>,
    display_text: Label,
    url: WebUrl,
}

impl FromFields for SendCtaUrl {
    fn from_fields(fields: &mut Fields<'_>) -> Option<Self> {
        let header = header(fields);
        let body = fields.required("bodyText");
        let footer = footer(fields);
        let display_text = fields.required("displayText");
        let url = fields.required("url");
        let (header, body, footer) = (header?, body?, footer?);
        Some(Self { header, body, footer, display_text: display_text?, url: url? })
    }
}

impl SendRequest for SendCtaUrl {
    fn into_content(self) -> Content {
        let display_text = self.display_text.into_string();
        let parameters = Parameters::Link { display_text, url: self.url.0 };
        Content::Interactive(Box::new(Interactive {
            kind: "cta_url",
            header: self.header,
            body: Some(text_part(self.body)),
            footer: self.footer,
            action: Action::Named { name: "cta_url", parameters: Some(parameters) },
        }))
    }
}
