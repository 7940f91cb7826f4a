-- Labels: tags and metadata of threads, one row each, with what lists are filtered and ordered by.

CREATE TABLE thread_label (
  owner TEXT NOT NULL, "column" TEXT NOT NULL, "key" TEXT NOT NULL, value TEXT NOT NULL, id TEXT NOT NULL,
  session_id TEXT NOT NULL, agent_id TEXT NOT NULL, kind TEXT NOT NULL, status TEXT NOT NULL, title TEXT NOT NULL,
  pinned INTEGER NOT NULL, archived INTEGER NOT NULL, unread INTEGER NOT NULL, active_at TEXT NOT NULL,
  created_at TEXT NOT NULL, deleted INTEGER NOT NULL,
  PRIMARY KEY (owner, "column", "key", value, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX thread_label_id ON thread_label (id);

CREATE VIEW thread_labels AS
  SELECT t.owner, 'tags' AS "column", '' AS "key", part.value AS value, t.id, t.session_id, t.agent_id, t.kind,
    t.status, t.title, t.pinned, t.archived, t.unread, t.active_at, t.created_at, t.deleted
  FROM "thread" AS t, json_each(t.tags) AS part
  UNION ALL
  -- Numbers and booleans match as they are written, because a value in an address has no type.
  SELECT t.owner, 'metadata', pair.key,
    CASE pair.type WHEN 'true' THEN 'true' WHEN 'false' THEN 'false' ELSE CAST(pair.value AS TEXT) END,
    t.id, t.session_id, t.agent_id, t.kind, t.status, t.title, t.pinned, t.archived, t.unread, t.active_at,
    t.created_at, t.deleted
  FROM "thread" AS t, json_each(t.metadata) AS pair WHERE pair.type NOT IN ('object', 'array', 'null');

INSERT OR IGNORE INTO thread_label SELECT * FROM thread_labels;

CREATE TRIGGER thread_label_made AFTER INSERT ON "thread" WHEN NEW.tags <> '[]' OR NEW.metadata <> '{}'
BEGIN
  INSERT OR IGNORE INTO thread_label SELECT * FROM thread_labels WHERE id = NEW.id;
END;
CREATE TRIGGER thread_label_changed AFTER UPDATE OF tags, metadata ON "thread"
BEGIN
  DELETE FROM thread_label WHERE id = NEW.id;
  INSERT OR IGNORE INTO thread_label SELECT * FROM thread_labels WHERE id = NEW.id;
END;
CREATE TRIGGER thread_label_follows
AFTER UPDATE OF session_id, agent_id, kind, status, title, pinned, archived, unread, active_at, created_at, deleted
ON "thread" WHEN NEW.tags <> '[]' OR NEW.metadata <> '{}'
BEGIN
  UPDATE thread_label SET session_id = NEW.session_id, agent_id = NEW.agent_id, kind = NEW.kind, status = NEW.status,
    title = NEW.title, pinned = NEW.pinned, archived = NEW.archived, unread = NEW.unread, active_at = NEW.active_at,
    created_at = NEW.created_at, deleted = NEW.deleted
  WHERE id = NEW.id;
END;
CREATE TRIGGER thread_label_gone AFTER DELETE ON "thread"
BEGIN
  DELETE FROM thread_label WHERE id = OLD.id;
END;

-- Totals of whole lists, by an index that no message touches; and unread ones in the order of activity.
CREATE INDEX thread_total ON "thread" (owner, deleted, archived, kind, session_id, agent_id, pinned);
DROP INDEX thread_activity;
CREATE INDEX thread_activity
  ON "thread" (owner, active_at, id, session_id, kind, archived, deleted, status, agent_id, pinned, unread);
DROP INDEX thread_session_activity;
CREATE INDEX thread_session_activity
  ON "thread" (session_id, active_at, id, owner, kind, archived, deleted, status, agent_id, pinned, unread);

-- Measures of turns, for analytics.
ALTER TABLE "turn" ADD COLUMN "day" TEXT NOT NULL DEFAULT '';
ALTER TABLE "turn" ADD COLUMN agent TEXT NOT NULL DEFAULT '';
ALTER TABLE "turn" ADD COLUMN failed INTEGER NOT NULL DEFAULT 0;
ALTER TABLE "turn" ADD COLUMN messages INTEGER NOT NULL DEFAULT 0;
ALTER TABLE "turn" ADD COLUMN input_tokens INTEGER NOT NULL DEFAULT 0;
ALTER TABLE "turn" ADD COLUMN output_tokens INTEGER NOT NULL DEFAULT 0;
ALTER TABLE "turn" ADD COLUMN cost_nano_usd INTEGER NOT NULL DEFAULT 0;
ALTER TABLE "turn" ADD COLUMN duration_ms INTEGER;
UPDATE "turn" SET
  "day" = substr(started_at, 1, 10),
  agent = coalesce(json_extract(CAST(body AS TEXT), '$.runs[0].agent'), ''),
  failed = status = 'failed',
  input_tokens = coalesce(json_extract(CAST(body AS TEXT), '$.usage.input_tokens'), 0),
  output_tokens = coalesce(json_extract(CAST(body AS TEXT), '$.usage.output_tokens'), 0),
  cost_nano_usd = CAST(round(coalesce(json_extract(CAST(body AS TEXT), '$.usage.cost_usd'), 0) * 1000000000) AS INTEGER),
  duration_ms = CAST(round(
    (julianday(json_extract(CAST(body AS TEXT), '$.finished_at')) - julianday(started_at)) * 86400000) AS INTEGER);
CREATE INDEX turn_measures ON "turn" (
  owner, started_at, session_id, thread_id, "day", agent, failed, messages, input_tokens, output_tokens, cost_nano_usd,
  duration_ms
);

DELETE FROM sqlite_stat1 WHERE idx IN ('thread_activity', 'thread_session_activity');
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES
  ('thread', 'thread_activity', '1000000 1000 1 1 1 1 1 1 1 1 1 1'),
  ('thread', 'thread_session_activity', '1000000 100 1 1 1 1 1 1 1 1 1 1'),
  ('thread', 'thread_total', '1000000 1000 900 800 700 100 50 40'),
  ('thread_label', 'thread_label_id', '1000000 3'),
  ('turn', 'turn_measures', '9000000 9000 1 1 1 1 1 1 1 1 1 1 1');
