-- Templates of users, and what users think of messages.

CREATE INDEX template_owner ON "template" (owner, name, id);
CREATE INDEX vote_thread ON "vote" (thread_id, at, id);
