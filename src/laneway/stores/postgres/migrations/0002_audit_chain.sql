-- Audit: entries are numbered in a chain, and what one says is never changed or removed.

INSERT INTO counter (name, value) VALUES ('audit', 0);

CREATE FUNCTION audit_stays() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN RAISE EXCEPTION 'audit entries are not changed or removed' USING ERRCODE = 'restrict_violation'; END $$;
CREATE TRIGGER audit_stays BEFORE DELETE ON "audit" FOR EACH ROW EXECUTE FUNCTION audit_stays();
CREATE TRIGGER audit_stays_whole BEFORE TRUNCATE ON "audit" EXECUTE FUNCTION audit_stays();
CREATE TRIGGER audit_is_not_changed BEFORE UPDATE ON "audit"
FOR EACH ROW WHEN (OLD.body IS DISTINCT FROM NEW.body) EXECUTE FUNCTION audit_stays();
