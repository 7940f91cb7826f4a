-- Origins: what imports have made of which names.

CREATE INDEX origin_session ON "origin" (session_id, id);
CREATE INDEX origin_thread ON "origin" (thread_id) WHERE thread_id IS NOT NULL;
