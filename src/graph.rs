//! The client of Meta's Graph API. Nothing else of the gateway calls Meta.
//!
//! Every path is built segment by segment from ids that are proven to be ids; redirects are not
//! followed; no proxy from the environment sees a token; replies have a size and a time. Whether
//! a failed send may have gone out is decided here and nowhere else: [`Outcome`].

mod answer;
mod breaker;
mod breakers;
mod exchange;
mod failure;
mod flows;
mod forward;
mod http;
mod interactive;
mod mark;
mod media;
mod message;
mod page;
mod reach;
mod retry_budget;
mod send;
mod template;
mod templates;
mod whatsapp_account;

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use quick_cache::sync::Cache;
use reqwest::RequestBuilder;
use secrecy::{ExposeSecret as _, SecretString};
use tokio::time::Instant;
use url::Url;

pub use answer::GraphReply;
pub use breakers::{OpenBreakers, Permit};
pub use failure::{Cause, GraphError, GraphFailure, Outcome};
pub use flows::Flow;
pub use forward::{Forward, Work};
pub use interactive::{
    Action, AddressParameters, Card, CardAction, FlowOpening, FlowParameters, Header, HeaderMedia,
    Interactive, ListRow, ListSection, Parameters, ProductItem, ProductSection, QuickReply, Reply,
    ReplyButton, TextPart, VoiceCallParameters,
};
pub use mark::Mark;
pub use media::{MediaBytes, MediaInfo, MediaUpload, UploadReceipt};
pub use message::{Content, Link, Location, Media, MediaKind, Message, Reaction, TextBody};
pub use page::{Edge, Page, PageQuery, Pages};
pub use send::SendReceipt;
pub use template::Template;
pub use templates::{KnownTemplate, TemplateDefinition, TemplateRow};

use crate::clock::Clock;
use crate::config::GraphSettings;
use crate::metrics::Upstream;
use crate::model::{AccountId, GraphId, GraphVersion, TraceParent};
use crate::traces::Traces;

/// Of more numbers than these the least used are forgotten: callers cannot make memory grow without
/// end.
const MOST_NUMBERS: usize = 16_384;

/// A handle to Graph; clones share connections.
#[derive(Clone, Debug)]
pub struct Graph(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    client: reqwest::Client,
    settings: GraphSettings,
    retries: retry_budget::RetryBudget,
    breakers: breakers::Breakers,
    metrics: Upstream,
    traces: Traces,
    /// Where the messages of a number go, in the version of the settings: to make such an address
    /// takes longer than to copy one.
    messages: Cache<GraphId, Url>,
}

/// On whose behalf Graph is asked: until when an answer is worth waiting for, whatever the limits
/// of the call itself allow; the trace that it belongs to; and the version of the API to ask.
#[derive(Clone, Copy, Debug)]
pub struct Errand {
    pub until: Instant,
    pub trace: Option<TraceParent>,
    /// The version that the caller asked for; none leaves it to the settings.
    pub version: Option<GraphVersion>,
}

/// Who asks: an account, by its Meta token; and on which errand.
#[derive(Clone, Copy, Debug)]
pub struct Credentials<'a> {
    account: &'a AccountId,
    token: &'a SecretString,
    errand: Errand,
}

impl<'a> Credentials<'a> {
    #[must_use]
    pub fn new(account: &'a AccountId, token: &'a SecretString, errand: Errand) -> Self {
        Self { account, token, errand }
    }

    /// Puts on a request what shows who asks.
    fn sign(&self, request: RequestBuilder) -> RequestBuilder {
        request.bearer_auth(self.token.expose_secret())
    }

    /// When a call that may take `budget` must have ended.
    fn deadline(&self, budget: Duration) -> Instant {
        self.errand.until.min(Instant::now() + budget)
    }
}

impl Graph {
    /// # Errors
    /// When the TLS library cannot be set up.
    pub fn new(
        settings: GraphSettings,
        clock: Clock,
        metrics: Upstream,
        traces: Traces,
    ) -> Result<Self, reqwest::Error> {
        let client = http::client(&settings).build()?;
        Ok(Self::over(client, settings, clock, metrics, traces))
    }

    fn over(
        client: reqwest::Client,
        settings: GraphSettings,
        clock: Clock,
        metrics: Upstream,
        traces: Traces,
    ) -> Self {
        let retries = retry_budget::RetryBudget::default();
        let breakers = breakers::Breakers::new(&settings.breakers, &settings.url, clock);
        let messages = Cache::new(MOST_NUMBERS);
        Self(Arc::new(Inner { client, settings, retries, breakers, metrics, traces, messages }))
    }

    /// Leave to send one message from this number: asked for before anything is written down, and
    /// used up by the send.
    ///
    /// # Errors
    /// When a breaker is open. Nothing went out, and the failure tells how long to wait.
    pub fn ready_for(
        &self,
        credentials: Credentials<'_>,
        number: &GraphId,
    ) -> Result<Permit, GraphFailure> {
        self.0.breakers.admit(credentials, Some(number))
    }

    /// How many breakers refuse calls at the moment.
    #[must_use]
    pub fn open_breakers(&self) -> OpenBreakers {
        self.0.breakers.open()
    }

    #[must_use]
    pub fn version(&self) -> GraphVersion {
        self.0.settings.version
    }

    /// Where messages of a number go.
    fn messages_of(&self, errand: Errand, number: &GraphId) -> Url {
        let make = || self.address(errand, number, Some("messages"));
        if errand.version.is_some_and(|version| version != self.0.settings.version) {
            return make();
        }
        let known = self.0.messages.get_or_insert_with(number, || Ok::<_, Infallible>(make()));
        known.unwrap_or_else(|never| match never {})
    }

    /// `{graph}/{version}/{ids…}`: the only way a Graph address is made.
    fn address(&self, errand: Errand, node: &GraphId, edge: Option<&str>) -> Url {
        let mut url = self.0.settings.url.clone();
        let version = errand.version.unwrap_or(self.0.settings.version).to_string();
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop_if_empty().push(&version).push(node.as_str()).extend(edge);
        }
        url
    }
}
