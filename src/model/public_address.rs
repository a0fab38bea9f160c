//! Which addresses on the network a customer may send us to.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::LazyLock;

use ipnet::{IpNet, Ipv6Net};
use url::{Host, Url};

/// Everything outside global unicast, after IPv4 has been taken out of IPv6.
const NOT_PUBLIC: &[&str] = &[
    "0.0.0.0/8",
    "10.0.0.0/8",
    "100.64.0.0/10",
    "127.0.0.0/8",
    "169.254.0.0/16",
    "172.16.0.0/12",
    "192.0.0.0/24",
    "192.0.2.0/24",
    "192.88.99.0/24",
    "192.168.0.0/16",
    "198.18.0.0/15",
    "198.51.100.0/24",
    "203.0.113.0/24",
    "224.0.0.0/4",
    "240.0.0.0/4",
    "::/128",
    "::1/128",
    "::/96",
    "64:ff9b::/96",
    "64:ff9b:1::/48",
    "100::/64",
    "2001::/23",
    "2001:db8::/32",
    "2002::/16",
    "3fff::/20",
    "5f00::/16",
    "fc00::/7",
    "fe80::/10",
    "fec0::/10",
    "ff00::/8",
];

static TABLE: LazyLock<Vec<IpNet>> =
    LazyLock::new(|| NOT_PUBLIC.iter().filter_map(|net| net.parse().ok()).collect());

static GLOBAL_V6: LazyLock<Option<Ipv6Net>> = LazyLock::new(|| "2000::/3".parse().ok());

/// Whether `address` is a public one: global unicast, and no form of a private one.
#[must_use]
pub fn is_public(address: IpAddr) -> bool {
    let address = match address {
        IpAddr::V6(v6) => v6.to_ipv4_mapped().map_or(IpAddr::V6(v6), IpAddr::V4),
        IpAddr::V4(_) => address,
    };
    let listed = TABLE.iter().any(|net| net.contains(&address));
    let global = match address {
        IpAddr::V4(_) => true,
        IpAddr::V6(v6) => GLOBAL_V6.is_some_and(|net| net.contains(&v6)),
    };
    global && !listed
}

/// What is wrong with a webhook address, in words for its owner.
///
/// # Errors
/// The first fault found. A host name is not resolved here: it is judged at each attempt.
pub fn check_webhook_url(text: &str, allow_private: bool) -> Result<Url, &'static str> {
    if text.len() > 2048 {
        return Err("must be at most 2048 bytes");
    }
    if text.chars().any(|c| c.is_control() || c.is_whitespace()) {
        return Err("must not contain control characters or spaces");
    }
    let url = Url::parse(text).map_err(|_| "must be an https URL")?;
    let http_allowed = allow_private && url.scheme() == "http";
    if url.scheme() != "https" && !http_allowed {
        return Err("must be an https URL");
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err("must not contain a user name or a password");
    }
    if allow_private {
        return if url.host().is_some() { Ok(url) } else { Err("must name a host") };
    }
    if url.port().is_some_and(|port| port != 443 && port < 1024) {
        return Err("must use port 443 or one above 1023");
    }
    let public = match url.host() {
        None => return Err("must name a host"),
        Some(Host::Ipv4(v4)) => is_public(Ipv4Addr::into(v4)),
        Some(Host::Ipv6(v6)) => is_public(Ipv6Addr::into(v6)),
        Some(Host::Domain(name)) => !is_local_name(name),
    };
    if public { Ok(url) } else { Err("must be a public address") }
}

/// Names that never leave the machine, whatever a resolver says (RFC 6761).
fn is_local_name(name: &str) -> bool {
    let name = name.trim_end_matches('.');
    name.eq_ignore_ascii_case("localhost")
        || name.rsplit('.').next().is_some_and(|last| last.eq_ignore_ascii_case("localhost"))
}

#[cfg(test)]
mod tests {
    use super::{NOT_PUBLIC, TABLE, check_webhook_url, is_public};

    #[test]
    fn every_line_of_the_table_is_a_network() {
        assert_eq!(TABLE.len(), NOT_PUBLIC.len());
    }

    #[test]
    fn private_addresses_are_known_in_every_disguise() {
        let disguised = [
            "127.0.0.1",
            "10.1.2.3",
            "100.64.0.1",
            "169.254.169.254",
            "192.168.1.1",
            "255.255.255.255",
            "::1",
            "::",
            "::ffff:127.0.0.1",
            "::127.0.0.1",
            "64:ff9b::a00:1",
            "2001:2::1",
            "2001:10::1",
            "2002:7f00:1::",
            "::ffff:0:7f00:1",
            "fe80::1",
            "fd00::1",
            "4000::1",
        ];
        for address in disguised {
            assert!(!is_public(address.parse().unwrap()), "{address} was taken for public");
        }
        for address in ["1.1.1.1", "8.8.8.8", "2001:200::1", "2606:4700::1111", "::ffff:8.8.8.8"] {
            assert!(is_public(address.parse().unwrap()), "{address} was refused");
        }
    }

    #[test]
    fn a_webhook_address_is_judged_in_all_its_parts() {
        let refused = [
            ("http://a.example/", "must be an https URL"),
            ("ftp://a.example/", "must be an https URL"),
            ("nonsense", "must be an https URL"),
            ("https://user@a.example/", "must not contain a user name or a password"),
            ("https://a.example:80/", "must use port 443 or one above 1023"),
            ("https://127.0.0.1/", "must be a public address"),
            ("https://2130706433/", "must be a public address"),
            ("https://0177.0.0.1/", "must be a public address"),
            ("https://[::ffff:10.0.0.1]/", "must be a public address"),
            ("https://localhost/", "must be a public address"),
            ("https://a.localhost./", "must be a public address"),
            ("https://a.example/\u{7}", "must not contain control characters or spaces"),
        ];
        for (url, fault) in refused {
            assert_eq!(check_webhook_url(url, false).unwrap_err(), fault, "{url:?}");
        }
        for url in ["https://a.example/hook?x=1", "https://a.example:8443/", "https://1.1.1.1/"] {
            assert!(check_webhook_url(url, false).is_ok(), "{url} was refused");
        }
        let long = format!("https://a.example/{}", "x".repeat(2048));
        assert_eq!(check_webhook_url(&long, false).unwrap_err(), "must be at most 2048 bytes");
    }

    /// What a browser would make of an address, and a look at its text would not.
    #[test]
    fn an_address_is_judged_by_where_it_leads() {
        for url in [
            "https://127.0.0.1./",
            "https://127.1/",
            "https://0x7f.0.0.1/",
            "https://0/",
            "https://%31%32%37.0.0.1/",
            "https://\u{ff11}\u{ff12}\u{ff17}.0.0.1/",
            "https://127\u{3002}0\u{3002}0\u{3002}1/",
            "https:127.0.0.1/",
            "https:///127.0.0.1/",
            "https:\\\\127.0.0.1\\a.example/",
            "HTTPS://127.0.0.1:8443/",
            "https://[::ffff:7f00:1]/",
            "https://[0:0:0:0:0:ffff:7f00:1]/",
            "https://[::ffff:0:127.0.0.1]/",
            "https://[64:ff9b::7f00:1]/",
            "https://[64:ff9b:1::7f00:1]/",
            "https://\u{24db}ocalhost/",
        ] {
            let refused = check_webhook_url(url, false);
            assert_eq!(refused.unwrap_err(), "must be a public address", "{url}");
        }
        for (url, fault) in [
            ("https://a.example:0/", "must use port 443 or one above 1023"),
            ("https://a.example:1023/", "must use port 443 or one above 1023"),
            ("https://:secret@a.example/", "must not contain a user name or a password"),
            ("https://a.example@127.0.0.1/", "must not contain a user name or a password"),
            ("https://256.0.0.1/", "must be an https URL"),
            ("https://[::1%25eth0]/", "must be an https URL"),
            ("https://a.example:65536/", "must be an https URL"),
            ("https:///", "must be an https URL"),
        ] {
            assert_eq!(check_webhook_url(url, false).unwrap_err(), fault, "{url}");
        }
    }

    #[test]
    fn development_may_lift_the_address_rules_and_no_others() {
        assert!(check_webhook_url("http://127.0.0.1:9000/hook", true).is_ok());
        assert!(check_webhook_url("ftp://127.0.0.1/", true).is_err());
        assert!(check_webhook_url("https://user:pass@a.example/", true).is_err());
    }
}
