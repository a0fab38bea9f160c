//! The settings: each a flag and a variable, checked once at start. Each room is handed the
//! section that is its own.

mod breakers;
mod database;
mod deliveries;
mod duration;
mod graph;
mod limits;
mod listener;
mod logging;
mod meta;
mod records;
mod secret_key;
mod templates;
mod traces;
mod webhooks;

pub use breakers::BreakerSettings;
pub use database::DatabaseSettings;
pub use deliveries::{DeliverySettings, RetrySchedule};
pub use duration::Period;
pub use graph::{GraphSettings, UpstreamStatus};
pub use limits::LimitSettings;
pub use listener::ListenerSettings;
pub use logging::{LogFormat, LoggingSettings};
pub use meta::{MetaSettings, Secret};
pub use records::RecordSettings;
pub use secret_key::{SecretKey, SecretKeys};
pub use templates::{Switch, TemplateSettings};
pub use traces::{TraceSampler, TraceSettings};
pub use webhooks::WebhookSettings;
