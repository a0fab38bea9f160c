-- Accounts, and what is read together with them. Times are unix milliseconds; ids are text.

CREATE TABLE accounts (
    id TEXT NOT NULL PRIMARY KEY,
    name TEXT NOT NULL,
    -- In lower case.
    email TEXT NOT NULL UNIQUE,
    suspended INTEGER NOT NULL,
    -- Seals the other secrets of this account; itself wrapped by the key with data_key_id.
    data_key BLOB NOT NULL,
    data_key_id TEXT NOT NULL,
    created_at INTEGER NOT NULL
) STRICT;

CREATE INDEX accounts_by_data_key ON accounts (data_key_id);

CREATE TABLE plans (
    account_id TEXT NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    position INTEGER NOT NULL,
    name TEXT NOT NULL,
    add_on INTEGER NOT NULL,
    ends_at INTEGER,
    PRIMARY KEY (account_id, position)
) STRICT;

CREATE TABLE whatsapp_accounts (
    id TEXT NOT NULL PRIMARY KEY,
    account_id TEXT NOT NULL UNIQUE REFERENCES accounts (id) ON DELETE CASCADE,
    waba_id TEXT NOT NULL,
    display_name TEXT NOT NULL,
    -- Sealed with the account's data key.
    meta_token BLOB
) STRICT;

CREATE TABLE phone_numbers (
    account_id TEXT NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    id TEXT NOT NULL,
    number TEXT NOT NULL,
    name TEXT NOT NULL,
    PRIMARY KEY (account_id, id)
) STRICT;

-- Meta's webhooks name the number and not the account. Two accounts may have the same number.
CREATE INDEX phone_numbers_by_id ON phone_numbers (id);

CREATE TABLE api_tokens (
    -- SHA-256 of the token.
    digest BLOB NOT NULL PRIMARY KEY,
    account_id TEXT NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    last_four TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    expires_at INTEGER
) STRICT;

CREATE INDEX api_tokens_by_account ON api_tokens (account_id);
