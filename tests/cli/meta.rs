//! A stand-in for Meta that answers the few reads of `sync` and `doctor`.

use serde_json::{Value, json};
use wiremock::matchers::{header, method, path};
use wiremock::{Mock, MockServer, ResponseTemplate};

use crate::place::{META_TOKEN, Place, WABA};

pub(crate) struct Meta(MockServer);

impl Meta {
    pub(crate) async fn start() -> Self {
        Self(MockServer::start().await)
    }

    /// A place whose program calls this stand-in.
    pub(crate) fn place(&self) -> Place {
        Place::new().with("AVENPING_GRAPH_URL", &self.0.uri())
    }

    /// The list behind the WhatsApp account, for whoever shows the right token.
    pub(crate) async fn lists(&self, edge: &str, items: Value) {
        self.answers(edge, 200, json!({ "data": items })).await;
    }

    pub(crate) async fn answers(&self, edge: &str, status: u16, body: Value) {
        let bearer = format!("Bearer {META_TOKEN}");
        Mock::given(method("GET"))
            .and(path(format!("/v23.0/{WABA}/{edge}")))
            .and(header("authorization", bearer.as_str()))
            .respond_with(ResponseTemplate::new(status).set_body_json(body))
            .mount(&self.0)
            .await;
    }

    /// It takes the account's token no more, and repeats it, as Meta has been seen to do.
    pub(crate) async fn refuses_the_token(&self) {
        let message = format!("Error validating access token {META_TOKEN}");
        let error = json!({ "message": message, "type": "OAuthException", "code": 190 });
        self.answers("phone_numbers", 401, json!({ "error": error })).await;
    }
}

pub(crate) fn number(id: &str, number: &str, name: &str) -> Value {
    json!({ "id": id, "display_phone_number": number, "verified_name": name })
}
