-- name: log_page
SELECT coalesce(head.tail, 0), coalesce(head.oldest, 0), coalesce(head.longest_fold, 0),
  (SELECT array_agg(id) FROM hidden), event.*
FROM (SELECT ?::text AS log, ?::text AS thread_id, ?::bigint AS place) AS asked
LEFT JOIN log AS head ON head.name = asked.log
LEFT JOIN LATERAL (
  SELECT row, log, "offset", seq, type, owner, session_id, thread_id, survives, body FROM event
  WHERE event.log = asked.log AND "offset" > place{of_thread} ORDER BY "offset" LIMIT ?
) AS event ON TRUE
ORDER BY event."offset";

-- name: owner_after
SELECT row, log, "offset", seq, type, owner, session_id, thread_id, survives, body FROM event
WHERE owner = ? AND row > ? AND row < ? ORDER BY row;

-- name: hide
INSERT INTO hidden (id) VALUES (?) ON CONFLICT DO NOTHING;

-- name: enclosing_fold
WITH cursor (log, place, longest) AS (SELECT ?::text, ?::bigint, ?::bigint)
SELECT max(last_offset) FROM fold JOIN cursor USING (log)
WHERE first_offset > place - longest AND first_offset <= place AND last_offset > place;

-- name: enclosing_fold_of_thread
WITH cursor (log, place, longest) AS (SELECT ?::text, ?::bigint, ?::bigint)
SELECT max(last_offset) FROM fold JOIN cursor USING (log)
WHERE first_offset > place - longest AND first_offset <= place AND last_offset > place AND thread_id = ?;

-- name: owner_page
SELECT newest.row, coalesce(kept.oldest, 0), coalesce(kept.longest_fold, 0), (SELECT array_agg(id) FROM hidden), event.*
FROM (SELECT newest_row() AS row OFFSET 0) AS newest -- asked once, and not for each event
LEFT JOIN owner_log AS kept ON kept.owner = ?
LEFT JOIN LATERAL (
  SELECT row, log, "offset", seq, type, owner, session_id, thread_id, survives, body FROM event
  WHERE owner = ? AND row > ? AND row < ((newest.row >> 20) + 1) << 20 ORDER BY row LIMIT ?
) AS event ON TRUE
ORDER BY event.row;

-- name: enclosing_fold_of_owner
WITH cursor (owner, place, longest) AS (SELECT ?::text, ?::bigint, ?::bigint)
SELECT max(last_row) FROM fold JOIN cursor USING (owner)
WHERE first_row > place - longest AND first_row <= place AND last_row > place;

-- name: all_after
SELECT row, log, "offset", seq, type, owner, session_id, thread_id, survives, body FROM event
WHERE row > ? AND row < ? ORDER BY row;

-- name: page_of_all
SELECT newest.row, kept.oldest, 0, (SELECT array_agg(id) FROM hidden), event.*
FROM (SELECT newest_row() AS row OFFSET 0) AS newest -- asked once, and not for each event
CROSS JOIN (SELECT coalesce(max(oldest), 0) AS oldest FROM owner_log) AS kept
LEFT JOIN LATERAL (
  SELECT row, log, "offset", seq, type, owner, session_id, thread_id, survives, body FROM event
  WHERE row > ? AND row < ((newest.row >> 20) + 1) << 20 ORDER BY row LIMIT ?
) AS event ON TRUE
ORDER BY event.row;

-- name: move_search
UPDATE counter SET value = greatest(value, ?::bigint) WHERE name = 'search' RETURNING value;

-- name: hidden_first
SELECT id, progress FROM hidden ORDER BY id LIMIT 1;

-- name: thread_of_session
SELECT id FROM "thread" WHERE session_id = ? LIMIT 1;

-- name: bury_thread_events
UPDATE event SET type = '', owner = '', session_id = NULL, thread_id = NULL, item_id = NULL, at = '', body = ''::bytea
WHERE row IN (SELECT row FROM event WHERE thread_id = ? AND survives = 0 LIMIT ?);

-- name: bury_elsewhere
UPDATE event SET type = '', owner = '', session_id = NULL, thread_id = NULL, item_id = NULL, at = '', body = ''::bytea
WHERE row IN (
  SELECT row FROM event
  WHERE session_id = ? AND session_id IS NOT NULL AND session_id <> log AND survives = 0 LIMIT ?
);

-- name: log_window_end
SELECT max("offset") FROM (
  SELECT "offset" FROM event WHERE log = ? AND "offset" > ? ORDER BY "offset" LIMIT ?
) AS piece;

-- name: bury_log
UPDATE event SET type = '', owner = '', session_id = NULL, thread_id = NULL, item_id = NULL, at = '', body = ''::bytea
WHERE log = ? AND "offset" > ? AND "offset" <= ? AND survives = 0;

-- name: note_progress
UPDATE hidden SET progress = ? WHERE id = ?;

-- name: drop_folds_of_thread
DELETE FROM fold WHERE thread_id = ?;

-- name: has_log
SELECT 1 FROM log WHERE name = ?;

-- name: bury_owner_events
UPDATE event SET type = '', owner = '', session_id = NULL, thread_id = NULL, item_id = NULL, at = '', body = ''::bytea
WHERE row IN (SELECT row FROM event WHERE owner = ? LIMIT ?);

-- name: drop_folds_of_owner
DELETE FROM fold WHERE owner = ?;

-- name: drop_owner_log
DELETE FROM owner_log WHERE owner = ?;

-- name: reveal
DELETE FROM hidden WHERE id = ?;

-- name: folded_items
SELECT DISTINCT item_id FROM event
WHERE item_id IS NOT NULL AND at < ?
  AND NOT EXISTS (SELECT 1 FROM item WHERE item.id = event.item_id AND item."open" IS NOT NULL)
  AND NOT EXISTS (SELECT 1 FROM event AS later WHERE later.item_id = event.item_id AND later.at >= ?)
LIMIT 100;

-- name: range_of_item
SELECT min(log), min("offset"), max("offset"), min(thread_id), min(owner), min(row), max(row)
FROM event WHERE item_id = ?;

-- name: note_fold
INSERT INTO fold (log, first_offset, last_offset, thread_id, owner, first_row, last_row) VALUES (?, ?, ?, ?, ?, ?, ?)
ON CONFLICT DO NOTHING;

-- name: widen_longest_fold
UPDATE log SET longest_fold = greatest(longest_fold, ?::bigint) WHERE name = ?;

-- name: widen_longest_fold_of_owner
INSERT INTO owner_log AS kept (owner, longest_fold) VALUES (?, ?)
ON CONFLICT (owner) DO UPDATE SET longest_fold = greatest(kept.longest_fold, excluded.longest_fold);

-- name: prune_item_deltas
DELETE FROM event WHERE row IN (SELECT row FROM event WHERE item_id = ? ORDER BY "offset" LIMIT ?);

-- name: oldest_events
SELECT row, log, "offset", owner, at FROM event
WHERE row < (pg_snapshot_xmin(pg_current_snapshot())::text::bigint << 20) ORDER BY row LIMIT ?;

-- name: prune_events
DELETE FROM event WHERE row <= ?;

-- name: raise_oldest
UPDATE log SET oldest = greatest(oldest, ?::bigint) WHERE name = ?;

-- name: prune_folds
DELETE FROM fold WHERE log = ? AND last_offset <= ?;

-- name: note_pruned
INSERT INTO owner_log AS kept (owner, oldest) VALUES (?, ?)
ON CONFLICT (owner) DO UPDATE SET oldest = greatest(kept.oldest, excluded.oldest);

-- name: tail
SELECT tail, NULL::text, NULL::bytea FROM log WHERE name = ?;

-- name: newest_row
SELECT newest_row(), NULL::text, NULL::bytea;

-- name: keep_position
UPDATE counter SET value = greatest(value, ?::bigint) WHERE name = 'newest_pruned';

-- name: transaction_status
SELECT pg_xact_status(?::text::xid8);

-- name: has_positions_to_come
SELECT coalesce(max(row) >> 20, 0) >= pg_snapshot_xmax(pg_current_snapshot())::text::bigint FROM event;

-- name: sight
SELECT 2 * (SELECT value FROM counter WHERE name = 'schema') + EXISTS (SELECT 1 FROM hidden)::int,
  to_char(clock_timestamp() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), NULL::bytea;

-- name: reserve
SELECT what, place, number FROM reserve(
  ?::bigint[], ?::bigint[], ?::text[], ?::text[], ?::bigint[], ?::text[], ?::bigint[]
);

-- name: deltas_of_open_items
SELECT coalesce(event."offset", 0) AS place, item.id AS text, event.body
FROM (SELECT id FROM item WHERE thread_id = ? AND "open" IS NOT NULL{sight}) AS item
-- Looked up for each item: with no statistics yet, a join reads the whole log.
LEFT JOIN LATERAL (SELECT "offset", body FROM event WHERE item_id = item.id OFFSET 0) AS event ON TRUE OFFSET 0;

-- name: now
SELECT to_char(clock_timestamp() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"');

-- name: one_job
SELECT pg_advisory_xact_lock(hashtextextended(?::text, 0));

-- name: append_events
INSERT INTO event (row, log, "offset", seq, type, owner, session_id, thread_id, item_id, survives, at, body)
SELECT * FROM unnest(
  ?::bigint[], ?::text[], ?::bigint[], ?::bigint[], ?::text[], ?::text[], ?::text[], ?::text[], ?::text[], ?::bigint[],
  ?::text[], ?::bytea[]
);

-- name: claims
SELECT id, owner, session_id, thread_id, fence FROM "turn" WHERE id = ANY (?::text[]) AND status = 'running'
UNION ALL SELECT id, NULL, NULL, NULL, NULL FROM hidden;

-- name: remove_entries
DELETE FROM search_entry USING unnest(?::text[], ?::text[]) AS gone (thread_id, item_id)
WHERE search_entry.thread_id = gone.thread_id AND search_entry.item_id = gone.item_id;

-- name: remove_entries_of_thread
DELETE FROM search_entry WHERE row IN (SELECT row FROM search_entry WHERE thread_id = ? LIMIT ?);

-- name: add_entries
INSERT INTO search_entry (owner, session_id, thread_id, item_id, at, text, terms)
SELECT owner, session_id, thread_id, item_id, at, text, string_to_array(terms, ' ')
FROM unnest(?::text[], ?::text[], ?::text[], ?::text[], ?::text[], ?::text[], ?::text[])
  AS new (owner, session_id, thread_id, item_id, at, text, terms)
WHERE EXISTS (
  SELECT 1 FROM "thread" WHERE id = new.thread_id AND owner = new.owner AND deleted = 0
    AND id NOT IN (SELECT id FROM hidden) AND session_id NOT IN (SELECT id FROM hidden)
);

-- name: find
WITH question (terms, owner, session_id) AS (SELECT ?::text[], ?::text, ?::text)
SELECT thread_id, item_id, text, at FROM (
SELECT entry.thread_id, entry.item_id, entry.text, entry.at, entry.row, entry.owner
FROM search_entry AS entry, question
WHERE entry.terms @> question.terms
  AND (question.owner IS NULL OR entry.owner = question.owner)
  AND (question.session_id IS NULL OR entry.session_id = question.session_id)
  AND entry.thread_id NOT IN (SELECT id FROM hidden) AND entry.session_id NOT IN (SELECT id FROM hidden)
  AND NOT EXISTS (SELECT 1 FROM item WHERE item.id = entry.item_id AND item.state = 'superseded')
ORDER BY entry.at DESC, entry.row DESC LIMIT ?
) AS found
WHERE EXISTS (SELECT 1 FROM "thread" WHERE id = found.thread_id AND owner = found.owner)
ORDER BY at DESC, row DESC;

-- name: tables_without_rights
SELECT name FROM unnest(?::text[]) AS name WHERE NOT has_table_privilege('laneway_user', quote_ident(name), 'DELETE');

-- name: walled_tables
SELECT tablename::text FROM pg_policies WHERE schemaname = current_schema() AND policyname = 'own';

-- name: make_role
DO $$ BEGIN
  IF NOT EXISTS (SELECT 1 FROM pg_roles WHERE rolname = 'laneway_user') THEN
    BEGIN
      CREATE ROLE laneway_user NOLOGIN;
    EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; -- another database of the server has it made
    END;
  END IF;
  BEGIN
    SET LOCAL ROLE laneway_user;
    SET LOCAL ROLE NONE;
  EXCEPTION WHEN insufficient_privilege THEN
    GRANT laneway_user TO CURRENT_USER; -- whoever makes a role may not yet play it
  END;
END $$;

-- name: find_threads
SELECT entry.thread_id FROM search_entry AS entry
WHERE entry.terms @> string_to_array(?, ' ')
  AND NOT EXISTS (SELECT 1 FROM item WHERE item.id = entry.item_id AND item.state = 'superseded')

-- name: schema_version
SELECT value FROM counter WHERE name = 'schema';

-- name: note_schema_version
UPDATE counter SET value = ? WHERE name = 'schema';

-- name: columns
SELECT column_name FROM information_schema.columns
WHERE table_schema = current_schema() AND table_name = ?;

-- name: take_audit
UPDATE counter SET value = value + ? WHERE name = 'audit' RETURNING value;

-- name: audit_of_number
SELECT audit_of_number(?);

-- name: waiting_items
SELECT count(*), min(row) FROM (SELECT row FROM queue_item WHERE "open" IS NOT NULL LIMIT 100000) AS waiting;

-- name: queue_item_in_row
SELECT body FROM queue_item WHERE row = ?;

-- name: running_turns
SELECT count(*), count(*) FILTER (WHERE turn.node IS NOT NULL AND coalesce(node.beat_at, '') < ?)
FROM (SELECT node FROM "turn" WHERE status = 'running' LIMIT 100000) AS turn LEFT JOIN node ON node.id = turn.node;

-- name: last_beat
SELECT beat_at FROM node WHERE id = ?;

-- name: unapplied_events
SELECT count(*) FROM (SELECT 1 FROM event WHERE row > ? LIMIT 10000) AS unapplied;

-- name: search_cursor
SELECT value FROM counter WHERE name = 'search';
