"""The guard that keeps every test on this machine."""

import socket

import pytest


@pytest.mark.parametrize("host", ["192.0.2.1", "2001:db8::1", "10.0.0.1"])
def test_a_connection_that_leaves_this_machine_is_refused(host: str):
    family = socket.AF_INET6 if ":" in host else socket.AF_INET

    with socket.socket(family) as client, pytest.raises(BaseException, match="loopback only"):
        client.connect((host, 9))


def test_a_name_that_is_not_this_machine_is_never_looked_up():
    with pytest.raises(BaseException, match="loopback only"):
        socket.getaddrinfo("laneway.example", 443)


def test_loopback_works():
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname()) as client:
        assert client.getpeername() == server.getsockname()
