//! Meta's signature: HMAC-SHA256 over the exact bytes of the body. Meta escapes what is not ASCII
//! in its own way, so a body that was parsed and printed again never fits.

use hmac::{Hmac, KeyInit as _, Mac as _};
use http::HeaderMap;
use secrecy::{ExposeSecret as _, SecretString};
use sha2::Sha256;

const HEADER: &str = "x-hub-signature-256";

/// Whether exactly one signature is there, and made with one of the secrets.
pub(super) fn is_metas(headers: &HeaderMap, body: &[u8], secrets: &[SecretString]) -> bool {
    let mut shown = headers.get_all(HEADER).iter();
    let (Some(shown), None) = (shown.next(), shown.next()) else { return false };
    let Some(signature) = shown.to_str().ok().and_then(read) else { return false };
    secrets.iter().any(|secret| fits(secret, body, &signature))
}

/// `sha256=` and 64 lower-case hex digits; Meta writes nothing else.
fn read(text: &str) -> Option<[u8; 32]> {
    let digits = text.strip_prefix("sha256=")?;
    if digits.bytes().any(|byte| byte.is_ascii_uppercase()) {
        return None;
    }
    hex::decode(digits).ok()?.try_into().ok()
}

fn fits(secret: &SecretString, body: &[u8], signature: &[u8; 32]) -> bool {
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret.expose_secret().as_bytes()) else {
        return false;
    };
    mac.update(body);
    // In constant time: how much of a guess was right does not show.
    mac.verify_slice(signature).is_ok()
}

#[cfg(test)]
mod tests {
    use http::{HeaderMap, HeaderValue};
    use secrecy::SecretString;

    use super::is_metas;

    // The second half is what Meta posts for "ä": escaped, in lower-case hex.
    const BODY: &[u8] = br#"{"text":{"body":"caf\u00e9 \ud83d\ude00"}}"#;
    const SIGNATURE: &str =
        "sha256=b7b33420711ad973fcabe4afd2cfd75645121ade6d9cfc4f08c4c10ede306d1b";

    fn headers(values: &[&str]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append("x-hub-signature-256", HeaderValue::from_str(value).unwrap());
        }
        headers
    }

    fn secrets(of: &[&str]) -> Vec<SecretString> {
        of.iter().map(|secret| SecretString::from(*secret)).collect()
    }

    #[test]
    fn the_raw_bytes_fit_with_either_secret_while_rotating() {
        let signed = headers(&[SIGNATURE]);
        assert!(is_metas(&signed, BODY, &secrets(&["app-secret"])));
        assert!(is_metas(&signed, BODY, &secrets(&["new-secret", "app-secret"])));
        assert!(!is_metas(&signed, BODY, &secrets(&["new-secret"])));
        assert!(!is_metas(&signed, BODY, &[]));
    }

    #[test]
    fn a_body_that_was_printed_anew_does_not_fit() {
        let printed = "{\"text\":{\"body\":\"café 😀\"}}".as_bytes();
        assert!(!is_metas(&headers(&[SIGNATURE]), printed, &secrets(&["app-secret"])));
    }

    #[test]
    fn none_two_or_oddly_written_signatures_are_refused() {
        let upper = SIGNATURE.to_uppercase().replace("SHA256", "sha256");
        let bare = SIGNATURE.trim_start_matches("sha256=");
        for values in [&[][..], &[SIGNATURE, SIGNATURE], &[upper.as_str()], &[bare], &["sha256="]] {
            assert!(!is_metas(&headers(values), BODY, &secrets(&["app-secret"])), "{values:?}");
        }
    }
}
