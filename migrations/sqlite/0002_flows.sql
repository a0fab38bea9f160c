-- The forms of an account, as Graph last told of them.

CREATE TABLE flows (
    account_id TEXT NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    id TEXT NOT NULL,
    name TEXT NOT NULL,
    -- The name with its letter case folded away: what a search looks at.
    folded_name TEXT NOT NULL,
    status TEXT NOT NULL,
    -- JSON.
    validation TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    recipients INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (account_id, id)
) STRICT;

CREATE INDEX flows_by_change ON flows (account_id, updated_at DESC, id);
