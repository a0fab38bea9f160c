//! What Meta asks of an address before it posts there: to give back a challenge.

use secrecy::ExposeSecret as _;
use uuid::Uuid;

use super::Callback;

/// A callback that does not answer rightly is told of in the log, and posted to all the same:
/// whoever builds one sees more of what is wrong that way.
pub(super) async fn make(client: &reqwest::Client, callback: &Callback) {
    let Some(verify_token) = &callback.verify_token else { return };
    let challenge = (Uuid::new_v4().as_u128() % 10_000_000_000).to_string();
    let mut url = callback.url.clone();
    url.query_pairs_mut()
        .append_pair("hub.mode", "subscribe")
        .append_pair("hub.challenge", &challenge)
        .append_pair("hub.verify_token", verify_token.expose_secret());
    let answer = match client.get(url).send().await {
        Ok(answer) => answer,
        Err(error) => {
            // Less its URL, which shows the token.
            let error = error.without_url();
            return tracing::warn!(%error, "the callback did not answer the handshake");
        }
    };
    let status = answer.status().as_u16();
    let given_back = answer.text().await.unwrap_or_default();
    if status == 200 && given_back == challenge {
        tracing::debug!("the callback answered the handshake");
    } else {
        tracing::warn!(status, "the callback refused the handshake");
    }
}
