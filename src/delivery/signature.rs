//! How a receiver can tell that a call is ours: the headers of Standard Webhooks, and AvenPing's
//! own.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use http::{HeaderMap, HeaderName, HeaderValue};
use secrecy::{ExposeSecret as _, SecretString};
use sha2::Sha256;

use crate::model::{EventId, Timestamp};

const ID: HeaderName = HeaderName::from_static("webhook-id");
const TIMESTAMP: HeaderName = HeaderName::from_static("webhook-timestamp");
const SIGNATURE: HeaderName = HeaderName::from_static("webhook-signature");
const OWN_SIGNATURE: HeaderName = HeaderName::from_static("x-avenping-signature");

/// Signs `body` as it stands, as event `id`, for an attempt made at `now`. Each of `secrets`
/// signs, the current one first, so that a receiver may know either while they are rotated.
pub(super) fn headers(
    id: &EventId,
    now: Timestamp,
    secrets: &[SecretString],
    body: &[u8],
) -> HeaderMap {
    let seconds = now.as_millis().div_euclid(1000);
    let key = |secret: &SecretString| Hmac::keyed(secret.expose_secret().as_bytes());
    let signatures = secrets.iter().map(|secret| standard(key(secret), id, seconds, body));
    let signatures = signatures.collect::<Vec<_>>().join(" ");

    let mut headers = HeaderMap::new();
    headers.insert(TIMESTAMP, HeaderValue::from(seconds));
    let mut insert = |name, value: &str| {
        if let Ok(value) = HeaderValue::from_str(value) {
            headers.insert(name, value);
        }
    };
    insert(ID, id.as_str());
    insert(SIGNATURE, &signatures);
    if let Some(current) = secrets.first() {
        insert(OWN_SIGNATURE, &own(key(current), body));
    }
    headers
}

/// `v1,` and base64 of the digest over `id.timestamp.body`.
fn standard(mut mac: Hmac<Sha256>, id: &EventId, seconds: i64, body: &[u8]) -> String {
    mac.update(format!("{}.{seconds}.", id.as_str()).as_bytes());
    mac.update(body);
    format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()))
}

/// `sha256=` and hex of the digest over the body.
fn own(mut mac: Hmac<Sha256>, body: &[u8]) -> String {
    mac.update(body);
    format!("sha256={}", hex::encode(mac.finalize().into_bytes()))
}

trait Keyed {
    fn keyed(key: &[u8]) -> Self;
}

impl Keyed for Hmac<Sha256> {
    fn keyed(key: &[u8]) -> Self {
        #[expect(clippy::expect_used, reason = "HMAC takes keys of any length")]
        Self::new_from_slice(key).expect("a key of any length is a key")
    }
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;
    use hmac::Hmac;
    use proptest::prelude::{any, prop_assert_eq, proptest};
    use secrecy::SecretString;

    use super::{Keyed as _, headers, standard};
    use crate::model::{EventId, Timestamp};

    fn event(id: &str) -> EventId {
        EventId::from_stored(id.to_owned())
    }

    /// The vector of the Standard Webhooks specification, whose secret is no text.
    #[test]
    fn the_published_vector_comes_out() {
        let key = STANDARD.decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap();
        let id = event("msg_p5jXN8AQM9LWM0D4loKWxJek");
        let body = br#"{"test": 2432232314}"#;
        let signature = standard(Hmac::keyed(&key), &id, 1_614_265_330, body);
        assert_eq!(signature, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }

    #[test]
    fn all_headers_are_there_and_each_secret_signs() {
        let secrets: [SecretString; 2] = ["new".into(), "old".into()];
        let now = Timestamp::from_millis(1_614_265_330_999);
        let both = headers(&event("evt_1"), now, &secrets, b"{}");
        assert_eq!(both["webhook-id"], "evt_1");
        assert_eq!(both["webhook-timestamp"], "1614265330");
        let alone = |secret: &SecretString| {
            let one = headers(&event("evt_1"), now, std::slice::from_ref(secret), b"{}");
            one["webhook-signature"].to_str().unwrap().to_owned()
        };
        let expected = format!("{} {}", alone(&secrets[0]), alone(&secrets[1]));
        assert_eq!(both["webhook-signature"], expected);
        // printf '{}' | openssl dgst -sha256 -hmac new
        let own = "sha256=56fde440898b2046eee6f58816ea81c5780d6bd5d34d1ce41b99d54edacbc4b8";
        assert_eq!(both["x-avenping-signature"], own);
    }

    proptest! {
        #[test]
        fn any_code_signs_any_body(code in any::<String>(), body in any::<Vec<u8>>()) {
            let signed = headers(&event("evt_1"), Timestamp::from_millis(0), &[code.into()], &body);
            prop_assert_eq!(signed.len(), 4);
        }
    }
}
