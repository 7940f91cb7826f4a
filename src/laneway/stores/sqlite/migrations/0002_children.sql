-- Children: the threads that spawned a thread, nearest first, and whose turn waits for it.

ALTER TABLE "thread" ADD COLUMN parent_thread_id TEXT;
ALTER TABLE "thread" ADD COLUMN ancestor_2 TEXT;
ALTER TABLE "thread" ADD COLUMN ancestor_3 TEXT;
ALTER TABLE "thread" ADD COLUMN awaited_by TEXT;
CREATE INDEX thread_parent ON "thread" (parent_thread_id) WHERE parent_thread_id IS NOT NULL;
CREATE INDEX thread_ancestor_2 ON "thread" (ancestor_2) WHERE ancestor_2 IS NOT NULL;
CREATE INDEX thread_ancestor_3 ON "thread" (ancestor_3) WHERE ancestor_3 IS NOT NULL;
CREATE INDEX thread_awaited ON "thread" (awaited_by) WHERE awaited_by IS NOT NULL;
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES
  ('thread', 'thread_parent', '100000 4'), ('thread', 'thread_ancestor_2', '10000 8'),
  ('thread', 'thread_ancestor_3', '10000 8'), ('thread', 'thread_awaited', '100 1');
