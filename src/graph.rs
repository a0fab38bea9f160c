//! The client of Meta's Graph API. Nothing else of the gateway calls Meta.
//!
//! Every path is built segment by segment from ids that are proven to be ids; redirects are not
//! followed; no proxy from the environment sees a token; replies have a size and a time. Whether
//! a failed send may have gone out is decided here and nowhere else: [`Outcome`].

mod answer;
mod exchange;
mod failure;
mod flows;
mod http;
mod interactive;
mod media;
mod message;
mod page;
mod reach;
mod retry_budget;
mod send;
mod template;
mod whatsapp_account;

use std::sync::Arc;
use std::time::Duration;

use secrecy::SecretString;
use tokio::time::Instant;
use url::Url;

pub use failure::{Cause, GraphError, GraphFailure, Outcome};
pub use flows::Flow;
pub use interactive::{
    Action, Card, CardAction, CatalogParameters, Header, HeaderMedia, Interactive, ListRow,
    ListSection, ProductItem, ProductSection, Reply, ReplyButton, TextPart,
};
pub use media::{MediaBytes, MediaInfo, MediaUpload};
pub use message::{Content, Link, Location, Media, MediaKind, Message, TextBody};
pub use page::{Edge, Page, PageQuery, Pages};
pub use send::SendReceipt;
pub use template::Template;

use crate::config::GraphSettings;
use crate::model::GraphId;

/// A handle to Graph; clones share connections.
#[derive(Clone, Debug)]
pub struct Graph(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    client: reqwest::Client,
    settings: GraphSettings,
    retries: retry_budget::RetryBudget,
}

/// Who asks, by the Meta token of one account; and until when an answer is worth waiting for,
/// whatever the limits of the call itself allow.
#[derive(Clone, Copy, Debug)]
pub struct Credentials<'a> {
    token: &'a SecretString,
    until: Instant,
}

impl<'a> Credentials<'a> {
    #[must_use]
    pub fn new(token: &'a SecretString, until: Instant) -> Self {
        Self { token, until }
    }

    /// When a call that may take `budget` must have ended.
    fn deadline(&self, budget: Duration) -> Instant {
        self.until.min(Instant::now() + budget)
    }
}

impl Graph {
    /// # Errors
    /// When the TLS library cannot be set up.
    pub fn new(settings: GraphSettings) -> Result<Self, reqwest::Error> {
        let client = http::client(&settings)?;
        Ok(Self(Arc::new(Inner {
            client,
            settings,
            retries: retry_budget::RetryBudget::default(),
        })))
    }

    #[must_use]
    pub fn version(&self) -> &str {
        &self.0.settings.version
    }

    /// `{graph}/{version}/{ids…}`: the only way a Graph address is made.
    fn address(&self, node: &GraphId, edge: Option<&str>) -> Url {
        let mut url = self.0.settings.url.clone();
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop_if_empty().push(&self.0.settings.version).push(node.as_str()).extend(edge);
        }
        url
    }
}
