"""Loopback: nothing here may reach another machine. Every target is resolved first, and anything else ends the run."""

import ipaddress
import socket
import sys
from typing import Any


class LeavesThisMachine(BaseException):
    """Not an Exception, so that no retry can swallow it."""


def loopback(host: str) -> str:
    """The address of a host, all of whose addresses are this machine's own; raises otherwise."""
    addresses = {str(found[4][0]) for found in socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)}
    if not addresses or not all(ipaddress.ip_address(each).is_loopback for each in addresses):
        raise LeavesThisMachine(f"{host} is {', '.join(sorted(addresses))}: the fault suite speaks to loopback only")
    return host


def stay_on_this_machine() -> None:
    """Refuse, for as long as this process lives, every connection that would leave it."""
    sys.addaudithook(_refuse)


def _refuse(event: str, arguments: tuple[Any, ...]) -> None:
    # A plain string is the path of a Unix socket, which cannot leave the machine.
    if event == "socket.connect" and not isinstance(arguments[1], str | bytes):
        host = str(arguments[1][0]).partition("%")[0]
        if not ipaddress.ip_address(host).is_loopback:
            raise LeavesThisMachine(f"a connection to {host} was refused: the fault suite speaks to loopback only")
