-- What the declarations of the kinds do not say: indexes for the questions that are asked, the log, and the search.
-- The kinds' tables are made before, from the kinds themselves (schema.py).

-- One turn a thread: the rule that makes a second claim impossible, whatever the code above it does.
CREATE UNIQUE INDEX turn_active ON "turn" (thread_id) WHERE status IN ('running', 'waiting', 'needs_review');

CREATE INDEX user_owner ON "user" (owner);
CREATE INDEX key_owner ON "key" (owner, created_at, id);
CREATE INDEX login_owner ON "login" (owner);
CREATE INDEX login_key ON "login" (key_id);
CREATE INDEX login_expiry ON "login" (expires_at);
CREATE INDEX audit_at ON "audit" (at, id);
CREATE INDEX idempotency_age ON "idempotency" (created_at);
CREATE INDEX idempotency_thread ON "idempotency" (thread_id) WHERE thread_id IS NOT NULL;
CREATE INDEX idempotency_session ON "idempotency" (session_id) WHERE session_id IS NOT NULL;
CREATE INDEX session_owner ON "session" (owner, updated_at, id, deleted);
CREATE INDEX session_untold ON "session" (state_untold);
CREATE INDEX note_session ON "note" (session_id, created_at, id);
CREATE INDEX entry_session ON "entry" (session_id, collection, "key");
CREATE INDEX attachment_session ON "attachment" (session_id, created_at, id);
CREATE INDEX attachment_sha256 ON "attachment" (sha256);
CREATE INDEX attachment_owner ON "attachment" (owner);
CREATE INDEX selection_session ON "selection" (session_id);
CREATE INDEX selection_thread ON "selection" (thread_id);
CREATE INDEX timer_due ON "timer" (due_at NULLS FIRST, id) WHERE due_at IS NOT NULL;
CREATE INDEX timer_session ON "timer" (session_id, created_at, id);
CREATE INDEX firing_session ON "firing" (session_id, at, id);
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
CREATE INDEX turn_status ON "turn" (status, session_id, id) WHERE status IN ('running', 'waiting', 'needs_review');
CREATE INDEX turn_thread ON "turn" (thread_id, "number", id);
CREATE INDEX item_thread ON "item" (thread_id, seq, id);
CREATE INDEX item_turn ON "item" (turn_id);
CREATE INDEX item_open ON "item" (thread_id) WHERE "open" IS NOT NULL;
CREATE INDEX queue_item_thread ON "queue_item" (thread_id, "open");
CREATE INDEX queue_item_waiting ON "queue_item" (owner, "open") WHERE "open" IS NOT NULL;
CREATE INDEX approval_owner ON "approval" (owner, state, at, id);
CREATE INDEX approval_thread ON "approval" (thread_id);
CREATE INDEX approval_turn ON "approval" (turn_id);
CREATE INDEX lane_owner ON "lane" (owner, updated_at, id);
CREATE INDEX lane_session ON "lane" (session_id);
CREATE INDEX lane_thread ON "lane" (thread_id) WHERE thread_id IS NOT NULL;

-- The log. `row` is the commit's position and the event's ordinal in one number (position * 2^20 + ordinal): row order
-- is commit order, and an index on the owner alone serves reads in that order. A tombstone keeps its numbers and has
-- an empty type, owner and body.

CREATE TABLE event (
  row BIGINT PRIMARY KEY, log TEXT COLLATE "C" NOT NULL, "offset" BIGINT NOT NULL, seq BIGINT,
  type TEXT COLLATE "C" NOT NULL, owner TEXT COLLATE "C" NOT NULL, session_id TEXT COLLATE "C", thread_id TEXT COLLATE "C",
  item_id TEXT COLLATE "C", -- set for deltas only
  survives BIGINT NOT NULL, at TEXT COLLATE "C" NOT NULL,
  body BYTEA NOT NULL
);
CREATE UNIQUE INDEX event_offset ON event (log, "offset");
CREATE INDEX event_thread ON event (thread_id, "offset") WHERE thread_id IS NOT NULL;
CREATE INDEX event_owner ON event (owner, row);
CREATE INDEX event_elsewhere ON event (session_id) WHERE session_id IS NOT NULL AND session_id <> log;
CREATE INDEX event_delta ON event (item_id, "offset") WHERE item_id IS NOT NULL;
CREATE INDEX event_delta_age ON event (at) WHERE item_id IS NOT NULL;

CREATE TABLE log (
  name TEXT COLLATE "C" PRIMARY KEY,
  tail BIGINT NOT NULL, -- the last offset that was given
  oldest BIGINT NOT NULL DEFAULT 0, -- the last offset that was pruned by retention
  longest_fold BIGINT NOT NULL DEFAULT 0 -- how far apart the ends of a pruned range of deltas are at most
);

CREATE TABLE thread_log (thread_id TEXT COLLATE "C" PRIMARY KEY, tail BIGINT NOT NULL);

CREATE TABLE counter (name TEXT COLLATE "C" PRIMARY KEY, value BIGINT NOT NULL);
INSERT INTO counter (name, value) VALUES ('schema', 0), ('search', 0), ('newest_pruned', 0);

-- What reads in the order of an owner's commits need to know of what is gone.
CREATE TABLE owner_log (
  owner TEXT COLLATE "C" PRIMARY KEY,
  oldest BIGINT NOT NULL DEFAULT 0, -- the last row that was pruned by retention
  longest_fold BIGINT NOT NULL DEFAULT 0
);

-- Ranges of deltas that were pruned after their item ended. A cursor inside one has seen half of an item.
CREATE TABLE fold (
  log TEXT COLLATE "C" NOT NULL, first_offset BIGINT NOT NULL, last_offset BIGINT NOT NULL, thread_id TEXT COLLATE "C" NOT NULL,
  owner TEXT COLLATE "C" NOT NULL, first_row BIGINT NOT NULL, last_row BIGINT NOT NULL,
  PRIMARY KEY (log, first_offset, last_offset)
);
CREATE INDEX fold_thread ON fold (thread_id);
CREATE INDEX fold_owner ON fold (owner, first_row, last_row);

-- Threads and sessions that are being erased. Nothing of them is read any more.
CREATE TABLE hidden (id TEXT COLLATE "C" PRIMARY KEY, progress BIGINT NOT NULL DEFAULT 0);

-- Search. `terms` are the words of the text as `terms.py` cuts them.
CREATE TABLE search_entry (
  row BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY, owner TEXT COLLATE "C" NOT NULL, session_id TEXT COLLATE "C" NOT NULL, thread_id TEXT COLLATE "C" NOT NULL,
  item_id TEXT COLLATE "C" NOT NULL, at TEXT COLLATE "C" NOT NULL,
  text TEXT NOT NULL, terms TEXT[] COLLATE "C" NOT NULL,
  UNIQUE (thread_id, item_id)
);
CREATE INDEX search_entry_terms ON search_entry USING gin (terms);
