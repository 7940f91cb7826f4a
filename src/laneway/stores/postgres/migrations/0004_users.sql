-- What users and audit entries are looked for by.

CREATE INDEX user_administers ON "user" (administers) WHERE administers IS NOT NULL;
CREATE INDEX audit_owner ON "audit" (owner, number);
CREATE INDEX audit_act ON "audit" (act, number);
CREATE INDEX audit_subject ON "audit" (subject, number);
