//! Statements about sends that read the same in both databases.

/// A late answer of Graph's is better than none, so it also ends what counts as unknown.
pub(in crate::store) const FINISH_SEND: &str = "
    UPDATE sends SET state = 2, reply_status = $4, reply_body = $5, ended_at = $6
    WHERE account_id = $1 AND key = $2 AND message_id = $3 AND state <> 2";

pub(in crate::store) const DOUBT_SEND: &str = "
    UPDATE sends SET state = 3, reply_status = COALESCE(reply_status, $4),
                     reply_body = COALESCE(reply_body, $5), ended_at = COALESCE(ended_at, $6)
    WHERE account_id = $1 AND key = $2 AND message_id = $3 AND state <> 2";

/// Somebody may have been told that it is unknown; then it stays so.
pub(in crate::store) const RELEASE_SEND: &str =
    "DELETE FROM sends WHERE account_id = $1 AND key = $2 AND message_id = $3 AND state = 1";

pub(in crate::store) const HOLDS_SEND: &str =
    "SELECT count(*) FROM sends WHERE account_id = $1 AND key = $2";

pub(in crate::store) const HAS_ACCOUNT: &str = "SELECT count(*) FROM accounts WHERE id = $1";
