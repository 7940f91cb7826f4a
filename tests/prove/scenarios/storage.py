"""S-1, S-2, S-3, S-7: power cuts, failing and full disks, and two servers on one directory."""

import asyncio
from typing import Any, cast

from tests.prove import disk_full, power_cut
from tests.prove.harness.servers import Died
from tests.prove.harness.world import World, world
from tests.prove.scenario import Report

PLANTED_SYNC = "FULL"


def run_power_cuts(seed: int, cuts: int) -> Report:
    """S-1. The control shows that the cuts cut: with `synchronous = NORMAL` something acknowledged is lost."""
    told = power_cut.run(seed, cuts, PLANTED_SYNC)
    report = _report(told, "I-1")
    control = power_cut.run(seed, max(20, cuts // 5), "NORMAL")
    report.expect(bool(control["problems"]), "the control with synchronous = NORMAL lost nothing: the cuts do not cut")
    report.figures |= {"lost_by_control": _number(control["problems"])}
    return report


def run_refused_operations(seed: int, operations: int) -> Report:
    """S-2."""
    told = disk_full.refused_operations(seed, operations)
    tried: dict[str, int] = cast("dict[str, int]", told.pop("tried"))  # said by its own module
    report = _report(told, "I-52")
    report.figures |= {"refused_operations": sum(tried.values())}
    return report


def run_full_disk(seed: int, rounds: int) -> Report:
    """S-3."""
    report = Report()
    for number in range(rounds):
        told = disk_full.full_disk(seed + number)
        if "skipped" in told:
            report.note = f"no file system of its own may be made here: {told['skipped']}"
            return report
        each = _report(told, "I-52")
        report.findings += each.findings
        report.figures = each.figures
    return report


def _report(told: dict[str, object], invariant: str) -> Report:
    """A report of the store's own harness."""
    examples = cast("list[str]", told.get("examples", []))  # texts, as their module says
    report = Report([f"{invariant}: {each}" for each in examples])
    report.figures = {
        name: value for name, value in told.items() if isinstance(value, int) and name not in ("seed", "problems")
    }
    return report


def _number(value: object) -> int:
    return value if isinstance(value, int) else 0


# --- S-7 -------------------------------------------------------------------------------------------------------------


def run_two_servers(seed: int, tries: int) -> Report:
    """S-7: the second server of a directory says so and goes; the first one notices nothing."""
    return asyncio.run(_two_servers(seed, tries))


async def _two_servers(seed: int, tries: int) -> Report:
    report = Report()
    slowest = 0.0
    async with world(seed) as here:
        server = await here.serve()
        client = here.client()
        for number in range(tries):
            is_cold = number % 5 == 0
            took = await _second(here, report, is_cold)
            # What a cold start takes is mostly the interpreter and its imports.
            slowest = slowest if is_cold else max(slowest, took)
            report.expect((await client.ask("GET", "/me")).status == 200, "I-55: the first server suffered")
        report.expect(slowest <= 2.0, f"I-55: the second server took {slowest:.1f} s to go")
        await server.kill()
        here.judge(report)
    report.figures = {"tries": tries, "slowest_s": round(slowest, 2)}
    return report


async def _second(here: World, report: Report, is_cold: bool) -> float:
    loop = asyncio.get_running_loop()
    started = loop.time()
    flags: dict[str, Any] = {"port": 0}
    try:
        second = await (here.serve_cold("--port", "0") if is_cold else here.serve(flags))
    except Died as refused:
        said = _log(here) + str(refused)
        report.expect("is served already" in said or "is in use by" in said, "I-55: it did not say why it went")
        return loop.time() - started
    report.findings.append("I-55: two servers run on one directory")
    await second.kill()
    return 0.0


def _log(here: World) -> str:
    return here.log.read_text(encoding="utf-8", errors="replace")
