"""Tour: one walk past every kind of change that a client can ask for, which a death of the server only delays."""

import asyncio
import time
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.prove.harness.patient import Patient
from tests.prove.harness.world import World

SOON_S = 0.25
BOUNDARY = "tour-boundary"


class Tour:
    """Uses sessions, threads, queues, turns, tools, approvals, timers, notes, keys and files, each in earnest."""

    def __init__(self, here: World) -> None:
        self._here = here
        self._patient = Patient(here.client(), here.history, "tour")
        self.session = ""

    @property
    def problems(self) -> list[str]:
        """Answers that no request may get."""
        return self._patient.problems

    async def make(self) -> None:
        """Walk to the end, through any number of deaths."""
        self.session = await self._made("/sessions", {"title": "tour", "mode": "autonomous"})
        asking = await self._made("/sessions", {"title": "asking", "mode": "copilot"})
        await self._do("POST", f"/sessions/{self.session}/timers", {"at": _soon(), "text": "say tick"})
        await self._do("POST", f"/sessions/{self.session}/timers", {"every": 3600, "text": "say tock"})
        thread = await self._thread({"initial_message": "say hello\nstream 3 5"})
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._talk(thread))
            tasks.create_task(self._queue())
            tasks.create_task(self._turns(asking))
            tasks.create_task(self._things())
            tasks.create_task(self._alert())
        await asyncio.sleep(SOON_S)

    async def _talk(self, thread: str) -> None:
        await self._patient.post(thread, "effect once tour-1")
        await self._patient.post(thread, 'tool note.add {"text": "n"}\ntool state.put {"key": "k", "value": 1}')
        await self._patient.post(thread, "stream 30 10")
        await asyncio.sleep(0.1)
        await self._patient.post(thread, "say steered", delivery="steer")
        await self._patient.post(thread, "say cut in", delivery="interrupt", discard=True)
        await self._patient.post(thread, "say after that")
        await self._do("PATCH", f"/threads/{thread}", {"title": "toured", "tags": ["a"], "metadata": {"k": "v"}})
        await self._do("POST", "/messages", {"message": "say anywhere"})

    async def _queue(self) -> None:
        thread = await self._thread({})
        await self._do("POST", f"/threads/{thread}/queue/pause")
        posts = [await self._patient.post(thread, f"say {number}") for number in range(4)]
        first, second, third, _ = (post.item_id for post in posts)
        await self._do("PATCH", f"/threads/{thread}/queue/{first}", {"hold": True})
        await self._do("PATCH", f"/threads/{thread}/queue/{second}", {"position": 1})
        if await self._do("DELETE", f"/threads/{thread}/queue/{third}") == 204 and third:
            self._here.history.withdrawn.add(third)
        await self._do("PATCH", f"/threads/{thread}/queue/{first}", {"hold": False})
        await self._do("POST", f"/threads/{thread}/queue/resume")
        await self._do("POST", f"/threads/{thread}/queue/pause")
        await self._patient.post(thread, "say never")
        await self._do("POST", f"/threads/{thread}/queue/clear")
        await self._do("POST", f"/threads/{thread}/queue/resume")

    async def _turns(self, asking: str) -> None:
        failing = await self._thread({"initial_message": "fail on purpose"})
        stopped = await self._thread({"initial_message": "stream 500 10"})
        question = await self._thread({"session_id": asking, "initial_message": "ask may I"})
        erased = await self._thread({"initial_message": "stream 500 5"})
        await asyncio.sleep(0.1)
        await self._do("POST", f"/threads/{stopped}/cancel")
        await self._patient.post(stopped, "say afterwards")
        await self._do("POST", f"/threads/{stopped}/queue/resume")
        if await self._do("DELETE", f"/threads/{erased}") == 204:
            self._here.history.deleted.add(erased)
        turns = (await self._patient.sure("GET", f"/threads/{failing}/turns")).json
        if turns:
            await self._do("POST", f"/threads/{failing}/turns/{turns[0]['id']}/retry")
        await self._approve(question)

    async def _approve(self, thread: str) -> None:
        until = time.monotonic() + 3
        while time.monotonic() < until:
            open_ones = (await self._patient.sure("GET", "/approvals?state=open")).json
            for approval in open_ones:
                body = {"decision": "approve", "arguments_hash": approval["arguments_hash"]}
                await self._do("POST", f"/approvals/{approval['id']}", body)
                return
            await asyncio.sleep(0.02)

    async def _things(self) -> None:
        note = await self._made(f"/sessions/{self.session}/notes", {"text": "one"})
        await self._do("PATCH", f"/sessions/{self.session}/notes/{note}", {"text": "two"})
        await self._do("DELETE", f"/sessions/{self.session}/notes/{note}")
        await self._do("PUT", f"/sessions/{self.session}/keys/colour", {"value": "red"})
        await self._do("DELETE", f"/sessions/{self.session}/keys/colour")
        await self._do("PATCH", f"/sessions/{self.session}", {"title": "toured"})
        key = await self._made("/keys", {"name": "spare"})
        await self._do("DELETE", f"/keys/{key}")
        await self._attach()
        doomed = await self._made("/sessions", {"title": "doomed", "mode": "autonomous"})
        running = await self._thread({"session_id": doomed, "initial_message": "stream 500 5"})
        await self._do("PUT", f"/sessions/{doomed}/selection", {"thread_id": running})
        if await self._do("DELETE", f"/sessions/{doomed}") == 204:
            self._here.history.deleted.add(doomed)

    async def _alert(self) -> None:
        """Wait until the timer has fired."""
        until = time.monotonic() + 5
        while time.monotonic() < until:
            if (await self._patient.sure("GET", f"/sessions/{self.session}/alerts")).json:
                return
            await asyncio.sleep(0.05)

    async def _attach(self) -> None:
        lines = (f"--{BOUNDARY}", 'Content-Disposition: form-data; name="file"; filename="a.txt"',
                 "Content-Type: text/plain", "", "bytes", f"--{BOUNDARY}--", "")  # fmt: skip
        headers = {"Content-Type": f"multipart/form-data; boundary={BOUNDARY}"}
        answer = await self._patient.sure_raw("/attachments", "\r\n".join(lines).encode(), headers)
        if answer.status == 201:
            await self._do("DELETE", f"/attachments/{answer.json['id']}")

    # --- asking --------------------------------------------------------------------------------------------------

    async def _thread(self, body: dict[str, Any]) -> str:
        return await self._made("/threads", {"session_id": self.session, "agent_id": "script"} | body)

    async def _made(self, path: str, body: dict[str, Any]) -> str:
        answer = await self._patient.sure("POST", path, body)
        if answer.status not in (200, 201):
            self.problems.append(f"POST {path} was answered with {answer.status}: {answer.body!r}")
            return "none"
        return str(answer.json["id"])

    async def _do(self, method: str, path: str, body: object = None) -> int:
        return (await self._patient.sure(method, path, body)).status


def _soon() -> str:
    return (datetime.now(UTC) + timedelta(seconds=SOON_S)).isoformat()
