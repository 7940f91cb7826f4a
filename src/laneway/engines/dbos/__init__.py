"""The DBOS engine: several processes on one Postgres share what is ready."""

from laneway.engines.dbos.engine import DBOSEngine

__all__ = ["DBOSEngine"]
