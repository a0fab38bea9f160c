//! The table of all metrics: what each is called, and what it means.

/// One metric.
#[derive(Debug)]
pub struct Row {
    /// Without the ending that its kind gives to its samples.
    pub name: &'static str,
    pub kind: RowKind,
    pub labels: &'static [&'static str],
    /// Without the full stop that comes behind it.
    pub help: &'static str,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RowKind {
    Counter,
    Gauge,
    Histogram,
    Info,
}

impl RowKind {
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Counter => "counter",
            Self::Gauge => "gauge",
            Self::Histogram => "histogram",
            Self::Info => "info",
        }
    }

    /// The endings of the names of its samples.
    #[must_use]
    pub const fn endings(self) -> &'static [&'static str] {
        match self {
            Self::Counter => &["_total"],
            Self::Gauge => &[""],
            Self::Histogram => &["_bucket", "_sum", "_count"],
            Self::Info => &["_info"],
        }
    }
}

macro_rules! table {
    ($($row:ident: $kind:ident $name:literal [$($label:literal),*] $help:literal;)+) => {
        $(pub(super) const $row: Row = Row {
            name: $name,
            kind: RowKind::$kind,
            labels: &[$($label),*],
            help: $help,
        };)+

        /// All of them, in the order in which they are read out.
        pub const ALL: &[Row] = &[$($row),+];
    };
}

table! {
    REQUESTS: Counter "avenping_http_requests" ["route", "method", "status"]
        "HTTP requests by the route they matched and the status they got; 499 when the caller went away before";
    REQUEST_TIME: Histogram "avenping_http_request_duration_seconds" ["route"]
        "Time from the head of a request to the head of its answer";
    REQUESTS_RUNNING: Gauge "avenping_http_requests_in_flight" []
        "HTTP requests that have no answer yet";
    SHED: Counter "avenping_http_requests_shed" ["class"]
        "HTTP requests that got 503 because there was no place for them, or no memory";
    LIMITED: Counter "avenping_http_requests_limited" ["policy"]
        "HTTP requests that got 429 by whose limit was reached";

    CALLS: Counter "avenping_upstream_calls" ["kind", "outcome", "code"]
        "Calls to Graph by what they were, how they ended, and Meta's error code";
    CALL_TIME: Histogram "avenping_upstream_call_duration_seconds" ["kind"]
        "Time of a call to Graph, repeats included; of a download, until its bytes begin";
    CALLS_RUNNING: Gauge "avenping_upstream_calls_in_flight" ["kind"]
        "Calls to Graph that have no answer yet";
    REPEATS: Counter "avenping_upstream_retries" []
        "Further tries of calls to Graph that provably did no harm before";
    BREAKERS: Gauge "avenping_breakers_open" ["kind"]
        "Breakers that are open: calls to Graph for the number, to the host or with the token are refused unasked";

    TOKENS: Counter "avenping_token_cache_lookups" ["result"]
        "Look-ups of API tokens, answered by the cache or by the database";

    CLAIMS: Counter "avenping_idempotency_claims" ["result"]
        "Sends under an Idempotency-Key by what the key was found to be";

    RECORDS_WAITING: Gauge "avenping_recorder_queue_depth" []
        "Records of sent messages that are not written yet";
    RECORDS_LOST: Counter "avenping_records_given_up" ["reason"]
        "Records of sent messages that were never written";

    POSTS: Counter "avenping_inbound_posts" ["result"]
        "Posts of Meta's by what became of them";
    POSTS_WAITING: Gauge "avenping_inbox_queue_depth" []
        "Posts of Meta's that wait to be stored";
    ARRIVALS: Counter "avenping_inbound_arrivals" ["kind"]
        "Messages, statuses and other changes that were taken in for the first time";
    ARRIVALS_AGAIN: Counter "avenping_inbound_repeats" []
        "The same that Meta told again, and that were known already";
    EVENTS: Counter "avenping_events" ["event"]
        "Events that customers are to be told of";

    ATTEMPTS: Counter "avenping_delivery_attempts" ["result"]
        "Attempts to deliver a webhook by how they ended";
    ATTEMPT_TIME: Histogram "avenping_delivery_attempt_duration_seconds" []
        "Time of a call to the endpoint of a customer";
    ATTEMPTS_RUNNING: Gauge "avenping_delivery_attempts_in_flight" []
        "Attempts to deliver a webhook that run now";
    OLDEST_DUE: Gauge "avenping_deliveries_oldest_due_age_seconds" []
        "How long the oldest delivery that nothing but the workers holds up has been due; 0 when there is none, absent when the database does not say";
    PENDING: Gauge "avenping_deliveries_pending" []
        "Deliveries that wait for an attempt, those of paused endpoints included, counted up to 10000; absent when the database does not say";

    STORE_TIME: Histogram "avenping_store_operation_duration_seconds" ["operation"]
        "Time of an operation of the database, the wait for a connection included";
    STORE_FAULTS: Counter "avenping_store_errors" ["kind"]
        "Operations of the database that failed";

    BUILD: Info "avenping_build" ["version"]
        "The version that runs";
    STARTED: Gauge "process_start_time_seconds" []
        "When the gateway started, in seconds since 1970";
    MEMORY: Gauge "process_resident_memory_bytes" []
        "Memory that the process takes up";
    DESCRIPTORS: Gauge "process_open_fds" []
        "File descriptors that are open";
    MOST_DESCRIPTORS: Gauge "process_max_fds" []
        "File descriptors that may be open";
}
