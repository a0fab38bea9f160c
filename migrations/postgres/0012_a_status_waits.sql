-- What is so now, and not when a statement began.

-- Whether a status waits for any of these messages that has a wamid: without one there is nothing to
-- wait for that could be known by now. A statement sees what was there when it began; it
-- calls this once it has its locks, which may be later.
CREATE FUNCTION a_status_waits(accounts TEXT[], messages TEXT[], wamids TEXT[]) RETURNS BOOLEAN
LANGUAGE plpgsql VOLATILE AS $$
BEGIN
    RETURN EXISTS (
        SELECT
        FROM unnest(accounts, messages, wamids) AS told (account_id, message_id, wamid)
        CROSS JOIN LATERAL (
            (SELECT FROM waiting_statuses w
             WHERE w.account_id = told.account_id AND w.wamid = told.wamid LIMIT 1)
            UNION ALL
            (SELECT FROM (SELECT w.account_id FROM waiting_statuses w
                          WHERE w.message_id = told.message_id LIMIT 100) m
             WHERE m.account_id = told.account_id LIMIT 1)) waiting
        WHERE told.wamid IS NOT NULL);
END
$$;
