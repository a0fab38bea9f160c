-- Who changed what, in one chain for the whole database.

CREATE TABLE audit_entries (
    -- From 1 on, without a gap.
    id INTEGER PRIMARY KEY,
    at INTEGER NOT NULL,
    -- token, cli or gateway; which token (its last four characters) or which user.
    actor TEXT NOT NULL,
    actor_name TEXT,
    address TEXT,
    request_id TEXT,
    -- No reference: entries outlive the account.
    account_id TEXT,
    action TEXT NOT NULL,
    -- JSON, without secrets.
    details TEXT NOT NULL,
    -- SHA-256 in hex, over all other columns; the one of the entry before is among them.
    previous_hash TEXT NOT NULL,
    hash TEXT NOT NULL
) STRICT;

CREATE INDEX audit_entries_by_account ON audit_entries (account_id, id);

-- The last entry, once more: so that it is missed if it is taken away.
CREATE TABLE audit_head (
    single INTEGER NOT NULL PRIMARY KEY CHECK (single = 1),
    id INTEGER NOT NULL,
    hash TEXT NOT NULL
) STRICT;

INSERT INTO audit_head (single, id, hash) VALUES (1, 0, '');

CREATE TRIGGER audit_entries_follow BEFORE INSERT ON audit_entries
WHEN NOT EXISTS (SELECT 1 FROM audit_head WHERE id + 1 = NEW.id AND hash = NEW.previous_hash)
BEGIN SELECT RAISE(ABORT, 'an audit entry must follow the last one'); END;

CREATE TRIGGER audit_entries_move_the_head AFTER INSERT ON audit_entries
BEGIN UPDATE audit_head SET id = NEW.id, hash = NEW.hash; END;

CREATE TRIGGER audit_entries_are_not_changed BEFORE UPDATE ON audit_entries
BEGIN SELECT RAISE(ABORT, 'audit entries are only ever added'); END;

CREATE TRIGGER audit_entries_are_not_deleted BEFORE DELETE ON audit_entries
BEGIN SELECT RAISE(ABORT, 'audit entries are only ever added'); END;

CREATE TRIGGER audit_head_only_moves_on BEFORE UPDATE ON audit_head
WHEN NEW.id <> OLD.id + 1
BEGIN SELECT RAISE(ABORT, 'audit entries are only ever added'); END;

CREATE TRIGGER audit_head_is_not_replaced BEFORE INSERT ON audit_head
BEGIN SELECT RAISE(ABORT, 'audit entries are only ever added'); END;

CREATE TRIGGER audit_head_is_not_deleted BEFORE DELETE ON audit_head
BEGIN SELECT RAISE(ABORT, 'audit entries are only ever added'); END;
