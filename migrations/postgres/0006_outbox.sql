-- What is still to be told to customers, and what became of the telling.

CREATE TABLE events (
    account_id TEXT COLLATE "C" NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    -- Rises with each event.
    sequence BIGINT NOT NULL,
    id TEXT COLLATE "C" NOT NULL,
    kind TEXT NOT NULL,
    -- Sealed with the account's data key; NULL once it is forgotten.
    body BYTEA,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (account_id, sequence)
);

CREATE SEQUENCE event_sequence OWNED BY events.sequence;

-- What is sealed does not compress.
ALTER TABLE events ALTER COLUMN body SET STORAGE EXTERNAL;

CREATE TABLE deliveries (
    account_id TEXT COLLATE "C" NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    -- Begins with created_at, so it sorts by age.
    id TEXT COLLATE "C" NOT NULL,
    -- Of the event.
    sequence BIGINT NOT NULL,
    -- pending, delivered or dead. Whether a pending one is paused is a matter of the endpoint.
    state TEXT COLLATE "C" NOT NULL,
    -- All that were made, and those that the schedule knows of.
    attempts BIGINT NOT NULL DEFAULT 0,
    scheduled_attempts BIGINT NOT NULL DEFAULT 0,
    due_at BIGINT NOT NULL,
    -- Asked for by hand: attempted although the endpoint is paused, and beside the schedule,
    -- which goes on at resume_at.
    manual BOOLEAN NOT NULL,
    resume_at BIGINT,
    lease TEXT COLLATE "C",
    lease_until BIGINT,
    created_at BIGINT NOT NULL,
    delivered_at BIGINT,
    -- When it was delivered, or given up.
    ended_at BIGINT,
    -- Whether the event still has its body.
    kept BOOLEAN NOT NULL DEFAULT TRUE,
    PRIMARY KEY (account_id, id)
);

CREATE INDEX deliveries_due ON deliveries (account_id, due_at, sequence)
    WHERE state = 'pending';
CREATE INDEX deliveries_by_hand ON deliveries (account_id, due_at, sequence)
    WHERE state = 'pending' AND manual;
CREATE INDEX deliveries_dead ON deliveries (account_id, id) WHERE state = 'dead';
CREATE INDEX deliveries_leased ON deliveries (lease) WHERE lease IS NOT NULL;
CREATE INDEX deliveries_ended ON deliveries (state, kept, ended_at) WHERE ended_at IS NOT NULL;

CREATE TABLE delivery_attempts (
    number BIGINT GENERATED ALWAYS AS IDENTITY,
    account_id TEXT COLLATE "C" NOT NULL,
    delivery_id TEXT COLLATE "C" NOT NULL,
    at BIGINT NOT NULL,
    status BIGINT,
    error TEXT,
    duration_ms BIGINT NOT NULL,
    PRIMARY KEY (account_id, delivery_id, number),
    FOREIGN KEY (account_id, delivery_id) REFERENCES deliveries (account_id, id)
        ON DELETE CASCADE
);

-- No row means that all is well.
CREATE TABLE endpoint_health (
    account_id TEXT COLLATE "C" NOT NULL PRIMARY KEY REFERENCES accounts (id) ON DELETE CASCADE,
    failures_in_a_row BIGINT NOT NULL,
    failing_since BIGINT,
    disabled_at BIGINT,
    disabled_reason TEXT
);

-- The code before the current one, which signs as well until then. Sealed like the code.
ALTER TABLE webhook_configs ADD COLUMN previous_code BYTEA;
ALTER TABLE webhook_configs ADD COLUMN previous_code_until BIGINT;
