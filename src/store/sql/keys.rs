//! The statements about keys of the ring, and what they have sealed.

/// Leaps from key to key along the indices: there are few keys and many rows.
pub(in crate::store) const KEYS_IN_USE: &str = "
    WITH RECURSIVE
    of_accounts (id) AS (
        SELECT min(data_key_id) FROM accounts
        UNION ALL
        SELECT (SELECT min(data_key_id) FROM accounts WHERE data_key_id > o.id)
        FROM of_accounts o WHERE o.id IS NOT NULL),
    of_posts (id) AS (
        SELECT min(payload_key_id) FROM inbound_posts
        UNION ALL
        SELECT (SELECT min(payload_key_id) FROM inbound_posts WHERE payload_key_id > o.id)
        FROM of_posts o WHERE o.id IS NOT NULL)
    SELECT id FROM of_accounts WHERE id IS NOT NULL
    UNION SELECT id FROM of_posts WHERE id IS NOT NULL";

/// What is not the key `$1` lies on both sides of it in an index; once all is sealed anew, that is
/// nothing.
pub(in crate::store) const OLD_ROWS: &str = "
    SELECT (SELECT count(*) FROM accounts WHERE data_key_id < $1)
         + (SELECT count(*) FROM accounts WHERE data_key_id > $1) AS accounts,
           (SELECT count(*) FROM inbound_posts WHERE payload_key_id < $1)
         + (SELECT count(*) FROM inbound_posts WHERE payload_key_id > $1) AS posts";

/// The first few accounts on each of the two sides.
macro_rules! old_accounts {
    ($lock:literal) => {
        [
            concat!(
                "SELECT id, data_key FROM accounts WHERE data_key_id < $1
                 ORDER BY data_key_id LIMIT $2 ",
                $lock
            ),
            concat!(
                "SELECT id, data_key FROM accounts WHERE data_key_id > $1
                 ORDER BY data_key_id LIMIT $2 ",
                $lock
            ),
        ]
    };
}

/// The first few posts on each of the two sides.
macro_rules! old_posts {
    ($lock:literal) => {
        [
            concat!(
                "SELECT id FROM inbound_posts WHERE payload_key_id < $1
                 ORDER BY payload_key_id LIMIT $2 ",
                $lock
            ),
            concat!(
                "SELECT id FROM inbound_posts WHERE payload_key_id > $1
                 ORDER BY payload_key_id LIMIT $2 ",
                $lock
            ),
        ]
    };
}

pub(in crate::store) use {old_accounts, old_posts};

pub(in crate::store) const REWRAP_ACCOUNT: &str =
    "UPDATE accounts SET data_key = $2, data_key_id = $3 WHERE id = $1";

pub(in crate::store) const POST: &str = "SELECT payload FROM inbound_posts WHERE id = $1";

pub(in crate::store) const RESEAL_POST: &str =
    "UPDATE inbound_posts SET payload = $2, payload_key_id = $3 WHERE id = $1";
