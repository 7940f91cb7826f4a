"""Schema: the kinds' tables as their declarations have them, and the migrations, which only add."""

import re
from pathlib import Path

from laneway.domain.errors import Conflict
from laneway.sql.sight import Sight
from laneway.sql.table import quoted
from laneway.stores.postgres.connection import Connection, connect
from laneway.stores.postgres.queries import SQL
from laneway.stores.postgres.table import TABLES, Table

MIGRATIONS = Path(__file__).with_name("migrations")
_EVERYTHING = Sight(None, erasing=False)


async def migrate(connection: Connection) -> None:
    """Bring the schema up to date, whole or not at all; of several processes that start, one does it."""
    async with connection.transaction():
        await connection.fetch(SQL["one_job"], ("migrate",))
        version, migrations = await _version(connection), known_migrations()
        check_version(version)
        for table in TABLES.values():
            await _declare(connection, table)
        for number in range(version + 1, max(migrations) + 1):
            await connection.script(migrations[number].read_text(encoding="utf-8"))
        await connection.execute(SQL["note_schema_version"], (max(migrations),))
        await _check_positions(connection)


async def examine(url: str) -> tuple[str, bool]:
    """What a server says of itself, and whether its schema is this program's; changes nothing."""
    connection = await connect(url)
    try:
        (server,) = await connection.single("SELECT current_setting('server_version')")
        version, newest = await _version(connection), NEWEST
    finally:
        await connection.close()
    check_version(version)
    told = f"schema version {version} of {newest}" if version else "no schema yet"
    return f"Postgres {server}, {told}", version == newest


async def _version(connection: Connection) -> int:
    (has_schema,) = await connection.single("SELECT to_regclass('counter') IS NOT NULL")
    return int((await connection.single(SQL["schema_version"]))[0]) if has_schema else 0


def check_version(version: int) -> None:
    """Refuse a schema that a newer program has made."""
    if version > NEWEST:
        raise Conflict(
            f"The database has schema version {version}; this program knows {NEWEST}.",
            hint="Start the newer Laneway that wrote it.",
        )


async def _check_positions(connection: Connection) -> None:
    """Refuse a log that was restored into a younger server: what it appends would sort before what is there.

    What others commit meanwhile is no such thing: positions are compared with the next that the same snapshot knows of.
    """
    if (await connection.single(SQL["has_positions_to_come"]))[0]:
        raise Conflict(
            "The log holds positions that this server's transaction ids have not reached.",
            hint="Restore a physical backup, or set the next transaction id with pg_resetwal before the first start.",
        )


def known_migrations() -> dict[int, Path]:
    """The migrations that ship with this program, by number."""
    return {int(re.sub(r"_.*", "", path.stem)): path for path in sorted(MIGRATIONS.glob("*.sql"))}


NEWEST = max(known_migrations())
"""The version that this program knows."""


async def _declare(connection: Connection, table: Table) -> None:
    """Make a kind's table, or the columns of it that are new, and its unique indexes."""
    found = {name for (name,) in await connection.fetch(SQL["columns"], (table.kind.name,))}
    added = [name for name in table.columns if name not in found]
    if not found:
        await connection.script(table_text(table))
    elif added:
        await _add_columns(connection, table, added)
    for names in table.kind.unique:
        columns = ", ".join(map(quoted, names))
        index = quoted("_".join((table.kind.name, *names, "unique")))
        await connection.script(f"CREATE UNIQUE INDEX IF NOT EXISTS {index} ON {table.name} ({columns})")


def table_text(table: Table) -> str:
    """The statement that makes a kind's table. `row` keeps the order of the first put."""
    columns = "".join(f", {_column(table, name)}" for name in table.columns)
    return (
        f"CREATE TABLE {table.name} (row BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,"
        f' id TEXT COLLATE "C" NOT NULL UNIQUE, owner TEXT COLLATE "C" NOT NULL{columns}, body BYTEA NOT NULL)'
    )


def _column(table: Table, name: str) -> str:
    type_ = "BIGINT" if name in table.integers else 'TEXT COLLATE "C"'
    return f"{quoted(name)} {type_}{' NOT NULL' if name in table.required else ''}"


async def _add_columns(connection: Connection, table: Table, names: list[str]) -> None:
    """Add columns and fill them from the bodies, which hold what they are to say."""
    for name in names:
        text = _column(table, name).removesuffix(" NOT NULL")
        await connection.script(f"ALTER TABLE {table.name} ADD COLUMN {text}")
    for (body,) in await connection.fetch(f"SELECT body FROM {table.name}"):
        text, bindings = table.putting([table.decode(body, _EVERYTHING)])
        await connection.execute(text, bindings)
    for name in names:
        if name in table.required:
            await connection.script(f"ALTER TABLE {table.name} ALTER COLUMN {quoted(name)} SET NOT NULL")
