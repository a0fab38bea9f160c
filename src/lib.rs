//! A gateway in front of Meta's WhatsApp Cloud API that speaks AvenPing's API v2.
//!
//! A backend sends simple JSON to `/v2`; the gateway proves who calls ([`access`]), reads and
//! checks the fields ([`fields`], [`messages`]), builds Meta's payload and sends it ([`graph`]),
//! and answers in one envelope ([`wire`]). [`meta_shape`] takes the same calls in Meta's own shape. Accounts, numbers and tokens live in [`store`].
//! [`delivery`] tells customers what happened, by webhook, until they have heard it.
//! [`metrics`] counts what happens, for whoever is on call; [`traces`] tells a collector of each request.
//! [`sandbox`] stands in for Meta, so that all of it can be tried without a Meta account.

pub mod access;
pub mod api;
pub mod app;
pub mod cli;
pub mod clock;
pub mod config;
pub mod delivery;
pub mod fields;
pub mod graph;
pub mod inbound;
pub mod limits;
pub mod messages;
pub mod meta_shape;
pub mod metrics;
pub mod model;
pub mod openapi;
pub mod sandbox;
pub mod server;
pub mod state;
pub mod store;
pub mod tls;
pub mod traces;
pub mod wire;
