"""Child threads over HTTP: spawned by a tool, shown as threads, and heard by their parents."""

from typing import Any

from tests.api.harness import Caller, Harness, data_of, serving


async def begun(ada: Caller, text: str, **thread: Any) -> Any:
    return await ada.made("/threads", {"agent_id": "script", "initial_message": text, **thread})


async def children(ada: Caller, parent: Any) -> list[Any]:
    listed = (await ada.get("/threads", kind="task", sort="created_at")).json
    return [each for each in listed if each["parent_thread_id"] == parent["id"]]


async def waiting_child(ada: Caller, parent: Any) -> Any:
    """The child that the parent's turn waits for."""
    async with ada.events(f"/threads/{parent['id']}/events", after="0") as events:
        await events.until("turn.waiting")
    return (await children(ada, parent))[0]


def results(items: list[Any]) -> list[Any]:
    parts = [part for item in items for part in item["parts"] if part["type"] == "tool_result"]
    return [part.get("error") or part["result"] for part in parts]


async def messages(ada: Caller, thread: Any) -> list[Any]:
    return (await ada.get(f"/threads/{thread['id']}/messages", limit=100)).json


async def test_a_parent_that_holds_the_only_slot_still_hears_its_child():
    async with serving(limits={"turns": 1}) as server:
        ada = server.ada
        parent = await begun(ada, "spawn say canary")
        await ada.finished(parent["id"])

        (child,) = await children(ada, parent)
        assert (child["kind"], child["parent_thread_id"], child["status"]) == ("task", parent["id"], "idle")
        (result,) = results(await messages(ada, parent))
        assert result == {"thread_id": child["id"], "answer": "canary"}


async def test_the_decision_about_where_a_childs_end_goes_is_told(ada: Caller):
    parent = await begun(ada, "spawn say canary")
    await ada.finished(parent["id"])
    (child,) = await children(ada, parent)

    told = [data_of(frame) for frame in await ada.replay(f"/threads/{child['id']}/events")]

    (decided,) = [each for each in told if each["type"] == "delivery.decided"]
    assert decided["data"] == {
        "event_kind": "task_completion", "mode": "fallback", "reason": "no-active-binding",
        "parent_thread_id": parent["id"],
    }  # fmt: skip
    assert [each["type"] for each in told].index("turn.completed") < told.index(decided)


async def test_a_detached_child_reports_as_a_message_to_its_parent(ada: Caller):
    parent = await begun(ada, 'tool spawn {"text": "say canary", "wait": false}')
    await ada.finished(parent["id"], 2)

    (child,) = await children(ada, parent)
    said = await messages(ada, parent)
    assert results(said) == [{"thread_id": child["id"]}]
    assert [item["text"] for item in said if item["sender"] == child["id"]] == ["canary"]


async def test_depth_and_number_of_children_are_bounded():
    async with serving(limits={"child_depth": 1, "children_per_turn": 2}) as server:
        ada = server.ada
        deep = await begun(ada, "spawn spawn say too deep")
        many = await begun(ada, "spawn say 1\nspawn say 2\nspawn say 3")
        await ada.finished(deep["id"])
        await ada.finished(many["id"])

        (child,) = await children(ada, deep)
        assert "child_depth" in results(await messages(ada, child))[0]
        assert "children_per_turn" in results(await messages(ada, many))[-1]
        assert len(await children(ada, many)) == 2


async def test_a_stop_of_the_parent_stops_its_child(ada: Caller):
    parent = await begun(ada, "spawn ask may I")
    child = await waiting_child(ada, parent)
    async with ada.events(f"/threads/{child['id']}/events", after="0") as events:
        await events.until("approval.requested")

    stopped = await ada.post(f"/threads/{parent['id']}/cancel")
    await ada.finished(parent["id"])
    await ada.finished(child["id"])

    assert stopped.status == 202
    for thread in (parent, child):
        (turn,) = (await ada.get(f"/threads/{thread['id']}/turns")).json
        assert turn["status"] == "cancelled"
    assert (await ada.get("/approvals", state="open")).json == []


async def test_a_parent_is_woken_when_all_that_its_child_was_asked_is_taken_back():
    async with serving(limits={"turns": 1}) as server:
        ada = server.ada
        for take_back in ("item", "clear"):
            other, parent = await busy_and_parent(ada)
            child = await waiting_child(ada, parent)
            queue = f"/threads/{child['id']}/queue"
            (item,) = (await ada.get(queue)).json["items"]

            if take_back == "item":
                await ada.delete(f"{queue}/{item['id']}")
            else:
                await ada.post(f"{queue}/clear")
            await ada.post(f"/threads/{other['id']}/cancel")
            await ada.finished(parent["id"])

            (error,) = results(await messages(ada, parent))
            assert "withdrawn" in error
            assert (await ada.get(f"/threads/{child['id']}")).json["message_count"] == 0


async def busy_and_parent(ada: Caller) -> tuple[Any, Any]:
    """A parent whose child cannot begin, because another turn has taken the only slot that the parent gave back."""
    parent = await ada.made("/threads", {"agent_id": "script"})
    first = await begun(ada, "sleep 100")
    async with ada.events(f"/threads/{first['id']}/events", after="0") as events:
        await events.until("turn.started")
    await ada.made(f"/threads/{parent['id']}/messages", {"message": "spawn say never"})
    second = await begun(ada, "sleep 100")
    await ada.post(f"/threads/{first['id']}/cancel")
    return second, parent


async def test_a_child_is_the_business_of_its_owner_alone(ada: Caller, server: Harness):
    parent = await begun(ada, "spawn say canary")
    await ada.finished(parent["id"])
    (child,) = await children(ada, parent)
    bob = await server.other()

    assert (await bob.get(f"/threads/{child['id']}")).status == 404
    assert (await ada.post("/threads", {"kind": "task"})).status == 422
