//! Who asks for a change that is written down.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::extract::{ConnectInfo, FromRequestParts};
use http::request::Parts;

use super::DeveloperPlan;
use crate::model::{Actor, Who};
use crate::state::AppState;
use crate::wire::{ApiError, Carried, RequestRecord};

/// The caller as an audit entry names them. Made only by the routes that change what is audited,
/// so no other request pays for it.
#[derive(Clone, Debug)]
pub struct Acting(pub Actor);

impl FromRequestParts<AppState> for Acting {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, ApiError> {
        let Carried(plan) = Carried::<DeveloperPlan>::from_request_parts(parts, state).await?;
        let record = Carried::<Arc<RequestRecord>>::from_request_parts(parts, state).await?;
        let peer = Carried::<ConnectInfo<SocketAddr>>::from_request_parts(parts, state).await?;
        let request_id = record.0.request_id().to_str().ok();
        Ok(Self(Actor {
            who: Who::Token(plan.authenticated().token().as_str().to_owned()),
            address: Some(state.limits.client_address(peer.0.0.ip(), &parts.headers)),
            request_id: request_id.map(str::to_owned),
        }))
    }
}
