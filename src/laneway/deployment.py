"""Deployment: what a process runs on: one SQLite file by itself, or a Postgres that several processes share."""

from dataclasses import dataclass, replace
from pathlib import Path

from laneway.bus import Bus
from laneway.buses.local import LocalBus
from laneway.clock import Clock
from laneway.config import ConfigError, Settings
from laneway.domain.admission import Caps
from laneway.engine import Engine, Places
from laneway.engines.local import LocalEngine
from laneway.runtime.places import TurnPlaces
from laneway.store import FullStore, StoreOptions
from laneway.stores.sqlite.backup import copy_database
from laneway.stores.sqlite.store import SQLiteStore

__all__ = ["Deployment", "copy_database", "deploy"]

MEMORY = ":memory:"
_INSTALL = "Install it: pip install 'laneway[postgres]'."


@dataclass(frozen=True, slots=True)
class Deployment:
    """The three parts of which there is one kind for a single process and another for several."""

    store: FullStore
    bus: Bus
    engine: Engine


def deploy(settings: Settings, clock: Clock, node: str) -> Deployment:
    """Make the parts that the settings ask for; nothing is opened yet. Raises `ConfigError` for a missing extra."""
    limits = settings.limits
    places = TurnPlaces(Caps(limits.turns, limits.turns_per_user, limits.alert_turns))
    options = StoreOptions(node, settings.lease_s)
    if settings.database_url is not None:
        return _shared(settings, clock, options, places)
    path = MEMORY if settings.database == MEMORY else Path(settings.database_path)
    return Deployment(SQLiteStore(path, clock, options), LocalBus(), LocalEngine(places))


async def examine(url: str) -> tuple[str, bool]:
    """What a Postgres says of itself, and whether its schema is this program's; changes nothing."""
    try:
        from laneway.stores import postgres  # noqa: PLC0415 - an extra
    except ImportError as error:
        raise ConfigError("database_url: the extra `postgres` is not installed.", _INSTALL) from error
    return await postgres.examine(url)


def _shared(settings: Settings, clock: Clock, options: StoreOptions, places: Places) -> Deployment:
    # Imported when a database is named: the libraries behind it are an extra.
    try:
        from laneway.buses.postgres import PostgresBus  # noqa: PLC0415 - an extra
        from laneway.engines.dbos import DBOSEngine  # noqa: PLC0415 - an extra
        from laneway.stores.postgres import PostgresStore  # noqa: PLC0415 - an extra
    except ImportError as error:
        raise ConfigError("database_url: the extra `postgres` is not installed.", _INSTALL) from error
    assert settings.database_url is not None
    url = settings.database_url.reveal()
    direct = (settings.database_direct_url or settings.database_url).reveal()
    bus = PostgresBus(LocalBus(), direct, clock)
    options = replace(options, settings={"wall": "on" if settings.row_security else "off"})
    return Deployment(PostgresStore(url, clock, options), bus, DBOSEngine(places, direct, options.node, clock))
