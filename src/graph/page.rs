//! Lists that Graph hands out page by page.

use serde::Deserialize;
use serde_json::value::RawValue;

use super::failure::{Cause, GraphFailure, Outcome};
use super::{Credentials, Graph};
use crate::model::GraphId;

/// What may be asked of a list. Values come from the caller, names never do.
#[derive(Clone, Debug, Default)]
pub struct PageQuery {
    pub limit: Option<u32>,
    pub after: Option<String>,
    pub before: Option<String>,
    pub name: Option<String>,
}

/// One page, its items untouched.
#[derive(Debug, Deserialize)]
pub struct Page {
    #[serde(rename = "data")]
    pub items: Vec<Box<RawValue>>,
    /// As Graph sent it, less the Meta token; its links still lead to Graph.
    pub paging: Option<Box<RawValue>>,
}

/// The lists that hang on a WhatsApp Business Account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Edge {
    Templates,
    Flows,
    PhoneNumbers,
}

/// A list read page after page, all of it within the time of one read.
#[derive(Debug)]
pub struct Pages<'a> {
    graph: &'a Graph,
    credentials: Credentials<'a>,
    node: &'a GraphId,
    edge: Edge,
    query: Option<PageQuery>,
}

impl Graph {
    /// One page of a list.
    ///
    /// # Errors
    /// As any read of Graph's.
    pub async fn page(
        &self,
        credentials: Credentials<'_>,
        node: &GraphId,
        edge: Edge,
        query: &PageQuery,
    ) -> Result<Page, GraphFailure> {
        let url = query.on(self.address(credentials.errand, node, Some(edge.name())));
        self.read(credentials, &url, |reply| Page::read(&reply.body)).await
    }

    /// All pages of a list, from the one that `query` asks for.
    #[must_use]
    pub fn pages<'a>(
        &'a self,
        mut credentials: Credentials<'a>,
        node: &'a GraphId,
        edge: Edge,
        query: PageQuery,
    ) -> Pages<'a> {
        credentials.errand.until = credentials.deadline(self.0.settings.read_timeout.get());
        Pages { graph: self, credentials, node, edge, query: Some(query) }
    }
}

impl Pages<'_> {
    /// The next page; `None` behind the last one.
    ///
    /// # Errors
    /// As any read of Graph's.
    pub async fn next(&mut self) -> Result<Option<Page>, GraphFailure> {
        let Some(query) = self.query.take() else { return Ok(None) };
        let page = self.graph.page(self.credentials, self.node, self.edge, &query).await?;
        // A cursor that leads to itself would have us read for ever.
        let after = page.next_cursor().filter(|after| query.after.as_ref() != Some(after));
        self.query = after.map(|after| PageQuery { after: Some(after), before: None, ..query });
        Ok(Some(page))
    }
}

impl Edge {
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Templates => "message_templates",
            Self::Flows => "flows",
            Self::PhoneNumbers => "phone_numbers",
        }
    }
}

impl PageQuery {
    fn on(&self, mut url: url::Url) -> url::Url {
        let limit = self.limit.map(|limit| limit.to_string());
        let values = [
            ("limit", limit.as_deref()),
            ("after", self.after.as_deref()),
            ("before", self.before.as_deref()),
            ("name", self.name.as_deref()),
        ];
        for (name, value) in values {
            if let Some(value) = value {
                url.query_pairs_mut().append_pair(name, value);
            }
        }
        url
    }
}

impl Page {
    /// Reads an answer of Graph's.
    ///
    /// # Errors
    /// When it is no list.
    pub fn read(body: &[u8]) -> Result<Self, GraphFailure> {
        serde_json::from_slice(body).map_err(|_| {
            let detail = "Graph's answer is not a list";
            let failure = GraphFailure::new(Outcome::Unknown, Cause::Broken, detail);
            failure.with_status(200).of_a_read()
        })
    }

    /// Whether there is nothing behind it.
    #[must_use]
    pub fn is_last(&self) -> bool {
        #[derive(Deserialize)]
        struct Paging {
            next: Option<serde::de::IgnoredAny>,
        }

        let paging = self.paging.as_ref().map(|raw| serde_json::from_str::<Paging>(raw.get()));
        paging.is_none_or(|paging| paging.is_ok_and(|paging| paging.next.is_none()))
    }

    /// The cursor of the page behind this one; `None` on the last page.
    fn next_cursor(&self) -> Option<String> {
        #[derive(Deserialize)]
        struct Paging {
            cursors: Option<Cursors>,
            next: Option<String>,
        }
        #[derive(Deserialize)]
        struct Cursors {
            after: Option<String>,
        }

        let paging: Paging = serde_json::from_str(self.paging.as_ref()?.get()).ok()?;
        paging.next?;
        paging.cursors?.after.filter(|after| !after.is_empty())
    }
}
