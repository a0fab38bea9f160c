//! How much is taken on at once, and how often who may call.

use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;

use bytesize::ByteSize;
use clap::Args;
use clap::builder::RangedU64ValueParser;
use ipnet::IpNet;

use super::Period;
use crate::model::{Rate, RateLimit};

#[derive(Args, Clone, Debug)]
pub struct LimitSettings {
    /// How many requests are worked on at once; beyond it they wait, or are told to come again
    #[arg(
        long = "max-concurrency",
        env = "AVENPING_MAX_CONCURRENCY",
        default_value = "512",
        value_parser = count(1),
        value_name = "N"
    )]
    pub concurrency: u32,

    /// How many uploads and downloads run at once: they do not take the places of other requests
    #[arg(
        long = "max-media-concurrency",
        env = "AVENPING_MAX_MEDIA_CONCURRENCY",
        default_value = "256",
        value_parser = count(1),
        value_name = "N"
    )]
    pub media_concurrency: u32,

    /// How many of Meta's webhooks are taken in at once: a reserve that nothing else may use
    #[arg(
        long = "max-inbound-concurrency",
        env = "AVENPING_MAX_INBOUND_CONCURRENCY",
        default_value = "64",
        value_parser = count(1),
        value_name = "N"
    )]
    pub inbound_concurrency: u32,

    /// How many percent of the places one account may have
    #[arg(
        long = "account-share",
        env = "AVENPING_ACCOUNT_SHARE",
        default_value = "25",
        value_parser = clap::value_parser!(u8).range(1..=100),
        value_name = "PERCENT"
    )]
    pub account_share: u8,

    /// How many requests may wait for a place
    #[arg(
        long = "queue-length",
        env = "AVENPING_QUEUE_LENGTH",
        default_value = "64",
        value_parser = count(0),
        value_name = "N"
    )]
    pub queue_length: u32,

    /// How long a request may wait for a place
    #[arg(
        long = "queue-timeout",
        env = "AVENPING_QUEUE_TIMEOUT",
        default_value = "100ms",
        value_name = "PERIOD"
    )]
    pub queue_timeout: Period,

    /// How much memory the bodies of requests may take up in all; a quarter of it is Meta's
    #[arg(
        long = "body-memory",
        env = "AVENPING_BODY_MEMORY",
        default_value = "64MB",
        value_parser = parse_size,
        value_name = "SIZE"
    )]
    pub body_memory: ByteSize,

    /// How often an account may call, such as 3000/60s, unless it has a limit of its own
    #[arg(
        long = "rate-limit-account",
        env = "AVENPING_RATE_LIMIT_ACCOUNT",
        default_value = "off",
        value_name = "RATE"
    )]
    pub account_rate: RateLimit,

    /// How often a phone number may send, such as 80/1s, unless its account has a limit of its own
    #[arg(
        long = "rate-limit-number",
        env = "AVENPING_RATE_LIMIT_NUMBER",
        default_value = "off",
        value_name = "RATE"
    )]
    pub number_rate: RateLimit,

    /// How often a client address may show a wrong token before it is not listened to
    #[arg(
        long = "rate-limit-failed-auth",
        env = "AVENPING_RATE_LIMIT_FAILED_AUTH",
        default_value = "20/60s",
        value_name = "RATE"
    )]
    pub failed_auth_rate: RateLimit,

    /// The proxies whose X-Forwarded-For or Forwarded is believed: addresses or CIDR ranges, with
    /// commas
    #[arg(
        long = "trusted-proxies",
        env = "AVENPING_TRUSTED_PROXIES",
        value_delimiter = ',',
        value_parser = parse_network,
        value_name = "CIDRS"
    )]
    pub trusted_proxies: Vec<IpNet>,

    /// How often this node tells the others on its database that it lives; one that has not been
    /// heard of for three times as long has no share of the rate limits any more
    #[arg(
        long = "node-heartbeat",
        env = "AVENPING_NODE_HEARTBEAT",
        default_value = "2s",
        value_name = "PERIOD"
    )]
    pub heartbeat: Period,

    /// Where `/proc` and `/sys` are.
    #[arg(skip = PathBuf::from("/"))]
    pub system_root: PathBuf,
}

impl Default for LimitSettings {
    /// What holds where nothing is set.
    fn default() -> Self {
        Self {
            concurrency: 512,
            media_concurrency: 256,
            inbound_concurrency: 64,
            account_share: 25,
            queue_length: 64,
            queue_timeout: Duration::from_millis(100).into(),
            body_memory: ByteSize::mb(64),
            account_rate: RateLimit::Off,
            number_rate: RateLimit::Off,
            failed_auth_rate: RateLimit::At(Rate::of(20, 60)),
            trusted_proxies: Vec::new(),
            heartbeat: Duration::from_secs(2).into(),
            system_root: PathBuf::from("/"),
        }
    }
}

fn count(least: u64) -> RangedU64ValueParser<u32> {
    RangedU64ValueParser::new().range(least..=1_000_000)
}

/// From 1 kB to 4 GB.
fn parse_size(text: &str) -> Result<ByteSize, String> {
    let size: ByteSize = text.parse().map_err(|_| "must be a size such as 64MB".to_owned())?;
    if !(ByteSize::kb(1)..=ByteSize::gb(4)).contains(&size) {
        return Err("must be from 1kB to 4GB".to_owned());
    }
    Ok(size)
}

fn parse_network(text: &str) -> Result<IpNet, String> {
    let text = text.trim();
    let network = text.parse::<IpNet>().ok();
    let network = network.or_else(|| text.parse::<IpAddr>().ok().map(IpNet::from));
    network.ok_or_else(|| "must be an address or a range such as 10.0.0.0/8".to_owned())
}

#[cfg(test)]
mod tests {
    use clap::{Args as _, Command, FromArgMatches as _};

    use super::{LimitSettings, parse_network, parse_size};

    #[test]
    fn without_a_word_the_settings_are_the_default_ones() {
        let matches = LimitSettings::augment_args(Command::new("gateway"))
            .mut_args(|arg| arg.env(None::<&str>))
            .get_matches_from(["gateway"]);
        let read = LimitSettings::from_arg_matches(&matches).unwrap();
        assert_eq!(format!("{read:?}"), format!("{:?}", LimitSettings::default()));
    }

    #[test]
    fn sizes_have_units_and_an_end() {
        assert_eq!(parse_size("64MB").unwrap().as_u64(), 64_000_000);
        assert_eq!(parse_size("1MiB").unwrap().as_u64(), 1_048_576);
        for odd in ["", "0", "MB", "-1MB", "999", "5GB"] {
            assert!(parse_size(odd).is_err(), "{odd} was taken");
        }
    }

    #[test]
    fn a_proxy_is_an_address_or_a_range() {
        assert_eq!(parse_network("10.0.0.0/8").unwrap().to_string(), "10.0.0.0/8");
        assert_eq!(parse_network(" 10.1.2.3").unwrap().to_string(), "10.1.2.3/32");
        assert_eq!(parse_network("fd00::/8").unwrap().to_string(), "fd00::/8");
        for odd in ["", "proxy.example", "10.0.0.0/33", "10.0.0"] {
            assert!(parse_network(odd).is_err(), "{odd} was taken");
        }
    }
}
