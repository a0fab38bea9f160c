-- Where each account wants to be called.

CREATE TABLE webhook_configs (
    account_id TEXT NOT NULL PRIMARY KEY REFERENCES accounts (id) ON DELETE CASCADE,
    url TEXT,
    -- Sealed with the account's data key.
    code BLOB,
    verified INTEGER NOT NULL,
    -- Names with commas between them.
    events TEXT NOT NULL
) STRICT;
