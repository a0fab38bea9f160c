//! Why there was no answer, as far as the owner of an endpoint may know it.

use std::error::Error;
use std::io;

/// An endpoint that could not be reached is one case, whether its name is unknown, its address
/// not allowed or its port closed: else the gateway could be used to look around its own network.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Silence {
    #[error("The endpoint could not be reached")]
    Unreachable,
    /// The same, and it took all the time there was.
    #[error("The endpoint could not be reached")]
    UnreachableInTime,
    #[error("The certificate of the endpoint is not valid")]
    Certificate,
    #[error("The endpoint did not answer in time")]
    Late,
    #[error("The endpoint broke the connection off")]
    BrokeOff,
}

impl Silence {
    pub(super) fn of(error: &reqwest::Error) -> Self {
        match (error.is_connect(), error.is_timeout()) {
            (true, _) if has_bad_certificate(error) => Self::Certificate,
            (true, true) => Self::UnreachableInTime,
            (true, false) => Self::Unreachable,
            (false, true) => Self::Late,
            (false, false) => Self::BrokeOff,
        }
    }

    /// Whether waiting longer before the next attempt may help.
    #[must_use]
    pub fn is_timeout(self) -> bool {
        matches!(self, Self::UnreachableInTime | Self::Late)
    }
}

fn has_bad_certificate(error: &reqwest::Error) -> bool {
    let mut cause = error.source();
    while let Some(error) = cause {
        // An I/O error hands on the source of what it wraps, and not what it wraps.
        let wrapped = error.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
        let told = wrapped.and_then(|wrapped| wrapped.downcast_ref::<rustls::Error>());
        if matches!(told, Some(rustls::Error::InvalidCertificate(_))) {
            return true;
        }
        cause = error.source();
    }
    false
}
