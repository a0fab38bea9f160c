use std::time::Duration;

use super::table::{self, RowKind};
use super::words::Word;
use super::{CallEnd, CallKind, Metrics};
use crate::model::{Timestamp, WebhookEvent};

fn metrics() -> Metrics {
    Metrics::new(Timestamp::from_millis(1_800_000_000_500))
}

/// The value of a series, as it is written.
fn value<'a>(text: &'a str, series: &str) -> Option<&'a str> {
    text.lines().find_map(|line| line.strip_prefix(series)?.strip_prefix(' '))
}

#[test]
fn what_is_read_out_is_what_the_table_says_line_by_line() {
    let metrics = metrics();
    // These have no series before the first of their kind.
    metrics.requests.of_path("/").begin("GET").ended(200, Duration::ZERO);
    metrics.deliveries.set_backlog(Some((Duration::ZERO, 0)));
    metrics.process.set(super::Vitals {
        resident_bytes: Some(1),
        open_descriptors: Some(1),
        most_descriptors: Some(1),
    });
    let text = metrics.text();
    let told: Vec<_> = text.lines().filter(|line| line.starts_with("# ")).collect();
    let mut expected = Vec::new();
    for row in table::ALL {
        expected.push(format!("# HELP {} {}.", row.name, row.help));
        expected.push(format!("# TYPE {} {}", row.name, row.kind.name()));
    }
    expected.push("# EOF".to_owned());
    assert_eq!(told, expected);
}

#[test]
fn the_table_keeps_to_the_rules_of_names() {
    for row in table::ALL {
        let plain = |c: char| c.is_ascii_lowercase() || c == '_';
        assert!(row.name.chars().all(plain), "{}", row.name);
        assert!(row.labels.iter().all(|label| label.chars().all(plain)), "{}", row.name);
        assert!(!row.help.ends_with('.') && !row.help.contains(['\n', '\\']), "{}", row.name);
        for ending in ["_total", "_info", "_count", "_sum", "_bucket"] {
            assert!(!row.name.ends_with(ending), "{} gets its ending by itself", row.name);
        }
        let in_seconds = row.name.ends_with("_seconds");
        assert!(row.kind != RowKind::Histogram || in_seconds, "{}", row.name);
        let of_this_name = table::ALL.iter().filter(|other| other.name == row.name);
        assert_eq!(of_this_name.count(), 1, "{}", row.name);
    }
}

#[test]
fn times_fall_into_buckets_with_their_upper_end_included() {
    let metrics = metrics();
    for micros in [0, 500, 501, 30_000_000, 30_000_001] {
        metrics.deliveries.called(Duration::from_micros(micros));
    }
    let text = metrics.text();
    let name = "avenping_delivery_attempt_duration_seconds";
    let bucket = |le: &str| value(&text, &format!("{name}_bucket{{le=\"{le}\"}}"));
    assert_eq!(bucket("0.0005"), Some("2"));
    assert_eq!(bucket("0.001"), Some("3"));
    assert_eq!(bucket("10.0"), Some("3"));
    assert_eq!(bucket("30.0"), Some("4"));
    assert_eq!(bucket("+Inf"), Some("5"));
    assert_eq!(value(&text, &format!("{name}_count")), Some("5"));
    assert_eq!(value(&text, &format!("{name}_sum")), Some("60.001002"));
}

#[test]
fn what_nobody_knows_is_left_out() {
    let metrics = metrics();
    let age = "avenping_deliveries_oldest_due_age_seconds";
    assert!(!metrics.text().contains(age));
    metrics.deliveries.set_backlog(Some((Duration::from_millis(1_500), 7)));
    let text = metrics.text();
    assert_eq!(value(&text, age), Some("1.5"));
    assert_eq!(value(&text, "avenping_deliveries_pending"), Some("7.0"));
    metrics.deliveries.set_backlog(None);
    assert!(!metrics.text().contains(age));
    assert_eq!(value(&text, "process_start_time_seconds"), Some("1800000000.5"));
}

#[test]
fn a_call_that_nobody_waits_for_was_abandoned() {
    let metrics = metrics();
    let running = "avenping_upstream_calls_in_flight{kind=\"read\"}";
    let call = metrics.upstream.begin(CallKind::Read);
    assert_eq!(value(&metrics.text(), running), Some("1"));
    drop(call);
    metrics.upstream.begin(CallKind::Send).succeeded();
    metrics.upstream.begin(CallKind::Send).failed(CallEnd::Rejected, Some(131_047));
    let text = metrics.text();
    let ended = |kind: &str, outcome: &str, code: &str| {
        let labels = format!("kind=\"{kind}\",outcome=\"{outcome}\",code=\"{code}\"");
        value(&text, &format!("avenping_upstream_calls_total{{{labels}}}"))
    };
    assert_eq!(ended("read", "abandoned", "none"), Some("1"));
    assert_eq!(ended("read", "ok", "none"), Some("0"));
    assert_eq!(ended("send", "sent", "none"), Some("1"));
    assert_eq!(ended("send", "rejected", "131047"), Some("1"));
    assert_eq!(value(&text, running), Some("0"));
    let times = "avenping_upstream_call_duration_seconds_count";
    assert_eq!(value(&text, &format!("{times}{{kind=\"send\"}}")), Some("2"));
    assert_eq!(value(&text, &format!("{times}{{kind=\"read\"}}")), Some("1"));
}

#[test]
fn a_word_stands_where_it_says() {
    fn in_order<W: Word>() {
        assert!(W::ALL.iter().enumerate().all(|(place, word)| word.place() == place));
    }
    in_order::<WebhookEvent>();
    in_order::<CallKind>();
}

#[test]
fn gateways_in_one_process_count_each_for_itself() {
    let (one, other) = (metrics(), metrics());
    one.requests.of_path("/").begin("FOO").ended(404, Duration::ZERO);
    let series = "avenping_http_requests_total{route=\"/\",method=\"other\",status=\"404\"}";
    assert_eq!(value(&one.text(), series), Some("1"));
    assert_eq!(value(&other.text(), series), None);
}
