//! HTTP requests.

use std::fmt;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;

use super::latency::Latency;
use super::words::{Each, Word as _, words};
use super::{list, table};

words! {
    /// The method of a request.
    Method as "method" {
        Get = "GET",
        Head = "HEAD",
        Post = "POST",
        Put = "PUT",
        Patch = "PATCH",
        Delete = "DELETE",
        Options = "OPTIONS",
        Other = "other",
    }
}

impl Method {
    fn of(name: &str) -> Self {
        Self::ALL.iter().copied().find(|method| method.word() == name).unwrap_or(Self::Other)
    }
}

/// The status of nearly all answers.
const FINE: u16 = 200;

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Labels {
    route: &'static str,
    method: &'static str,
    status: u16,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Route {
    route: &'static str,
}

/// The requests of all paths.
#[derive(Clone, Debug, Default)]
pub struct Requests {
    answered: Family<Labels, Counter>,
    took: Family<Route, Latency>,
    running: Gauge,
}

/// The requests of one path. A path that nobody asks for has no series.
#[derive(Clone)]
pub struct PathRequests(Arc<OfPath>);

struct OfPath {
    path: &'static str,
    all: Requests,
    fine: Each<Method, OnceLock<Counter>>,
    took: OnceLock<Latency>,
}

/// A request that was begun. It has to be told how it ended, once.
#[derive(Debug)]
pub struct Ongoing {
    path: PathRequests,
    method: Method,
}

impl Requests {
    pub(super) fn listed(registry: &mut Registry) -> Self {
        let requests = Self::default();
        list(registry, &table::REQUESTS, requests.answered.clone());
        list(registry, &table::REQUEST_TIME, requests.took.clone());
        list(registry, &table::REQUESTS_RUNNING, requests.running.clone());
        requests
    }

    /// Those of a path of the router, as the router writes it.
    #[must_use]
    pub fn of_path(&self, path: &'static str) -> PathRequests {
        let (all, fine, took) = (self.clone(), Each::default(), OnceLock::new());
        PathRequests(Arc::new(OfPath { path, all, fine, took }))
    }
}

impl PathRequests {
    #[must_use]
    pub fn path(&self) -> &'static str {
        self.0.path
    }

    #[must_use]
    pub fn begin(self, method: &str) -> Ongoing {
        self.0.all.running.inc();
        Ongoing { path: self, method: Method::of(method) }
    }
}

impl fmt::Debug for PathRequests {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.path)
    }
}

impl Ongoing {
    #[must_use]
    pub fn path(&self) -> &'static str {
        self.path.path()
    }

    pub fn ended(&self, status: u16, took: Duration) {
        let OfPath { path, all, fine, took: times } = &*self.path.0;
        let labels = Labels { route: path, method: self.method.word(), status };
        if status == FINE {
            let known = fine.of(self.method);
            known.get_or_init(|| all.answered.get_or_create_owned(&labels)).inc();
        } else {
            all.answered.get_or_create(&labels).inc();
        }
        let route = Route { route: path };
        times.get_or_init(|| all.took.get_or_create_owned(&route)).observe(took);
        all.running.dec();
    }
}
