//! Asked to stop, the gateway says so, finishes what runs, and takes nothing new.

use std::time::Duration;

use serde_json::json;
use tokio::net::TcpStream;

use crate::harness::{ACCEPTED, Act, NUMBER, Place, Setup, Wire, answer, cases, eventually};

cases![
    readiness_is_gone_at_once_and_service_goes_on_for_a_while,
    a_running_request_comes_to_its_end_and_nothing_new_is_taken,
    a_connection_that_is_only_held_does_not_keep_it_from_stopping,
    an_upload_that_would_outlast_the_stop_is_told_so,
    what_does_not_end_in_time_is_left_behind,
];

const LONG: Duration = Duration::from_secs(60);

async fn readiness_is_gone_at_once_and_service_goes_on_for_a_while(place: Place) {
    let gateway = Setup::new(&place).await.linger(LONG).start().await;
    let mut kept = gateway.connect().await;
    let before = kept.ask(gateway.get("/v2/me")).await;
    assert_eq!((before.status, before.header("connection")), (200, None));
    assert_eq!(gateway.get("/v2/ready").anonymous().send().await.status, 200);

    gateway.stop();
    let ready = gateway.get("/v2/ready").anonymous().send().await;
    ready.refused(503, "SERVICE_UNAVAILABLE", "Not ready: the process is stopping");
    assert!(ready.header("retry-after").is_some());
    assert_eq!(gateway.get("/v2/health").anonymous().send().await.status, 200);
    assert_eq!(gateway.get("/v2/me").send().await.status, 200);

    let after = kept.ask(gateway.get("/v2/me")).await;
    assert_eq!((after.status, after.header("connection")), (200, Some("close")));
    kept.ends().await;
}

async fn a_running_request_comes_to_its_end_and_nothing_new_is_taken(place: Place) {
    let wire = Wire::always(Act::AnswerWhenTold(answer(200, "", ACCEPTED))).await;
    let mut gateway = Setup::new(&place).await.graph(&wire.url()).start().await;
    let text = json!({ "phoneNumberId": NUMBER, "to": "1", "text": "Hi" });
    let running = tokio::spawn(gateway.post("/v2/messages/send/text", &text).send());
    eventually("Graph is asked", async || wire.requests().iter().any(|r| r.contains("Hi"))).await;

    gateway.stop();
    let address = gateway.address();
    eventually("nothing new is taken", async || TcpStream::connect(address).await.is_err()).await;
    assert!(!running.is_finished() && !gateway.has_stopped());

    wire.tell();
    let answer = running.await.unwrap();
    answer.is(200, &format!(r#"{{"success":true,"data":{ACCEPTED}}}"#));
    gateway.stopped().await;
    assert!(gateway.store.ping().await.is_err(), "the store is closed");
}

async fn a_connection_that_is_only_held_does_not_keep_it_from_stopping(place: Place) {
    let mut gateway = Setup::new(&place).await.start().await;
    let mut idle = gateway.connect().await;
    assert_eq!(idle.ask(gateway.get("/v2/me")).await.status, 200);
    gateway.stop();
    idle.ends().await;
    gateway.stopped().await;
}

async fn an_upload_that_would_outlast_the_stop_is_told_so(place: Place) {
    let wire = Wire::always(Act::Hang(Vec::new())).await;
    let mut setup = Setup::new(&place).await.graph(&wire.url());
    setup.settings.listener.drain_timeout = Duration::from_millis(500).into();
    let mut gateway = setup.start().await;
    let upload = gateway.ask("POST", "/v2/media").header("X-Phone-Number-Id", NUMBER);
    let upload =
        upload.header("Content-Type", "text/plain").body("a file that Graph will not take");
    let running = tokio::spawn(upload.send());
    eventually("Graph is asked", async || wire.requests().iter().any(|r| r.contains("a file")))
        .await;

    gateway.stop();
    let answer = running.await.unwrap();
    answer.refused(503, "SERVICE_UNAVAILABLE", "The gateway is stopping; try again");
    gateway.stopped().await;
}

async fn what_does_not_end_in_time_is_left_behind(place: Place) {
    let wire = Wire::always(Act::Hang(Vec::new())).await;
    let mut setup = Setup::new(&place).await.graph(&wire.url());
    setup.settings.listener.drain_timeout = Duration::from_millis(50).into();
    let mut gateway = setup.start().await;
    let text = json!({ "phoneNumberId": NUMBER, "to": "1", "text": "Hi" });
    let mut caller = gateway.connect().await;
    caller.write(&gateway.post("/v2/messages/send/text", &text).bytes()).await;
    eventually("Graph is asked", async || wire.requests().iter().any(|r| r.contains("Hi"))).await;
    gateway.stop();
    gateway.stopped().await;
    assert_eq!(wire.requests().len(), 1);
}
