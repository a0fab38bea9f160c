//! One post: written and signed once, then sent until it is taken.

use std::time::Duration;

use hmac::{Hmac, KeyInit as _, Mac as _};
use reqwest::header::CONTENT_TYPE;
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::Value;
use sha2::Sha256;
use tokio::sync::Semaphore;
use tokio::time::sleep;

use super::Callback;

/// Meta goes on for days. With half a second at first, and twice as long each time, this is about
/// a minute: whoever restarts what is under development misses nothing.
const ATTEMPTS: u32 = 8;

pub(super) struct Post<'a> {
    callback: &'a Callback,
    body: String,
    signature: String,
}

impl<'a> Post<'a> {
    pub(super) fn new(body: &Value, callback: &'a Callback) -> Self {
        let body = escaped(&body.to_string());
        let signature = signature(&callback.app_secret, body.as_bytes());
        Self { callback, body, signature }
    }

    pub(super) async fn until_taken(
        &self,
        client: &reqwest::Client,
        turns: &Semaphore,
        first_pause: Duration,
    ) {
        let mut pause = first_pause;
        for attempt in 1..=ATTEMPTS {
            let turn = turns.acquire().await;
            let refused = match self.send(client).await {
                Ok(200) => return,
                Ok(status) => format!("HTTP {status}"),
                Err(error) => error.without_url().to_string(),
            };
            drop(turn);
            tracing::warn!(attempt, refused, "a webhook of the sandbox was not taken");
            if attempt < ATTEMPTS {
                sleep(pause).await;
                pause = pause.saturating_mul(2);
            }
        }
        tracing::error!("a webhook of the sandbox was given up");
    }

    async fn send(&self, client: &reqwest::Client) -> Result<u16, reqwest::Error> {
        let request = client
            .post(self.callback.url.clone())
            .header(CONTENT_TYPE, "application/json")
            .header("X-Hub-Signature-256", &self.signature)
            .body(self.body.clone());
        Ok(request.send().await?.status().as_u16())
    }
}

/// As Meta writes JSON: what is not ASCII in lower-case hex, and two signs that need no escape
/// escaped. None of them stands outside a string, so the whole text can be gone through.
fn escaped(json: &str) -> String {
    let mut text = String::with_capacity(json.len());
    for letter in json.chars() {
        match letter {
            '/' => text.push_str("\\/"),
            '@' => text.push_str("\\u0040"),
            _ if letter.is_ascii() => text.push(letter),
            _ => {
                let units = letter.encode_utf16(&mut [0; 2]).to_vec();
                text.extend(units.iter().map(|unit| format!("\\u{unit:04x}")));
            }
        }
    }
    text
}

fn signature(secret: &SecretString, body: &[u8]) -> String {
    // HMAC takes keys of any length, so there is no failure to speak of.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret.expose_secret().as_bytes()) else {
        return String::new();
    };
    mac.update(body);
    format!("sha256={}", hex::encode(mac.finalize().into_bytes()))
}

#[cfg(test)]
mod tests {
    use super::{escaped, signature};

    #[test]
    fn a_body_is_written_as_meta_writes_it_and_reads_the_same() {
        let json = r#"{"body":"Café 😀 a/b @c \"q\" \\ \n"}"#;
        let text = escaped(json);
        assert_eq!(text, r#"{"body":"Caf\u00e9 \ud83d\ude00 a\/b \u0040c \"q\" \\ \n"}"#);
        let read = |text| serde_json::from_str::<serde_json::Value>(text).unwrap();
        assert_eq!(read(&text), read(json));
    }

    #[test]
    fn the_signature_is_over_the_bytes_that_are_posted() {
        let body = r#"{"text":{"body":"caf\u00e9 \ud83d\ude00"}}"#;
        assert_eq!(
            signature(&"app-secret".into(), body.as_bytes()),
            "sha256=b7b33420711ad973fcabe4afd2cfd75645121ade6d9cfc4f08c4c10ede306d1b"
        );
    }
}
