"""Rules for every test: one event loop flavour, and no network beyond this machine."""

import ipaddress
import sys
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

# How long an example takes is the machine's business, here too: speed is measured by `./dev bench`.
settings.register_profile("laneway", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("laneway")

LOCAL_NAMES = {"localhost", "localhost.localdomain", "ip6-localhost"}


class NetworkForbidden(BaseException):
    """A test tried to leave this machine. Not an Exception, so that no retry or error handling can swallow it."""


@pytest.fixture(scope="session")
def anyio_backend() -> tuple[str, dict[str, bool]]:
    # The server runs on uvloop; tests on another loop would test another program.
    return "asyncio", {"use_uvloop": True}


def refuse_the_network(event: str, arguments: tuple[Any, ...]) -> None:
    if event == "socket.connect":
        # A plain string is the path of a Unix socket, which cannot leave the machine.
        host = "" if isinstance(arguments[1], str | bytes) else arguments[1][0]
    elif event == "socket.getaddrinfo":
        host = arguments[0] or ""
    else:
        return
    name = host.decode() if isinstance(host, bytes) else str(host)
    if not is_local(name):
        raise NetworkForbidden(f"a test tried to reach {name}: tests use loopback only")


def is_local(host: str) -> bool:
    if host in {"", *LOCAL_NAMES}:
        return True
    try:
        address = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return False
    return address.is_loopback or address.is_unspecified


# An audit hook sees every Python socket, whichever library opened it; it lasts as long as the process, as it should.
sys.addaudithook(refuse_the_network)
