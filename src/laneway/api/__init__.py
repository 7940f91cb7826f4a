"""API: Laneway over HTTP, as docs/reference/api.md describes it."""

from laneway.api.app import create_api

__all__ = ["create_api"]
