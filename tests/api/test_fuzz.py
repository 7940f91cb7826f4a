"""Every operation of the OpenAPI document with made-up requests: nothing breaks, and nothing answers undocumented."""

import asyncio
import contextlib
import socket
import threading
from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
import uvicorn
from hypothesis import HealthCheck, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis.specs.openapi import checks

from tests.api.harness import serving
from tests.api.test_matrix import ROWS, STREAMS

# Its types are generic in something that it does not name.
untyped: Any = schemathesis
openapi: Any = checks

CHECKS: list[Any] = [
    untyped.checks.not_a_server_error,
    openapi.status_code_conformance,
    openapi.content_type_conformance,
    openapi.response_headers_conformance,
    openapi.response_schema_conformance,
]
UNHURRIED = (HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large)


class Background(threading.Thread):
    """A server on a thread of its own, so that requests can wait for it."""

    def __init__(self) -> None:
        super().__init__(name="server", daemon=True)
        self.key = ""
        self.port = 0
        self.ready = threading.Event()
        self._server: uvicorn.Server | None = None

    def run(self) -> None:
        asyncio.run(self._serve())

    async def _serve(self) -> None:
        with socket.socket() as bound:
            bound.bind(("127.0.0.1", 0))
            self.port = bound.getsockname()[1]
            async with serving(port=self.port, limits={"auth_failures_per_min": 0}) as harness:
                self.key = harness.key
                config = uvicorn.Config(harness.api, log_level="critical", lifespan="off")
                self._server = uvicorn.Server(config)
                bound.listen(128)
                self.ready.set()
                async with harness.ticking():
                    await self._server.serve(sockets=[bound])

    def stop(self) -> None:
        if self._server is not None:
            self._server.should_exit = True
        self.join(20)


@pytest.fixture(scope="module")
def background() -> Iterator[Background]:
    server = Background()
    server.start()
    assert server.ready.wait(20)
    yield server
    server.stop()


@pytest.fixture(scope="module")
def document(background: Background) -> Any:
    address = f"http://127.0.0.1:{background.port}/openapi.json"
    return untyped.openapi.from_url(address, headers={"Authorization": f"Bearer {background.key}"})


# A stream does not end by itself, and whoever logs out has no key to go on with.
OPERATIONS = [row for row in ROWS if row not in STREAMS and not row.endswith(("/logout", "/login"))]


@pytest.mark.parametrize("mode", [untyped.GenerationMode.POSITIVE, untyped.GenerationMode.NEGATIVE])
@pytest.mark.parametrize("row", OPERATIONS)
def test_no_made_up_request_breaks_the_server_or_is_answered_undocumented(
    row: str, mode: Any, background: Background, document: Any
):
    method, path = row.split(" ")
    operation = document[path][method]

    @settings(max_examples=8, deadline=None, suppress_health_check=list(UNHURRIED))
    @given(case=operation.as_strategy(generation_mode=mode))
    def answer(case: Any) -> None:
        case.call_and_validate(checks=CHECKS, headers={"Authorization": f"Bearer {background.key}"})

    # An operation that takes nothing can be given nothing wrong.
    with contextlib.suppress(Unsatisfiable):
        answer()
