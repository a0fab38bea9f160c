-- Until when an endpoint that keeps failing is left alone.

ALTER TABLE endpoint_health ADD COLUMN shut_until BIGINT;
