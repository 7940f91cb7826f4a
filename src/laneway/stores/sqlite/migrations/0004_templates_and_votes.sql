-- Templates of users, and what users think of messages.

CREATE TABLE "template" (
  row INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, owner TEXT NOT NULL,
  name TEXT NOT NULL, created_at TEXT NOT NULL,
  body BLOB NOT NULL
) STRICT;
CREATE INDEX template_owner ON "template" (owner, name, id);

CREATE TABLE "vote" (
  row INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, owner TEXT NOT NULL,
  session_id TEXT NOT NULL, thread_id TEXT NOT NULL, item_id TEXT NOT NULL, at TEXT NOT NULL,
  body BLOB NOT NULL
) STRICT;
CREATE INDEX vote_thread ON "vote" (thread_id, at, id);
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES
  ('template', 'template_owner', '10000 10 1 1'), ('vote', 'vote_thread', '100000 3 1 1');
