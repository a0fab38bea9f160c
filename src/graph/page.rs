//! Lists that Graph hands out page by page.

use reqwest::RequestBuilder;
use secrecy::ExposeSecret as _;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::exchange::Repeat;
use super::failure::{Cause, GraphFailure, Outcome, without_token};
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

impl Graph {
    pub(super) async fn page(
        &self,
        credentials: Credentials<'_>,
        node: &GraphId,
        edge: &'static str,
        query: &PageQuery,
    ) -> Result<Page, GraphFailure> {
        let url = self.address(node, Some(edge));
        let budget = self.0.settings.read_timeout.get();
        let body = self.exchange(credentials, Repeat::Freely, budget, || {
            let request = self.0.client.get(query.on(url.clone()));
            bearer(request, credentials)
        });
        let body = body.await?;
        let page: Option<Page> = serde_json::from_slice(&body).ok();
        let Some(mut page) = page else {
            let detail = "Graph's answer is not a list";
            return Err(GraphFailure::new(Outcome::Unknown, Cause::Broken, detail).with_status(200));
        };
        if let Some(paging) = page.paging.take() {
            page.paging = RawValue::from_string(without_token(paging.get(), credentials.0)).ok();
        }
        Ok(page)
    }
}

pub(super) fn bearer(request: RequestBuilder, credentials: Credentials<'_>) -> RequestBuilder {
    request.bearer_auth(credentials.0.expose_secret())
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
    /// The cursor of the page behind this one; `None` on the last page.
    #[must_use]
    pub fn next_cursor(&self) -> Option<String> {
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
