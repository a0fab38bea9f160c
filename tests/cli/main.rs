//! The promises of the command line, tried on the program itself: real processes, a SQLite file
//! of their own, and a stand-in for Meta where one is needed.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    reason = "a test that cannot go on has failed"
)]

mod accounts;
mod audit;
mod changes;
mod completions;
mod demo;
mod doctor;
mod ended;
mod keys;
mod kinds;
mod list;
mod listen;
mod meta;
mod place;
mod postman;
mod running;
mod sandbox;
mod send;
mod server;
mod settings;
mod sync;
mod templates;
mod token_files;
