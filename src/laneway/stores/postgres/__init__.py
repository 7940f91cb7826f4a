"""The store on Postgres: many processes over one database, under locks that are taken in one order."""

from laneway.stores.postgres.schema import examine
from laneway.stores.postgres.store import PostgresStore

__all__ = ["PostgresStore", "examine"]
