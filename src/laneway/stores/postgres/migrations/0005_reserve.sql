-- Reserve: what every commit does before it writes, in one trip: it takes its last locks, makes sure that nothing it
-- names has been given up, takes the transaction's id for a position, and moves the counters of logs and threads on.
-- Each statement in here sees what others had committed when it began, so what was locked is read behind the lock.

CREATE FUNCTION reserve(
  shared BIGINT[], exclusive BIGINT[], named TEXT[], logs TEXT[], log_counts BIGINT[], threads TEXT[],
  thread_counts BIGINT[]
) RETURNS TABLE (what TEXT, place TEXT, number BIGINT) LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pg_advisory_xact_lock_shared(key) FROM unnest(shared) AS key;
  PERFORM pg_advisory_xact_lock(key) FROM unnest(exclusive) AS key;
  RETURN QUERY SELECT 'gone', id::text, 0::bigint FROM hidden WHERE id = ANY (named);
  IF FOUND THEN RETURN; END IF;
  RETURN QUERY SELECT 'position', '', pg_current_xact_id()::text::bigint;
  RETURN QUERY INSERT INTO log AS kept (name, tail) SELECT * FROM unnest(logs, log_counts)
    ON CONFLICT (name) DO UPDATE SET tail = kept.tail + excluded.tail RETURNING 'log', name::text, tail;
  RETURN QUERY INSERT INTO thread_log AS kept (thread_id, tail) SELECT * FROM unnest(threads, thread_counts)
    ON CONFLICT (thread_id) DO UPDATE SET tail = kept.tail + excluded.tail RETURNING 'thread', thread_id::text, tail;
END $$;
