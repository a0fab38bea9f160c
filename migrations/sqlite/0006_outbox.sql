-- What is still to be told to customers, and what became of the telling.

CREATE TABLE events (
    -- Rises with each event. Never used twice, not even after the last ones were deleted.
    sequence INTEGER PRIMARY KEY AUTOINCREMENT,
    account_id TEXT NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    id TEXT NOT NULL,
    kind TEXT NOT NULL,
    -- Sealed with the account's data key; NULL once it is forgotten.
    body BLOB,
    created_at INTEGER NOT NULL
) STRICT;

CREATE INDEX events_by_account ON events (account_id);

CREATE TABLE deliveries (
    -- Of the event.
    sequence INTEGER PRIMARY KEY,
    account_id TEXT NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    -- Begins with created_at, so it sorts by age.
    id TEXT NOT NULL,
    -- pending, delivered or dead. Whether a pending one is paused is a matter of the endpoint.
    state TEXT NOT NULL,
    -- All that were made, and those that the schedule knows of.
    attempts INTEGER NOT NULL DEFAULT 0,
    scheduled_attempts INTEGER NOT NULL DEFAULT 0,
    due_at INTEGER NOT NULL,
    -- Asked for by hand: attempted although the endpoint is paused, and beside the schedule,
    -- which goes on at resume_at.
    manual INTEGER NOT NULL,
    resume_at INTEGER,
    lease TEXT,
    lease_until INTEGER,
    created_at INTEGER NOT NULL,
    delivered_at INTEGER,
    -- When it was delivered, or given up.
    ended_at INTEGER,
    -- Whether the event still has its body.
    kept INTEGER NOT NULL DEFAULT 1,
    UNIQUE (account_id, id)
) STRICT;

CREATE INDEX deliveries_due ON deliveries (account_id, due_at, sequence)
    WHERE state = 'pending';
CREATE INDEX deliveries_by_hand ON deliveries (account_id, due_at, sequence)
    WHERE state = 'pending' AND manual;
CREATE INDEX deliveries_dead ON deliveries (account_id, id) WHERE state = 'dead';
CREATE INDEX deliveries_leased ON deliveries (lease) WHERE lease IS NOT NULL;
CREATE INDEX deliveries_ended ON deliveries (state, kept, ended_at) WHERE ended_at IS NOT NULL;

CREATE TABLE delivery_attempts (
    number INTEGER PRIMARY KEY,
    account_id TEXT NOT NULL,
    delivery_id TEXT NOT NULL,
    at INTEGER NOT NULL,
    status INTEGER,
    error TEXT,
    duration_ms INTEGER NOT NULL,
    FOREIGN KEY (account_id, delivery_id) REFERENCES deliveries (account_id, id)
        ON DELETE CASCADE
) STRICT;

CREATE INDEX delivery_attempts_by_delivery ON delivery_attempts (account_id, delivery_id);

-- No row means that all is well.
CREATE TABLE endpoint_health (
    account_id TEXT NOT NULL PRIMARY KEY REFERENCES accounts (id) ON DELETE CASCADE,
    failures_in_a_row INTEGER NOT NULL,
    failing_since INTEGER,
    disabled_at INTEGER,
    disabled_reason TEXT
) STRICT;

-- The code before the current one, which signs as well until then. Sealed like the code.
ALTER TABLE webhook_configs ADD COLUMN previous_code BLOB;
ALTER TABLE webhook_configs ADD COLUMN previous_code_until INTEGER;
