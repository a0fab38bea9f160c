//! The statements about inbound posts that read the same in both databases.

pub(in crate::store) const FORGET_POSTS: &str = "
    DELETE FROM inbound_posts WHERE id IN
        (SELECT id FROM inbound_posts WHERE received_at < $1 ORDER BY received_at LIMIT $2)";

pub(in crate::store) const FORGET_SEEN: &str = "
    DELETE FROM inbound_seen WHERE (account_id, mark) IN
        (SELECT account_id, mark FROM inbound_seen
         WHERE seen_at < $1 ORDER BY seen_at LIMIT $2)";
