-- The delivery of the same account whose first attempt comes before this one's: a message follows
-- the lead that it made.

ALTER TABLE deliveries ADD COLUMN follows TEXT COLLATE "C";
