-- The record of each message, and the sends that must happen once.

CREATE TABLE messages (
    account_id TEXT NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    id TEXT NOT NULL,
    phone_number_id TEXT NOT NULL,
    -- As it went to Graph.
    recipient TEXT NOT NULL,
    kind TEXT NOT NULL,
    reference TEXT,
    created_at INTEGER NOT NULL,
    -- 0 none yet, 1 accepted, 2 not sent, 3 rejected, 4 unknown.
    outcome INTEGER NOT NULL DEFAULT 0,
    -- 0 none yet, 1 sent, 2 delivered, 3 read, 4 played.
    progress INTEGER NOT NULL DEFAULT 0,
    wamid TEXT,
    wa_id TEXT,
    sent_at INTEGER,
    delivered_at INTEGER,
    read_at INTEGER,
    failed_at INTEGER,
    -- JSON.
    error TEXT,
    -- Also the list of an account, newest first: ids sort by age. Each account writes to one end
    -- of its own.
    PRIMARY KEY (account_id, id)
) STRICT;

-- Statuses name the message by it. Without the account: they are as good as unique.
CREATE INDEX messages_by_wamid ON messages (wamid) WHERE wamid IS NOT NULL;

-- With the id, so that a reference or a recipient shared by a million is still paged through.
CREATE INDEX messages_by_reference ON messages (account_id, reference, id)
    WHERE reference IS NOT NULL;
CREATE INDEX messages_by_recipient ON messages (account_id, recipient, id);

-- For forgetting. New entries all go to its end.
CREATE INDEX messages_by_age ON messages (created_at);

CREATE TABLE sends (
    account_id TEXT NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    key TEXT NOT NULL,
    -- SHA-256 over what was asked for.
    fingerprint BLOB NOT NULL,
    message_id TEXT NOT NULL,
    -- 1 dispatched, 2 finished, 3 unknown. A free key has no row. What has become of an unknown
    -- one in the end, its message tells.
    state INTEGER NOT NULL,
    -- By the clock of the machine.
    lease_until INTEGER NOT NULL,
    reply_status INTEGER,
    -- Sealed with the account's data key.
    reply_body BLOB,
    created_at INTEGER NOT NULL,
    -- When it finished or became unknown.
    ended_at INTEGER,
    PRIMARY KEY (account_id, key)
) STRICT;

CREATE INDEX sends_by_lease ON sends (lease_until) WHERE state = 1;
CREATE INDEX sends_by_end ON sends (state, ended_at) WHERE state <> 1;

-- Statuses whose message is not recorded yet.
CREATE TABLE waiting_statuses (
    account_id TEXT NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    wamid TEXT NOT NULL,
    -- As `messages.progress`; 5 failed.
    kind INTEGER NOT NULL,
    message_id TEXT,
    recipient TEXT,
    at INTEGER NOT NULL,
    -- JSON.
    error TEXT,
    PRIMARY KEY (account_id, wamid, kind)
) STRICT;

CREATE INDEX waiting_statuses_by_message ON waiting_statuses (message_id)
    WHERE message_id IS NOT NULL;
CREATE INDEX waiting_statuses_by_age ON waiting_statuses (at);
