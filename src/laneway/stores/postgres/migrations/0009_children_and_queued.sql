-- Children: the threads that spawned a thread, nearest first, and whose turn waits for it.
CREATE INDEX thread_parent ON "thread" (parent_thread_id) WHERE parent_thread_id IS NOT NULL;
CREATE INDEX thread_ancestor_2 ON "thread" (ancestor_2) WHERE ancestor_2 IS NOT NULL;
CREATE INDEX thread_ancestor_3 ON "thread" (ancestor_3) WHERE ancestor_3 IS NOT NULL;
CREATE INDEX thread_awaited ON "thread" (awaited_by) WHERE awaited_by IS NOT NULL;

-- The sweep looks for queued threads every second, among however many there are.
CREATE INDEX thread_status ON "thread" (status, id);
