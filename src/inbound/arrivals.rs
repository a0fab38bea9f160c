//! What a change of Meta's means for one account: what happened, and what it is to be told.

use std::borrow::Cow;
use std::time::Duration;

use serde_json::json;
use sha2::{Digest as _, Sha256};

use super::envelope::{Change, text};
use crate::fields::{Json, Members};
use crate::model::{
    EventId, MessageId, NewEvent, Progress, StatusKind, StatusUpdate, Timestamp, WebhookEvent,
};
use crate::store::{Arrival, Contact, InboundRoute};

/// Above this a timestamp of Meta's cannot be in seconds.
const MILLISECONDS_FROM: i64 = 100_000_000_000;
/// Far more than any two clocks do.
const CLOCKS_DIFFER_BY: Duration = Duration::from_secs(24 * 3600);

/// Everything in `change`, as `route`'s account is concerned.
pub(super) fn of_change(change: &Change<'_>, route: &InboundRoute, now: Timestamp) -> Vec<Arrival> {
    let mut arrivals: Vec<_> = whole(change, route).into_iter().collect();
    let number = change.phone_number();
    if let (Some(number), "messages") = (number, change.field.as_ref()) {
        let messages = change.list("messages").into_iter();
        let contacts = change.list("contacts").into_iter().filter_map(Json::members);
        let contacts: Vec<_> = contacts.collect();
        arrivals.extend(messages.filter_map(|raw| message(&contacts, raw, &number, route)));
        let statuses = change.list("statuses").into_iter();
        arrivals.extend(statuses.filter_map(|raw| status(raw, route, now)));
    }
    arrivals
}

fn arrival(route: &InboundRoute, kind: &'static str, key: String) -> Arrival {
    let account = route.account.clone();
    Arrival {
        account,
        kind,
        key,
        contact: None,
        lead: None,
        events: Vec::new(),
        status: None,
        answered_form: None,
    }
}

fn digest(text: &str) -> String {
    hex::encode(Sha256::digest(text.as_bytes()))
}

/// The body is written once, here, and only for who wants it; what is stored, signed and posted are
/// these bytes.
fn event<D: AsRef<str>>(
    route: &InboundRoute,
    kind: WebhookEvent,
    data: impl FnOnce() -> D,
) -> Option<NewEvent> {
    if !route.events.contains(&kind) {
        return None;
    }
    let body = [r#"{""#, kind.name(), r#"":"#, data().as_ref(), "}"].concat();
    Some(NewEvent { id: EventId::generate(), kind, body })
}

/// The change by itself, for who wants it. Only the bytes of what is told can tell it from
/// another: the same change may happen again, and then the time of its entry is another.
fn whole(change: &Change<'_>, route: &InboundRoute) -> Option<Arrival> {
    if !route.events.contains(&WebhookEvent::MetaEvent) {
        return None;
    }
    let told = change.alone();
    let mut whole = arrival(route, "change", digest(&told));
    whole.events.extend(event(route, WebhookEvent::MetaEvent, || told));
    Some(whole)
}

fn message(
    contacts: &[Members<'_>],
    raw: Json<'_>,
    number: &str,
    route: &InboundRoute,
) -> Option<Arrival> {
    let members = raw.members()?;
    let key = text(&members, "id").unwrap_or_else(|| Cow::Owned(digest(raw.text())));
    let mut message = arrival(route, "message", key.into_owned());
    if let Some(sender) = Sender::of(contacts, &members) {
        message.contact = Some(Contact { phone_number: number.to_owned(), senders: sender.ids() });
        message.lead = event(route, WebhookEvent::NewLead, || sender.lead(raw));
    }
    message.events.extend(event(route, WebhookEvent::NewMessage, || raw.text()));
    message.answered_form = answered_form(&members);
    Some(message)
}

/// The wamid of the message whose form comes back filled in, if this is what comes.
fn answered_form(message: &Members<'_>) -> Option<String> {
    message.get("interactive")?.members()?.get("nfm_reply")?;
    text(&message.get("context")?.members()?, "id").map(Cow::into_owned)
}

/// Who wrote. Since 2026 Meta may hide the phone number; the user id is always there.
struct Sender<'a> {
    phone: Option<Cow<'a, str>>,
    user: Option<Cow<'a, str>>,
    name: Option<Cow<'a, str>>,
}

impl<'a> Sender<'a> {
    /// Named in `contacts`, which a change has for all of its messages.
    fn of(contacts: &[Members<'a>], message: &Members<'a>) -> Option<Self> {
        let phone = text(message, "from");
        let user = text(message, "from_user_id");
        let is_sender = |contact: &&Members<'a>| {
            let same = |known: &Option<Cow<'a, str>>, name| {
                known.is_some() && text(contact, name) == *known
            };
            same(&phone, "wa_id") || same(&user, "user_id")
        };
        let contact = contacts.iter().find(is_sender);
        let name = contact.and_then(|contact| text(&contact.get("profile")?.members()?, "name"));
        let user = user.or_else(|| text(contact?, "user_id"));
        let known = phone.is_some() || user.is_some();
        known.then_some(Self { phone, user, name })
    }

    /// What tells one sender from another. Both: Meta may show one of them today and the other
    /// tomorrow.
    fn ids(&self) -> Vec<String> {
        [&self.phone, &self.user].into_iter().flatten().map(|id| id.to_string()).collect()
    }

    /// AvenPing's shape, and the user id beside it where there is no phone number.
    fn lead(&self, message: Json<'_>) -> String {
        let quoted = |text: &Option<_>| quoted(text.as_deref().unwrap_or_default());
        let (name, phone) = (quoted(&self.name), quoted(&self.phone));
        let user = match (&self.phone, &self.user) {
            (None, Some(_)) => [r#","userId":"#, &quoted(&self.user)].concat(),
            _ => String::new(),
        };
        let head = [r#"{"name":"#, &name, r#","phoneNumber":"#, &phone, &user].concat();
        [&head, r#","messages":["#, message.text(), "]}"].concat()
    }
}

fn quoted(text: &str) -> String {
    json!(text).to_string()
}

fn status(raw: Json<'_>, route: &InboundRoute, now: Timestamp) -> Option<Arrival> {
    let members = raw.members()?;
    let wamid = text(&members, "id")?;
    let name = text(&members, "status")?;
    // In a group each participant has a status of their own.
    let participant = text(&members, "recipient_participant_id").unwrap_or_default();
    let mut status = arrival(route, "status", format!("{wamid} {name} {participant}"));
    status.status = status_kind(&name, &members).map(|kind| StatusUpdate {
        wamid: wamid.into_owned(),
        message: text(&members, "biz_opaque_callback_data")
            .and_then(|data| MessageId::parse(&data)),
        kind,
        recipient: text(&members, "recipient_id").map(Cow::into_owned),
        at: text(&members, "timestamp").and_then(|text| moment(&text, now)).unwrap_or(now),
    });
    status.events.extend(event(route, WebhookEvent::MessageStatus, || raw.text()));
    Some(status)
}

/// `{"messageStatus":…,"reference":…}`
pub(super) fn name_reference(events: &mut [NewEvent], reference: &str) {
    for event in events.iter_mut().filter(|event| event.kind == WebhookEvent::MessageStatus) {
        if event.body.pop().is_some() {
            event.body.push_str(&format!(r#","reference":{}}}"#, quoted(reference)));
        }
    }
}

/// `None` for a status that Meta may invent tomorrow: it is told, but moves nothing.
fn status_kind(name: &str, members: &Members<'_>) -> Option<StatusKind> {
    Some(match name {
        "sent" => StatusKind::Progress(Progress::Sent),
        "delivered" => StatusKind::Progress(Progress::Delivered),
        "read" => StatusKind::Progress(Progress::Read),
        "played" => StatusKind::Progress(Progress::Played),
        "failed" => {
            let errors = members.get("errors").and_then(Json::items).unwrap_or_default();
            StatusKind::Failed(errors.first().map(|error| error.text().to_owned()))
        }
        _ => return None,
    })
}

/// Seconds, as documented; milliseconds have been seen. Nothing has happened that is still to come.
fn moment(text: &str, now: Timestamp) -> Option<Timestamp> {
    let number: i64 = text.parse().ok().filter(|number| *number > 0)?;
    let seconds = number < MILLISECONDS_FROM;
    let moment = Timestamp::from_millis(if seconds { number * 1000 } else { number });
    Some(moment).filter(|moment| *moment <= now.plus(CLOCKS_DIFFER_BY))
}
