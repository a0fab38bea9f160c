//! A message that was sent, as far as is known.

use super::{AccountId, GraphId, Timestamp};

/// Our own id of a message: a UUID, so it sorts by age. Callers get it as `X-Message-Id`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct MessageId(String);

impl MessageId {
    #[must_use]
    pub fn generate() -> Self {
        Self(uuid::Uuid::now_v7().to_string())
    }

    #[must_use]
    pub fn from_stored(id: String) -> Self {
        Self(id)
    }

    /// An id that comes back from outside; `None` if it cannot be one of ours.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let id = uuid::Uuid::try_parse(text).ok()?;
        Some(Self(id.to_string()))
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// What became of the call to Graph.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SendOutcome {
    Accepted,
    NotSent,
    Rejected,
    Unknown,
}

/// How far Meta says the message has come. Later ones are greater; it never goes back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Progress {
    Sent,
    Delivered,
    Read,
    Played,
}

/// What callers are shown as `status`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MessageStatus {
    Pending,
    Accepted,
    Sent,
    Delivered,
    Read,
    Played,
    Failed,
    Rejected,
    Unknown,
}

impl MessageStatus {
    pub const ALL: [Self; 9] = [
        Self::Pending,
        Self::Accepted,
        Self::Sent,
        Self::Delivered,
        Self::Read,
        Self::Played,
        Self::Failed,
        Self::Rejected,
        Self::Unknown,
    ];
}

/// One row a send. Texts and media are not kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MessageRecord {
    pub id: MessageId,
    pub account: AccountId,
    pub phone_number: GraphId,
    /// As it went to Graph: digits, a user id or a group id.
    pub to: String,
    pub kind: String,
    pub reference: Option<String>,
    /// The form that it carries: its id, or its name if it was sent by that.
    pub form: Option<String>,
    pub created_at: Timestamp,
    /// `None` while Graph has not answered.
    pub result: Option<SendResult>,
    pub progress: Option<Progress>,
    pub sent_at: Option<Timestamp>,
    pub delivered_at: Option<Timestamp>,
    pub read_at: Option<Timestamp>,
    pub failed_at: Option<Timestamp>,
    /// Meta's error, as JSON: of a refused send, or of a `failed` status.
    pub error: Option<String>,
}

/// What Graph answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SendResult {
    pub outcome: SendOutcome,
    pub wamid: Option<String>,
    /// The receiver as WhatsApp knows them.
    pub wa_id: Option<String>,
}

/// A status that Meta posted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StatusUpdate {
    pub wamid: String,
    /// What we put into `biz_opaque_callback_data`, if that is what came back: a message id.
    pub message: Option<MessageId>,
    pub kind: StatusKind,
    /// Whose message it was, as Meta names them.
    pub recipient: Option<String>,
    pub at: Timestamp,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StatusKind {
    Progress(Progress),
    /// With Meta's error object, as JSON.
    Failed(Option<String>),
}

impl MessageRecord {
    /// Failure counts until the message is known to have arrived somewhere: a receiver with
    /// several devices may make Meta say both.
    #[must_use]
    pub fn status(&self) -> MessageStatus {
        match self.progress {
            Some(Progress::Played) => return MessageStatus::Played,
            Some(Progress::Read) => return MessageStatus::Read,
            Some(Progress::Delivered) => return MessageStatus::Delivered,
            _ if self.failed_at.is_some() => return MessageStatus::Failed,
            Some(Progress::Sent) => return MessageStatus::Sent,
            None => {}
        }
        match self.result.as_ref().map(|result| result.outcome) {
            None => MessageStatus::Pending,
            Some(SendOutcome::Accepted) => MessageStatus::Accepted,
            Some(SendOutcome::NotSent | SendOutcome::Rejected) => MessageStatus::Rejected,
            Some(SendOutcome::Unknown) => MessageStatus::Unknown,
        }
    }
}
