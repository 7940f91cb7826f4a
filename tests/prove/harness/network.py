"""Network: lies between servers and their database, and does to connections what networks do, COMMIT or no COMMIT."""

import asyncio
import contextlib
import random
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

from tests.prove.harness.proxy import accepting, reset

PIECE = 65536
SILENT_S = 30.0
"""How long a connection stays silent; then it is reset. That stands for the kernel's probes, which get no answer when a
network is really gone, and always get one here."""
COMMIT = b"COMMIT\0"
"""How the driver says it: a simple query of its own."""


@dataclass
class Weather:
    """What the network does now, and what it has done."""

    delay_s: float = 0.0
    """Each piece takes up to so long, in each direction."""
    commits_cut: float = 0.0
    """The chance that a connection is reset inside a commit: as often before the server hears of it as after."""
    resets: int = 0
    silenced: int = 0
    halved: int = 0
    cut_before: int = 0
    cut_after: int = 0


class Wire:
    """One connection, in two halves."""

    def __init__(self, weather: Weather, chance: random.Random) -> None:
        self._weather = weather
        self._random = chance
        self._halves: list[asyncio.StreamWriter] = []
        self._is_silent = False
        self._is_half = False
        self._swallows_answer = False

    @property
    def is_whole(self) -> bool:
        """Whether both ends can still hear each other."""
        return not (self._is_silent or self._is_half)

    async def carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, port: int) -> None:
        """Carry bytes both ways until either side ends, or the network does not want any more."""
        self._halves = [writer]
        with contextlib.suppress(OSError):
            far_reader, far_writer = await asyncio.open_connection("127.0.0.1", port)
            self._halves.append(far_writer)
            pumps = {
                asyncio.create_task(self._pump(reader, far_writer, self._sent)),
                asyncio.create_task(self._pump(far_reader, writer, self._answered)),
            }
            try:
                await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for pump in pumps:
                    pump.cancel()
                await asyncio.gather(*pumps, return_exceptions=True)
        self._end()

    def reset(self) -> None:
        """RST to both sides."""
        self._weather.resets += 1
        self._end()

    def silence(self) -> None:
        """A black hole: nobody is told, and nothing arrives any more."""
        self._weather.silenced += 1
        self._is_silent = True

    def halve(self) -> None:
        """The server is told that the client is gone; the client hears so when it says something."""
        self._weather.halved += 1
        self._is_half = True
        for far in self._halves[1:]:
            reset(far)

    def _end(self) -> None:
        for each in self._halves:
            reset(each)

    async def _pump(
        self, source: asyncio.StreamReader, target: asyncio.StreamWriter, passes: Callable[[bytes], bool]
    ) -> None:
        while True:
            piece = b""
            with contextlib.suppress(OSError):
                piece = await source.read(PIECE)
            if self._is_silent or (self._is_half and passes == self._answered):
                # Nothing is told, the end least of all.
                await asyncio.sleep(SILENT_S)
                return
            if self._weather.delay_s:
                await asyncio.sleep(self._random.uniform(0, self._weather.delay_s))
            if not piece or self._is_half or not passes(piece):
                return
            target.write(piece)
            await target.drain()

    def _sent(self, piece: bytes) -> bool:
        if COMMIT in piece and self._random.random() < self._weather.commits_cut:
            if self._random.random() < 0.5:
                self._weather.cut_before += 1
                return False
            self._swallows_answer = True
        return True

    def _answered(self, piece: bytes) -> bool:
        self._weather.cut_after += self._swallows_answer
        return not self._swallows_answer


class Network:
    """All wires between some servers and a port of this machine."""

    def __init__(self, port: int, chance: random.Random) -> None:
        self.weather = Weather()
        self.port = 0
        self._far_port = port
        self._random = chance
        self._wires: list[Wire] = []

    def some(self, share: float) -> list[Wire]:
        """Some of the wires to which nothing has happened yet: what was lost stays lost."""
        return [wire for wire in self._wires if wire.is_whole and self._random.random() < share]

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Carry one connection."""
        wire = Wire(self.weather, self._random)
        self._wires.append(wire)
        try:
            await wire.carry(reader, writer, self._far_port)
        finally:
            self._wires.remove(wire)


@asynccontextmanager
async def network(port: int, chance: random.Random) -> AsyncGenerator[Network]:
    """A network in front of a loopback port, with fair weather."""
    made = Network(port, chance)
    async with accepting(made.serve) as made.port:
        yield made
