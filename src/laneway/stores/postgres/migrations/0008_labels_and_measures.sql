-- Tags and metadata of threads are found by what they contain.
CREATE INDEX thread_tags ON "thread" USING gin ((tags::jsonb) jsonb_path_ops);
CREATE INDEX thread_metadata ON "thread" USING gin ((metadata::jsonb) jsonb_path_ops);

-- Totals of whole lists, by an index that no message touches; and unread ones in the order of activity.
CREATE INDEX thread_total ON "thread" (owner, deleted, archived, kind, session_id, agent_id, pinned);
DROP INDEX thread_activity;
CREATE INDEX thread_activity
  ON "thread" (owner, active_at, id, session_id, kind, archived, deleted, status, agent_id, pinned, unread);
DROP INDEX thread_session_activity;
CREATE INDEX thread_session_activity
  ON "thread" (session_id, active_at, id, owner, kind, archived, deleted, status, agent_id, pinned, unread);

-- Measures of turns, for analytics.
CREATE INDEX turn_measures ON "turn" (
  owner, started_at, session_id, thread_id, "day", agent, failed, messages, input_tokens, output_tokens, cost_nano_usd,
  duration_ms
);
