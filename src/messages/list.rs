//! `send/interactive/list`: rows in sections, to choose one from.

use super::SendRequest;
use super::parts::{HeaderText, footer, text_part};
use crate::fields::{Fields, FromFields, List, Text};
use crate::graph::{Action, Content, Header, Interactive, ListRow, ListSection, TextPart};

pub(super) const EXAMPLE: &str = r#"{
  "phoneNumberId": "106540352242922",
  "to": "15551234567",
  "headerText": "Delivery",
  "bodyText": "When shall we come?",
  "footerText": "Tap the button",
  "buttonText": "Choose a time",
  "sections": [
    {
      "title": "Tomorrow",
      "rows": [
        { "id": "am", "title": "Morning", "description": "8 to 12" },
        { "id": "pm", "title": "Afternoon" }
      ]
    }
  ]
}"#;

/// What Meta takes in all sections together.
const MOST_ROWS: usize = 10;

pub(super) struct SendList {
    header: Option<HeaderText>,
    body: Text<4096>,
    footer: Option<TextPart>,
    button: Text<20>,
    sections: List<Section, 1, 10>,
}

struct Section {
    title: Text<24>,
    rows: List<Row, 1, MOST_ROWS>,
}

struct Row {
    id: Text<200>,
    title: Text<24>,
    description: Option<Text<72>>,
}

impl FromFields for Row {
    fn from_fields(fields: &mut Fields<'_>) -> Option<Self> {
        let id = fields.required("id");
        let title = fields.required("title");
        let description = fields.optional("description");
        Some(Self { id: id?, title: title?, description: description? })
    }
}

impl FromFields for Section {
    fn from_fields(fields: &mut Fields<'_>) -> Option<Self> {
        let title = fields.required("title");
        let rows = fields.required("rows");
        Some(Self { title: title?, rows: rows? })
    }
}

impl FromFields for SendList {
    fn from_fields(fields: &mut Fields<'_>) -> Option<Self> {
        let header = fields.optional("headerText");
        let body = fields.required("bodyText");
        let footer = footer(fields);
        let button = fields.required("buttonText");
        let sections = fields.required::<List<Section, 1, 10>>("sections");
        let rows = sections.iter().flat_map(List::iter).flat_map(|section| section.rows.iter());
        let count = rows.count();
        if count > MOST_ROWS {
            let limit = format!("must have at most {MOST_ROWS} rows in all, has {count}");
            return fields.fault("sections", limit);
        }
        let (header, body, footer) = (header?, body?, footer?);
        Some(Self { header, body, footer, button: button?, sections: sections? })
    }
}

impl SendRequest for SendList {
    fn into_content(self) -> Content {
        let sections = self.sections.into_vec().into_iter().map(|section| ListSection {
            title: section.title.into_string(),
            rows: section.rows.into_vec().into_iter().map(row).collect(),
        });
        Content::Interactive(Box::new(Interactive {
            kind: "list",
            header: self.header.map(|text| Header::Text(text.into_string())),
            body: Some(text_part(self.body)),
            footer: self.footer,
            action: Action::List {
                button: self.button.into_string(),
                sections: sections.collect(),
            },
        }))
    }
}

fn row(row: Row) -> ListRow {
    ListRow {
        id: row.id.into_string(),
        title: row.title.into_string(),
        description: row.description.map(Text::into_string),
    }
}
