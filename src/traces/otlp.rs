//! Spans by OpenTelemetry's own library, exported by OTLP over HTTP from a thread of its own.

mod client;

use std::fmt;
use std::time::Duration;

use opentelemetry::trace::{
    Span as _, SpanBuilder, SpanContext, SpanId, SpanKind, Status, TraceContextExt as _,
    TraceFlags, TraceId, TraceState, Tracer as _, TracerProvider as _,
};
use opentelemetry::{Context, InstrumentationScope, KeyValue};
use opentelemetry_otlp::{SpanExporter, WithExportConfig as _, WithHttpConfig as _};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::{Sampler, SdkTracer, SdkTracerProvider, Span};
use tokio::task::spawn_blocking;
use url::Url;

use super::{Side, TracesError};
use crate::config::{TraceSampler, TraceSettings};
use crate::model::TraceParent;
use client::Client;

/// A collector that is away does not hold a stop up for longer.
const LAST_EXPORT: Duration = Duration::from_secs(5);

#[derive(Clone)]
pub(super) struct Exporter {
    provider: SdkTracerProvider,
    tracer: SdkTracer,
}

/// Boxed: what a request carries along stays small.
pub(super) struct Running(Box<Span>);

impl Exporter {
    pub(super) fn start(
        endpoint: &Url,
        settings: &TraceSettings,
    ) -> Result<Option<Self>, TracesError> {
        let exporter = SpanExporter::builder()
            .with_http()
            .with_http_client(Client::new(settings.headers.as_ref())?)
            .with_endpoint(of_traces(endpoint))
            .build()
            .map_err(|error| TracesError::Setup(error.to_string()))?;
        let version = KeyValue::new("service.version", env!("CARGO_PKG_VERSION"));
        let resource = Resource::builder()
            .with_service_name(settings.service_name.clone())
            .with_attribute(version)
            .build();
        let provider = SdkTracerProvider::builder()
            .with_batch_exporter(exporter)
            .with_sampler(sampler(settings))
            .with_resource(resource)
            .build();
        let scope = InstrumentationScope::builder(env!("CARGO_PKG_NAME"));
        let scope = scope.with_version(env!("CARGO_PKG_VERSION")).build();
        let tracer = provider.tracer_with_scope(scope);
        Ok(Some(Self { provider, tracer }))
    }

    pub(super) fn begin(&self, side: Side, name: String, parent: Option<TraceParent>) -> Running {
        let kind = if side == Side::Server { SpanKind::Server } else { SpanKind::Client };
        let parent = parent.and_then(|parent| span_context(&parent, side == Side::Server));
        // For samplers, one that is not valid would be a parent that is not sampled.
        let context = parent
            .map_or_else(Context::new, |parent| Context::new().with_remote_span_context(parent));
        let span = SpanBuilder::from_name(name).with_kind(kind);
        Running(Box::new(self.tracer.build_with_context(span, &context)))
    }

    pub(super) async fn finish(&self, limit: Duration) {
        let provider = self.provider.clone();
        let limit = limit.min(LAST_EXPORT);
        // It waits for its thread.
        let ended = spawn_blocking(move || provider.shutdown_with_timeout(limit)).await;
        if !matches!(ended, Ok(Ok(()))) {
            tracing::warn!("the last traces were not exported in time");
        }
    }
}

impl Running {
    pub(super) fn trace(&self) -> Option<TraceParent> {
        let context = self.0.span_context();
        let trace_id = u128::from_be_bytes(context.trace_id().to_bytes());
        let span_id = u64::from_be_bytes(context.span_id().to_bytes());
        let trace = TraceParent::new(trace_id, span_id, context.is_sampled());
        context.is_valid().then_some(trace)
    }

    pub(super) fn text(&mut self, name: &'static str, value: &str) {
        self.0.set_attribute(KeyValue::new(name, value.to_owned()));
    }

    pub(super) fn number(&mut self, name: &'static str, value: i64) {
        self.0.set_attribute(KeyValue::new(name, value));
    }

    pub(super) fn fail(&mut self, why: &'static str) {
        self.text("error.type", why);
        self.0.set_status(Status::error(""));
    }
}

impl fmt::Debug for Exporter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Exporter")
    }
}

impl fmt::Debug for Running {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Running")
    }
}

/// Where a collector takes traces, as OpenTelemetry has it of a base URL.
fn of_traces(endpoint: &Url) -> String {
    format!("{}/v1/traces", endpoint.as_str().trim_end_matches('/'))
}

fn span_context(parent: &TraceParent, remote: bool) -> Option<SpanContext> {
    let trace_id = TraceId::from_hex(parent.trace_id()).ok()?;
    let span_id = SpanId::from_hex(parent.parent_id()).ok()?;
    let flags = TraceFlags::default().with_sampled(parent.is_sampled());
    Some(SpanContext::new(trace_id, span_id, flags, remote, TraceState::NONE))
}

fn sampler(settings: &TraceSettings) -> Sampler {
    let part = Sampler::TraceIdRatioBased(settings.ratio);
    match settings.sampler {
        TraceSampler::AlwaysOn => Sampler::AlwaysOn,
        TraceSampler::AlwaysOff => Sampler::AlwaysOff,
        TraceSampler::Ratio => part,
        TraceSampler::ParentOrAll => Sampler::ParentBased(Box::new(Sampler::AlwaysOn)),
        TraceSampler::ParentOrNone => Sampler::ParentBased(Box::new(Sampler::AlwaysOff)),
        TraceSampler::ParentOrRatio => Sampler::ParentBased(Box::new(part)),
    }
}
