//! The headers that tell a caller where it stands: `RateLimit-Policy` and `RateLimit`, as the
//! IETF's draft "RateLimit header fields for HTTP" writes them.

use std::fmt::Write as _;
use std::time::Duration;

use http::{HeaderMap, HeaderName, HeaderValue};

use super::RequestRecord;
use crate::limits::Counted;

const POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");
const STANDING: HeaderName = HeaderName::from_static("ratelimit");

/// Puts in what the request was counted for; nothing, if nothing limits it.
pub fn tell_rate_limits(record: &RequestRecord, headers: &mut HeaderMap) {
    let mut counted = record.counted().peekable();
    if counted.peek().is_none() {
        return;
    }
    let (mut policies, mut standing) = (String::new(), String::new());
    for counted in counted {
        let comma = if policies.is_empty() { "" } else { ", " };
        write_one(comma, counted, &mut policies, &mut standing);
    }
    for (name, text) in [(POLICY, policies), (STANDING, standing)] {
        if let Ok(value) = HeaderValue::from_str(&text) {
            headers.insert(name, value);
        }
    }
}

/// `t` is when there will be one more than `r`: as long as that, no more than `r` may come.
fn write_one(comma: &str, counted: &Counted, policies: &mut String, standing: &mut String) {
    let Counted { policy, rate, left, next, .. } = counted;
    let (quota, window) = (rate.quota(), rate.seconds());
    let next = whole_seconds(*next);
    let written = write!(policies, "{comma}\"{policy}\";q={quota};w={window}")
        .and_then(|()| write!(standing, "{comma}\"{policy}\";r={left};t={next}"));
    written.unwrap_or_default();
}

/// Rounded up: whoever waits as long as told must not come too early.
pub(super) fn whole_seconds(time: Duration) -> u64 {
    time.as_secs() + u64::from(time.subsec_nanos() > 0)
}
