//! Where the gateway listens: one place for everything, or one of its own for the metrics.

use std::net::SocketAddr;

use super::{StartError, routes};
use crate::api::METRICS;
use crate::config::ListenerSettings;
use crate::meta_shape;
use crate::openapi::Route;
use crate::server::Server;

/// A socket that listens, and what may be asked there.
#[derive(Debug)]
pub(super) struct Door {
    pub(super) server: Server,
    pub(super) address: SocketAddr,
    pub(super) offer: Offer,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Offer {
    Everything,
    AllButMetrics,
    MetricsAlone,
}

impl Offer {
    pub(super) fn routes(self) -> Vec<Route> {
        let is_offered = |route: &Route| match self {
            Self::Everything => true,
            Self::AllButMetrics => route.path != METRICS,
            Self::MetricsAlone => route.path == METRICS,
        };
        routes().into_iter().filter(is_offered).collect()
    }

    /// Those in Meta's shape.
    pub(super) fn metas_routes(self) -> Vec<Route> {
        match self {
            Self::Everything | Self::AllButMetrics => meta_shape::routes(),
            Self::MetricsAlone => Vec::new(),
        }
    }
}

impl Door {
    fn open(
        bind: SocketAddr,
        offer: Offer,
        listener: &ListenerSettings,
    ) -> Result<Self, StartError> {
        let failed = |error| StartError::Listen(bind, error);
        let server = Server::bind(bind, listener.header_timeout.get()).map_err(failed)?;
        let address = server.address().map_err(failed)?;
        Ok(Self { server, address, offer })
    }
}

/// Takes the ports: the one of the callers, and that of the metrics, if they have their own.
pub(super) fn open(listener: &ListenerSettings) -> Result<(Door, Option<Door>), StartError> {
    let Some(own) = listener.metrics_bind else {
        return Ok((Door::open(listener.bind, Offer::Everything, listener)?, None));
    };
    let callers = Door::open(listener.bind, Offer::AllButMetrics, listener)?;
    Ok((callers, Some(Door::open(own, Offer::MetricsAlone, listener)?)))
}
