-- Lists by status, and by a tag that very many threads have: found in order, and counted in a narrow index.

CREATE INDEX thread_status
  ON "thread" (owner, status, active_at, id, session_id, kind, archived, deleted, agent_id, pinned, unread);
CREATE INDEX thread_label_activity ON thread_label (
  owner, "column", "key", value, active_at, id, kind, archived, deleted, session_id, status, agent_id, pinned, unread
);

INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES
  ('thread', 'thread_status', '1000000 1000 900 1 1 1 1 1 1 1 1 1'),
  ('thread_label', 'thread_label_activity', '1000000 1000 500 500 300 1 1 1 1 1 1 1 1 1 1'),
  ('thread_label', 'thread_label', '1000000 1000 500 500 300 1');
