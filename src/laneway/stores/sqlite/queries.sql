-- name: next_position
UPDATE counter SET value = value + 1 WHERE name = 'position' RETURNING value;

-- name: position
SELECT value FROM counter WHERE name = 'position';

-- name: move_log
INSERT INTO log (name, tail) VALUES (?1, ?2) ON CONFLICT (name) DO UPDATE SET tail = tail + ?2 RETURNING tail;

-- name: move_thread
INSERT INTO thread_log (thread_id, tail) VALUES (?1, ?2)
ON CONFLICT (thread_id) DO UPDATE SET tail = tail + ?2 RETURNING tail;

-- name: log
SELECT tail, oldest, longest_fold FROM log WHERE name = ?;

-- name: append_event
INSERT INTO event (row, log, "offset", seq, type, owner, session_id, thread_id, item_id, survives, at, body)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?);

-- name: claim
SELECT owner, session_id, thread_id, fence FROM "turn" WHERE id = ? AND status = 'running';

-- name: item_deltas
SELECT body FROM event WHERE item_id = ? ORDER BY "offset";

-- name: log_after
SELECT row, log, "offset", seq, type, owner, session_id, thread_id, survives, body FROM event
WHERE log = ? AND "offset" > ? ORDER BY "offset" LIMIT ?;

-- name: thread_after
SELECT row, log, "offset", seq, type, owner, session_id, thread_id, survives, body FROM event
WHERE thread_id = ?1 AND "offset" > ?3 AND log = ?2 ORDER BY "offset" LIMIT ?4;

-- name: owner_after
SELECT row, log, "offset", seq, type, owner, session_id, thread_id, survives, body FROM event
WHERE owner = ? AND row > ? AND row < ? ORDER BY row LIMIT ?;

-- name: newest_row
SELECT coalesce(max(row), 0) FROM event;

-- name: hidden
SELECT id FROM hidden;

-- name: hide
INSERT INTO hidden (id) VALUES (?) ON CONFLICT DO NOTHING;

-- name: enclosing_fold
SELECT max(last_offset) FROM fold
WHERE log = ?1 AND first_offset > ?2 - ?3 AND first_offset <= ?2 AND last_offset > ?2;

-- name: enclosing_fold_of_thread
SELECT max(last_offset) FROM fold
WHERE log = ?1 AND first_offset > ?2 - ?3 AND first_offset <= ?2 AND last_offset > ?2 AND thread_id = ?4;

-- name: owner_log
SELECT oldest, longest_fold FROM owner_log WHERE owner = ?;

-- name: enclosing_fold_of_owner
SELECT max(last_row) FROM fold
WHERE owner = ?1 AND first_row > ?2 - ?3 AND first_row <= ?2 AND last_row > ?2;

-- name: all_after
SELECT row, log, "offset", seq, type, owner, session_id, thread_id, survives, body FROM event
WHERE row > ? AND row < ? ORDER BY row LIMIT ?;

-- name: oldest_of_all
SELECT coalesce(max(oldest), 0) FROM owner_log;

-- name: is_searchable
SELECT 1 FROM "thread" WHERE id = ?1 AND owner = ?2 AND deleted = 0
AND id NOT IN (SELECT id FROM hidden) AND session_id NOT IN (SELECT id FROM hidden);

-- name: move_search
UPDATE counter SET value = max(value, ?) WHERE name = 'search' RETURNING value;

-- name: search_cursor
SELECT value FROM counter WHERE name = 'search';

-- name: entry_of_item
SELECT row FROM search_entry WHERE thread_id = ? AND item_id = ?;

-- name: has_entry
SELECT 1 FROM search_entry WHERE row = ?;

-- name: add_entry
INSERT INTO search_entry (row, owner, session_id, thread_id, item_id, at) VALUES (?, ?, ?, ?, ?, ?);

-- name: add_text
INSERT INTO search_text (rowid, scope, text) VALUES (?, ?, ?);

-- name: remove_entry
DELETE FROM search_entry WHERE row = ?;

-- name: remove_text
DELETE FROM search_text WHERE rowid = ?;

-- name: find
SELECT entry.thread_id, entry.item_id,
  snippet(search_text, 1, char(2), char(3), '…', 24), entry.at
FROM search_text JOIN search_entry AS entry ON entry.row = search_text.rowid
WHERE search_text MATCH :match
  AND (:owner IS NULL OR entry.owner = :owner) AND (:session IS NULL OR entry.session_id = :session)
  AND entry.thread_id NOT IN (SELECT id FROM hidden) AND entry.session_id NOT IN (SELECT id FROM hidden)
  AND NOT EXISTS (
    SELECT 1 FROM item INDEXED BY item_superseded WHERE item.id = entry.item_id AND item.state = 'superseded'
  )
ORDER BY search_text.rowid DESC LIMIT :limit;

-- name: find_threads
SELECT count(*), json_group_array(thread_id) FROM (
  SELECT DISTINCT entry.thread_id
  FROM search_text JOIN search_entry AS entry ON entry.row = search_text.rowid
  WHERE search_text MATCH :match AND (:owner IS NULL OR entry.owner = :owner)
    AND NOT EXISTS (
      SELECT 1 FROM item INDEXED BY item_superseded WHERE item.id = entry.item_id AND item.state = 'superseded'
    )
);

-- name: hidden_first
SELECT id, progress FROM hidden ORDER BY id LIMIT 1;

-- name: thread_of_session
SELECT id FROM "thread" WHERE session_id = ? LIMIT 1;

-- name: bury_thread_events
UPDATE event SET type = '', owner = '', session_id = NULL, thread_id = NULL, item_id = NULL, at = '', body = x''
WHERE row IN (SELECT row FROM event WHERE thread_id = ? AND survives = 0 LIMIT ?);

-- name: bury_elsewhere
UPDATE event SET type = '', owner = '', session_id = NULL, thread_id = NULL, item_id = NULL, at = '', body = x''
WHERE row IN (
  SELECT row FROM event
  WHERE session_id = ? AND session_id IS NOT NULL AND session_id <> log AND survives = 0 LIMIT ?
);

-- name: log_window_end
SELECT max("offset") FROM (SELECT "offset" FROM event WHERE log = ? AND "offset" > ? ORDER BY "offset" LIMIT ?);

-- name: bury_log
UPDATE event SET type = '', owner = '', session_id = NULL, thread_id = NULL, item_id = NULL, at = '', body = x''
WHERE log = ? AND "offset" > ? AND "offset" <= ? AND survives = 0;

-- name: note_progress
UPDATE hidden SET progress = ?2 WHERE id = ?1;

-- name: entries_of_thread
SELECT row FROM search_entry WHERE thread_id = ? LIMIT ?;

-- name: drop_folds_of_thread
DELETE FROM fold WHERE thread_id = ?;

-- name: has_log
SELECT 1 FROM log WHERE name = ?;

-- name: bury_owner_events
UPDATE event SET type = '', owner = '', session_id = NULL, thread_id = NULL, item_id = NULL, at = '', body = x''
WHERE row IN (SELECT row FROM event WHERE owner = ? LIMIT ?);

-- name: drop_folds_of_owner
DELETE FROM fold WHERE owner = ?;

-- name: drop_owner_log
DELETE FROM owner_log WHERE owner = ?;

-- name: reveal
DELETE FROM hidden WHERE id = ?;

-- name: folded_items
SELECT DISTINCT item_id FROM event INDEXED BY event_delta_age
WHERE item_id IS NOT NULL AND at < :before
  AND NOT EXISTS (SELECT 1 FROM item WHERE item.id = event.item_id AND item."open" IS NOT NULL)
  AND NOT EXISTS (SELECT 1 FROM event AS later WHERE later.item_id = event.item_id AND later.at >= :before)
LIMIT 100;

-- name: range_of_item
SELECT min(log), min("offset"), max("offset"), min(thread_id), min(owner), min(row), max(row)
FROM event WHERE item_id = ?;

-- name: note_fold
INSERT INTO fold (log, first_offset, last_offset, thread_id, owner, first_row, last_row) VALUES (?, ?, ?, ?, ?, ?, ?)
ON CONFLICT DO NOTHING;

-- name: widen_longest_fold
UPDATE log SET longest_fold = max(longest_fold, ?2) WHERE name = ?1;

-- name: widen_longest_fold_of_owner
INSERT INTO owner_log (owner, longest_fold) VALUES (?1, ?2)
ON CONFLICT (owner) DO UPDATE SET longest_fold = max(longest_fold, ?2);

-- name: prune_item_deltas
DELETE FROM event WHERE row IN (SELECT row FROM event WHERE item_id = ? ORDER BY "offset" LIMIT ?);

-- name: oldest_events
SELECT row, log, "offset", owner, at FROM event ORDER BY row LIMIT ?;

-- name: prune_events
DELETE FROM event WHERE row <= ?;

-- name: raise_oldest
UPDATE log SET oldest = max(oldest, ?2) WHERE name = ?1;

-- name: prune_folds
DELETE FROM fold WHERE log = ? AND last_offset <= ?;

-- name: note_pruned
INSERT INTO owner_log (owner, oldest) VALUES (?1, ?2) ON CONFLICT (owner) DO UPDATE SET oldest = max(oldest, ?2);

-- name: forget_nodes
DELETE FROM node;

-- name: want_scrub
UPDATE counter SET value = value + 1 WHERE name = 'scrub';

-- name: is_scrub_due
SELECT value FROM counter WHERE name = 'scrub';

-- name: scrubbed
UPDATE counter SET value = 0 WHERE name = 'scrub';

-- name: page_terms
SELECT idx.segid, idx.term, data.block
FROM search_text_idx AS idx LEFT JOIN search_text_data AS data ON data.id = (idx.segid << 37) + (idx.pgno >> 1)
WHERE (idx.segid, idx.term) > (?, ?) ORDER BY idx.segid, idx.term LIMIT ?;

-- name: replace_page_term
UPDATE search_text_idx SET term = ? WHERE segid = ? AND term = ?;

-- name: drop_page_term
DELETE FROM search_text_idx WHERE segid = ? AND term = ?;

-- name: take_audit
UPDATE counter SET value = value + ? WHERE name = 'audit' RETURNING value;

-- name: audit_of_number
SELECT body FROM "audit" WHERE number = ?;

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
