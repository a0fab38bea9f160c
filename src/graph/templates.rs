//! The templates of a WhatsApp Business Account: looked up, made, edited, deleted.

mod definition;
mod known;
mod sent;

use bytes::Bytes;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::exchange::{Exchange, Repeat};
use super::http::post_json;
use super::{Credentials, Edge, Graph, GraphFailure, Page, PageQuery};
use crate::metrics::CallKind;
use crate::model::GraphId;

pub use definition::TemplateDefinition;
pub use known::KnownTemplate;

/// Pages of this size, when a name is looked for: fewer calls, well below Graph's reply limit.
const LOOKUP_PAGE: u32 = 100;

/// One template: one name in one language.
#[derive(Debug)]
pub struct TemplateRow {
    pub name: String,
    pub language: String,
    /// None only if Graph gives an id that is none.
    pub id: Option<GraphId>,
    /// As Graph has it.
    pub raw: Box<RawValue>,
}

impl TemplateRow {
    /// The rows of a page that are templates.
    #[must_use]
    pub fn read_all(page: &Page) -> Vec<Self> {
        page.items.iter().filter_map(|item| Self::read(item)).collect()
    }

    fn read(raw: &RawValue) -> Option<Self> {
        #[derive(Deserialize)]
        struct Row {
            name: String,
            #[serde(default)]
            language: String,
            id: Option<Box<RawValue>>,
        }

        let row: Row = serde_json::from_str(raw.get()).ok()?;
        let id = row.id.and_then(|id| GraphId::parse(id.get().trim_matches('"')));
        Some(Self { name: row.name, language: row.language, id, raw: raw.to_owned() })
    }
}

impl Graph {
    /// All templates of that very name, over all pages. Whether Graph's own filter is exact is
    /// not documented, so it only makes the pages fewer.
    ///
    /// # Errors
    /// As any read of Graph's.
    pub async fn templates_named(
        &self,
        credentials: Credentials<'_>,
        waba: &GraphId,
        name: &str,
    ) -> Result<Vec<TemplateRow>, GraphFailure> {
        let query = PageQuery {
            limit: Some(LOOKUP_PAGE),
            name: Some(name.to_owned()),
            ..PageQuery::default()
        };
        let mut pages = self.pages(credentials, waba, Edge::Templates, query);
        let mut found = Vec::new();
        while let Some(page) = pages.next().await? {
            found.extend(TemplateRow::read_all(&page).into_iter().filter(|row| row.name == name));
        }
        Ok(found)
    }

    /// Makes a template of a body in Meta's own shape.
    ///
    /// # Errors
    /// As any send.
    pub async fn create_template(
        &self,
        credentials: Credentials<'_>,
        waba: &GraphId,
        body: Bytes,
    ) -> Result<Bytes, GraphFailure> {
        let url = self.address(credentials.errand, waba, Some(Edge::Templates.name()));
        self.write_template(credentials, || {
            post_json(&self.0.client, url.clone(), credentials, body.clone())
        })
        .await
    }

    /// Edits one template.
    ///
    /// # Errors
    /// As any send.
    pub async fn edit_template(
        &self,
        credentials: Credentials<'_>,
        template: &GraphId,
        body: Bytes,
    ) -> Result<Bytes, GraphFailure> {
        let url = self.address(credentials.errand, template, None);
        self.write_template(credentials, || {
            post_json(&self.0.client, url.clone(), credentials, body.clone())
        })
        .await
    }

    /// Deletes the templates of a name: all of them, or only the one with this id.
    ///
    /// # Errors
    /// As any send.
    pub async fn delete_templates(
        &self,
        credentials: Credentials<'_>,
        waba: &GraphId,
        name: &str,
        only: Option<&GraphId>,
    ) -> Result<Bytes, GraphFailure> {
        let mut url = self.address(credentials.errand, waba, Some(Edge::Templates.name()));
        url.query_pairs_mut().append_pair("name", name);
        if let Some(id) = only {
            url.query_pairs_mut().append_pair("hsm_id", id.as_str());
        }
        self.write_template(credentials, || credentials.sign(self.0.client.delete(url.clone())))
            .await
    }

    async fn write_template(
        &self,
        credentials: Credentials<'_>,
        request: impl Fn() -> reqwest::RequestBuilder,
    ) -> Result<Bytes, GraphFailure> {
        let permit = self.0.breakers.admit(credentials, None)?;
        let budget = self.0.settings.send_timeout.get();
        let (kind, repeat) = (CallKind::Write, Repeat::UnlessSent);
        let exchange = Exchange { kind, permit, credentials, repeat, budget };
        self.exchange(exchange, request, |reply| Ok(reply.object()?.body)).await
    }
}
