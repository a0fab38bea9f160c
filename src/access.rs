//! The access chain: four steps, each a proof that only the step before it can lead to.
//!
//! 1. [`Authenticated`]: a token, its account, a linked WhatsApp account.
//! 2. [`ActivePlan`]: the primary plan runs.
//! 3. [`DeveloperPlan`]: it is Premium or Enterprise.
//! 4. [`OwnedPhoneNumber`]: the number to send from is the account's; in Meta's shape it is in
//!    the path, where a WhatsApp Business Account may stand as well.
//!
//! The stack is written once, in [`guard`].

mod acting;
mod active_plan;
mod authenticated;
mod developer_plan;
mod own_account;
mod owned_phone_number;
mod rate_limits;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::middleware::map_request_with_state;
use axum::routing::MethodRouter;
use http::request::Parts;

pub use acting::Acting;
pub use active_plan::ActivePlan;
pub use authenticated::{ACCESS_TOKEN, Authenticated};
pub use developer_plan::DeveloperPlan;
pub use owned_phone_number::OwnedPhoneNumber;

use crate::state::AppState;
use crate::wire::ApiError;

/// How much of the chain stands before a route.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Guard {
    /// Nothing: anybody may ask.
    Public,
    /// Steps 1 to 3.
    Account,
    /// Steps 1 to 4; the number is the `phoneNumberId` of the JSON body.
    Sender,
    /// Steps 1 to 3, and a WhatsApp Business Account that is named beside them is the caller's.
    Node,
    /// The same, and the number in the path is the caller's.
    NumberInPath,
    /// The same, and the WhatsApp Business Account in the path is the caller's.
    AccountInPath,
}

/// Puts the steps before a route. They run from the last line to the first, and only for a
/// method that the route has.
pub fn guard(
    route: MethodRouter<AppState>,
    guard: Guard,
    state: &AppState,
) -> MethodRouter<AppState> {
    let own_account = || map_request_with_state(state.clone(), own_account::require);
    let route = match guard {
        Guard::Public => return route,
        Guard::Sender => {
            return route.route_layer(map_request_with_state(state.clone(), prove_sender));
        }
        Guard::Account => route,
        Guard::Node => route.route_layer(own_account()),
        Guard::NumberInPath => {
            let number = map_request_with_state(state.clone(), owned_phone_number::require_in_path);
            route.route_layer(number).route_layer(own_account())
        }
        Guard::AccountInPath => {
            let account = map_request_with_state(state.clone(), own_account::require_in_path);
            route.route_layer(account).route_layer(own_account())
        }
    };
    route.route_layer(map_request_with_state(state.clone(), prove_plan))
}

/// Steps 1 to 3 for a route of [`Guard::Account`] and those that go on from there.
async fn prove_plan(State(state): State<AppState>, request: Request) -> Result<Request, ApiError> {
    let (mut parts, body) = request.into_parts();
    let plan = plan(&parts, &state).await?;
    parts.extensions.insert(plan);
    Ok(Request::from_parts(parts, body))
}

/// Steps 1 to 4 in one layer: each layer has a request copy all that lie behind it.
async fn prove_sender(
    State(state): State<AppState>,
    request: Request,
) -> Result<Request, ApiError> {
    let (mut parts, body) = request.into_parts();
    let plan = plan(&parts, &state).await?;
    owned_phone_number::require(plan, &mut parts, body, &state).await?;
    Ok(Request::from_parts(parts, Body::empty()))
}

async fn plan(parts: &Parts, state: &AppState) -> Result<DeveloperPlan, ApiError> {
    let caller = authenticated::require(parts, state).await?;
    let active = ActivePlan::confirm(caller, state.clock.now())?;
    DeveloperPlan::confirm(active)
}
