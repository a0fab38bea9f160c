-- How often an account may call: written like 3000/60s, or off; NULL is what holds for all.
ALTER TABLE accounts ADD COLUMN rate_limit TEXT;
ALTER TABLE accounts ADD COLUMN number_rate_limit TEXT;

-- The gateways that live, and when each was last heard of. They share the limits among them.
CREATE TABLE nodes (
    id TEXT NOT NULL PRIMARY KEY,
    seen_at INTEGER NOT NULL
) STRICT;
