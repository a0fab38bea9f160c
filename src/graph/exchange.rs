//! One call to Graph: the time it may take, and whether it may be tried again.

#[cfg(test)]
mod tests;

use std::error::Error;
use std::io;
use std::pin::pin;
use std::time::Duration;

use http::HeaderName;
use reqwest::{RequestBuilder, Response};
use secrecy::SecretString;
use tokio::time::{Instant, timeout_at};
use url::Url;

use super::answer::{GraphReply, Unreadable};
use super::failure::{Cause, GraphFailure, Outcome, Trouble};
use super::{Credentials, Graph, Permit};
use crate::metrics::CallKind;
use crate::traces::CallSpan;

/// W3C's header of a trace.
const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");

/// The same numbers on each system that this runs on; the standard library has no names for them.
const EMFILE: i32 = 24;
const ENFILE: i32 = 23;

const MAX_RETRIES: u32 = 2;
const FIRST_BACKOFF: Duration = Duration::from_millis(100);
const LAST_BACKOFF: Duration = Duration::from_secs(1);
const TIME_TO_ANSWER: Duration = Duration::from_secs(1);

/// What a second try could do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Repeat {
    /// Send twice: only a call that provably never left is tried again.
    UnlessSent,
    /// Nothing but ask again.
    Freely,
}

/// One call for an account: what kind it is, who asks, and within what time.
pub(super) struct Exchange<'a> {
    pub(super) kind: CallKind,
    pub(super) permit: Permit,
    pub(super) credentials: Credentials<'a>,
    pub(super) repeat: Repeat,
    pub(super) budget: Duration,
}

impl Repeat {
    fn told(self, failure: GraphFailure) -> GraphFailure {
        if self == Self::Freely { failure.of_a_read() } else { failure }
    }
}

impl Graph {
    /// Asks for what is at an address of Graph's, and understands the answer.
    pub(super) async fn read<T>(
        &self,
        credentials: Credentials<'_>,
        url: &Url,
        understand: impl FnOnce(GraphReply) -> Result<T, GraphFailure>,
    ) -> Result<T, GraphFailure> {
        let permit = self.0.breakers.admit(credentials, None)?;
        let budget = self.0.settings.read_timeout.get();
        let exchange =
            Exchange { kind: CallKind::Read, permit, credentials, repeat: Repeat::Freely, budget };
        let request = || credentials.sign(self.0.client.get(url.clone()));
        self.exchange(exchange, request, understand).await
    }

    /// Makes the call that `request` builds, anew for each try, understands its answer, and counts
    /// how it ended. Whatever is asked for an account is asked in here.
    ///
    /// No async function, as that keeps each of its arguments twice, as long as it runs.
    pub(super) fn exchange<T>(
        &self,
        exchange: Exchange<'_>,
        request: impl Fn() -> RequestBuilder,
        understand: impl FnOnce(GraphReply) -> Result<T, GraphFailure>,
    ) -> impl Future<Output = Result<T, GraphFailure>> {
        let Exchange { kind, permit, credentials, repeat, budget } = exchange;
        let call = self.0.metrics.begin(kind);
        let deadline = credentials.deadline(budget);
        async move {
            let answer = self.try_until(kind, deadline, &credentials, repeat, &request).await;
            if answer.as_ref().map_or_else(|no| no.outcome == Outcome::Rejected, |_| true) {
                self.0.retries.earn();
            }
            self.0.breakers.settle(permit, credentials, answer.as_ref().err());
            let answer = answer.map_err(|failure| repeat.told(failure)).and_then(understand);
            match &answer {
                Ok(_) => call.succeeded(),
                Err(failure) => call.failed(failure.outcome.into(), failure.code()),
            }
            answer
        }
    }

    async fn try_until(
        &self,
        kind: CallKind,
        deadline: Instant,
        credentials: &Credentials<'_>,
        repeat: Repeat,
        request: impl Fn() -> RequestBuilder,
    ) -> Result<GraphReply, GraphFailure> {
        let (mut tries, mut waits) = (0, 0);
        loop {
            let limit = self.limit_of_try(deadline, repeat, tries);
            let mut span = self.0.traces.call(kind, credentials.errand.trace, tries + waits);
            let answer = {
                let call = send(request(), &mut span);
                // Pinned where it is awaited: each layer that takes a future by value holds it twice.
                // With four other changes 146,600 instructions a send, which were 167,700.
                let answer = pin!(once(call, credentials.token, &mut span));
                timeout_at(limit, answer).await
            };
            let failure = match answer.unwrap_or_else(|_| Err(out_of_time())) {
                Ok(reply) => {
                    span.ended(None);
                    return Ok(reply);
                }
                Err(failure) => failure,
            };
            span.ended(Some(failure.outcome.into()));
            let so_far = if failure.trouble == Trouble::NoRoom { &mut waits } else { &mut tries };
            match worth_repeating(&failure, repeat, *so_far) {
                Some(wait) if self.may_repeat(&failure, Instant::now() + wait, deadline) => {
                    tokio::time::sleep(wait).await;
                    self.0.metrics.repeated();
                    *so_far += 1;
                }
                _ => return Err(failure),
            }
        }
    }

    /// What did not get as far as Graph costs nothing. But it needs time for an answer: one that is
    /// cut off counts as unknown, and it is known that this one was not sent.
    fn may_repeat(&self, failure: &GraphFailure, at: Instant, deadline: Instant) -> bool {
        if failure.trouble == Trouble::NoRoom {
            return at + TIME_TO_ANSWER < deadline;
        }
        at < deadline && self.0.retries.spend()
    }

    /// A read that can be tried again takes half of the time that is left, so that there is time
    /// for it; any other takes all.
    fn limit_of_try(&self, deadline: Instant, repeat: Repeat, tries: u32) -> Instant {
        if repeat == Repeat::UnlessSent || tries >= MAX_RETRIES || !self.0.retries.affords_one() {
            return deadline;
        }
        let now = Instant::now();
        now + deadline.saturating_duration_since(now) / 2
    }
}

/// One try, without a limit on its time.
async fn once(
    call: impl Future<Output = Result<Response, reqwest::Error>>,
    token: &SecretString,
    span: &mut CallSpan,
) -> Result<GraphReply, GraphFailure> {
    let response = call.await.inspect(|response| span.answered(response.status().as_u16()));
    let read = GraphReply::read(response.map_err(|error| without_answer(&error))?);
    let answer = read.await.map_err(|(status, why)| {
        let (trouble, detail) = match why {
            Unreadable::Cut => (Trouble::Transport, "the answer was cut"),
            Unreadable::TooLarge => (Trouble::None, "the answer is larger than 4 MB"),
        };
        let failure = GraphFailure::new(Outcome::Unknown, Cause::Broken, detail);
        failure.with_status(status.as_u16()).with_trouble(trouble)
    })?;
    answer.judge(token)
}

/// Asks, as a part of the trace; whoever waits for the answer tells the span of it. What waits holds
/// no request any more: an async function that is given one keeps room for it to its end, and so
/// does each that hands it on.
pub(super) fn send(
    request: RequestBuilder,
    span: &mut CallSpan,
) -> impl Future<Output = Result<Response, reqwest::Error>> + use<> {
    let (client, request) = request.build_split();
    let asked = request.map(|mut request| {
        span.asks(request.method().as_str(), request.url());
        if let Some(trace) = span.trace().and_then(|trace| trace.as_str().parse().ok()) {
            request.headers_mut().insert(TRACEPARENT, trace);
        }
        client.execute(request)
    });
    async move { asked?.await }
}

pub(super) fn out_of_time() -> GraphFailure {
    let detail = "Graph did not answer in time";
    GraphFailure::new(Outcome::Unknown, Cause::Timeout, detail).with_trouble(Trouble::Timeout)
}

/// A failure to connect comes before the first byte, and some peers say that they have not looked
/// at a request; after any other failure it may have been taken.
pub(super) fn without_answer(error: &reqwest::Error) -> GraphFailure {
    let (outcome, trouble, detail) = if error.is_builder() {
        (Outcome::NotSent, Trouble::NotCalled, "the request cannot be built")
    } else if is_out_of_room(error) {
        (Outcome::NotSent, Trouble::NoRoom, "no descriptor is left for a connection")
    } else if error.is_connect() {
        (Outcome::NotSent, Trouble::Transport, "no connection to Graph")
    } else if is_unprocessed(error) {
        (Outcome::NotSent, Trouble::Unprocessed, "Graph did not look at the request")
    } else {
        (Outcome::Unknown, Trouble::Transport, "the connection to Graph broke")
    };
    let no_answer = outcome == Outcome::NotSent && error.is_timeout();
    let cause = if no_answer { Cause::Timeout } else { Cause::Broken };
    GraphFailure::new(outcome, cause, detail).with_trouble(trouble)
}

/// RFC 9113, 8.7: a stream reset with REFUSED_STREAM, or numbered above the last one of a GOAWAY,
/// was not processed in any way. The library tells a stream of a GOAWAY only if it is above.
fn is_unprocessed(error: &reqwest::Error) -> bool {
    cause::<h2::Error>(error).is_some_and(|error| {
        let refused = error.is_reset() && error.reason() == Some(h2::Reason::REFUSED_STREAM);
        error.is_remote() && (refused || error.is_go_away())
    })
}

/// All descriptors of this process, or of this host, are in use.
fn is_out_of_room(error: &reqwest::Error) -> bool {
    let number = cause::<io::Error>(error).and_then(io::Error::raw_os_error);
    error.is_connect() && matches!(number, Some(EMFILE | ENFILE))
}

fn cause<E: Error + 'static>(error: &reqwest::Error) -> Option<&E> {
    let mut causes = std::iter::successors(error.source(), |cause| (*cause).source());
    causes.find_map(|cause| cause.downcast_ref())
}

/// How long to wait before the next try; `None` where there must be none.
fn worth_repeating(failure: &GraphFailure, repeat: Repeat, tries: u32) -> Option<Duration> {
    match failure.trouble {
        Trouble::NotCalled => return None,
        // As soon as a call is over there is room again.
        Trouble::NoRoom => return Some(backoff(tries)),
        _ if tries >= MAX_RETRIES => return None,
        _ => {}
    }
    match (failure.outcome, failure.cause) {
        (Outcome::NotSent, Cause::Throttled) => {
            let wait = failure.retry_after.filter(|wait| *wait <= Duration::from_secs(1))?;
            (repeat == Repeat::Freely && tries == 0).then_some(wait)
        }
        (Outcome::NotSent, _) => {
            let once_only = failure.trouble == Trouble::Unprocessed;
            (tries == 0 || !once_only).then(|| backoff(tries))
        }
        (Outcome::Unknown, _) => {
            let redirected = matches!(failure.upstream_status, Some(300..=399));
            let repeatable = !redirected && !matches!(failure.upstream_status, Some(200..=299));
            (repeat == Repeat::Freely && repeatable).then(|| backoff(tries))
        }
        (Outcome::Rejected, _) => None,
    }
}

/// Full jitter: anything up to the step, so that many callers do not come back at once.
fn backoff(tries: u32) -> Duration {
    let step = FIRST_BACKOFF.saturating_mul(1 << tries.min(4)).min(LAST_BACKOFF);
    let random = getrandom::u32().unwrap_or(u32::MAX);
    step.mul_f64(f64::from(random) / f64::from(u32::MAX))
}
