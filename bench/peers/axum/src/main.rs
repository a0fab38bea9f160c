//! `POST /v2/messages/send/text` with nothing around it: the token and the number are looked up, the
//! body is read into a type, Graph is asked, and its answer goes into the envelope as it came. No
//! limits, no deadlines, no metrics, no record and no log.
//!
//! It is a yardstick: what any service of these two libraries costs on the machine at hand.

use std::collections::HashMap;
use std::env;
use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::State;
use axum::http::header::{AUTHORIZATION, CONTENT_TYPE};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::{Router, serve};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use tokio::net::TcpListener;

const NUMBER: &str = "106540352242922";
const META_TOKEN: &str = "Bearer EAAG-bench-token";

struct Service {
    upstream: String,
    /// The number of each token.
    accounts: HashMap<String, &'static str>,
    graph: reqwest::Client,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct SendText {
    phone_number_id: String,
    to: String,
    text: String,
    preview_url: Option<bool>,
}

#[derive(Serialize)]
struct Message<'a> {
    messaging_product: &'a str,
    recipient_type: &'a str,
    to: &'a str,
    r#type: &'a str,
    text: Text<'a>,
}

#[derive(Serialize)]
struct Text<'a> {
    body: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    preview_url: Option<bool>,
}

#[derive(Serialize)]
struct Envelope<'a> {
    success: bool,
    data: &'a RawValue,
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let service = Service {
        upstream: env::var("UPSTREAM")?,
        accounts: HashMap::from([(env::var("TOKEN")?, NUMBER)]),
        graph: reqwest::Client::new(),
    };
    let routes = Router::new()
        .route("/v2/messages/send/text", post(send_text))
        .with_state(Arc::new(service));
    let port: u16 = env::var("PORT")?.parse()?;
    serve(TcpListener::bind(("127.0.0.1", port)).await?, routes).await?;
    Ok(())
}

async fn send_text(
    State(service): State<Arc<Service>>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, StatusCode> {
    let token = headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok());
    let token = token.and_then(|value| value.strip_prefix("Bearer "));
    let number = token.and_then(|token| service.accounts.get(token));
    let number = number.ok_or(StatusCode::UNAUTHORIZED)?;
    let send: SendText = serde_json::from_slice(&body).map_err(|_| StatusCode::BAD_REQUEST)?;
    if send.phone_number_id != *number {
        return Err(StatusCode::FORBIDDEN);
    }
    let to: String = send.to.chars().filter(char::is_ascii_digit).collect();
    let message = Message {
        messaging_product: "whatsapp",
        recipient_type: "individual",
        to: &to,
        r#type: "text",
        text: Text { body: &send.text, preview_url: send.preview_url },
    };
    let message = serde_json::to_vec(&message).map_err(|_| StatusCode::INTERNAL_SERVER_ERROR)?;
    let answer = service
        .graph
        .post(format!("{}/v23.0/{number}/messages", service.upstream))
        .header(AUTHORIZATION, META_TOKEN)
        .header(CONTENT_TYPE, "application/json")
        .body(message)
        .send()
        .await
        .and_then(reqwest::Response::error_for_status)
        .map_err(|_| StatusCode::BAD_GATEWAY)?;
    let answer = answer.bytes().await.map_err(|_| StatusCode::BAD_GATEWAY)?;
    let data: &RawValue = serde_json::from_slice(&answer).map_err(|_| StatusCode::BAD_GATEWAY)?;
    let envelope = serde_json::to_vec(&Envelope { success: true, data })
        .map_err(|_| StatusCode::INTERNAL_SERVER_ERROR)?;
    Ok(([(CONTENT_TYPE, "application/json")], envelope).into_response())
}
