"""The store on one SQLite file: one writer thread with group commit, readers beside it."""

from laneway.stores.sqlite.store import SQLiteStore

__all__ = ["SQLiteStore"]
