//! The access chain: four steps, each a proof that only the step before it can lead to.
//!
//! 1. [`Authenticated`]: a token, its account, a linked WhatsApp account.
//! 2. [`ActivePlan`]: the primary plan runs.
//! 3. [`DeveloperPlan`]: it is Premium or Enterprise.
//! 4. [`OwnedPhoneNumber`]: the number to send from is the account's.
//!
//! The stack is written once, in [`guard`].

mod acting;
mod active_plan;
mod authenticated;
mod developer_plan;
mod owned_phone_number;
mod rate_limits;

use axum::middleware::map_request_with_state;
use axum::routing::MethodRouter;

pub use acting::Acting;
pub use active_plan::ActivePlan;
pub use authenticated::Authenticated;
pub use developer_plan::DeveloperPlan;
pub use owned_phone_number::OwnedPhoneNumber;

use crate::state::AppState;

/// How much of the chain stands before a route.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Guard {
    /// Nothing: anybody may ask.
    Public,
    /// Steps 1 to 3.
    Account,
    /// Steps 1 to 4; the number is the `phoneNumberId` of the JSON body.
    Sender,
}

/// Puts the steps before a route. They run from the last line to the first, and only for a
/// method that the route has.
pub fn guard(
    route: MethodRouter<AppState>,
    guard: Guard,
    state: &AppState,
) -> MethodRouter<AppState> {
    if guard == Guard::Public {
        return route;
    }
    let mut route = route;
    if guard == Guard::Sender {
        route =
            route.route_layer(map_request_with_state(state.clone(), owned_phone_number::require));
    }
    route
        .route_layer(map_request_with_state(state.clone(), developer_plan::require))
        .route_layer(map_request_with_state(state.clone(), active_plan::require))
        .route_layer(map_request_with_state(state.clone(), authenticated::require))
}
