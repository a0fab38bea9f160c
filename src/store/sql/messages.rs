//! Statements about messages that read the same in both databases, or nearly.
//!
//! Where many are looked up, `id` lies between itself and itself, in an order. To PostgreSQL, as long
//! as it believes a table to be empty, one index is as good as another, and that of recipients also
//! begins with the account: it would read all of the account. That one is in another order.

use sqlx::{Database, Encode, QueryBuilder, Type};

use crate::model::{AccountId, GraphId, MessageId, MessageStatus};
use crate::store::MessageFilter;
use crate::store::text::kept_key;

/// A `MessageRow` per message.
const SELECT: &str = "
    SELECT id, phone_number_id, recipient, kind, reference, form, created_at, outcome, progress,
           wamid, wa_id, sent_at, delivered_at, read_at, failed_at, error
    FROM messages WHERE account_id = ";

/// Two look-ups, each in an index of its own.
pub(in crate::store) const MESSAGE_BY_ID_OR_WAMID: &str = "
    SELECT id, phone_number_id, recipient, kind, reference, form, created_at, outcome, progress,
           wamid, wa_id, sent_at, delivered_at, read_at, failed_at, error
    FROM messages WHERE account_id = $1 AND id = $2
    UNION ALL
    SELECT id, phone_number_id, recipient, kind, reference, form, created_at, outcome, progress,
           wamid, wa_id, sent_at, delivered_at, read_at, failed_at, error
    FROM (SELECT * FROM messages WHERE wamid = $2 LIMIT 100) m WHERE account_id = $1
    LIMIT 1";

pub(in crate::store) const SET_UNKNOWN: &str =
    "UPDATE messages SET outcome = 4 WHERE account_id = $1 AND id = $2 AND outcome = 0";

/// Which message each status is about, in the order of the statuses; NULL where there is none.
/// Our id counts unless it is known to be the id of another message of Meta's. An inner query per
/// status and not a join, so that nothing makes the database read the whole table; and the wamid
/// is looked up by itself, so that nothing makes it read all of the account.
macro_rules! find_messages {
    ($column:literal, $told:literal) => {
        concat!(
            "SELECT COALESCE(
                 (SELECT m.",
            $column,
            " FROM messages m
                  WHERE m.account_id = told.account_id
                    AND m.id BETWEEN told.message_id AND told.message_id
                    AND (m.wamid IS NULL OR m.wamid = told.wamid)
                  ORDER BY m.id LIMIT 1),
                 (SELECT m.",
            $column,
            " FROM (SELECT account_id, ",
            $column,
            " FROM messages WHERE wamid = told.wamid LIMIT 100) m
                  WHERE m.account_id = told.account_id LIMIT 1))
             FROM ",
            $told,
            " AS told ORDER BY told.n"
        )
    };
}

/// What becomes of a message. It goes forward or stays; a time once written stays. An error of the
/// send is void: Meta has told of the message. The first of a status stays. What is told is called
/// `excluded`, as in an insert that finds its row.
macro_rules! advances {
    () => {
        "outcome = 1,
         wamid = COALESCE(messages.wamid, excluded.wamid),
         wa_id = COALESCE(messages.wa_id, excluded.wa_id),
         progress = CASE WHEN excluded.progress > messages.progress THEN excluded.progress
                         ELSE messages.progress END,
         sent_at = COALESCE(messages.sent_at, excluded.sent_at),
         delivered_at = COALESCE(messages.delivered_at, excluded.delivered_at),
         read_at = COALESCE(messages.read_at, excluded.read_at),
         failed_at = COALESCE(messages.failed_at, excluded.failed_at),
         error = CASE WHEN messages.failed_at IS NULL THEN excluded.error
                      ELSE messages.error END"
    };
}

/// A `Sent` for each message that was advanced: one that has only failed did not go out, and
/// neither did the form in it.
macro_rules! advanced {
    () => {
        " RETURNING messages.account_id,
                    CASE WHEN messages.progress > 0 THEN messages.form END AS form,
                    messages.recipient"
    };
}

/// A status waits once, however often it is told.
macro_rules! keep_waiting {
    ($told:literal) => {
        concat!(
            "INSERT INTO waiting_statuses
                 (account_id, wamid, kind, message_id, recipient, at, error)
             SELECT told.* FROM ",
            $told,
            " AS told
             JOIN accounts a ON a.id = told.account_id WHERE true
             ON CONFLICT (account_id, wamid, kind) DO NOTHING"
        )
    };
}

pub(in crate::store) use {advanced, advances, find_messages, keep_waiting};

/// How many messages are looked at for a page. Only some filters have an index: without a bound, one
/// that hardly any message meets would read everything that an account has ever sent.
const LOOKED_AT: i64 = 10_000;

/// The account's messages that the filter lets through, newest first, and one more than `limit`: it
/// shows that there is another page.
pub(in crate::store) fn list<DB: Database>(
    account: &AccountId,
    filter: &MessageFilter,
    after: Option<&MessageId>,
    limit: i64,
) -> QueryBuilder<DB>
where
    String: for<'q> Encode<'q, DB> + Type<DB>,
    i64: for<'q> Encode<'q, DB> + Type<DB>,
{
    let mut list = QueryBuilder::new("SELECT * FROM (");
    looked_at(list.push(SELECT), account, filter, after);
    list.push(" LIMIT ").push(LOOKED_AT).push(") m WHERE true");
    let others = [
        (" AND reference = ", filter.reference.as_deref()),
        (" AND phone_number_id = ", filter.phone_number.as_ref().map(GraphId::as_str)),
    ];
    for (condition, value) in others {
        if let Some(value) = value {
            list.push(condition).push_bind(kept_key(value).into_owned());
        }
    }
    if let Some(status) = filter.status {
        list.push(" AND ").push(condition(status));
    }
    list.push(" ORDER BY id DESC LIMIT ").push_bind(limit.max(0).saturating_add(1));
    list
}

/// The last one that such a list has looked at, if it did not come to the end.
pub(in crate::store) fn last_looked_at<DB: Database>(
    account: &AccountId,
    filter: &MessageFilter,
    after: Option<&MessageId>,
) -> QueryBuilder<DB>
where
    String: for<'q> Encode<'q, DB> + Type<DB>,
{
    let mut last = QueryBuilder::new("SELECT id FROM messages WHERE account_id = ");
    looked_at(&mut last, account, filter, after);
    last.push(" LIMIT 1 OFFSET ").push(LOOKED_AT - 1);
    last
}

/// What an index leads to, in its order: the messages of the account, to one receiver, or with one
/// reference.
fn looked_at<DB: Database>(
    query: &mut QueryBuilder<DB>,
    account: &AccountId,
    filter: &MessageFilter,
    after: Option<&MessageId>,
) where
    String: for<'q> Encode<'q, DB> + Type<DB>,
{
    query.push_bind(account.as_str().to_owned());
    let narrowest = match (&filter.to, &filter.reference) {
        (Some(to), _) => Some((" AND recipient = ", to.as_str())),
        (None, Some(reference)) => Some((" AND reference = ", reference.as_str())),
        (None, None) => None,
    };
    let behind = after.map(|after| (" AND id < ", after.as_str()));
    for (condition, value) in narrowest.into_iter().chain(behind) {
        query.push(condition).push_bind(kept_key(value).into_owned());
    }
    query.push(" ORDER BY id DESC");
}

/// What `MessageRecord::status` says, in SQL.
fn condition(status: MessageStatus) -> &'static str {
    match status {
        MessageStatus::Played => "progress = 4",
        MessageStatus::Read => "progress = 3",
        MessageStatus::Delivered => "progress = 2",
        MessageStatus::Failed => "failed_at IS NOT NULL AND progress < 2",
        MessageStatus::Sent => "failed_at IS NULL AND progress = 1",
        MessageStatus::Pending => "failed_at IS NULL AND progress = 0 AND outcome = 0",
        MessageStatus::Accepted => "failed_at IS NULL AND progress = 0 AND outcome = 1",
        MessageStatus::Rejected => "failed_at IS NULL AND progress = 0 AND outcome IN (2, 3)",
        MessageStatus::Unknown => "failed_at IS NULL AND progress = 0 AND outcome = 4",
    }
}
