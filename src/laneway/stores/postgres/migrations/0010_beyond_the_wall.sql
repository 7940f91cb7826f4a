-- Beyond the wall: what a user's transaction has to know of everybody's rows.

CREATE FUNCTION newest_row() RETURNS BIGINT LANGUAGE sql STABLE SECURITY DEFINER SET search_path FROM CURRENT AS $$
  SELECT greatest(
    coalesce((SELECT max(row) FROM event WHERE row < (pg_snapshot_xmin(pg_current_snapshot())::text::bigint << 20)), 0),
    (SELECT value FROM counter WHERE name = 'newest_pruned')
  )
$$;

CREATE FUNCTION audit_of_number(wanted BIGINT) RETURNS BYTEA LANGUAGE sql STABLE SECURITY DEFINER
SET search_path FROM CURRENT AS $$ SELECT body FROM "audit" WHERE number = wanted $$;
