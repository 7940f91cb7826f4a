-- Shares of threads, and the comments beside them.

CREATE TABLE "share" (
  row INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, owner TEXT NOT NULL,
  session_id TEXT NOT NULL, thread_id TEXT NOT NULL, sha256 TEXT, grantee_id TEXT,
  created_at TEXT NOT NULL, expires_at TEXT NOT NULL,
  body BLOB NOT NULL
) STRICT;
CREATE UNIQUE INDEX share_sha256 ON "share" (sha256);
CREATE UNIQUE INDEX share_grantee ON "share" (grantee_id, thread_id);
CREATE INDEX share_thread ON "share" (thread_id, created_at, id);

CREATE TABLE "comment" (
  row INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, owner TEXT NOT NULL,
  session_id TEXT NOT NULL, thread_id TEXT NOT NULL, created_at TEXT NOT NULL,
  body BLOB NOT NULL
) STRICT;
CREATE INDEX comment_thread ON "comment" (thread_id, created_at, id);
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES
  ('share', 'share_sha256', '10000 1'), ('share', 'share_grantee', '10000 10 1'),
  ('share', 'share_thread', '10000 2 1 1'), ('comment', 'comment_thread', '100000 5 1 1');
