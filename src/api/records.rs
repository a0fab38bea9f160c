//! `GET /v2/messages` and `GET /v2/messages/{id}`: what became of what was sent.

use axum::extract::State;
use axum::routing::get;
use serde::Serialize;
use serde_json::value::RawValue;
use utoipa::ToSchema;

use super::paging::AFTER;
use crate::access::DeveloperPlan;
use crate::fields::Violations;
use crate::model::{
    Destination, GraphId, MessageId, MessageRecord, MessageStatus, SendOutcome, Timestamp,
};
use crate::openapi::{Answer, Parameter, ParameterKind, Route};
use crate::state::AppState;
use crate::store::MessageFilter;
use crate::wire::{ApiError, Carried, Query, Reply, TextPath};

const NOT_FOUND: ApiError = ApiError::NotFound("Message not found");
const DEFAULT_PAGE: u32 = 20;
const LARGEST_PAGE: u32 = 100;

/// What is known of a message. Its text is not kept.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct Message {
    id: String,
    wamid: Option<String>,
    phone_number_id: String,
    to: String,
    /// The receiver as WhatsApp knows them
    wa_id: Option<String>,
    kind: String,
    reference: Option<String>,
    status: &'static str,
    /// What became of the call to Graph; null while it runs
    outcome: Option<&'static str>,
    /// Meta's error object
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    error: Option<Box<RawValue>>,
    #[schema(value_type = String, format = "date-time")]
    created_at: Timestamp,
    #[schema(value_type = Option<String>, format = "date-time")]
    sent_at: Option<Timestamp>,
    #[schema(value_type = Option<String>, format = "date-time")]
    delivered_at: Option<Timestamp>,
    #[schema(value_type = Option<String>, format = "date-time")]
    read_at: Option<Timestamp>,
    #[schema(value_type = Option<String>, format = "date-time")]
    failed_at: Option<Timestamp>,
}

#[derive(Serialize, ToSchema)]
struct Messages {
    items: Vec<Message>,
    paging: CursorPaging,
}

#[derive(Serialize, ToSchema)]
pub(super) struct CursorPaging {
    pub(super) cursors: Cursors,
}

#[derive(Serialize, ToSchema)]
pub(super) struct Cursors {
    /// Where the next page starts; null on the last one
    pub(super) after: Option<String>,
}

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::get("/v2/messages", get(list), Answer::data::<Messages>())
            .about("Messages", "List what was sent, newest first")
            .with(
                const {
                    &[
                        Parameter::query(
                            "reference",
                            ParameterKind::Filled,
                            "Your own word for it",
                        ),
                        Parameter::query("to", ParameterKind::Filled, "The receiver"),
                        Parameter::query("status", ParameterKind::OneOf(&STATUSES), "The status"),
                        Parameter::query(
                            "phoneNumberId",
                            ParameterKind::Like("^[A-Za-z_-]{0,63}[0-9][A-Za-z0-9_-]{0,64}$"),
                            "The number it was sent from",
                        ),
                        AFTER,
                        Parameter::query(
                            "limit",
                            ParameterKind::Number { least: 1, most: LARGEST_PAGE },
                            "How many to answer; 20 if left out. Where few match it may be \
                             fewer, or none, though paging.cursors.after leads on",
                        ),
                    ]
                },
            ),
        Route::get("/v2/messages/{id}", get(one), Answer::data::<Message>())
            .about("Messages", "What became of one message")
            .with(
                const {
                    &[Parameter::path(
                        "id",
                        ParameterKind::Text,
                        "Its wamid, or our id: the header X-Message-Id of the answer to the send",
                    )]
                },
            ),
    ]
}

async fn one(
    TextPath(id): TextPath,
    Carried(plan): Carried<DeveloperPlan>,
    State(state): State<AppState>,
) -> Result<Reply<Message>, ApiError> {
    let id = id.filter(|id| !id.contains('\0')).ok_or(NOT_FOUND)?;
    let account = &plan.caller().account.id;
    let some_wait = state.recorder.waiting() > 0;
    let mut found = state.store.message(account, &id).await?;
    if found.is_none() && some_wait {
        // A record is written behind the answer, and somebody may be faster.
        state.recorder.catch_up().await;
        found = state.store.message(account, &id).await?;
    }
    found.map(|record| Reply(Message::from(record))).ok_or(NOT_FOUND)
}

async fn list(
    Carried(plan): Carried<DeveloperPlan>,
    State(state): State<AppState>,
    query: Query,
) -> Result<Reply<Messages>, ApiError> {
    let limit = query.number("limit", 1..=LARGEST_PAGE)?.unwrap_or(DEFAULT_PAGE);
    let after = query.text("after")?.map(cursor).transpose()?;
    let filter = MessageFilter {
        reference: query.filled("reference")?.map(str::to_owned),
        to: query.filled("to")?.map(as_sent),
        status: query.filled("status")?.map(status).transpose()?,
        phone_number: query.filled("phoneNumberId")?.map(number).transpose()?,
    };
    let account = &plan.caller().account.id;
    let page = state.store.messages(account, &filter, after.as_ref(), i64::from(limit)).await?;
    let after = page.next.map(|next| next.as_str().to_owned());
    let items = page.messages.into_iter().map(Message::from).collect();
    Ok(Reply(Messages { items, paging: CursorPaging { cursors: Cursors { after } } }))
}

/// A phone number is found however it is written; ids of users and groups as they are.
fn as_sent(to: &str) -> String {
    let is_number = to.bytes().all(|byte| byte.is_ascii_digit() || b"+-(). ".contains(&byte));
    match Destination::phone(to) {
        Some(Destination::Phone(digits)) if is_number => digits,
        _ => to.to_owned(),
    }
}

fn cursor(text: &str) -> Result<MessageId, ApiError> {
    let fault = || Violations::one("after", "must be the cursor of a page").into();
    MessageId::parse(text).ok_or_else(fault)
}

fn number(text: &str) -> Result<GraphId, ApiError> {
    let fault = || Violations::one("phoneNumberId", "must be an id of Meta's").into();
    GraphId::parse(text).ok_or_else(fault)
}

const STATUSES: [&str; 9] =
    ["pending", "accepted", "sent", "delivered", "read", "played", "failed", "rejected", "unknown"];

const fn status_name(status: MessageStatus) -> &'static str {
    match status {
        MessageStatus::Pending => "pending",
        MessageStatus::Accepted => "accepted",
        MessageStatus::Sent => "sent",
        MessageStatus::Delivered => "delivered",
        MessageStatus::Read => "read",
        MessageStatus::Played => "played",
        MessageStatus::Failed => "failed",
        MessageStatus::Rejected => "rejected",
        MessageStatus::Unknown => "unknown",
    }
}

fn status(text: &str) -> Result<MessageStatus, ApiError> {
    let found = MessageStatus::ALL.into_iter().find(|status| status_name(*status) == text);
    found.ok_or_else(|| {
        Violations::one("status", format!("must be one of {}", STATUSES.join(", "))).into()
    })
}

const fn outcome(outcome: SendOutcome) -> &'static str {
    match outcome {
        SendOutcome::Accepted => "accepted",
        SendOutcome::NotSent => "not_sent",
        SendOutcome::Rejected => "rejected",
        SendOutcome::Unknown => "unknown",
    }
}

impl From<MessageRecord> for Message {
    fn from(record: MessageRecord) -> Self {
        let status = status_name(record.status());
        let result = record.result;
        Self {
            id: record.id.as_str().to_owned(),
            phone_number_id: record.phone_number.to_string(),
            to: record.to,
            kind: record.kind,
            reference: record.reference,
            status,
            outcome: result.as_ref().map(|result| outcome(result.outcome)),
            wa_id: result.as_ref().and_then(|result| result.wa_id.clone()),
            wamid: result.and_then(|result| result.wamid),
            error: record.error.and_then(|error| RawValue::from_string(error).ok()),
            created_at: record.created_at,
            sent_at: record.sent_at,
            delivered_at: record.delivered_at,
            read_at: record.read_at,
            failed_at: record.failed_at,
        }
    }
}
