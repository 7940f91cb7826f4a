"""Metrics: what the server has counted, as Prometheus reads it."""

import re

from tests.api.harness import MISSING, Caller, serving

_SAMPLE = re.compile(r"^(laneway_[a-z_]+(?:\{.*\})?) (\S+)$", re.MULTILINE)


async def counted(ada: Caller) -> dict[str, float]:
    """Every sample of the server, by its name with its labels."""
    text = (await ada.send("GET", "//metrics")).content.decode()
    return {name: float(value) for name, value in _SAMPLE.findall(text)}


async def test_turns_are_counted_by_their_end_and_messages_by_how_long_they_took_to_be_durable(ada: Caller):
    before = await counted(ada)

    await ada.chat("say one", "fail now")

    after = await counted(ada)
    assert after["laneway_accept_seconds_count"] - before["laneway_accept_seconds_count"] == 2
    assert after['laneway_turns_ended_total{outcome="completed"}'] > 0
    assert after["laneway_commit_seconds_count"] > before["laneway_commit_seconds_count"]
    assert after["laneway_store_commands_total"] >= after["laneway_store_commits_total"] > 0


async def test_a_reached_bound_is_counted_by_its_name():
    async with serving(limits={"queue_per_thread": 1}) as server:
        thread = await server.ada.made("/threads", {"settings": {"paused": True}})
        statuses = [
            (await server.ada.post(f"/threads/{thread['id']}/messages", {"message": "x"})).status for _ in range(2)
        ]

        after = await counted(server.ada)

        assert statuses == [202, 429]
        assert after['laneway_refusals_total{bound="queue_per_thread",code="queue_full"}'] > 0
        assert after["laneway_queue_items"] == 1


async def test_an_id_that_is_missing_and_one_that_is_foreign_are_counted_as_the_same(ada: Caller, bob: Caller):
    thread = await bob.made("/threads")
    name = 'laneway_unknown_ids_total{route="/api/v1/threads/{thread_id}"}'
    before = (await counted(ada)).get(name, 0)

    for id in (thread["id"], f"thr_{MISSING}"):
        assert (await ada.get(f"/threads/{id}")).status == 404

    assert (await counted(ada))[name] - before == 2
