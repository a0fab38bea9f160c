//! `/v2/webhooks`: where the caller wants to be called, whether that works, and what became of
//! each call.

mod config;
mod deliveries;
mod redeliver;
mod test;
mod verify;

use axum::routing::{get, post};

use crate::fields::Field;
use crate::openapi::{Answer, Parameter, ParameterKind, Route};
use crate::wire::ApiError;

const GROUP: &str = "Webhooks";

const STATE: Parameter = Parameter::query(
    "state",
    ParameterKind::OneOf(&["pending", "delivered", "paused", "dead"]),
    "Only those that stand so",
);
const LIMIT: Parameter = Parameter::query(
    "limit",
    ParameterKind::Number { least: 1, most: 100 },
    "How many items a page may have; 20 if left out",
);
const AFTER: Parameter =
    Parameter::query("after", ParameterKind::Text, "The cursor to start behind");
const ID: Parameter = Parameter::path("id", ParameterKind::Text, "The id of a delivery");

pub(super) fn routes() -> Vec<Route> {
    let path = "/v2/webhooks/config";
    vec![
        Route::get(path, get(config::show), Answer::data::<config::Config>())
            .about(GROUP, "Show the webhook settings"),
        Route::post(path, post(config::change), Answer::data::<config::Config>())
            .about(GROUP, "Change the webhook settings")
            .takes(<config::Change as Field>::schema, config::EXAMPLE),
        Route::post(
            "/v2/webhooks/verify",
            post(verify::verify),
            Answer::data::<verify::Verification>(),
        )
        .about(GROUP, "Ask the webhook URL to prove that it knows the code"),
        Route::post("/v2/webhooks/test", post(test::test), Answer::data::<test::Outcome>())
            .about(GROUP, "Deliver a sample event now"),
        Route::get(
            "/v2/webhooks/deliveries",
            get(deliveries::list),
            Answer::data::<deliveries::Listed>(),
        )
        .about(GROUP, "List deliveries, newest first")
        .with(const { &[STATE, LIMIT, AFTER] }),
        Route::post(
            "/v2/webhooks/deliveries/redeliver",
            post(redeliver::range),
            Answer::data::<redeliver::Redelivered>(),
        )
        .about(GROUP, "Deliver the events of a range of time once more")
        .takes(<redeliver::Range as Field>::schema, redeliver::EXAMPLE),
        Route::get(
            "/v2/webhooks/deliveries/{id}",
            get(deliveries::by_id),
            Answer::data::<deliveries::Logged>(),
        )
        .about(GROUP, "Look a delivery up, with its attempts")
        .with(const { &[ID] }),
        Route::post(
            "/v2/webhooks/deliveries/{id}/redeliver",
            post(redeliver::one),
            Answer::data::<deliveries::Item>(),
        )
        .about(GROUP, "Deliver an event once more")
        .with(const { &[ID] }),
    ]
}

/// There is no URL, so nothing can be called.
fn no_url() -> ApiError {
    crate::fields::Violations::one("webhookUrl", "is not set").into()
}
