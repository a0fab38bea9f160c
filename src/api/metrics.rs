//! `GET /metrics`: everything that is counted, for Prometheus.

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use http::header::CONTENT_TYPE;

use crate::access::Guard;
use crate::openapi::{Answer, Route};
use crate::state::AppState;

const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

pub(super) fn routes() -> Vec<Route> {
    let answer = Answer::Text { content_type: OPEN_METRICS, about: "All metrics, as OpenMetrics" };
    vec![
        Route::get(super::METRICS, get(metrics), answer)
            .about("Service", "What is counted and measured, for Prometheus")
            .guarded(Guard::Public),
    ]
}

async fn metrics(State(state): State<AppState>) -> Response {
    ([(CONTENT_TYPE, OPEN_METRICS)], state.metrics_now().await).into_response()
}
