//! The nouns of the gateway. No I/O here: what a value means, and when it is valid.

pub mod account;
pub mod api_token;
pub mod audit;
pub mod destination;
pub mod event;
pub mod flow;
pub mod graph_id;
pub mod graph_version;
pub mod message;
pub mod phone_number;
pub mod plan;
pub mod public_address;
pub mod rate_limit;
pub mod template_name;
pub mod timestamp;
pub mod trace_parent;
pub mod webhook;

pub use account::{Account, AccountId, NewAccount, WhatsAppAccount};
pub use api_token::{ApiToken, LastFour, NewApiToken, TokenDigest};
pub use audit::{Actor, AuditAction, AuditEntry, Deed, Who};
pub use destination::{Destination, MaskedReceiver};
pub use event::{Delivery, DeliveryAttempt, DeliveryId, DeliveryState, EventId, NewEvent};
pub use flow::{FlowRecord, FlowSnapshot};
pub use graph_id::GraphId;
pub use graph_version::GraphVersion;
pub use message::{
    MessageId, MessageRecord, MessageStatus, Progress, SendOutcome, SendResult, StatusKind,
    StatusUpdate,
};
pub use phone_number::PhoneNumber;
pub use plan::Plan;
pub use rate_limit::{OwnRateLimits, Rate, RateLimit};
pub use template_name::is_template_name;
pub use timestamp::Timestamp;
pub use trace_parent::TraceParent;
pub use webhook::{WebhookChange, WebhookConfig, WebhookEvent};
