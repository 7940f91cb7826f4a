"""Streams, as the runtime sees them: what is shared, what is bounded, and what ends them."""

import asyncio
import random
from collections.abc import Callable, Sequence
from dataclasses import replace

import pytest

from laneway.domain.errors import TooMany, Unavailable
from laneway.runtime import event_reader
from laneway.runtime.credentials import VerifiedPrincipal
from laneway.runtime.drift import EVENTS_REFUSED
from laneway.runtime.event_log import WHOLE_COMMIT, Cursor, SessionLog, UserLog
from laneway.runtime.event_reader import EventStream, Place
from laneway.runtime.event_stream import EventStreams
from laneway.store import LogRead, Store
from laneway.stores.sqlite.store import SQLiteStore
from laneway.wire import StoredEvent
from tests.api.harness import Caller, Harness, serving

FIRST: Cursor = (0, 0)


async def who(server: Harness) -> VerifiedPrincipal:
    verified = await server.app.credentials.resolve_key(server.key)
    assert verified is not None
    return verified


async def place_of(server: Harness, thread: dict[str, str], whole_session: bool = False) -> Place:
    owner = (await who(server)).principal.user_id
    log = server.app.streams.session_log(thread["session_id"], owner)
    return Place(log, "/snapshot", None if whole_session else thread["id"])


async def waiting(stream: EventStream) -> asyncio.Task[bytes | None]:
    """A reader that waits for the stream's next bytes."""
    task = asyncio.create_task(stream.next())
    await asyncio.sleep(0)
    return task


async def caught_up(stream: EventStream) -> bytes:
    """What a stream tells until it has told all that it knows of."""
    told = b""
    while not stream.is_current:
        told += await stream.next() or b""
    return told


async def until(stream: EventStream, marker: bytes) -> bytes:
    """What a stream tells until it has told something."""
    told = b""
    while marker not in told:
        chunk = await stream.next()
        assert chunk is not None, "the stream ended before"
        told += chunk
    return told


async def test_what_a_lost_ring_did_not_tell_is_told_within_a_second():
    async with serving() as server:
        thread = await server.ada.made("/threads")
        async with server.app.streams.open(await who(server), await place_of(server, thread), FIRST) as stream:
            await caught_up(stream)
            await server.app.bus.stop()
            await server.ada.patch(f"/threads/{thread['id']}", {"title": "unheard"})
            reader = await waiting(stream)
            assert not reader.done()

            await server.clock.advance(1.1)

            assert b"unheard" in (await reader or b"")


async def test_a_reader_that_waits_keeps_no_more_than_the_bound_and_misses_nothing():
    async with serving() as server:
        thread = await server.ada.made("/threads", {"settings": {"paused": True}})
        everything = await place_of(server, thread)
        async with server.app.streams.open(await who(server), everything, FIRST) as stream:
            await caught_up(stream)
            for number in range(40):
                await server.ada.made(f"/threads/{thread['id']}/messages", {"message": f"{number} " + "x" * 60_000})
            held = stream.held

            told = await until(stream, b'"39 xx')

        replayed = b""
        async with server.app.streams.open(await who(server), everything, FIRST, follow=False) as stream:
            while (chunk := await stream.next()) is not None:
                replayed += chunk
        assert 0 < held <= event_reader.BUFFER_BYTES
        assert replayed.endswith(told)
        assert told.count(b"event: queue.item_added") == 40


async def test_a_reader_whose_socket_takes_nothing_is_closed_at_the_bound():
    async with serving() as server:
        thread = await server.ada.made("/threads", {"settings": {"paused": True}})
        streams = server.app.streams
        async with (
            streams.open(await who(server), await place_of(server, thread), FIRST) as slow,
            streams.open(await who(server), await place_of(server, thread), FIRST) as quick,
        ):
            aborted = asyncio.Event()
            await caught_up(slow)
            streams.writing(slow, aborted.set)
            told = await caught_up(quick)
            for number in range(30):
                await server.ada.made(f"/threads/{thread['id']}/messages", {"message": f"{number} " + "x" * 60_000})
                told += await until(quick, f'"{number} xx'.encode()) if number % 10 == 9 else b""

            assert aborted.is_set()
            assert await slow.next() is None
            assert told.count(b"event: queue.item_added") == 30


async def test_a_write_that_stalls_is_ended_after_thirty_seconds():
    async with serving() as server:
        thread = await server.ada.made("/threads")
        streams = server.app.streams
        async with (
            streams.open(await who(server), await place_of(server, thread), FIRST) as stalled,
            streams.open(await who(server), await place_of(server, thread), FIRST) as other,
        ):
            aborted = asyncio.Event()
            streams.writing(stalled, aborted.set)
            since = server.clock.monotonic()
            async with server.ticking():
                await server.clock.sleep(20)
                streams.writing(other, lambda: None)
                await aborted.wait()

            assert 30 <= server.clock.monotonic() - since < 40
            assert await stalled.next() is None
            await server.ada.patch(f"/threads/{thread['id']}", {"title": "still told"})
            assert await until(other, b"still told")


@pytest.mark.parametrize("buffer_bytes", [event_reader.BUFFER_BYTES, 2000])
async def test_readers_that_come_and_go_at_random_are_told_the_same_bytes(
    buffer_bytes: int, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(event_reader, "BUFFER_BYTES", buffer_bytes)
    choose = random.Random(7)
    async with serving(limits={"streams_per_user": 0}) as server:
        thread = await server.ada.made("/threads", {"agent_id": "script"})
        place = await place_of(server, thread)
        owner = await who(server)
        told: dict[int, bytes] = {}

        async def read(number: int, after: int) -> None:
            async with server.app.streams.open(owner, place, (after, 0)) as stream:
                while b"the end" not in told[number]:
                    told[number] += await stream.next() or b""
                    for _ in range(choose.randint(0, 5)):
                        await asyncio.sleep(0)

        async with asyncio.TaskGroup() as tasks:
            for number in range(40):
                if number % 4 == 0:
                    await server.ada.made(f"/threads/{thread['id']}/messages", {"message": f"say {number} a b c"})
                offset = int((await server.ada.get(f"/threads/{thread['id']}")).headers["laneway-offset"])
                told[number] = b""
                tasks.create_task(read(number, choose.randint(0, offset)))
            await server.ada.patch(f"/threads/{thread['id']}", {"title": "the end"})

        # The last turn may end before or after the title: what comes behind it is not everybody's any more.
        read_by_all = [each[: each.index(b"the end")] for each in told.values()]
        longest = max(read_by_all, key=len)
        assert all(longest.endswith(each) for each in read_by_all)
        assert server.app.streams.count == 0


async def test_a_commit_of_many_events_is_passed_over_as_a_whole():
    async with serving() as server:
        thread = await server.ada.made("/threads", {"settings": {"paused": True}})
        for number in range(30):
            await server.ada.made(f"/threads/{thread['id']}/messages", {"message": f"{number}"})
        await server.ada.send("POST", f"/threads/{thread['id']}/queue/clear")
        owner = (await who(server)).principal.user_id
        position = int((await server.ada.get(f"/threads/{thread['id']}")).headers["laneway-position"])
        log = server.app.streams.user_log(owner)

        nothing = await log.read((position, WHOLE_COMMIT), 10)
        await server.ada.patch(f"/threads/{thread['id']}", {"title": "later"})
        something = await log.read(nothing.cursor, 10)

        assert (nothing.frames, nothing.is_at_end) == ((), True)
        assert [b"later" in frame.data for frame in something.frames] == [True]


async def test_a_session_that_was_deleted_ends_its_streams_though_nobody_rang():
    async with serving() as server:
        session = await server.ada.made("/sessions")
        thread = await server.ada.made("/threads", {"session_id": session["id"]})
        streams = server.app.streams
        async with (
            streams.open(await who(server), await place_of(server, thread), FIRST) as of_thread,
            streams.open(await who(server), await place_of(server, thread, True), FIRST) as of_session,
        ):
            await caught_up(of_thread)
            await caught_up(of_session)
            await server.app.bus.stop()
            await server.ada.delete(f"/sessions/{session['id']}")
            readers = [await waiting(of_thread), await waiting(of_session)]
            await server.clock.advance(1.1)

            assert [await reader for reader in readers] == [None, None]


async def test_a_key_that_was_revoked_ends_its_streams_within_half_a_minute_though_nobody_rang():
    async with serving() as server:
        thread = await server.ada.made("/threads")
        async with server.app.streams.open(await who(server), await place_of(server, thread), FIRST) as stream:
            await caught_up(stream)
            (key,) = (await server.ada.get("/keys")).json
            await server.app.bus.stop()
            await server.ada.delete(f"/keys/{key['id']}")
            since = server.clock.monotonic()

            async with server.ticking():
                while await stream.next() is not None:
                    pass

            assert server.clock.monotonic() - since < 30


Forge = Callable[[StoredEvent], StoredEvent]


class Forger(SQLiteStore):
    """A store whose log has been tampered with."""

    def __init__(self, real: Store, forge: Forge) -> None:
        self._real = real
        self._forge = forge

    async def read_log(self, log: str, after: int, limit: int, thread_id: str | None = None) -> LogRead:
        return self._tampered(await self._real.read_log(log, after, limit, thread_id))

    async def read_user(self, owner: str | None, after: tuple[int, int], limit: int) -> LogRead:
        return self._tampered(await self._real.read_user(owner, after, limit))

    def _tampered(self, read: LogRead) -> LogRead:
        return replace(
            read,
            events=tuple(self._forge(event) if event.type == "thread.updated" else event for event in read.events),
        )


FORGED: Sequence[tuple[str, Forge]] = (
    ("no thread", lambda event: replace(event, thread_id=None)),
    ("no thread", lambda event: replace(event, thread_id="")),
    ("foreign owner", lambda event: replace(event, owner="usr_mallory")),
    ("foreign session", lambda event: replace(event, session_id="ses_other")),
    ("no session", lambda event: replace(event, session_id=None)),
)


@pytest.mark.parametrize(("reason", "forge"), FORGED)
async def test_an_event_without_valid_ids_is_dropped_and_counted(reason: str, forge: Forge):
    async with serving() as server:
        thread = await server.ada.made("/threads")
        await server.ada.patch(f"/threads/{thread['id']}", {"title": "t"})
        owner = (await who(server)).principal.user_id
        store = Forger(server.app.store, forge)
        before = refused()

        of_session = await SessionLog(store, thread["session_id"], owner).read(FIRST, 100)
        of_user = await UserLog(store, owner).read(FIRST, 100)

        assert not [frame for frame in of_session.frames if b"thread.updated" in frame.data]
        assert [frame for frame in of_session.frames if b"thread.created" in frame.data]
        if reason != "foreign session":
            assert not [frame for frame in of_user.frames if b"thread.updated" in frame.data]
            assert refused() == before + 2
        else:
            assert refused() == before + 1


def refused() -> float:
    return sum(
        sample.value
        for metric in EVENTS_REFUSED.collect()
        for sample in metric.samples
        if sample.name.endswith("_total")
    )


async def test_a_stream_that_could_not_be_opened_takes_no_place():
    async with serving(limits={"streams_per_user": 1}) as server:
        thread = await server.ada.made("/threads")
        streams: EventStreams = server.app.streams
        place = await place_of(server, thread)

        for _ in range(3):
            with pytest.raises(Exception, match="cursor"):
                async with streams.open(await who(server), place, (999, 0)):
                    raise AssertionError
        async with streams.open(await who(server), place, FIRST):
            with pytest.raises(TooMany):
                async with streams.open(await who(server), place, FIRST):
                    raise AssertionError

        assert streams.count == 0


async def test_stopping_ends_every_stream_and_opens_no_more():
    async with serving() as server:
        thread = await server.ada.made("/threads")
        place = await place_of(server, thread)
        async with server.app.streams.open(await who(server), place, FIRST) as stream:
            await caught_up(stream)
            reader = await waiting(stream)
            await server.app.streams.stop()

            assert await reader is None
            with pytest.raises(Unavailable):
                async with server.app.streams.open(await who(server), place, FIRST):
                    raise AssertionError
        await server.app.streams.stop()


async def test_one_log_is_read_once_for_all_its_readers():
    async with serving() as server:
        await one_log_is_read_once(server, server.ada)


async def one_log_is_read_once(server: Harness, ada: Caller) -> None:
    thread = await ada.made("/threads")
    place = await place_of(server, thread)
    owner = await who(server)
    counting = Counting(server.app.store)
    counted = replace(place, log=SessionLog(counting, thread["session_id"], owner.principal.user_id))
    async with (
        server.app.streams.open(owner, counted, FIRST) as one,
        server.app.streams.open(owner, counted, FIRST) as two,
        server.app.streams.open(owner, counted, FIRST) as three,
    ):
        for stream in (one, two, three):
            await caught_up(stream)
        counting.reads = 0
        await ada.patch(f"/threads/{thread['id']}", {"title": "t"})
        told = [await stream.next() for stream in (one, two, three)]

    assert told[0] == told[1] == told[2]
    assert counting.reads <= 2


class Counting(SQLiteStore):
    """A store that counts how often a log is read."""

    def __init__(self, real: Store) -> None:
        self._real = real
        self.reads = 0

    async def read_log(self, log: str, after: int, limit: int, thread_id: str | None = None) -> LogRead:
        self.reads += 1
        return await self._real.read_log(log, after, limit, thread_id)
