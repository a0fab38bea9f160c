//! One call to Graph: the time it may take, and whether it may be tried again.

use std::time::Duration;

use bytes::Bytes;
use reqwest::RequestBuilder;
use secrecy::SecretString;
use tokio::time::{Instant, timeout_at};

use super::answer::{Answer, Unreadable};
use super::failure::{Cause, GraphFailure, Outcome};
use super::{Credentials, Graph};

const MAX_RETRIES: u32 = 2;
const FIRST_BACKOFF: Duration = Duration::from_millis(100);
const LAST_BACKOFF: Duration = Duration::from_secs(1);

/// What a second try could do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Repeat {
    /// Send twice: only a call that provably never left is tried again.
    UnlessSent,
    /// Nothing but ask again.
    Freely,
}

impl Repeat {
    fn told(self, failure: GraphFailure) -> GraphFailure {
        if self == Self::Freely { failure.of_a_read() } else { failure }
    }
}

impl Graph {
    /// Makes the call that `request` builds, anew for each try, and answers within `budget`.
    pub(super) async fn exchange(
        &self,
        credentials: Credentials<'_>,
        repeat: Repeat,
        budget: Duration,
        request: impl Fn() -> RequestBuilder,
    ) -> Result<Bytes, GraphFailure> {
        let deadline = credentials.deadline(budget);
        self.0.retries.earn();
        let mut tries = 0;
        loop {
            let attempt = timeout_at(deadline, once(request(), credentials.token)).await;
            let failure = match attempt {
                Ok(Ok(body)) => return Ok(body),
                Ok(Err(failure)) => failure,
                Err(_) => return Err(repeat.told(out_of_time())),
            };
            let wait = worth_repeating(&failure, repeat, tries);
            match wait {
                Some(wait) if Instant::now() + wait < deadline && self.0.retries.spend() => {
                    tokio::time::sleep(wait).await;
                    self.0.metrics.repeated();
                    tries += 1;
                }
                _ => return Err(repeat.told(failure)),
            }
        }
    }
}

/// One try, without a limit on its time.
async fn once(request: RequestBuilder, token: &SecretString) -> Result<Bytes, GraphFailure> {
    let response = request.send().await.map_err(|error| without_answer(&error))?;
    let answer = Answer::read(response).await.map_err(|(status, why)| {
        let detail = match why {
            Unreadable::Cut => "the answer was cut",
            Unreadable::TooLarge => "the answer is larger than 4 MB",
        };
        GraphFailure::new(Outcome::Unknown, Cause::Broken, detail).with_status(status.as_u16())
    })?;
    answer.judge(token)
}

pub(super) fn out_of_time() -> GraphFailure {
    GraphFailure::new(Outcome::Unknown, Cause::Timeout, "Graph did not answer in time")
}

/// A failure to connect comes before the first byte; any other may come after it.
pub(super) fn without_answer(error: &reqwest::Error) -> GraphFailure {
    if error.is_builder() || error.is_connect() {
        let cause = if error.is_timeout() { Cause::Timeout } else { Cause::Broken };
        return GraphFailure::new(Outcome::NotSent, cause, "no connection to Graph");
    }
    GraphFailure::new(Outcome::Unknown, Cause::Broken, "the connection to Graph broke")
}

/// How long to wait before the next try; `None` where there must be none.
fn worth_repeating(failure: &GraphFailure, repeat: Repeat, tries: u32) -> Option<Duration> {
    if tries >= MAX_RETRIES {
        return None;
    }
    match (failure.outcome, failure.cause) {
        (Outcome::NotSent, Cause::Throttled) => {
            let wait = failure.retry_after.filter(|wait| *wait <= Duration::from_secs(1))?;
            (repeat == Repeat::Freely && tries == 0).then_some(wait)
        }
        (Outcome::NotSent, _) => Some(backoff(tries)),
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
