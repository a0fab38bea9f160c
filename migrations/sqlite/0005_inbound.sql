-- What Meta posted, and what of it has been taken in already.

-- The raw posts, all of them, until they are forgotten by age (a week): what was misread or went
-- to no account can be read again until then. A post may concern several accounts, so it is
-- sealed with a key of the ring itself, and stays when one of the accounts goes.
CREATE TABLE inbound_posts (
    id INTEGER PRIMARY KEY,
    received_at INTEGER NOT NULL,
    -- routed, unrouted or unparsed.
    keep TEXT NOT NULL,
    payload BLOB NOT NULL,
    payload_key_id TEXT NOT NULL
) STRICT;

CREATE INDEX inbound_posts_by_age ON inbound_posts (received_at);
CREATE INDEX inbound_posts_by_key ON inbound_posts (payload_key_id);

-- One row for each thing that happened to an account. The mark is a digest, keyed with the data
-- key of the account, of what the thing is: Meta's ids have no length or letters that we know.
CREATE TABLE inbound_seen (
    account_id TEXT NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    mark BLOB NOT NULL,
    seen_at INTEGER NOT NULL,
    PRIMARY KEY (account_id, mark)
) STRICT, WITHOUT ROWID;

CREATE INDEX inbound_seen_by_age ON inbound_seen (seen_at);

-- The mark here is a keyed digest of the number and of who wrote to it.
CREATE TABLE contacts (
    account_id TEXT NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    mark BLOB NOT NULL,
    first_seen INTEGER NOT NULL,
    PRIMARY KEY (account_id, mark)
) STRICT, WITHOUT ROWID;

CREATE INDEX whatsapp_accounts_by_waba ON whatsapp_accounts (waba_id);
