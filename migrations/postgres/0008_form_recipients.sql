-- To how many people each form has gone.

-- The form that the message carried: its id, or its name if it was sent by that.
ALTER TABLE messages ADD COLUMN form TEXT COLLATE "C";

-- One row for each person that a form went out to. They are counted when somebody asks;
-- `flows.recipients` is not used any more. The mark is a keyed digest of the receiver.
CREATE TABLE form_recipients (
    account_id TEXT COLLATE "C" NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    -- As in `messages`.
    form TEXT COLLATE "C" NOT NULL,
    mark BYTEA NOT NULL,
    PRIMARY KEY (account_id, form, mark)
);
