-- Totals: how many threads there are of each sort, so that the total of a long list is added up, not counted.

DROP INDEX thread_total;
CREATE TABLE thread_total (
  owner TEXT NOT NULL, deleted INTEGER NOT NULL, archived INTEGER NOT NULL, kind TEXT NOT NULL,
  session_id TEXT NOT NULL, agent_id TEXT NOT NULL, pinned INTEGER NOT NULL, many INTEGER NOT NULL,
  PRIMARY KEY (owner, deleted, archived, kind, session_id, agent_id, pinned)
) STRICT, WITHOUT ROWID;

INSERT INTO thread_total
  SELECT owner, deleted, archived, kind, session_id, agent_id, pinned, count(*) FROM "thread" GROUP BY 1, 2, 3, 4, 5, 6, 7;

CREATE TRIGGER thread_total_more AFTER INSERT ON "thread"
BEGIN
  INSERT INTO thread_total
    VALUES (NEW.owner, NEW.deleted, NEW.archived, NEW.kind, NEW.session_id, NEW.agent_id, NEW.pinned, 1)
    ON CONFLICT DO UPDATE SET many = many + 1;
END;
CREATE TRIGGER thread_total_less AFTER DELETE ON "thread"
BEGIN
  UPDATE thread_total SET many = many - 1
    WHERE (owner, deleted, archived, kind, session_id, agent_id, pinned)
      = (OLD.owner, OLD.deleted, OLD.archived, OLD.kind, OLD.session_id, OLD.agent_id, OLD.pinned);
  DELETE FROM thread_total WHERE owner = OLD.owner AND deleted = OLD.deleted AND many = 0;
END;
CREATE TRIGGER thread_total_moved
AFTER UPDATE OF owner, deleted, archived, kind, session_id, agent_id, pinned ON "thread"
BEGIN
  UPDATE thread_total SET many = many - 1
    WHERE (owner, deleted, archived, kind, session_id, agent_id, pinned)
      = (OLD.owner, OLD.deleted, OLD.archived, OLD.kind, OLD.session_id, OLD.agent_id, OLD.pinned);
  INSERT INTO thread_total
    VALUES (NEW.owner, NEW.deleted, NEW.archived, NEW.kind, NEW.session_id, NEW.agent_id, NEW.pinned, 1)
    ON CONFLICT DO UPDATE SET many = many + 1;
  DELETE FROM thread_total WHERE owner = OLD.owner AND deleted = OLD.deleted AND many = 0;
END;
DELETE FROM sqlite_stat1 WHERE idx = 'thread_total';
