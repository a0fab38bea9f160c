//! Where a customer wants to be called, and about what.

use secrecy::SecretString;
use serde::{Deserialize, Serialize};

/// What a webhook can tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum WebhookEvent {
    /// The first message of a sender who is new to that number.
    NewLead,
    /// Every inbound message.
    NewMessage,
    /// Sent, delivered, read, failed.
    MessageStatus,
    /// Meta's own envelope, as it came.
    MetaEvent,
}

impl WebhookEvent {
    pub const ALL: [Self; 4] =
        [Self::NewLead, Self::NewMessage, Self::MessageStatus, Self::MetaEvent];

    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::NewLead => "newLead",
            Self::NewMessage => "newMessage",
            Self::MessageStatus => "messageStatus",
            Self::MetaEvent => "metaEvent",
        }
    }

    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|event| event.name() == name)
    }
}

/// The webhook settings of one account.
#[derive(Clone, Debug)]
pub struct WebhookConfig {
    pub url: Option<String>,
    /// Signs what we post, and answers the handshake. Set whenever `url` is.
    pub code: Option<SecretString>,
    pub verified: bool,
    pub events: Vec<WebhookEvent>,
}

/// A change to a [`WebhookConfig`]: what is `None` stays as it is.
#[derive(Clone, Debug, Default)]
pub struct WebhookChange {
    /// `Some(None)` clears.
    pub url: Option<Option<String>>,
    /// `Some(None)` clears; a set URL then gets a new code.
    pub code: Option<Option<SecretString>>,
    pub events: Option<Vec<WebhookEvent>>,
}

impl Default for WebhookConfig {
    fn default() -> Self {
        Self {
            url: None,
            code: None,
            verified: false,
            events: vec![WebhookEvent::NewLead, WebhookEvent::NewMessage],
        }
    }
}

impl WebhookConfig {
    /// Whether calls go to `url`, signed with `code`.
    #[must_use]
    pub fn is_at(&self, url: &str, code: &SecretString) -> bool {
        use secrecy::ExposeSecret as _;

        let known = self.code.as_ref().map(|known| known.expose_secret());
        self.url.as_deref() == Some(url) && known == Some(code.expose_secret())
    }

    /// The settings after `change`. A URL never stands without a code: `fresh_code` fills in.
    /// A new URL or a new code has still to be verified.
    #[must_use]
    pub fn changed_by(&self, change: WebhookChange, fresh_code: SecretString) -> Self {
        use secrecy::ExposeSecret as _;

        let url = change.url.unwrap_or_else(|| self.url.clone());
        let mut code = change.code.unwrap_or_else(|| self.code.clone());
        if url.is_some() && code.is_none() {
            code = Some(fresh_code);
        }
        let text = |code: &Option<SecretString>| {
            code.as_ref().map(|code| code.expose_secret().to_owned()).map(zeroize::Zeroizing::new)
        };
        let same = url == self.url && text(&code) == text(&self.code);
        Self {
            verified: self.verified && same,
            events: change.events.unwrap_or_else(|| self.events.clone()),
            url,
            code,
        }
    }
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret as _;

    use super::{WebhookChange, WebhookConfig};

    fn set(url: &str) -> WebhookChange {
        WebhookChange { url: Some(Some(url.to_owned())), ..WebhookChange::default() }
    }

    fn code(config: &WebhookConfig) -> Option<&str> {
        config.code.as_ref().map(|code| code.expose_secret())
    }

    #[test]
    fn a_url_without_a_code_gets_one_and_keeps_it() {
        let first = WebhookConfig::default().changed_by(set("https://a.example"), "one".into());
        assert_eq!(code(&first), Some("one"));
        let second = first.changed_by(set("https://b.example"), "two".into());
        assert_eq!(code(&second), Some("one"));
    }

    #[test]
    fn clearing_the_code_of_a_set_url_makes_a_new_one() {
        let first = WebhookConfig::default().changed_by(set("https://a.example"), "one".into());
        let clear = WebhookChange { code: Some(None), ..WebhookChange::default() };
        assert_eq!(code(&first.changed_by(clear, "two".into())), Some("two"));
    }

    #[test]
    fn a_new_url_must_be_verified_again_and_the_same_one_need_not() {
        let mut known = WebhookConfig::default().changed_by(set("https://a.example"), "one".into());
        known.verified = true;
        assert!(known.changed_by(set("https://a.example"), "two".into()).verified);
        assert!(!known.changed_by(set("https://b.example"), "two".into()).verified);
    }
}
