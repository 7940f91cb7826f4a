-- What shares of threads and the comments beside them are looked for by.

CREATE INDEX share_thread ON "share" (thread_id, created_at, id);
CREATE INDEX comment_thread ON "comment" (thread_id, created_at, id);
