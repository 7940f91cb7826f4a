"""Queries: the hand-written SQL of queries.sql, by name."""

from pathlib import Path

from laneway.sql.queries import load_queries

SQL = load_queries(Path(__file__).with_name("queries.sql"))
