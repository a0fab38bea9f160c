//! What is written down of changes: who made which, in a chain that shows whether it was altered.

mod entry;

use std::net::IpAddr;

use serde_json::Value;

pub use entry::AuditEntry;

/// Who makes a change, and from where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Actor {
    pub who: Who,
    /// Of the client, where there is one.
    pub address: Option<IpAddr>,
    pub request_id: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Who {
    /// A caller of the API, by the last four characters of their token.
    Token(String),
    /// The command line, by the user of the operating system.
    Cli(String),
    /// The gateway, which was not asked.
    Gateway,
}

/// What may have been done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AuditAction {
    AccountCreated,
    AccountSuspended,
    AccountResumed,
    AccountDeleted,
    PlanChanged,
    NumbersChanged,
    LimitsChanged,
    MetaTokenChanged,
    TokenCreated,
    TokenRotated,
    TokenRevoked,
    WebhookChanged,
    EndpointDisabled,
    EndpointEnabled,
    DeliveryRedelivered,
    RangeRedelivered,
    KeyRotated,
}

/// One thing that was done. The details are a small JSON object without secrets.
#[derive(Clone, Debug, PartialEq)]
pub struct Deed {
    pub action: AuditAction,
    pub details: Value,
}

impl Actor {
    pub const GATEWAY: Self = Self { who: Who::Gateway, address: None, request_id: None };

    /// Somebody at the command line.
    #[must_use]
    pub fn cli(user: impl Into<String>) -> Self {
        Self { who: Who::Cli(user.into()), ..Self::GATEWAY }
    }
}

impl Who {
    const fn kind(&self) -> &'static str {
        match self {
            Self::Token(_) => "token",
            Self::Cli(_) => "cli",
            Self::Gateway => "gateway",
        }
    }

    fn name(&self) -> Option<&str> {
        match self {
            Self::Token(name) | Self::Cli(name) => Some(name),
            Self::Gateway => None,
        }
    }
}

impl AuditAction {
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::AccountCreated => "account.created",
            Self::AccountSuspended => "account.suspended",
            Self::AccountResumed => "account.resumed",
            Self::AccountDeleted => "account.deleted",
            Self::PlanChanged => "plan.changed",
            Self::NumbersChanged => "numbers.changed",
            Self::LimitsChanged => "limits.changed",
            Self::MetaTokenChanged => "metaToken.changed",
            Self::TokenCreated => "token.created",
            Self::TokenRotated => "token.rotated",
            Self::TokenRevoked => "token.revoked",
            Self::WebhookChanged => "webhook.changed",
            Self::EndpointDisabled => "endpoint.disabled",
            Self::EndpointEnabled => "endpoint.enabled",
            Self::DeliveryRedelivered => "delivery.redelivered",
            Self::RangeRedelivered => "range.redelivered",
            Self::KeyRotated => "key.rotated",
        }
    }
}

impl Deed {
    #[must_use]
    pub fn new(action: AuditAction, details: Value) -> Self {
        Self { action, details }
    }
}
