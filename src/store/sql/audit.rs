//! The statements about audit entries that read the same in both databases.

/// The trigger of the table moves the head.
pub(in crate::store) const INSERT: &str = "
    INSERT INTO audit_entries
        (id, at, actor, actor_name, address, request_id, account_id, action, details,
         previous_hash, hash)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)";

macro_rules! select_entries {
    ($which:literal) => {
        concat!(
            "SELECT id, at, actor, actor_name, address, request_id, account_id, action, details,
                    previous_hash, hash
             FROM audit_entries WHERE ",
            $which
        )
    };
}

pub(in crate::store) const NEWEST: &str = select_entries!("id < $1 ORDER BY id DESC LIMIT $2");

pub(in crate::store) const NEWEST_OF_ACCOUNT: &str =
    select_entries!("id < $1 AND account_id = $3 ORDER BY id DESC LIMIT $2");

pub(in crate::store) const SINCE: &str = select_entries!("id > $1 ORDER BY id LIMIT $2");

pub(in crate::store) const HEAD: &str = "SELECT id, hash FROM audit_head";
