//! Statements about sends that read the same in both databases.

pub(in crate::store) const HOLDS_SEND: &str =
    "SELECT count(*) FROM sends WHERE account_id = $1 AND key = $2";

pub(in crate::store) const HAS_ACCOUNT: &str = "SELECT count(*) FROM accounts WHERE id = $1";
