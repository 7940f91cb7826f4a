"""Origins: which Host and Origin a request may name. Exact matches only: localhost is not a trust boundary."""

from collections.abc import Iterable
from dataclasses import dataclass

from laneway.config import Settings, is_loopback
from laneway.domain.errors import HostRefused, OriginRefused

SAFE_METHODS = frozenset({"GET", "HEAD"})


@dataclass(frozen=True, slots=True)
class Origins:
    """The names of this server."""

    hosts: frozenset[str]
    origins: frozenset[str]

    def check_host(self, hosts: list[str]) -> None:
        """Raise `HostRefused` unless there is exactly one Host, and it is ours."""
        if len(hosts) != 1 or hosts[0].lower() not in self.hosts:
            raise HostRefused("The Host is not one of this server's names.", "Add it to allowed_hosts if it should be.")

    def check_origin(self, origins: list[str]) -> None:
        """Raise `OriginRefused` when a page of another origin asks."""
        if origins and (len(origins) > 1 or origins[0].lower() not in self.origins):
            raise OriginRefused("A page of another origin made this request.", "Only this server's own page may.")

    def check_cookie_use(self, method: str, origins: list[str], site: str, mode: str) -> None:
        """Raise `OriginRefused` when a browser does not vouch that its own user, or our page, sent the cookie."""
        if origins:
            return  # checked above: it is ours
        if site == "same-origin" or (site == "none" and mode == "navigate" and method in SAFE_METHODS):
            return
        raise OriginRefused("A cookie counts only from this server's own page.", "Programs use an API key.")


def origins_of(settings: Settings) -> Origins:
    """The names that the settings give: the bound address, and `allowed_hosts`."""
    bound = [settings.host.strip("[]")]
    if is_loopback(settings.host) or settings.host in ("0.0.0.0", "::"):
        # A wildcard address is no name, but this machine can always reach the server under these.
        bound = [name for name in bound if is_loopback(name)] + ["127.0.0.1", "localhost"]
    hosts = {_with_port(_bracketed(name), settings.port) for name in bound}
    hosts.update(_bracketed(name) for name in bound if settings.port == 80)
    origins = {f"http://{host}" for host in hosts}
    further = set(_further(settings.allowed_hosts, settings.port))
    # TLS ends in front of us, so a further name's origin may have either scheme.
    origins |= {f"{scheme}://{host}" for scheme in ("http", "https") for host in further}
    return Origins(frozenset(hosts | further), frozenset(origins))


def _further(allowed_hosts: Iterable[str], port: int) -> Iterable[str]:
    for name in allowed_hosts:
        yield name.lower()
        if not _has_port(name):
            yield _with_port(name.lower(), port)


def _has_port(name: str) -> bool:
    return name.rpartition(":")[2].isdecimal() and not name.endswith("]")


def _bracketed(name: str) -> str:
    return f"[{name}]" if ":" in name else name.lower()


def _with_port(name: str, port: int) -> str:
    return f"{name}:{port}"
