-- Accounts, and what is read together with them. Times are unix milliseconds; ids are text,
-- and sort by their bytes whatever the locale of the database is.

CREATE TABLE accounts (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    name TEXT NOT NULL,
    -- In lower case.
    email TEXT COLLATE "C" NOT NULL UNIQUE,
    suspended BOOLEAN NOT NULL,
    -- Seals the other secrets of this account; itself wrapped by the key with data_key_id.
    data_key BYTEA NOT NULL,
    data_key_id TEXT COLLATE "C" NOT NULL,
    created_at BIGINT NOT NULL
);

CREATE INDEX accounts_by_data_key ON accounts (data_key_id);

CREATE TABLE plans (
    account_id TEXT COLLATE "C" NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    position BIGINT NOT NULL,
    name TEXT NOT NULL,
    add_on BOOLEAN NOT NULL,
    ends_at BIGINT,
    PRIMARY KEY (account_id, position)
);

CREATE TABLE whatsapp_accounts (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    account_id TEXT COLLATE "C" NOT NULL UNIQUE REFERENCES accounts (id) ON DELETE CASCADE,
    waba_id TEXT COLLATE "C" NOT NULL,
    display_name TEXT NOT NULL,
    -- Sealed with the account's data key.
    meta_token BYTEA
);

CREATE TABLE phone_numbers (
    account_id TEXT COLLATE "C" NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    id TEXT COLLATE "C" NOT NULL,
    number TEXT NOT NULL,
    name TEXT NOT NULL,
    PRIMARY KEY (account_id, id)
);

-- Meta's webhooks name the number and not the account. Two accounts may have the same number.
CREATE INDEX phone_numbers_by_id ON phone_numbers (id);

CREATE TABLE api_tokens (
    -- SHA-256 of the token.
    digest BYTEA NOT NULL PRIMARY KEY,
    account_id TEXT COLLATE "C" NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    last_four TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT
);

CREATE INDEX api_tokens_by_account ON api_tokens (account_id);
