-- The record of each message, and the sends that must happen once.

CREATE TABLE messages (
    account_id TEXT COLLATE "C" NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    id TEXT COLLATE "C" NOT NULL,
    phone_number_id TEXT COLLATE "C" NOT NULL,
    -- As it went to Graph.
    recipient TEXT COLLATE "C" NOT NULL,
    kind TEXT COLLATE "C" NOT NULL,
    reference TEXT COLLATE "C",
    created_at BIGINT NOT NULL,
    -- 0 none yet, 1 accepted, 2 not sent, 3 rejected, 4 unknown.
    outcome SMALLINT NOT NULL DEFAULT 0,
    -- 0 none yet, 1 sent, 2 delivered, 3 read, 4 played.
    progress SMALLINT NOT NULL DEFAULT 0,
    wamid TEXT COLLATE "C",
    wa_id TEXT COLLATE "C",
    sent_at BIGINT,
    delivered_at BIGINT,
    read_at BIGINT,
    failed_at BIGINT,
    -- JSON.
    error TEXT,
    -- Also the list of an account, newest first: ids sort by age. Each account writes to one end
    -- of its own.
    PRIMARY KEY (account_id, id)
-- Statuses change no column of an index; with room in the page they then touch no index either.
) WITH (fillfactor = 85);

-- Statuses name the message by it. Without the account: they are as good as unique.
CREATE INDEX messages_by_wamid ON messages (wamid) WHERE wamid IS NOT NULL;

-- With the id, so that a reference or a recipient shared by a million is still paged through.
CREATE INDEX messages_by_reference ON messages (account_id, reference, id)
    WHERE reference IS NOT NULL;
CREATE INDEX messages_by_recipient ON messages (account_id, recipient, id);

-- For forgetting. New entries all go to its end.
CREATE INDEX messages_by_age ON messages (created_at);

CREATE TABLE sends (
    account_id TEXT COLLATE "C" NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    key TEXT COLLATE "C" NOT NULL,
    -- SHA-256 over what was asked for.
    fingerprint BYTEA NOT NULL,
    message_id TEXT COLLATE "C" NOT NULL,
    -- 1 dispatched, 2 finished, 3 unknown. A free key has no row. What has become of an unknown
    -- one in the end, its message tells.
    state SMALLINT NOT NULL,
    -- By the clock of this database.
    lease_until BIGINT NOT NULL,
    reply_status SMALLINT,
    -- Sealed with the account's data key.
    reply_body BYTEA,
    created_at BIGINT NOT NULL,
    -- When it finished or became unknown.
    ended_at BIGINT,
    PRIMARY KEY (account_id, key)
);

CREATE INDEX sends_by_lease ON sends (lease_until) WHERE state = 1;
CREATE INDEX sends_by_end ON sends (state, ended_at) WHERE state <> 1;

-- Statuses whose message is not recorded yet.
CREATE TABLE waiting_statuses (
    account_id TEXT COLLATE "C" NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    wamid TEXT COLLATE "C" NOT NULL,
    -- As `messages.progress`; 5 failed.
    kind SMALLINT NOT NULL,
    message_id TEXT COLLATE "C",
    recipient TEXT,
    at BIGINT NOT NULL,
    -- JSON.
    error TEXT,
    PRIMARY KEY (account_id, wamid, kind)
);

CREATE INDEX waiting_statuses_by_message ON waiting_statuses (message_id)
    WHERE message_id IS NOT NULL;
CREATE INDEX waiting_statuses_by_age ON waiting_statuses (at);
