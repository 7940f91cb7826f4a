"""Analytics over HTTP: turns added up by day, agent and thread."""

from tests.api import one_server
from tests.api.harness import MISSING, Caller, Harness

server, ada, bob = one_server.server, one_server.fresh, one_server.fresh


DAY_S = 86_400


async def test_turns_are_added_up_by_agent(ada: Caller):
    await ada.chat("say one", "say two")
    await ada.chat("fail on purpose")
    await ada.chat("say three\nsay four")

    rows = (await ada.get("/analytics", by="agent")).json["rows"]

    assert rows == [
        {
            "key": "script", "turns": 4, "messages": 7, "input_tokens": 0, "output_tokens": 0, "cost_usd": 0.0,
            "duration_p50_s": 0.0, "duration_p95_s": 0.0, "failures": 1,
        }
    ]  # fmt: skip


async def test_threads_come_by_their_number_of_turns(ada: Caller):
    quiet, busy = await ada.chat("say one"), await ada.chat("say one", "say two")

    rows = (await ada.get("/analytics", by="thread")).json["rows"]
    first = await ada.get("/analytics", by="thread", limit=1)
    second = await ada.get("/analytics", by="thread", limit=1, cursor=first.headers["x-next-cursor"])

    assert [(row["key"], row["turns"], row["messages"]) for row in rows] == [(busy["id"], 2, 4), (quiet["id"], 1, 2)]
    assert first.json["rows"] + second.json["rows"] == rows
    assert (first.headers["x-total-count"], second.headers.get("x-next-cursor")) == ("2", None)


async def test_days_come_in_order_and_only_those_of_the_time_that_is_asked_for(server: Harness):
    ada = await server.fresh()
    await ada.chat("say one", "say two")
    first = server.clock.now()
    await server.clock.advance(2 * DAY_S)
    await ada.chat("say three")
    second = server.clock.now()

    both = (await ada.get("/analytics")).json
    late = (await ada.get("/analytics", **{"from": second})).json
    early = (await ada.get("/analytics", to=second)).json

    assert [(row["key"], row["turns"]) for row in both["rows"]] == [(first[:10], 2), (second[:10], 1)]
    assert both["to"] == second
    assert late["from"] == second
    assert [row["turns"] for row in late["rows"]] == [1]
    assert [row["turns"] for row in early["rows"]] == [2]


async def test_durations_are_the_nearest_ranks_in_seconds(server: Harness, ada: Caller):
    async with server.ticking():
        await ada.chat("say at once", "sleep 1", "sleep 2")

    (row,) = (await ada.get("/analytics")).json["rows"]

    assert 1 <= row["duration_p50_s"] < 2 <= row["duration_p95_s"] < 3


async def test_a_running_turn_counts_without_a_duration(ada: Caller):
    thread = await ada.made("/threads", {"agent_id": "script", "initial_message": "ask me"})
    async with ada.events(f"/threads/{thread['id']}/events", after="0") as events:
        await events.until("approval.requested")

    (row,) = (await ada.get("/analytics")).json["rows"]

    assert (row["turns"], row["duration_p50_s"], row["duration_p95_s"]) == (1, None, None)


async def test_only_the_named_session_and_only_the_callers_turns_count(ada: Caller, bob: Caller):
    session = (await ada.made("/sessions"))["id"]
    await ada.chat("say one", session_id=session)
    await ada.chat("say two")
    await bob.chat("say three")

    mine, of_session = (await ada.get("/analytics")).json, (await ada.get("/analytics", session_id=session)).json

    assert [row["turns"] for row in mine["rows"]] == [2]
    assert [row["turns"] for row in of_session["rows"]] == [1]
    assert (await bob.get("/analytics", session_id=session)).status == 404
    assert (await ada.get("/analytics", session_id=f"ses_{MISSING}")).status == 404


async def test_messages_count_once_whatever_becomes_of_them(ada: Caller):
    """A steer, an answer that was stopped, a question asked again: what was said was said."""
    thread = await ada.chat("say one")
    item = (await ada.get(f"/threads/{thread['id']}/messages")).json[0]["id"]
    await ada.post(f"/threads/{thread['id']}/messages/{item}/regenerate")
    await ada.finished(thread["id"], 2)

    (row,) = (await ada.get("/analytics")).json["rows"]

    assert (row["turns"], row["messages"]) == (2, 3)


async def test_questions_that_make_no_sense_are_refused(ada: Caller):
    for query in (
        {"by": "hour"},
        {"from": "yesterday"},
        {"from": "2030-01-02T00:00:00Z", "to": "2030-01-01T00:00:00Z"},
    ):
        assert (await ada.get("/analytics", **query)).status == 422, query
