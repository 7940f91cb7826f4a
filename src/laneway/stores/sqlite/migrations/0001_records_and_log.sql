-- Makes the table of statistics, which is filled at the end. Nothing may be there to be counted yet: the planner would
-- take a table that is almost empty now for one that always is.
ANALYZE;

-- Records: one table a kind. `row` keeps the order of the first put; a record's text lies in `body` alone, and the
-- columns beside it are those that the kind declares. `body` comes last, so that the columns are read without it.

CREATE TABLE "user" (
  row INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, owner TEXT NOT NULL,
  name TEXT NOT NULL,
  body BLOB NOT NULL
) STRICT;
CREATE UNIQUE INDEX user_name ON "user" (name);
CREATE INDEX user_owner ON "user" (owner);

CREATE TABLE "key" (
  row INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, owner TEXT NOT NULL,
  sha256 TEXT NOT NULL, revoked INTEGER NOT NULL, created_at TEXT NOT NULL,
  body BLOB NOT NULL
) STRICT;
CREATE UNIQUE INDEX key_sha256 ON "key" (sha256);
CREATE INDEX key_owner ON "key" (owner, created_at, id);

CREATE TABLE "login" (
  row INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, owner TEXT NOT NULL,
  sha256 TEXT NOT NULL, expires_at TEXT NOT NULL, key_id TEXT NOT NULL,
  body BLOB NOT NULL
) STRICT;
CREATE UNIQUE INDEX login_sha256 ON "login" (sha256);
CREATE INDEX login_owner ON "login" (owner);
CREATE INDEX login_key ON "login" (key_id);
CREATE INDEX login_expiry ON "login" (expires_at);

CREATE TABLE "audit" (
  row INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, owner TEXT NOT NULL,
  at TEXT NOT NULL,
  body BLOB NOT NULL
) STRICT;
CREATE INDEX audit_at ON "audit" (at, id);

CREATE TABLE "idempotency" (
  row INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, owner TEXT NOT NULL,
  created_at TEXT NOT NULL, thread_id TEXT, session_id TEXT, "offset" INTEGER NOT NULL,
  body BLOB NOT NULL
) STRICT;
CREATE INDEX idempotency_age ON "idempotency" (created_at);
CREATE INDEX idempotency_thread ON "idempotency" (thread_id) WHERE thread_id IS NOT NULL;
CREATE INDEX idempotency_session ON "idempotency" (session_id) WHERE session_id IS NOT NULL;

CREATE TABLE "node" (
  row INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, owner TEXT NOT NULL,
  beat_at TEXT NOT NULL,
  body BLOB NOT NULL
) STRICT;

CREATE TABLE "session" (
  row INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, owner TEXT NOT NULL,
  updated_at TEXT NOT NULL, deleted INTEGER NOT NULL, default_of TEXT, state_untold INTEGER NOT NULL,
  body BLOB NOT NULL
) STRICT;
CREATE UNIQUE INDEX session_default ON "session" (default_of) WHERE default_of IS NOT NULL;
CREATE INDEX session_owner ON "session" (owner, updated_at, id, deleted);
CREATE INDEX session_untold ON "session" (state_untold);

CREATE TABLE "note" (
  row INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, owner TEXT NOT NULL,
  session_id TEXT NOT NULL, prompt INTEGER NOT NULL, "key" TEXT, created_at TEXT NOT NULL,
  body BLOB NOT NULL
) STRICT;
CREATE INDEX note_session ON "note" (session_id, created_at, id);

CREATE TABLE "entry" (
  row INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, owner TEXT NOT NULL,
  session_id TEXT NOT NULL, collection TEXT NOT NULL, "key" TEXT NOT NULL,
  body BLOB NOT NULL
) STRICT;
CREATE INDEX entry_session ON "entry" (session_id, collection, "key");

CREATE TABLE "attachment" (
  row INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, owner TEXT NOT NULL,
  session_id TEXT NOT NULL, sha256 TEXT NOT NULL, created_at TEXT NOT NULL,
  body BLOB NOT NULL
) STRICT;
CREATE INDEX attachment_session ON "attachment" (session_id, created_at, id);
CREATE INDEX attachment_sha256 ON "attachment" (sha256);
CREATE INDEX attachment_owner ON "attachment" (owner);

CREATE TABLE "selection" (
  row INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, owner TEXT NOT NULL,
  session_id TEXT NOT NULL, thread_id TEXT NOT NULL,
  body BLOB NOT NULL
) STRICT;
CREATE INDEX selection_session ON "selection" (session_id);
CREATE INDEX selection_thread ON "selection" (thread_id);

CREATE TABLE "timer" (
  row INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, owner TEXT NOT NULL,
  session_id TEXT NOT NULL, due_at TEXT, created_at TEXT NOT NULL,
  body BLOB NOT NULL
) STRICT;
CREATE INDEX timer_due ON "timer" (due_at, id) WHERE due_at IS NOT NULL;
CREATE INDEX timer_session ON "timer" (session_id, created_at, id);

CREATE TABLE "firing" (
  row INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, owner TEXT NOT NULL,
  session_id TEXT NOT NULL, source TEXT NOT NULL, occurrence TEXT NOT NULL, at TEXT NOT NULL,
  body BLOB NOT NULL
) STRICT;
CREATE UNIQUE INDEX firing_occurrence ON "firing" (source, occurrence);
CREATE INDEX firing_session ON "firing" (session_id, at, id);

CREATE TABLE "thread" (
  row INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, owner TEXT NOT NULL,
  session_id TEXT NOT NULL, agent_id TEXT NOT NULL, kind TEXT NOT NULL, status TEXT NOT NULL, active_turn_id TEXT,
  title TEXT NOT NULL, tags TEXT NOT NULL, metadata TEXT NOT NULL, pinned INTEGER NOT NULL,
  archived INTEGER NOT NULL, unread INTEGER NOT NULL, queue_depth INTEGER NOT NULL, active_at TEXT NOT NULL,
  created_at TEXT NOT NULL, updated_at TEXT NOT NULL, deleted INTEGER NOT NULL, alert_source TEXT,
  body BLOB NOT NULL
) STRICT;
-- What follows the id in an index is there for filters and totals: they are then answered from the index alone.
CREATE INDEX thread_activity
  ON "thread" (owner, active_at, id, session_id, kind, archived, deleted, status, agent_id, pinned);
CREATE INDEX thread_age ON "thread" (owner, created_at, id, session_id, kind, archived, deleted);
CREATE INDEX thread_title ON "thread" (owner, title, id, session_id, kind, archived, deleted);
CREATE INDEX thread_unread ON "thread" (owner, unread, id, session_id, kind, archived, deleted);
CREATE INDEX thread_session_activity
  ON "thread" (session_id, active_at, id, owner, kind, archived, deleted, status, agent_id, pinned);
CREATE INDEX thread_session_age ON "thread" (session_id, created_at, id, owner, kind, archived, deleted);
CREATE INDEX thread_session_title ON "thread" (session_id, title, id, owner, kind, archived, deleted);
CREATE INDEX thread_session_unread ON "thread" (session_id, unread, id, owner, kind, archived, deleted);
CREATE INDEX thread_alert ON "thread" (alert_source) WHERE alert_source IS NOT NULL;

CREATE TABLE "turn" (
  row INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, owner TEXT NOT NULL,
  session_id TEXT NOT NULL, thread_id TEXT NOT NULL, "number" INTEGER NOT NULL, status TEXT NOT NULL,
  fence INTEGER NOT NULL, node TEXT, started_at TEXT NOT NULL,
  body BLOB NOT NULL
) STRICT;
-- One turn a thread: the rule that makes a second claim impossible, whatever the code above it does.
CREATE UNIQUE INDEX turn_active ON "turn" (thread_id) WHERE status IN ('running', 'waiting', 'needs_review');
CREATE INDEX turn_status ON "turn" (status, session_id, id) WHERE status IN ('running', 'waiting', 'needs_review');
CREATE INDEX turn_thread ON "turn" (thread_id, "number", id);

CREATE TABLE "item" (
  row INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, owner TEXT NOT NULL,
  session_id TEXT NOT NULL, thread_id TEXT NOT NULL, turn_id TEXT NOT NULL, role TEXT NOT NULL, state TEXT NOT NULL,
  "open" INTEGER, seq INTEGER NOT NULL,
  body BLOB NOT NULL
) STRICT;
CREATE INDEX item_thread ON "item" (thread_id, seq, id);
CREATE INDEX item_turn ON "item" (turn_id);
CREATE INDEX item_open ON "item" (thread_id) WHERE "open" IS NOT NULL;

CREATE TABLE "queue_item" (
  row INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, owner TEXT NOT NULL,
  session_id TEXT NOT NULL, thread_id TEXT NOT NULL, turn_id TEXT, state TEXT NOT NULL, "open" INTEGER,
  body BLOB NOT NULL
) STRICT;
CREATE INDEX queue_item_thread ON "queue_item" (thread_id, "open");
CREATE INDEX queue_item_waiting ON "queue_item" (owner, "open") WHERE "open" IS NOT NULL;

CREATE TABLE "approval" (
  row INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, owner TEXT NOT NULL,
  session_id TEXT NOT NULL, thread_id TEXT NOT NULL, turn_id TEXT NOT NULL, state TEXT NOT NULL, at TEXT NOT NULL,
  body BLOB NOT NULL
) STRICT;
CREATE INDEX approval_owner ON "approval" (owner, state, at, id);
CREATE INDEX approval_thread ON "approval" (thread_id);
CREATE INDEX approval_turn ON "approval" (turn_id);

CREATE TABLE "lane" (
  row INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, owner TEXT NOT NULL,
  session_id TEXT NOT NULL, thread_id TEXT, workflow TEXT NOT NULL, scope TEXT NOT NULL, agent TEXT NOT NULL,
  updated_at TEXT NOT NULL,
  body BLOB NOT NULL
) STRICT;
CREATE INDEX lane_owner ON "lane" (owner, updated_at, id);
CREATE INDEX lane_session ON "lane" (session_id);
CREATE INDEX lane_thread ON "lane" (thread_id) WHERE thread_id IS NOT NULL;

-- The log. `row` is the commit's position and the event's ordinal in one number (position * 2^20 + ordinal): row order
-- is commit order, and an index on the owner alone serves reads in that order. A tombstone keeps its numbers and has
-- an empty type, owner and body.

CREATE TABLE event (
  row INTEGER PRIMARY KEY, log TEXT NOT NULL, "offset" INTEGER NOT NULL, seq INTEGER,
  type TEXT NOT NULL, owner TEXT NOT NULL, session_id TEXT, thread_id TEXT,
  item_id TEXT, -- set for deltas only
  survives INTEGER NOT NULL, at TEXT NOT NULL,
  body BLOB NOT NULL
) STRICT;
CREATE UNIQUE INDEX event_offset ON event (log, "offset");
CREATE INDEX event_thread ON event (thread_id, "offset") WHERE thread_id IS NOT NULL;
CREATE INDEX event_owner ON event (owner);
CREATE INDEX event_elsewhere ON event (session_id) WHERE session_id IS NOT NULL AND session_id <> log;
CREATE INDEX event_delta ON event (item_id, "offset") WHERE item_id IS NOT NULL;
CREATE INDEX event_delta_age ON event (at) WHERE item_id IS NOT NULL;

CREATE TABLE log (
  name TEXT PRIMARY KEY,
  tail INTEGER NOT NULL, -- the last offset that was given
  oldest INTEGER NOT NULL DEFAULT 0, -- the last offset that was pruned by retention
  longest_fold INTEGER NOT NULL DEFAULT 0 -- how far apart the ends of a pruned range of deltas are at most
) STRICT, WITHOUT ROWID;

CREATE TABLE thread_log (thread_id TEXT PRIMARY KEY, tail INTEGER NOT NULL) STRICT, WITHOUT ROWID;

CREATE TABLE counter (name TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT, WITHOUT ROWID;
INSERT INTO counter (name, value) VALUES ('position', 0), ('search', 0), ('scrub', 0);

-- What reads in the order of an owner's commits need to know of what is gone.
CREATE TABLE owner_log (
  owner TEXT PRIMARY KEY,
  oldest INTEGER NOT NULL DEFAULT 0, -- the last row that was pruned by retention
  longest_fold INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;

-- Ranges of deltas that were pruned after their item ended. A cursor inside one has seen half of an item.
CREATE TABLE fold (
  log TEXT NOT NULL, first_offset INTEGER NOT NULL, last_offset INTEGER NOT NULL, thread_id TEXT NOT NULL,
  owner TEXT NOT NULL, first_row INTEGER NOT NULL, last_row INTEGER NOT NULL,
  PRIMARY KEY (log, first_offset, last_offset)
) STRICT, WITHOUT ROWID;
CREATE INDEX fold_thread ON fold (thread_id);
CREATE INDEX fold_owner ON fold (owner, first_row, last_row);

-- Threads and sessions that are being erased. Nothing of them is read any more.
CREATE TABLE hidden (id TEXT PRIMARY KEY, progress INTEGER NOT NULL DEFAULT 0) STRICT, WITHOUT ROWID;

-- Search. `row` is the time of the entry in microseconds, so that row order is time order.
CREATE TABLE search_entry (
  row INTEGER PRIMARY KEY, owner TEXT NOT NULL, session_id TEXT NOT NULL, thread_id TEXT NOT NULL,
  item_id TEXT NOT NULL, at TEXT NOT NULL,
  UNIQUE (thread_id, item_id)
) STRICT;
CREATE VIRTUAL TABLE search_text USING fts5 (scope, text, tokenize = 'unicode61', detail = column);
-- Merging less often keeps the longest step of the writer at a third: no commit waits 100 ms for it.
INSERT INTO search_text (search_text, rank) VALUES ('secure-delete', 1), ('automerge', 8), ('crisismerge', 32);

-- Statistics, by hand: how the planner chooses must not depend on when somebody ran ANALYZE, and on what. Each line says
-- how many rows an index has, and how many share its first column, its first two, and so on.
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES
  ('session', 'session_owner', '100000 10 1 1 1'), ('session', 'session_default', '1000 1'),
  ('session', 'session_untold', '100000 50000'),
  ('key', 'key_owner', '1000 5 1 1'), ('login', 'login_owner', '1000 10'), ('login', 'login_key', '1000 3'),
  ('note', 'note_session', '10000 10 1 1'), ('entry', 'entry_session', '100000 100 20 1'),
  ('attachment', 'attachment_session', '10000 10 1 1'), ('attachment', 'attachment_owner', '10000 100'),
  ('attachment', 'attachment_sha256', '10000 1'), ('timer', 'timer_session', '10000 10 1 1'),
  ('timer', 'timer_due', '1000 1 1'), ('firing', 'firing_session', '100000 50 1 1'),
  ('firing', 'firing_occurrence', '100000 100 1'), ('selection', 'selection_session', '10000 1'),
  ('selection', 'selection_thread', '10000 1'),
  ('thread', 'thread_activity', '1000000 1000 1 1 1 1 1 1 1 1 1'), ('thread', 'thread_age', '1000000 1000 1 1 1 1 1 1'),
  ('thread', 'thread_title', '1000000 1000 2 1 1 1 1 1'), ('thread', 'thread_unread', '1000000 1000 300 1 1 1 1 1'),
  ('thread', 'thread_session_activity', '1000000 100 1 1 1 1 1 1 1 1 1'),
  ('thread', 'thread_session_age', '1000000 100 1 1 1 1 1 1'),
  ('thread', 'thread_session_title', '1000000 100 2 1 1 1 1 1'),
  ('thread', 'thread_session_unread', '1000000 100 30 1 1 1 1 1'), ('thread', 'thread_alert', '10000 10'),
  ('turn', 'turn_active', '200 1'), ('turn', 'turn_status', '200 100 2 1'), ('turn', 'turn_thread', '9000000 10 1 1'),
  ('item', 'item_thread', '40000000 40 1 1'), ('item', 'item_turn', '40000000 4'), ('item', 'item_open', '200 1'),
  ('queue_item', 'queue_item_thread', '9000000 10 2'), ('queue_item', 'queue_item_waiting', '9000000 100 50'),
  ('approval', 'approval_owner', '10000 100 50 1 1'), ('approval', 'approval_thread', '10000 3'),
  ('approval', 'approval_turn', '10000 2'),
  ('lane', 'lane_owner', '10000 100 1 1'), ('lane', 'lane_session', '10000 20'), ('lane', 'lane_thread', '10000 3'),
  ('event', 'event_offset', '90000000 900 1'), ('event', 'event_thread', '90000000 90 1'),
  ('event', 'event_owner', '90000000 90000'), ('event', 'event_elsewhere', '100000 2'),
  ('event', 'event_delta', '9000000 50 1'), ('event', 'event_delta_age', '9000000 1');
