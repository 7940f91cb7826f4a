"""Ports: free ones on loopback."""

import contextlib
import random
import socket


def free_port() -> int:
    """A free port below those that outgoing connections take for themselves."""
    # Not from the seed: scenarios that run side by side have the same one.
    drawing = random.SystemRandom()
    while True:
        port = drawing.randrange(20_000, 32_000)
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(("127.0.0.1", port))
            return port
