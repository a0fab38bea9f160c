//! Who may ask, and for which paths.

use reqwest::Method;
use serde_json::json;

use crate::harness::{Answer, Caller, NUMBER, WABA};

#[tokio::test]
async fn without_the_token_every_path_answers_401_code_190() {
    let caller = Caller::start().await;
    let paths = [
        (Method::POST, format!("/v23.0/{NUMBER}/messages")),
        (Method::POST, format!("/v23.0/{NUMBER}/media")),
        (Method::GET, format!("/v23.0/{WABA}/message_templates?access_token=sandbox-access-token")),
        (Method::GET, format!("/v23.0/{WABA}/flows")),
        (Method::GET, format!("/v23.0/{WABA}/phone_numbers")),
        (Method::GET, format!("/v23.0/{WABA}")),
        (Method::GET, "/v23.0/me".to_owned()),
        (Method::DELETE, "/v23.0/1234567890123456".to_owned()),
        (Method::GET, "/whatsapp_business/attachments".to_owned()),
        (Method::GET, "/sandbox/messages".to_owned()),
        (Method::GET, "/nowhere".to_owned()),
    ];
    for (method, path) in paths {
        let none = caller.without_token(method.clone(), &path);
        let wrong = caller.without_token(method, &path).bearer_auth("another");
        for request in [none, wrong] {
            let answer = Answer::of(request.send().await.unwrap()).await;
            assert_eq!((answer.status, answer.code()), (401, 190), "{path}");
            assert_eq!(answer.body["error"]["type"], "OAuthException");
        }
    }
}

#[tokio::test]
async fn an_unknown_path_or_version_is_code_2500() {
    let caller = Caller::start().await;
    for path in ["/", "/nowhere", "/23.0/me", "/v23/me", "/v23.x/me", "/v23.0/1/2/3"] {
        let answer = caller.get(path).await;
        assert_eq!((answer.status, answer.code()), (400, 2500), "{path}");
    }
    for version in ["v17.0", "v25.0", "v100.12"] {
        assert_eq!(caller.get(&format!("/{version}/me")).await.status, 200, "{version}");
    }
}

#[tokio::test]
async fn an_unknown_id_is_code_100_with_subcode_33() {
    let caller = Caller::start().await;
    let payload = json!({});
    let answers = [
        caller.get("/v23.0/999").await,
        caller.get("/v23.0/999/message_templates").await,
        caller.get(&format!("/v23.0/{NUMBER}/flows")).await,
        caller.get("/v23.0/999/phone_numbers").await,
        caller.delete("/v23.0/999").await,
        caller.delete(&format!("/v23.0/{NUMBER}")).await,
        Answer::of(
            caller
                .request(Method::POST, "/v23.0/999/messages")
                .header("content-type", "application/json")
                .body(payload.to_string())
                .send()
                .await
                .unwrap(),
        )
        .await,
        Answer::of(caller.request(Method::POST, "/v23.0/999/media").send().await.unwrap()).await,
    ];
    for answer in answers {
        assert_eq!((answer.status, answer.code()), (400, 100), "{answer:?}");
        assert_eq!(answer.body["error"]["error_subcode"], 33);
        let message = answer.body["error"]["message"].as_str().unwrap();
        assert!(message.starts_with("Unsupported "), "{message}");
    }
}
