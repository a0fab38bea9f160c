//! Who is at the other end, behind proxies that are trusted.

use std::net::{IpAddr, SocketAddr};

use http::{HeaderMap, HeaderName};
use ipnet::IpNet;

const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const FORWARDED: HeaderName = HeaderName::from_static("forwarded");

/// The peer, if it is no trusted proxy. Else what the proxies wrote down is read from the last
/// entry to the first, up to one that is no trusted proxy: what stands before it may be made up.
///
/// A proxy writes one of the two headers and may pass the other one on as the client wrote it. So
/// when both are there and disagree, neither is believed.
pub(super) fn find(peer: IpAddr, headers: &HeaderMap, trusted: &[IpNet]) -> IpAddr {
    let peer = peer.to_canonical();
    if !is_among(trusted, peer) {
        return peer;
    }
    let behind = |name, read: fn(&str) -> Vec<Option<IpAddr>>| {
        let lines = headers.get_all(name).into_iter();
        let hops: Vec<_> = lines.flat_map(|line| line.to_str().map_or(vec![None], read)).collect();
        (!hops.is_empty()).then(|| furthest(peer, &hops, trusted))
    };
    match (behind(X_FORWARDED_FOR, forwarded_for), behind(FORWARDED, forwarded)) {
        (None, None) => peer,
        (Some(address), None) | (None, Some(address)) => address,
        (Some(one), Some(other)) if one == other => one,
        _ => peer,
    }
}

fn is_among(networks: &[IpNet], address: IpAddr) -> bool {
    networks.iter().any(|network| network.contains(&address))
}

/// An entry that is no address ends the walk: all that is known is who wrote it.
fn furthest(peer: IpAddr, hops: &[Option<IpAddr>], trusted: &[IpNet]) -> IpAddr {
    let mut nearest = peer;
    for hop in hops.iter().rev() {
        let Some(hop) = hop else { return nearest };
        nearest = *hop;
        if !is_among(trusted, nearest) {
            return nearest;
        }
    }
    nearest
}

/// `X-Forwarded-For: client, proxy, proxy`
fn forwarded_for(line: &str) -> Vec<Option<IpAddr>> {
    line.split(',').map(address).collect()
}

/// `Forwarded: for=client;proto=https, for="[2001:db8::1]:4711"`, as in RFC 7239.
fn forwarded(line: &str) -> Vec<Option<IpAddr>> {
    let hop = |element: &str| {
        let mut pairs = split_plain(element, ';').into_iter();
        pairs.find_map(|pair| {
            let (name, value) = pair.split_once('=')?;
            name.trim().eq_ignore_ascii_case("for").then(|| address(value.trim().trim_matches('"')))
        })
    };
    split_plain(line, ',').into_iter().map(|element| hop(element).flatten()).collect()
}

/// Splits where no quoted text is.
fn split_plain(text: &str, at: char) -> Vec<&str> {
    let mut quoted = false;
    let outside = |c: char| {
        quoted ^= c == '"';
        c == at && !quoted
    };
    text.split(outside).collect()
}

/// An address, with a port or without.
fn address(text: &str) -> Option<IpAddr> {
    let text = text.trim();
    let bare = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')).unwrap_or(text);
    let address = bare.parse::<IpAddr>().ok();
    let address = address.or_else(|| text.parse::<SocketAddr>().ok().map(|socket| socket.ip()));
    address.map(|address| address.to_canonical())
}

#[cfg(test)]
mod tests {
    use http::{HeaderMap, HeaderName, HeaderValue};
    use ipnet::IpNet;

    use super::find;

    const CLIENT: &str = "203.0.113.7";

    fn found(peer: &str, lines: &[(&str, &str)]) -> String {
        let trusted: Vec<IpNet> =
            ["10.0.0.0/8", "fd00::/8"].map(|network| network.parse().unwrap()).into();
        let mut headers = HeaderMap::new();
        for (name, value) in lines {
            let name: HeaderName = name.parse().unwrap();
            headers.append(name, HeaderValue::from_bytes(value.as_bytes()).unwrap());
        }
        find(peer.parse().unwrap(), &headers, &trusted).to_string()
    }

    fn through(x_forwarded_for: &str) -> String {
        found("10.0.0.1", &[("x-forwarded-for", x_forwarded_for)])
    }

    #[test]
    fn a_peer_that_is_no_trusted_proxy_is_the_client_whatever_it_says() {
        for header in ["x-forwarded-for", "forwarded"] {
            assert_eq!(found("192.0.2.1", &[(header, CLIENT)]), "192.0.2.1");
        }
        assert_eq!(found("::ffff:192.0.2.1", &[]), "192.0.2.1");
        assert_eq!(found("10.0.0.1", &[]), "10.0.0.1");
        assert_eq!(found("::ffff:10.0.0.1", &[("x-forwarded-for", CLIENT)]), CLIENT);
    }

    #[test]
    fn it_is_the_last_address_that_is_no_trusted_proxy() {
        assert_eq!(through(CLIENT), CLIENT);
        assert_eq!(through("198.51.100.1, 203.0.113.7, 10.0.0.9"), CLIENT);
        assert_eq!(through("198.51.100.1,203.0.113.7:4711 , fd00::9,10.0.0.9"), CLIENT);
        assert_eq!(through("10.0.0.8, 10.0.0.9"), "10.0.0.8");
        let lines = [("x-forwarded-for", "198.51.100.1"), ("x-forwarded-for", CLIENT)];
        assert_eq!(found("10.0.0.1", &lines), CLIENT);
        assert_eq!(found("fd00::1", &[("x-forwarded-for", "2001:db8::5")]), "2001:db8::5");
    }

    #[test]
    fn what_is_no_address_is_not_looked_behind() {
        assert_eq!(through("203.0.113.7, unknown"), "10.0.0.1");
        assert_eq!(through("203.0.113.7, unknown, 10.0.0.9"), "10.0.0.9");
        assert_eq!(through(""), "10.0.0.1");
        assert_eq!(through("203.0.113.7\u{e4}"), "10.0.0.1");
    }

    #[test]
    fn forwarded_is_read_as_well() {
        let through = |text: &str| found("10.0.0.1", &[("forwarded", text)]);
        assert_eq!(through("for=203.0.113.7;proto=https;by=10.0.0.1"), CLIENT);
        assert_eq!(through("for=198.51.100.1, For=\"203.0.113.7:80\", for=10.0.0.9"), CLIENT);
        assert_eq!(through("by=\"a,b;c\";for=\"[2001:db8::5]:4711\""), "2001:db8::5");
        assert_eq!(through("for=\"[2001:db8::5]\""), "2001:db8::5");
        assert_eq!(through("for=203.0.113.7, for=_hidden"), "10.0.0.1");
        assert_eq!(through("proto=https"), "10.0.0.1");
    }

    #[test]
    fn headers_that_disagree_are_not_believed() {
        let both = |other| [("x-forwarded-for", CLIENT), ("forwarded", other)];
        assert_eq!(found("10.0.0.1", &both("for=203.0.113.7")), CLIENT);
        assert_eq!(found("10.0.0.1", &both("for=198.51.100.1")), "10.0.0.1");
    }
}
