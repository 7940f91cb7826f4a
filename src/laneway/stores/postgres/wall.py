"""Wall: row-level security, behind the conditions that every statement has anyway.

Inside of the wall a transaction plays a role that sees and writes what belongs to the owners whom it names, whatever it
asks for, and nothing at all when it names none. The system's transactions play no role: the tables are its own.
"""

import re
from collections.abc import Collection, Iterable

from laneway.domain.errors import Conflict, Internal
from laneway.sql.table import quoted
from laneway.stores.postgres.connection import Connection
from laneway.stores.postgres.queries import SQL
from laneway.stores.postgres.table import TABLES

ROLE = "laneway_user"
WALLED = (*TABLES, "event", "fold", "owner_log")
"""What has owners. Not the search index, which could not be searched by its words behind a wall: those who search see
the entries of threads that they can see."""
SHARED = ("log", "thread_log", "counter", "hidden", "search_entry")
_OWN = "owner = ANY (string_to_array(current_setting('laneway.owners', TRUE), ','))"


async def raise_wall(connection: Connection) -> None:
    """Make the role and its policies, as far as they are missing; raises `Conflict` when that is not allowed."""
    try:
        async with connection.transaction():
            await connection.fetch(SQL["one_job"], ("migrate",))
            await connection.script(SQL["make_role"])
            # Not again at each start: what changes a table's rights has every process plan its statements anew.
            lacking = [name for (name,) in await connection.fetch(SQL["tables_without_rights"], ((*WALLED, *SHARED),))]
            if lacking:
                (schema,) = await connection.single("SELECT quote_ident(current_schema())")
                await connection.script(f"GRANT USAGE ON SCHEMA {schema} TO {ROLE}; {_rights(lacking)}")
            await connection.script(behind(()))
        for name in sorted(set(WALLED) - await _walled(connection)):
            # Each by itself: what waits for one table must hold up nobody at another.
            async with connection.transaction():
                await connection.fetch(SQL["one_job"], ("migrate",))
                if name not in await _walled(connection):
                    await connection.script(_wall_of(name))
    except Internal as error:
        raise Conflict(
            f"The wall between users could not be raised: {error.detail}",
            hint=f"Let an administrator run: CREATE ROLE {ROLE} NOLOGIN; GRANT {ROLE} TO the user of `database_url`.",
        ) from error


async def _walled(connection: Connection) -> set[str]:
    return {name for (name,) in await connection.fetch(SQL["walled_tables"])}


def behind(owners: Collection[str]) -> str:
    """The statements after which the rest of a transaction is inside of the wall."""
    if not all(re.fullmatch(r"[\w.@-]+", owner) for owner in owners):
        raise Internal("A user's id has characters that no id has.")
    return f"SET LOCAL ROLE {ROLE}; SET LOCAL laneway.owners = '{','.join(sorted(owners))}'"


def _wall_of(name: str) -> str:
    table = quoted(name)
    texts = [f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY", f"CREATE POLICY own ON {table} TO {ROLE} USING ({_OWN})"]
    if name == "event":
        # What a user does may be told to others, as that a thread is shared with them: they read it, the user does not.
        texts.append(f"CREATE POLICY tell ON {table} FOR INSERT TO {ROLE} WITH CHECK (TRUE)")
    return "; ".join(texts)


def _rights(names: Iterable[str]) -> str:
    return f"GRANT SELECT, INSERT, UPDATE, DELETE ON {', '.join(map(quoted, names))} TO {ROLE}"
