//! Where traces go. The variables are those that OpenTelemetry gives every program.

use clap::{Args, ValueEnum};
use url::Url;

use super::Secret;
use super::graph::parse_base_url;

/// Which traces that begin here are exported; and whether a caller's own say counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum TraceSampler {
    /// All, whatever the caller says
    #[value(name = "always_on")]
    AlwaysOn,
    /// None
    #[value(name = "always_off")]
    AlwaysOff,
    /// A part of them, whatever the caller says
    #[value(name = "traceidratio")]
    Ratio,
    /// As the caller says, else all
    #[default]
    #[value(name = "parentbased_always_on")]
    ParentOrAll,
    /// As the caller says, else none
    #[value(name = "parentbased_always_off")]
    ParentOrNone,
    /// As the caller says, else a part of them
    #[value(name = "parentbased_traceidratio")]
    ParentOrRatio,
}

/// By default no traces go anywhere.
#[derive(Args, Clone, Debug, Default)]
pub struct TraceSettings {
    /// Where traces go: the base URL of an OpenTelemetry collector, such as http://127.0.0.1:4318
    #[arg(
        long = "otlp-endpoint",
        env = "OTEL_EXPORTER_OTLP_ENDPOINT",
        value_parser = parse_base_url,
        value_name = "URL"
    )]
    pub endpoint: Option<Url>,

    /// Headers that the collector asks for, such as `authorization=Basic%20…`; several with commas
    #[arg(
        long = "otlp-headers",
        env = "OTEL_EXPORTER_OTLP_HEADERS",
        hide_env_values = true,
        value_name = "NAME=VALUE"
    )]
    pub headers: Option<Secret>,

    /// What the gateway is called in its traces
    #[arg(
        long = "service-name",
        env = "OTEL_SERVICE_NAME",
        default_value = "avenping-gateway",
        value_name = "NAME"
    )]
    pub service_name: String,

    /// Which traces are exported
    #[arg(
        long = "traces-sampler",
        env = "OTEL_TRACES_SAMPLER",
        value_enum,
        default_value = "parentbased_always_on",
        value_name = "SAMPLER"
    )]
    pub sampler: TraceSampler,

    /// The part of the traces that a sampler by ratio takes, from 0 to 1
    #[arg(
        long = "traces-sampler-arg",
        env = "OTEL_TRACES_SAMPLER_ARG",
        default_value = "1",
        value_parser = parse_ratio,
        value_name = "RATIO"
    )]
    pub ratio: f64,
}

fn parse_ratio(text: &str) -> Result<f64, String> {
    let ratio = text.parse().ok().filter(|ratio| (0.0..=1.0).contains(ratio));
    ratio.ok_or_else(|| "must be a number from 0 to 1".to_owned())
}
