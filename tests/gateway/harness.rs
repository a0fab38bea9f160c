//! A case, the fresh database that it runs on, and the gateway, the caller and the Meta it has.

mod accounts;
mod caller;
mod gateway;
mod meta;
mod scrape;
mod wire;

use std::panic::{AssertUnwindSafe, resume_unwind};
use std::sync::Arc;
use std::time::Duration;

use avenping_gateway::config::{DatabaseSettings, SecretKey};
use avenping_gateway::store::{self, Keyring, Store};
use futures_util::FutureExt as _;
use futures_util::future::LocalBoxFuture;
use tempfile::TempDir;
use tokio::runtime::{Builder, Runtime};

pub(crate) use accounts::{
    BY, META_TOKEN, NOW, NUMBER, TOKEN, WABA, another, at, graph_id, plan, somebody, token_of,
};
pub(crate) use caller::{Answer, Ask, Connection};
pub(crate) use gateway::{APP_SECRET, Gateway, Setup, VERIFY_TOKEN};
pub(crate) use meta::{ACCEPTED, Meta, carries_token};
pub(crate) use scrape::Scrape;
pub(crate) use wire::{Act, Wire, answer, deaf};

use crate::server::Server;

/// The key that seals the secrets of every case.
pub(crate) const SECRET_KEY: [u8; 32] = [7; 32];

pub(crate) struct Case {
    pub(crate) name: &'static str,
    pub(crate) run: fn(Place) -> LocalBoxFuture<'static, ()>,
}

/// Lists the functions of a file that are cases; the compiler names those that were forgotten.
macro_rules! cases {
    ($($name:ident),+ $(,)?) => {
        pub(crate) const CASES: &[$crate::harness::Case] = &[$($crate::harness::Case {
            name: stringify!($name),
            run: |place| Box::pin($name(place)),
        }),+];
    };
}
pub(crate) use cases;

/// Where the database of one case is.
#[derive(Clone)]
pub(crate) struct Place {
    pub(crate) url: String,
    /// Of SQLite; gone with the last clone.
    directory: Option<Arc<TempDir>>,
}

/// Runs the case on an empty database: of the server, or else of SQLite. However the case ends,
/// what it wrote goes away.
pub(crate) fn run(case: &Case, server: Option<&Server>) {
    runtime().block_on(async {
        let place = match server {
            Some(server) => Place { url: server.lend().await, directory: None },
            None => Place::file(),
        };
        // The stand-in for Meta blocks when it is dropped; with tokio's budget used up it would wait
        // for ever.
        let case = tokio::task::unconstrained((case.run)(place.clone()));
        let outcome = AssertUnwindSafe(case).catch_unwind().await;
        if let Some(server) = server {
            server.take_back(place.url).await;
        }
        outcome.unwrap_or_else(|panic| resume_unwind(panic));
    });
}

pub(crate) fn runtime() -> Runtime {
    Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap()
}

impl Place {
    fn file() -> Self {
        let directory = TempDir::new().unwrap();
        let url = format!("sqlite://{}", directory.path().join("gateway.db").display());
        Self { url, directory: Some(Arc::new(directory)) }
    }

    pub(crate) fn is_postgres(&self) -> bool {
        self.directory.is_none()
    }

    /// A migrated store; another handle each time, as another process would have it.
    pub(crate) async fn store(&self) -> Store {
        let settings =
            DatabaseSettings { url: self.url.clone(), timeout: Duration::from_secs(20).into() };
        let keyring = Keyring::new(&[SecretKey::new(SECRET_KEY)]).unwrap();
        let store = store::open(&settings, keyring).await.unwrap();
        store.migrate().await.unwrap();
        store
    }
}

/// Asks again until the answer is yes. It gives up long after any promise would be broken, and
/// says what it waited for.
pub(crate) async fn eventually(what: &str, mut is_so: impl AsyncFnMut() -> bool) {
    let give_up = tokio::time::Instant::now() + Duration::from_secs(20);
    while !is_so().await {
        assert!(tokio::time::Instant::now() < give_up, "it never came to be: {what}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}
