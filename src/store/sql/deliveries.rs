//! The statements about deliveries that read the same in both databases.

use crate::model::DeliveryState;

/// As the id after which a list goes on: every id is smaller.
pub(in crate::store) const BEHIND_ALL: &str = "~";

pub(in crate::store) fn in_state(state: Option<DeliveryState>) -> &'static str {
    match state {
        None => ALL,
        Some(DeliveryState::Pending) => PENDING,
        Some(DeliveryState::Paused) => PAUSED,
        Some(DeliveryState::Delivered) => DELIVERED,
        Some(DeliveryState::Dead) => DEAD,
    }
}

/// Deliveries of one account as it is shown them, and which ones.
macro_rules! select_deliveries {
    ($which:literal) => {
        concat!(
            "SELECT d.id, e.id AS event_id, e.kind, d.state, d.attempts, d.created_at, d.due_at,
                    d.delivered_at, (h.disabled_at IS NOT NULL AND NOT d.manual) AS paused
             FROM deliveries d
             JOIN events e ON e.account_id = d.account_id AND e.sequence = d.sequence
             LEFT JOIN endpoint_health h ON h.account_id = d.account_id
             WHERE d.account_id = $1 AND ",
            $which
        )
    };
}

/// How the accounts of `waiting` fare: whether their endpoint keeps failing, and with which delivery
/// it is to be tried now; and whether all others are held back: for good, for a while, or behind
/// that one.
macro_rules! asking {
    () => {
        ",
         endpoints AS MATERIALIZED (
             SELECT w.account_id, h.shut_until, h.disabled_at,
                    COALESCE(h.failures_in_a_row, 0) >= 5 AS failing,
                    CASE WHEN h.failures_in_a_row >= 5 AND h.disabled_at IS NULL
                              AND COALESCE(h.shut_until, $1) <= $1
                         THEN (SELECT CASE WHEN p.state = 'pending' AND p.due_at <= $1 THEN p.id END
                               FROM deliveries p
                               WHERE p.account_id = w.account_id AND p.id = h.oldest_failed)
                    END AS probe
             FROM waiting w
             LEFT JOIN endpoint_health h ON h.account_id = w.account_id
             WHERE w.account_id IS NOT NULL),
         asking AS (
             SELECT account_id, shut_until, failing, probe,
                    (disabled_at IS NOT NULL OR COALESCE(shut_until, $1) > $1
                        OR probe IS NOT NULL) AS held
             FROM endpoints)"
    };
}

pub(in crate::store) use asking;

const ALL: &str = select_deliveries!("d.id < $2 ORDER BY d.id DESC LIMIT $3");

/// The limit stands inside: however many there are, no more are looked at.
pub(in crate::store) const COUNT_PENDING: &str = "
    SELECT count(*) FROM (SELECT 1 FROM deliveries WHERE state = 'pending' LIMIT $1) AS pending";

const PENDING: &str = select_deliveries!(
    "d.state = 'pending' AND (h.disabled_at IS NULL OR d.manual)
     AND d.id < $2 ORDER BY d.id DESC LIMIT $3"
);

const PAUSED: &str = select_deliveries!(
    "d.state = 'pending' AND h.disabled_at IS NOT NULL AND NOT d.manual
     AND d.id < $2 ORDER BY d.id DESC LIMIT $3"
);

const DELIVERED: &str =
    select_deliveries!("d.state = 'delivered' AND d.id < $2 ORDER BY d.id DESC LIMIT $3");

const DEAD: &str = select_deliveries!("d.state = 'dead' AND d.id < $2 ORDER BY d.id DESC LIMIT $3");

pub(in crate::store) const ONE: &str = select_deliveries!("d.id = $2");

pub(in crate::store) const ATTEMPTS: &str = "
    SELECT at, status, error, duration_ms FROM delivery_attempts
    WHERE account_id = $1 AND delivery_id = $2
    ORDER BY number";

/// The token alone says whose claim it is: a lease that has run out is still held as long as
/// nobody has taken the delivery on anew. What was delivered once stays delivered, however one more
/// attempt by hand ends.
pub(in crate::store) const END: &str = "
    UPDATE deliveries
    SET state = CASE WHEN delivered_at IS NULL THEN $3 ELSE 'delivered' END,
        lease = NULL, lease_until = NULL,
        attempts = attempts + 1,
        scheduled_attempts = scheduled_attempts + CASE WHEN manual THEN 0 ELSE 1 END,
        due_at = CASE WHEN manual AND resume_at > $4 THEN resume_at
                      ELSE COALESCE($4, due_at) END,
        manual = FALSE, resume_at = NULL,
        delivered_at = COALESCE($5, delivered_at), ended_at = COALESCE($5, delivered_at, $6)
    WHERE id = $1 AND lease = $2
    RETURNING account_id, state";

pub(in crate::store) const GIVE_BACK: &str = "
    UPDATE deliveries SET lease = NULL, lease_until = NULL
    WHERE id = $1 AND lease = $2
    RETURNING account_id, state";

/// Nobody's any more, in the middle of their attempts.
pub(in crate::store) const LET_GO: &str = "
    UPDATE deliveries SET lease = NULL, lease_until = NULL
    WHERE account_id = $1 AND lease IS NOT NULL";

pub(in crate::store) const HEALTH: &str = "
    SELECT failures_in_a_row, failing_since, disabled_at, disabled_reason
    FROM endpoint_health WHERE account_id = $1";

/// What was held up is held up no longer, and has been until now.
pub(in crate::store) const WELL: &str = "
    UPDATE endpoint_health
    SET failures_in_a_row = 0, failing_since = NULL, oldest_failed = NULL, shut_until = $2
    WHERE account_id = $1 AND failures_in_a_row > 0";

/// `$4` is whether the delivery `$3` is tried again.
pub(in crate::store) const FAILED: &str = "
    INSERT INTO endpoint_health
        (account_id, failures_in_a_row, failing_since, oldest_failed)
    VALUES ($1, 1, $2, CASE WHEN $4 THEN $3 END)
    ON CONFLICT (account_id) DO UPDATE
    SET failures_in_a_row = endpoint_health.failures_in_a_row + 1,
        failing_since = COALESCE(endpoint_health.failing_since, excluded.failing_since),
        oldest_failed = CASE WHEN NOT $4 THEN NULLIF(endpoint_health.oldest_failed, $3)
                             WHEN endpoint_health.oldest_failed < $3
                                 THEN endpoint_health.oldest_failed
                             ELSE $3 END";

/// From the fifth failure on the endpoint is left alone until the oldest of what failed is due, and
/// at most until `$2`.
pub(in crate::store) const SHUT: &str = "
    UPDATE endpoint_health
    SET shut_until = (SELECT CASE WHEN d.due_at < $2 THEN d.due_at ELSE $2 END
                      FROM deliveries d
                      WHERE d.account_id = endpoint_health.account_id
                        AND d.id = endpoint_health.oldest_failed)
    WHERE account_id = $1 AND failures_in_a_row >= 5";

pub(in crate::store) const DISABLE: &str = "
    UPDATE endpoint_health SET disabled_at = $2, disabled_reason = $3
    WHERE account_id = $1 AND disabled_at IS NULL";

/// The endpoint starts anew, and with it what was paused.
pub(in crate::store) const FORGIVE: &str =
    "DELETE FROM endpoint_health WHERE account_id = $1 RETURNING disabled_at";

/// One that is due already stays due since then; one that is being attempted is left to that
/// attempt.
macro_rules! redeliver {
    ($which:literal) => {
        concat!(
            "UPDATE deliveries
             SET resume_at = CASE WHEN state <> 'pending' THEN NULL
                                  WHEN manual THEN resume_at ELSE due_at END,
                 due_at = CASE WHEN state = 'pending' AND due_at < $3 THEN due_at ELSE $3 END,
                 state = 'pending', manual = TRUE, ended_at = NULL
             WHERE account_id = $1 AND kept AND ",
            $which
        )
    };
}

pub(in crate::store) const REDELIVER: &str = redeliver!("id = $2");

/// The ids begin with the moment of creation, so a range of time is a range of ids.
pub(in crate::store) const REDELIVER_RANGE: &str = redeliver!(
    "id IN (SELECT id FROM deliveries
            WHERE account_id = $1 AND kept AND id >= $4 AND id < $5
            ORDER BY id LIMIT $2)"
);
