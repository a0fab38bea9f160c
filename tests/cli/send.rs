//! A message from the command line, and deliveries once more.

use crate::demo::Demo;
use crate::place::Place;

const TEXT: [&str; 6] = ["send", "text", "--to", "+1 650 555 1234", "--text", "Grüße 👋"];
const SANDBOX: [&str; 1] = ["--data-dir=data"];

#[test]
fn a_text_goes_through_the_sandbox_that_runs() {
    let place = Place::new();
    let demo = Demo::start(&place);
    let sent = place.run(&[&TEXT[..], &SANDBOX].concat());
    let wamid = sent.assert_code(0).stdout.trim_end();
    assert_eq!(sent.stderr, "");
    demo.until_status(wamid, "read");

    let once = ["--data-dir=data", "--idempotency-key=order-1"];
    let first = place.run(&[&TEXT[..], &once].concat());
    let second = place.run(&[&TEXT[..], &once].concat());
    assert_eq!(first.assert_code(0).stdout, second.assert_code(0).stdout);
}

#[test]
fn a_text_goes_through_any_gateway_with_a_token_of_the_environment() {
    let place = Place::new();
    let demo = Demo::start(&place);
    let url = format!("http://{}", demo.address());
    let place = place.with("AVENPING_API_TOKEN", &demo.token);
    let target = ["--url", &url, "--phone-number-id", "106540352242922"];
    place.run(&[&TEXT[..], &target].concat()).assert_code(0);
    let stranger = ["--url", &url, "--phone-number-id", "1"];
    place.run(&[&TEXT[..], &stranger].concat()).assert_refused(1, "does not belong");
}

#[test]
fn without_a_sandbox_or_a_token_nothing_is_sent() {
    let place = Place::new();
    place.run(&TEXT).assert_refused(1, "no sandbox runs");
    let url = ["--url", "http://127.0.0.1:1"];
    place.run(&[&TEXT[..], &url].concat()).assert_refused(1, "AVENPING_API_TOKEN");
}

#[test]
fn a_range_of_deliveries_is_due_once_more_and_no_bar_gets_into_a_pipe() {
    let place = Place::new();
    let _demo = Demo::start(&place);
    let now = time::OffsetDateTime::now_utc();
    let text = |moment: time::OffsetDateTime| {
        moment.format(&time::format_description::well_known::Rfc3339).unwrap()
    };
    let (from, to) = (text(now - time::Duration::hours(5)), text(now));
    let done = place.run(&["redeliver", "--from", &from, "--to", &to, "--data-dir=data"]);
    assert_eq!(done.assert_code(0).stdout, "due once more: 0\n");
    assert_eq!(done.stderr, "");
    place.run(&["redeliver", "--from", "today", "--to", &to]).assert_refused(2, "2026-11-20");
}
