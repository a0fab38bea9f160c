//! The statements that read the same in both databases.

pub(super) mod audit;
pub(super) mod deliveries;
pub(super) mod keys;
pub(super) mod messages;
pub(super) mod sends;

pub(super) const INSERT_ACCOUNT: &str = "
    INSERT INTO accounts
        (id, name, email, suspended, data_key, data_key_id, created_at, rate_limit,
         number_rate_limit)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
    ON CONFLICT (email) DO NOTHING";

pub(super) const SET_SUSPENDED: &str = "UPDATE accounts SET suspended = $2 WHERE id = $1";

pub(super) const SET_RATE_LIMIT: &str = "UPDATE accounts SET rate_limit = $2 WHERE id = $1";

pub(super) const SET_NUMBER_RATE_LIMIT: &str =
    "UPDATE accounts SET number_rate_limit = $2 WHERE id = $1";

pub(super) const DELETE_ACCOUNT: &str = "DELETE FROM accounts WHERE id = $1";

pub(super) const INSERT_PLAN: &str = "
    INSERT INTO plans (account_id, position, name, add_on, ends_at)
    VALUES ($1, $2, $3, $4, $5)";

pub(super) const REMOVE_PRIMARY_PLAN: &str = "
    DELETE FROM plans
    WHERE account_id = $1
      AND position = (SELECT min(position) FROM plans WHERE account_id = $1 AND NOT add_on)
    RETURNING position";

pub(super) const POSITION_BEHIND_PLANS: &str =
    "SELECT COALESCE(max(position) + 1, 0) FROM plans WHERE account_id = $1";

pub(super) const INSERT_WHATSAPP: &str = "
    INSERT INTO whatsapp_accounts (id, account_id, waba_id, display_name, meta_token)
    VALUES ($1, $2, $3, $4, $5)";

pub(super) const SET_META_TOKEN: &str =
    "UPDATE whatsapp_accounts SET meta_token = $2 WHERE account_id = $1";

pub(super) const SAVE_NUMBER: &str = "
    INSERT INTO phone_numbers (account_id, id, number, name)
    VALUES ($1, $2, $3, $4)
    ON CONFLICT (account_id, id) DO UPDATE SET number = excluded.number, name = excluded.name";

pub(super) const REMOVE_NUMBER: &str =
    "DELETE FROM phone_numbers WHERE account_id = $1 AND id = $2";

pub(super) const INSERT_TOKEN: &str = "
    INSERT INTO api_tokens (digest, account_id, last_four, created_at)
    VALUES ($1, $2, $3, $4)
    ON CONFLICT (digest) DO NOTHING";

/// Only the current token has no end; clocks that disagree do not change which one that is.
pub(super) const NEWEST_OTHER_TOKEN: &str = "
    SELECT digest, last_four, expires_at FROM api_tokens
    WHERE account_id = $1 AND digest <> $2 AND (expires_at IS NULL OR expires_at > $3)
    ORDER BY expires_at IS NULL DESC, created_at DESC, digest
    LIMIT 1";

pub(super) const END_TOKEN: &str = "
    UPDATE api_tokens SET expires_at = $2
    WHERE digest = $1 AND (expires_at IS NULL OR expires_at > $2)";

pub(super) const DELETE_OTHER_TOKENS: &str = "
    DELETE FROM api_tokens WHERE account_id = $1 AND digest <> $2 AND digest <> $3
    RETURNING digest, last_four, expires_at";

pub(super) const DELETE_TOKENS: &str =
    "DELETE FROM api_tokens WHERE account_id = $1 RETURNING digest, last_four, expires_at";

pub(super) const SAVE_FLOW: &str = "
    INSERT INTO flows
        (account_id, id, name, folded_name, status, validation, created_at, updated_at)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $7)
    ON CONFLICT (account_id, id) DO UPDATE
    SET name = excluded.name, folded_name = excluded.folded_name, status = excluded.status,
        validation = excluded.validation, updated_at = excluded.updated_at
    WHERE flows.name <> excluded.name OR flows.status <> excluded.status
       OR flows.validation <> excluded.validation";

pub(super) const HAS_FLOW: &str = "SELECT count(*) FROM flows WHERE account_id = $1 AND id = $2";

/// A `FlowRow` per flow of the account, the one changed last first. Whoever got the form both by
/// its id and by its name is one person.
macro_rules! select_flows {
    ($which:literal) => {
        concat!(
            "SELECT f.id, f.name, f.status, f.validation, f.created_at, f.updated_at,
                    (SELECT count(*) FROM form_recipients r
                     WHERE r.account_id = f.account_id AND r.form = f.id)
                  + (SELECT count(*) FROM form_recipients r
                     WHERE r.account_id = f.account_id AND r.form = f.name
                       AND NOT EXISTS (
                           SELECT 1 FROM form_recipients i
                           WHERE i.account_id = r.account_id AND i.form = f.id
                             AND i.mark = r.mark)) AS recipients
             FROM flows f
             WHERE f.account_id = $1 AND ",
            $which,
            " ORDER BY f.updated_at DESC, f.id LIMIT $2"
        )
    };
}
pub(super) use select_flows;

pub(super) const ALL_FLOWS: &str = select_flows!("true");

pub(super) const WEBHOOK_CONFIG: &str = "
    SELECT a.data_key, w.url, w.code, w.verified, w.events
    FROM webhook_configs w JOIN accounts a ON a.id = w.account_id
    WHERE w.account_id = $1";

pub(super) const ENDPOINT: &str = "
    SELECT a.data_key, w.url, w.code,
           CASE WHEN w.previous_code_until > $2 THEN w.previous_code END AS previous_code
    FROM webhook_configs w JOIN accounts a ON a.id = w.account_id
    WHERE w.account_id = $1 AND w.url IS NOT NULL";

pub(super) const SAVE_WEBHOOK_CONFIG: &str = "
    INSERT INTO webhook_configs
        (account_id, url, code, verified, events, previous_code, previous_code_until)
    VALUES ($1, $2, $3, $4, $5, $6, $7)
    ON CONFLICT (account_id) DO UPDATE
    SET url = excluded.url, code = excluded.code, verified = excluded.verified,
        events = excluded.events,
        previous_code = CASE WHEN $8 THEN excluded.previous_code
                             ELSE webhook_configs.previous_code END,
        previous_code_until = CASE WHEN $8 THEN excluded.previous_code_until
                                   ELSE webhook_configs.previous_code_until END";

pub(super) const LEAVE: &str = "DELETE FROM nodes WHERE id = $1";

pub(super) const SET_VERIFIED: &str =
    "UPDATE webhook_configs SET verified = (1 = 1) WHERE account_id = $1";
