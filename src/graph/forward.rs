//! A call that is passed on as it came, by a caller who speaks Graph's own language. What it is
//! about was proven to be the caller's before; its path and its query are built anew all the same.

use bytes::Bytes;

use super::exchange::{Exchange, Repeat};
use super::http::post_json;
use super::{Credentials, Graph, GraphFailure, GraphReply};
use crate::metrics::CallKind;
use crate::model::GraphId;

/// What to ask of which object of Graph's.
#[derive(Debug)]
pub struct Forward<'a> {
    pub node: &'a GraphId,
    pub edge: Option<&'static str>,
    /// Names of ours, values of the caller's.
    pub query: Vec<(&'static str, String)>,
    pub work: Work,
}

/// What a forwarded call does.
#[derive(Clone, Debug)]
pub enum Work {
    Read,
    /// Writes what may be written twice.
    Mark(Bytes),
    Write(Bytes),
    Delete,
}

impl Graph {
    /// Passes a call on, and the answer back: a JSON object without the Meta token.
    ///
    /// # Errors
    /// As any read of Graph's, or as any send. [`GraphFailure::reply`] is what Graph said.
    pub async fn forward(
        &self,
        credentials: Credentials<'_>,
        call: Forward<'_>,
    ) -> Result<GraphReply, GraphFailure> {
        let Forward { node, edge, query, work } = call;
        let mut url = self.address(credentials.errand, node, edge);
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(&query);
        }
        let client = &self.0.client;
        let request = || match &work {
            Work::Read => credentials.sign(client.get(url.clone())),
            Work::Mark(body) | Work::Write(body) => {
                post_json(client, url.clone(), credentials, body.clone())
            }
            Work::Delete => credentials.sign(client.delete(url.clone())),
        };
        let settings = &self.0.settings;
        let (kind, repeat, budget) = match work {
            Work::Read => (CallKind::Read, Repeat::Freely, settings.read_timeout),
            Work::Mark(_) => (CallKind::Write, Repeat::Freely, settings.read_timeout),
            Work::Write(_) | Work::Delete => {
                (CallKind::Write, Repeat::UnlessSent, settings.send_timeout)
            }
        };
        let permit = match work {
            Work::Mark(_) => self.ready_for(credentials, node)?,
            _ => self.0.breakers.admit(credentials, None)?,
        };
        let exchange = Exchange { kind, permit, credentials, repeat, budget: budget.get() };
        self.exchange(exchange, request, GraphReply::object).await
    }
}
