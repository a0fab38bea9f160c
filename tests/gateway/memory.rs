//! What is served while memory runs out, as the files of the system tell it.

use std::fs;
use std::path::Path;

use serde_json::json;
use tempfile::TempDir;

use crate::harness::{Gateway, NUMBER, Place, Setup, cases, eventually};
use crate::inbound;

cases![
    when_memory_is_tight_no_more_bodies_are_read,
    when_memory_is_critical_nothing_is_served_but_what_must_be,
];

/// A control group of 1000 bytes, of which so many are used.
fn use_up(root: &Path, used: u32) {
    fs::create_dir_all(root.join("proc/self")).unwrap();
    fs::create_dir_all(root.join("sys/fs/cgroup")).unwrap();
    fs::write(root.join("proc/self/cgroup"), "0::/\n").unwrap();
    fs::write(root.join("sys/fs/cgroup/memory.max"), "1000\n").unwrap();
    fs::write(root.join("sys/fs/cgroup/memory.current"), format!("{used}\n")).unwrap();
}

async fn with(place: &Place, root: &TempDir, used: u32) -> Gateway {
    use_up(root.path(), used);
    let mut setup = Setup::new(place).await;
    setup.settings.limits.system_root = root.path().to_owned();
    setup.start().await
}

async fn send(gateway: &Gateway) -> u16 {
    let text = json!({ "phoneNumberId": NUMBER, "to": "1", "text": "Hi" });
    gateway.post("/v2/messages/send/text", &text).send().await.status
}

async fn is_told_to_close(gateway: &Gateway, path: &str) -> bool {
    let mut connection = gateway.connect().await;
    let answer = connection.ask(gateway.get(path)).await;
    answer.header("connection") == Some("close")
}

async fn when_memory_is_tight_no_more_bodies_are_read(place: Place) {
    let root = TempDir::new().unwrap();
    let gateway = with(&place, &root, 840).await;
    assert_eq!(send(&gateway).await, 200);
    assert!(!is_told_to_close(&gateway, "/v2/me").await);

    use_up(root.path(), 860);
    eventually("sends are refused", async || send(&gateway).await == 503).await;
    let sent = gateway.meta.count().await;
    assert_eq!(send(&gateway).await, 503);
    assert_eq!(gateway.meta.count().await, sent);
    for path in ["/v2/me", "/v2/health"] {
        assert_eq!(gateway.get(path).send().await.status, 200, "{path}");
        assert!(is_told_to_close(&gateway, path).await, "{path}");
    }
    assert_eq!(inbound::post(&gateway, "{}").await.status, 200);

    use_up(root.path(), 840);
    eventually("sends are taken again", async || send(&gateway).await == 200).await;
}

async fn when_memory_is_critical_nothing_is_served_but_what_must_be(place: Place) {
    let root = TempDir::new().unwrap();
    let gateway = with(&place, &root, 960).await;
    let me = || gateway.get("/v2/me").send();
    eventually("it is refused", async || me().await.status == 503).await;
    let refused = me().await;
    refused.refused(503, "SERVICE_UNAVAILABLE", "The service is busy; try again");
    assert_eq!(refused.header("retry-after"), Some("1"));
    for path in ["/v2/health", "/v2/version", "/v2/ready"] {
        assert_eq!(gateway.get(path).anonymous().send().await.status, 200, "{path}");
    }
    assert_eq!(inbound::post(&gateway, "{}").await.status, 200);
    assert_eq!(send(&gateway).await, 503);
    assert_eq!(gateway.meta.count().await, 0);
}
