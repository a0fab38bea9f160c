//! Our webhooks to customers: the outbox is emptied, call by call, until each event was heard.
//!
//! Events and deliveries are written by whoever has something to tell; [`Worker`] takes them on
//! with leases, so that several nodes share the work and a node that dies loses nothing.
//! [`WebhookClient`] is the only way to a customer's endpoint: where it may not go is decided in
//! its resolver and before each call. The room knows nothing of the server, and runs without one.

mod attempt;
mod client;
mod lanes;
mod resolver;
mod schedule;
mod signature;
mod silence;
mod worker;

pub use client::{Answer, Called, Parcel, WebhookClient};
pub use silence::Silence;
pub use worker::Worker;
