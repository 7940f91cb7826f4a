"""N-1: the connection is cut after each byte of a request and of its answer. The retry makes one message, not two."""

import asyncio
import contextlib
from collections import Counter
from dataclasses import replace

from tests.prove.harness.http import Answer, Client, Cut
from tests.prove.harness.proxy import Faults, Proxy, proxy
from tests.prove.harness.world import World, quiet, world
from tests.prove.scenario import Report


def run(seed: int, step: int) -> Report:
    """Cut after every `step`-th byte."""
    return asyncio.run(_run(seed, step))


async def _run(seed: int, step: int) -> Report:
    report = Report()
    async with world(seed) as here:
        server = await here.serve()
        async with proxy(here.port) as between:
            cutting = _Cutting(here, between, report)
            await cutting.prepare()
            for size, name in ((cutting.request_bytes, "request"), (cutting.answer_bytes, "answer")):
                for at in range(0, size + 1, step):
                    await cutting.post(name, at)
            for at in range(0, cutting.stream_bytes + 1, step):
                await cutting.stream(at)
            report.figures = {"cuts": cutting.cuts, **cutting.outcomes}
        client = here.client()
        report.findings += await quiet(client)
        await _check_slots(client, report)
        await server.stop()
        report.findings += here.audit(is_quiet=True)
        here.judge(report)
    return report


class _Cutting:
    """One client behind a proxy, one thread."""

    def __init__(self, here: World, between: Proxy, report: Report) -> None:
        self._here = here
        self._proxy = between
        self._report = report
        self._direct = here.client()
        self._thread = ""
        self.cuts = 0
        self.outcomes: Counter[str] = Counter()
        self.request_bytes = 0
        self.answer_bytes = 0
        self.stream_bytes = 600

    async def prepare(self) -> None:
        """Make a thread, and measure one request and its answer."""
        session = await self._direct.post("/sessions", {})
        self._thread = (await self._direct.post("/threads", {"session_id": session["id"], "agent_id": "script"}))["id"]
        body = b'{"message":"say nothing\\ncut-request-0000"}'
        self.request_bytes = len(self._through().request("POST", self._path, body, {"Idempotency-Key": "x" * 20}))
        await self._through().ask("POST", self._path, {"message": "say measured"}, key="measured")
        self.answer_bytes = self._proxy.passed

    async def post(self, name: str, at: int) -> None:
        """Send a message, cut after `at` bytes, and send it again."""
        key = f"cut-{name}-{at:04}"
        sent = self._here.history.post(key, self._thread, f"say nothing\n{key}")
        cut = Faults(cut_request_after=at) if name == "request" else Faults(cut_answer_after=at)
        self._proxy.faults = replace(cut, is_reset=bool(at % 2))
        first = await self._try(sent.text, key, self._through())
        self._proxy.faults = Faults()
        again = await self._try(sent.text, key, self._through())
        self.cuts += 1
        self.outcomes["answered_before" if first else "cut_off"] += 1
        if again is None or again.status != 202:
            self._report.findings.append(f"I-2: after a cut at byte {at} of the {name} the retry got {again}")
            return
        sent.fate, sent.item_id = "ok", again.json["item_id"]
        if first is not None and first.body != again.body:
            self._report.findings.append(f"I-2: the retry was answered differently: {first.body!r}, {again.body!r}")

    async def stream(self, at: int) -> None:
        """Open a stream and cut it after `at` bytes."""
        self._proxy.faults = Faults(cut_answer_after=at, is_reset=bool(at % 2))
        with contextlib.suppress(Cut):
            async with asyncio.timeout(5):
                async for _ in self._through().chunks(f"/threads/{self._thread}/events?after=0"):
                    pass
        self.cuts += 1

    async def _try(self, text: str, key: str, client: Client) -> Answer | None:
        try:
            async with asyncio.timeout(5):
                return await client.ask("POST", self._path, {"message": text}, key=key)
        except (Cut, TimeoutError):
            return None
        finally:
            client.close()

    def _through(self) -> Client:
        return Client("127.0.0.1", self._here.port, self._direct.key, self._proxy.port)

    @property
    def _path(self) -> str:
        return f"/threads/{self._thread}/messages"


async def _check_slots(client: Client, report: Report) -> None:
    """I-26: every stream that was cut has given its place back."""
    open_streams = -1.0
    for _ in range(100):
        open_streams = await streams_open(client)
        if open_streams == 0:
            return
        await asyncio.sleep(0.1)
    report.findings.append(f"I-26: {open_streams:.0f} streams count as open, and none is")


async def streams_open(client: Client) -> float:
    """How many streams the server counts under its bounds."""
    page = (await client.ask("GET", "/metrics")).body.decode()
    lines = [line for line in page.splitlines() if line.startswith("laneway_streams_counted")]
    return sum(float(line.rpartition(" ")[2]) for line in lines)
