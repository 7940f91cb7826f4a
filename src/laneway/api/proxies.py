"""Proxies: whose word counts about where a request comes from: that of `trusted_proxies`, and of nobody else."""

import ipaddress
from collections.abc import Iterable

from starlette.types import Scope

from laneway.config import ConfigError

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


class Proxies:
    """The addresses of reverse proxies whose forwarding headers are believed."""

    def __init__(self, addresses: Iterable[str]) -> None:
        self._networks = tuple(_network(address) for address in addresses)

    def seen_through(self, scope: Scope) -> Scope:
        """The request as its client sent it; unchanged when it comes from anybody but a trusted proxy."""
        client = scope.get("client")
        if not self._networks or not client or not self._is_trusted(client[0]):
            return scope
        hops = [hop.strip() for hop in _all(scope, b"x-forwarded-for").split(",") if hop.strip()]
        # Each proxy adds its client at the end, so the last one that is not itself trusted is the one that asks.
        source = next((hop for hop in reversed(hops) if not self._is_trusted(hop)), client[0])
        scheme = _all(scope, b"x-forwarded-proto").rpartition(",")[2].strip().lower()
        return {**scope, "client": (source, 0), "scheme": scheme if scheme in ("http", "https") else scope["scheme"]}

    def _is_trusted(self, address: str) -> bool:
        try:
            parsed = ipaddress.ip_address(address)
        except ValueError:
            return False
        # A socket that listens on both families shows IPv4 clients in IPv6 clothes.
        parsed = getattr(parsed, "ipv4_mapped", None) or parsed
        return any(parsed in network for network in self._networks)


def _all(scope: Scope, name: bytes) -> str:
    return ",".join(value.decode("latin-1") for key, value in scope["headers"] if key.lower() == name)


def _network(address: str) -> Network:
    try:
        return ipaddress.ip_network(address)
    except ValueError as error:
        raise ConfigError(f"trusted_proxies: {address!r} is no address.", "Write 10.0.0.1 or 10.0.0.0/24.") from error
