//! Names become addresses here, and only public ones: what a name resolves to is what is
//! connected to, so there is no second look-up that could answer something else.

use std::net::SocketAddr;
use std::sync::Arc;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};

use crate::model::public_address::is_public;

/// Refuses a name if any of its addresses is not public.
#[derive(Clone)]
pub(super) struct PublicOnly(pub(super) Arc<dyn Resolve>);

/// The machine's own resolver.
#[derive(Debug)]
pub(super) struct System;

#[derive(Debug, thiserror::Error)]
#[error("not every address of the name is public")]
struct NotPublic;

#[derive(Debug, thiserror::Error)]
#[error("the name has no address")]
struct NoAddress;

impl Resolve for PublicOnly {
    fn resolve(&self, name: Name) -> Resolving {
        let resolving = self.0.resolve(name);
        Box::pin(async move {
            let addresses: Vec<SocketAddr> = resolving.await?.collect();
            if addresses.is_empty() {
                return Err(NoAddress.into());
            }
            if !addresses.iter().all(|address| is_public(address.ip())) {
                return Err(NotPublic.into());
            }
            Ok(Box::new(addresses.into_iter()) as Addrs)
        })
    }
}

impl Resolve for System {
    fn resolve(&self, name: Name) -> Resolving {
        Box::pin(async move {
            // Port 0 stands for the one of the URL.
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            Ok(Box::new(found.collect::<Vec<_>>().into_iter()) as Addrs)
        })
    }
}

#[cfg(test)]
mod tests {
    use std::net::{IpAddr, SocketAddr};
    use std::sync::Arc;

    use reqwest::dns::{Addrs, Name, Resolve, Resolving};

    use super::PublicOnly;

    /// Answers what it is told to, whatever the name.
    struct Told(Vec<IpAddr>);

    impl Resolve for Told {
        fn resolve(&self, _: Name) -> Resolving {
            let found: Vec<_> = self.0.iter().map(|ip| SocketAddr::new(*ip, 0)).collect();
            Box::pin(async move { Ok(Box::new(found.into_iter()) as Addrs) })
        }
    }

    async fn passes(addresses: &[&str]) -> bool {
        let told = addresses.iter().map(|address| address.parse().unwrap()).collect();
        let guard = PublicOnly(Arc::new(Told(told)));
        guard.resolve("a.example".parse().unwrap()).await.is_ok()
    }

    #[tokio::test]
    async fn a_name_passes_only_if_all_its_addresses_are_public() {
        assert!(passes(&["1.1.1.1"]).await);
        assert!(passes(&["1.1.1.1", "2606:4700::1111"]).await);
        for refused in [
            &["127.0.0.1"][..],
            &["1.1.1.1", "127.0.0.1"],
            &["10.0.0.1", "1.1.1.1"],
            &["1.1.1.1", "::1"],
            &["1.1.1.1", "::ffff:169.254.169.254"],
            &["64:ff9b::7f00:1"],
            &["64:ff9b:1::1"],
            &["2002:7f00:1::"],
            &["fd00::1"],
            &[],
        ] {
            assert!(!passes(refused).await, "{refused:?} passed");
        }
    }
}
