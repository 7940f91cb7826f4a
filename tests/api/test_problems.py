from collections.abc import AsyncIterator

import pytest
import structlog.testing

from laneway.agent import AgentEvent, AgentProfile, TurnInput
from laneway.api.problems import problem, status_of
from laneway.domain import errors
from laneway.domain.errors import LanewayError
from tests.api.harness import Caller, Harness, serving

FAMILIES = {
    errors.Malformed: 400,
    errors.Unauthorized: 401,
    errors.Forbidden: 403,
    errors.NotFound: 404,
    errors.Conflict: 409,
    errors.Gone: 410,
    errors.Stale: 412,
    errors.TooLarge: 413,
    errors.Unsupported: 415,
    errors.HostRefused: 421,
    errors.Invalid: 422,
    errors.TooMany: 429,
    errors.Unavailable: 503,
    errors.Internal: 500,
}


def tree(root: type[LanewayError]) -> list[type[LanewayError]]:
    return [root, *(each for child in root.__subclasses__() for each in tree(child))]


@pytest.mark.parametrize(("family", "status"), FAMILIES.items())
def test_every_error_of_a_family_has_its_status(family: type[LanewayError], status: int):
    for kind in tree(family):
        assert status_of(kind.__new__(kind)) == status, kind


def test_an_error_without_a_family_is_our_own_fault():
    assert status_of(LanewayError("?")) == 500
    assert b"secret" not in bytes(problem(LanewayError("secret")).body)


async def test_a_problem_says_what_happened_and_what_to_do(ada: Caller):
    answer = await ada.post("/threads", {"agent_id": "nobody"})

    assert answer.headers["content-type"] == "application/problem+json"
    assert set(answer.json) == {"type", "title", "status", "code", "detail", "hint"}
    assert answer.json["status"] == 422
    assert answer.json["code"] == "unknown_agent"
    assert "nobody" in answer.json["detail"]


@pytest.mark.parametrize("method", ["PUT", "PATCH", "OPTIONS", "TRACE", "HEAD", "PROPFIND"])
async def test_another_method_is_405_and_says_which_there_are(ada: Caller, method: str):
    answer = await ada.send(method, "/threads")

    assert answer.status == 405
    assert answer.headers["allow"] == "GET, POST"
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("path", ["/nowhere", "/threads/", "/threads/a/b/c/d", "/bindings", "/lanes", "/docs"])
async def test_an_unknown_path_is_the_same_404_as_an_unknown_id(ada: Caller, path: str):
    missing = await ada.get("/threads/thr_0123456789ab4def8123456789abcdef")

    answer = await ada.get(path)

    assert (answer.status, answer.content) == (404, missing.content)


class Broken:
    """An agent with a fault of its own."""

    profile = AgentProfile("broken", "Broken", "", "function")

    def availability(self) -> str | None:
        raise RuntimeError("a secret of the inside")

    async def run(self, turn: TurnInput) -> AsyncIterator[AgentEvent]:
        raise RuntimeError(turn.turn_id)
        yield

    async def close(self) -> None:
        pass


async def test_a_fault_of_ours_is_a_500_with_an_id_and_the_process_lives():
    async with serving(agents=[Broken()]) as server:
        with structlog.testing.capture_logs() as logs:
            answer = await server.ada.get("/agents/broken")
        after = await server.ada.get("/me")

    assert (answer.status, answer.code) == (500, "internal")
    assert b"secret" not in answer.content
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.json["fault_id"] in [entry.get("fault_id") for entry in logs]
    assert after.status == 200


async def test_a_store_that_is_away_is_a_503_that_says_when_to_try_again(server: Harness):
    ada = server.ada
    await ada.get("/me")
    await server.app.store.close()

    answers = [await ada.get("/threads"), await ada.post("/threads", {}), await ada.send("GET", "//readyz")]
    alive = await ada.send("GET", "//healthz")

    assert [(answer.status, answer.code) for answer in answers] == [(503, "unavailable")] * 3
    assert all(int(answer.headers["retry-after"]) >= 1 for answer in answers)
    assert alive.status == 200
    await server.app.store.open()


async def test_a_user_over_the_rate_is_told_and_nobody_else_is():
    async with serving(limits={"requests_per_s": 1, "burst": 3}) as server:
        ada, bob = server.ada, await server.other()

        statuses = [(await ada.get("/me")).status for _ in range(5)]
        others = (await bob.get("/me")).status
        await server.clock.advance(1)

        assert statuses == [200, 200, 200, 429, 429]
        assert others == 200
        assert (await ada.get("/me")).status == 200
