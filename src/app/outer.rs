//! The outermost layer: the record of the request, the wording of errors, a net under panics.

use std::convert::Infallible;
use std::panic::AssertUnwindSafe;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll};

use axum::body::{Body, HttpBody as _};
use axum::extract::Request;
use axum::response::{IntoResponse as _, Response};
use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use http::HeaderMap;
use http::header::{CACHE_CONTROL, CONNECTION, HeaderName, HeaderValue, X_CONTENT_TYPE_OPTIONS};
use http_body_util::BodyExt as _;
use tokio::time::Instant;
use tower::{Layer, Service};

use crate::graph::Errand;
use crate::limits::Class;
use crate::meta_shape;
use crate::metrics::PathRequests;
use crate::model::TraceParent;
use crate::state::AppState;
use crate::wire::{ApiError, RequestRecord, Style, tell_rate_limits, word};

const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");
/// What a path is called that the router does not have.
pub(super) const NO_ROUTE: &str = "none";

/// Where requests of one path come in.
#[derive(Clone)]
pub(super) struct Entry {
    state: AppState,
    requests: PathRequests,
    /// Whether files go through it.
    media: bool,
    class: Class,
    speaks: Speaks,
}

/// Whose language the callers of a path speak.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Speaks {
    AvenPing,
    Meta,
}

impl Entry {
    pub(super) fn new(path: &'static str, speaks: Speaks, state: &AppState) -> Self {
        let requests = state.metrics.requests.of_path(path);
        let class = Class::of(path);
        let media = path.starts_with("/v2/media") || class == Class::Media;
        Self { state: state.clone(), requests, media, class, speaks }
    }
}

impl<S> Layer<S> for Entry {
    type Service = Outer<S>;

    fn layer(&self, inner: S) -> Outer<S> {
        Outer { entry: self.clone(), inner }
    }
}

/// What stands behind an entry. A service and no `from_fn`, which takes each request apart and puts it
/// together again to see what it can hand over.
#[derive(Clone)]
pub(super) struct Outer<S> {
    entry: Entry,
    inner: S,
}

impl<S> Service<Request> for Outer<S>
where
    S: Service<Request, Response = Response, Error = Infallible, Future: Send + 'static>,
{
    type Response = Response;
    type Error = Infallible;
    type Future = BoxFuture<'static, Result<Response, Infallible>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request) -> Self::Future {
        let Entry { state, requests, media, class, speaks } = self.entry.clone();
        let limit = if media { state.media_limit } else { state.request_limit };
        let method = request.method().clone();
        let counted = requests.begin(method.as_str());
        let request_id = request_id(request.headers());
        let (style, version) = match speaks {
            Speaks::AvenPing => (Style::AvenPing(state.upstream_status), None),
            Speaks::Meta => (Style::Meta, meta_shape::version(request.uri().path())),
        };
        let span = state.traces.request(&method, counted.path(), trace(request.headers()));
        let errand = Errand { until: Instant::now() + limit, trace: span.trace(), version };
        let record = RequestRecord::start(method, counted, span, request_id, errand, class, style);
        let record = Arc::new(record);
        request.extensions_mut().insert(Arc::clone(&record));
        let has_body = !request.body().is_end_stream();
        // A route does nothing before it is polled; then its place is found, and the net is there.
        let answer = self.inner.call(request);
        Box::pin(async move {
            let answer = pin!(answer);
            let answer = admitted(has_body, answer, &record, &state);
            let answer = AssertUnwindSafe(answer).catch_unwind();
            let answered = if media {
                // A file may take longer than a stop may: what is cut off is told so.
                tokio::select! {
                    answered = answer => answered,
                    () = state.cutting_off.cancelled() => Ok(ApiError::CutOff.into_response()),
                }
            } else {
                answer.await
            };
            let panicked = |_| ApiError::Internal("a panic").into_response();
            Ok(finish(answered.unwrap_or_else(panicked), record, &state))
        })
    }
}

/// Finds a place for the request before anything of its body is read. It holds it in its record,
/// which a send takes along when its caller goes away.
async fn admitted(
    has_body: bool,
    answer: Pin<&mut impl Future<Output = Result<Response, Infallible>>>,
    record: &RequestRecord,
    state: &AppState,
) -> Response {
    match state.limits.admit(record.class, has_body).await {
        Ok(slot) => {
            slot.into_iter().for_each(|slot| record.hold(slot));
            let Ok(response) = answer.await;
            response
        }
        Err(full) => ApiError::from(full).into_response(),
    }
}

/// Words an answer that is an error, puts on what every answer has, and notes it.
fn finish(mut response: Response, record: Arc<RequestRecord>, state: &AppState) -> Response {
    if let Some(error) = response.extensions_mut().remove::<Arc<ApiError>>() {
        if let (ApiError::Overloaded, Some(shed)) = (&*error, record.class.when_shed()) {
            state.metrics.refusals.shed(shed);
        }
        let worded = word(&error, &record);
        record.note_outcome(worded.outcome);
        let headers = std::mem::take(response.headers_mut());
        response = worded.into_response();
        response.headers_mut().extend(headers);
    }
    put_headers(&mut response, &record, state);
    record.note_answer(response.status());
    let is_whole = response.body().size_hint().exact().is_some();
    if record.class == Class::Media && !is_whole {
        // A file is on its way, and has its place until the last byte has gone.
        return response.map(|body| {
            Body::new(body.map_frame(move |frame| {
                let _held = &record;
                frame
            }))
        });
    }
    response
}

/// An inbound id is kept if it cannot do harm in a log; else we make one.
fn request_id(headers: &HeaderMap) -> HeaderValue {
    let allowed = |byte: &u8| byte.is_ascii_alphanumeric() || b"._-".contains(byte);
    let inbound = headers
        .get(X_REQUEST_ID)
        .filter(|id| (1..=128).contains(&id.len()) && id.as_bytes().iter().all(allowed));
    let fresh = || {
        let id = uuid::Uuid::now_v7();
        HeaderValue::from_str(id.simple().encode_lower(&mut uuid::Uuid::encode_buffer()))
    };
    let id = inbound.cloned().map_or_else(fresh, Ok);
    id.unwrap_or_else(|_| HeaderValue::from_static("unknown"))
}

/// The trace that the caller is in, if it is told exactly once and exactly right.
fn trace(headers: &HeaderMap) -> Option<TraceParent> {
    let mut told = headers.get_all(TRACEPARENT).iter();
    let only = told.next().filter(|_| told.next().is_none());
    TraceParent::parse(only?.as_bytes())
}

fn put_headers(response: &mut Response, record: &RequestRecord, state: &AppState) {
    let headers = response.headers_mut();
    headers.insert(X_REQUEST_ID, record.request_id().clone());
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    if record.account.get().is_some() && !headers.contains_key(CACHE_CONTROL) {
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
    tell_rate_limits(record, headers);
    if state.stopping.is_cancelled() || state.limits.are_strained() {
        headers.insert(CONNECTION, HeaderValue::from_static("close"));
    }
}
