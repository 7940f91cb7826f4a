"""API: Laneway over HTTP, as docs/reference/api.md describes it."""

from laneway.api.app import create_api, create_probes

__all__ = ["create_api", "create_probes"]
