-- Users: who administers, so that the last one is known; and what audit entries are looked for by.

ALTER TABLE "user" ADD COLUMN administers INTEGER;
UPDATE "user" SET administers = 1
WHERE json_extract(CAST(body AS TEXT), '$.active') AND json_extract(CAST(body AS TEXT), '$.role') IN ('admin', 'owner');
CREATE INDEX user_administers ON "user" (administers) WHERE administers IS NOT NULL;

ALTER TABLE "audit" ADD COLUMN act TEXT NOT NULL DEFAULT '';
ALTER TABLE "audit" ADD COLUMN subject TEXT NOT NULL DEFAULT '';
UPDATE "audit" SET
  act = json_extract(CAST(body AS TEXT), '$.act'), subject = json_extract(CAST(body AS TEXT), '$.subject');
CREATE INDEX audit_owner ON "audit" (owner, number);
CREATE INDEX audit_act ON "audit" (act, number);
CREATE INDEX audit_subject ON "audit" (subject, number);
