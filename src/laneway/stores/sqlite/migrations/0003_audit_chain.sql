-- Audit: entries are numbered in a chain, and what one says is never changed or removed.

ALTER TABLE "audit" ADD COLUMN number INTEGER;
CREATE UNIQUE INDEX audit_number ON "audit" (number);
INSERT INTO counter (name, value) VALUES ('audit', 0);

CREATE TRIGGER audit_stays BEFORE DELETE ON "audit" BEGIN SELECT RAISE(ABORT, 'audit entries stay'); END;
CREATE TRIGGER audit_is_not_changed BEFORE UPDATE ON "audit" WHEN OLD.body IS NOT NEW.body
BEGIN SELECT RAISE(ABORT, 'audit entries are not changed'); END;
