-- Origins: what imports have made of which names.

CREATE TABLE "origin" (
  row INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, owner TEXT NOT NULL,
  session_id TEXT NOT NULL, thread_id TEXT,
  body BLOB NOT NULL
) STRICT;
CREATE INDEX origin_session ON "origin" (session_id, id);
CREATE INDEX origin_thread ON "origin" (thread_id) WHERE thread_id IS NOT NULL;
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES
  ('origin', 'origin_session', '100000 500 1'), ('origin', 'origin_thread', '100000 1');
