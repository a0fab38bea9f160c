-- The forms of an account, as Graph last told of them.

CREATE TABLE flows (
    account_id TEXT COLLATE "C" NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    id TEXT COLLATE "C" NOT NULL,
    name TEXT NOT NULL,
    -- The name with its letter case folded away: what a search looks at.
    folded_name TEXT COLLATE "C" NOT NULL,
    status TEXT NOT NULL,
    -- JSON.
    validation TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    recipients BIGINT NOT NULL DEFAULT 0,
    PRIMARY KEY (account_id, id)
);

CREATE INDEX flows_by_change ON flows (account_id, updated_at DESC, id);
