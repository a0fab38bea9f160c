-- Who changed what, in one chain for the whole database.

CREATE TABLE audit_entries (
    -- From 1 on, without a gap.
    id BIGINT NOT NULL PRIMARY KEY,
    at BIGINT NOT NULL,
    -- token, cli or gateway; which token (its last four characters) or which user.
    actor TEXT NOT NULL,
    actor_name TEXT,
    address TEXT,
    request_id TEXT,
    -- No reference: entries outlive the account.
    account_id TEXT COLLATE "C",
    action TEXT NOT NULL,
    -- JSON, without secrets. As text: its exact bytes are hashed.
    details TEXT NOT NULL,
    -- SHA-256 in hex, over all other columns; the one of the entry before is among them.
    previous_hash TEXT NOT NULL,
    hash TEXT NOT NULL
);

CREATE INDEX audit_entries_by_account ON audit_entries (account_id, id);

-- The last entry, once more: so that it is missed if it is taken away. Whoever adds an entry
-- locks it until the commit, so that all nodes add to one chain.
CREATE TABLE audit_head (
    single BIGINT NOT NULL PRIMARY KEY CHECK (single = 1),
    id BIGINT NOT NULL,
    hash TEXT NOT NULL
);

INSERT INTO audit_head (single, id, hash) VALUES (1, 0, '');

CREATE FUNCTION audit_append() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE audit_head SET id = NEW.id, hash = NEW.hash
    WHERE id + 1 = NEW.id AND hash = NEW.previous_hash;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'an audit entry must follow the last one';
    END IF;
    RETURN NEW;
END $$;

CREATE FUNCTION audit_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'audit entries are only ever added';
END $$;

CREATE TRIGGER audit_entries_follow BEFORE INSERT ON audit_entries
    FOR EACH ROW EXECUTE FUNCTION audit_append();

CREATE TRIGGER audit_entries_stay BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_entries
    FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse();

CREATE TRIGGER audit_head_only_moves_on BEFORE UPDATE ON audit_head
    FOR EACH ROW WHEN (NEW.id <> OLD.id + 1) EXECUTE FUNCTION audit_refuse();

CREATE TRIGGER audit_head_stays BEFORE INSERT OR DELETE OR TRUNCATE ON audit_head
    FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse();
