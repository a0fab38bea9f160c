//! `GET /v2/me`: who the token belongs to. No secret, ever.

use axum::routing::get;
use serde::Serialize;
use utoipa::ToSchema;

use crate::access::DeveloperPlan;
use crate::model::{Account, Timestamp};
use crate::openapi::{Answer, Route};
use crate::wire::{Carried, Reply};

/// An account as `/v2/me` tells of it.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Me {
    user: User,
    plan: Option<MyPlan>,
    waba_id: Option<String>,
    whats_app_account: Option<MyWhatsAppAccount>,
    phone_numbers: Vec<MyPhoneNumber>,
    phone_number_ids: Vec<String>,
}

#[derive(Debug, Serialize, ToSchema)]
struct User {
    id: String,
    name: String,
    email: String,
}

#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct MyPlan {
    name: String,
    #[schema(value_type = Option<String>, format = "date-time")]
    end_date: Option<Timestamp>,
}

#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct MyWhatsAppAccount {
    id: String,
    waba_id: String,
    display_name: String,
}

#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct MyPhoneNumber {
    phone_number_id: String,
    phone_number: String,
    name: String,
}

impl From<&Account> for Me {
    fn from(account: &Account) -> Self {
        let linked = account.whatsapp.as_ref();
        let numbers = account.phone_numbers.iter().map(|number| MyPhoneNumber {
            phone_number_id: number.id.to_string(),
            phone_number: number.number.clone(),
            name: number.name.clone(),
        });
        let plan = account.primary_plan();
        Self {
            user: User {
                id: account.id.to_string(),
                name: account.name.clone(),
                email: account.email.clone(),
            },
            plan: plan.map(|plan| MyPlan { name: plan.name.clone(), end_date: plan.ends_at }),
            waba_id: linked.map(|linked| linked.waba_id.to_string()),
            whats_app_account: linked.map(|linked| MyWhatsAppAccount {
                id: linked.id.clone(),
                waba_id: linked.waba_id.to_string(),
                display_name: linked.display_name.clone(),
            }),
            phone_number_ids: account.phone_numbers.iter().map(|n| n.id.to_string()).collect(),
            phone_numbers: numbers.collect(),
        }
    }
}

pub(super) fn routes() -> Vec<Route> {
    let answer = Answer::data::<Me>();
    vec![Route::get("/v2/me", get(me), answer).about("Account", "Who the token belongs to")]
}

async fn me(Carried(plan): Carried<DeveloperPlan>) -> Reply<Me> {
    Reply(Me::from(&plan.caller().account))
}
