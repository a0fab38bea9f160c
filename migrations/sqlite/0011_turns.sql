-- Whose turn it is.

-- The delivery of the same account whose first attempt comes before this one's: a message follows
-- the lead that it made.
ALTER TABLE deliveries ADD COLUMN follows TEXT;

-- Of the deliveries that failed in a row and are tried again: an endpoint that is left alone is
-- tried with this one.
ALTER TABLE endpoint_health ADD COLUMN oldest_failed TEXT;
