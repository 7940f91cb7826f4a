"""The page: how large it is, how soon it can be used, and how smoothly it moves, in a headless Chromium."""

import asyncio
import gzip
import json
import re
import subprocess
import sys
import time
from pathlib import Path

import httpx
from playwright.async_api import Browser, Page, Response

from bench.browser import a_second, chromium, frame_times, gaps, login, main_thread, usable_ms
from bench.figure import Figure, quantile
from bench.stage import ROOT, Stage, stage
from tests.web.chromium import MISSING, find_chromium

ROW = "page"
THREADS, STREAMING, ITEMS = 200, 50, 10_000
PAUSE_MS = 50
LAST = "the last word of a long thread"


async def in_a_browser(is_quick: bool) -> list[Figure]:
    """One server with 200 threads, one of which is long; the page is built first if it is not."""
    await asyncio.to_thread(subprocess.run, [sys.executable, ROOT / "web" / "build.py"], check=True)
    figures = _sizes(ROOT / "src" / "laneway" / "page")
    path = find_chromium()
    if path is None:
        return [*figures, Figure(ROW, "not measured: all that needs a browser", "ms", [], note=MISSING)]
    items, seconds = (ITEMS // 10, 5.0) if is_quick else (ITEMS, 15.0)
    async with stage() as here, chromium(path) as browser:
        session = await here.session()
        threads = [await here.thread(session, "script", title=f"Thread {number}") for number in range(THREADS - 1)]
        # The last to come, so that it stands among the first in the list.
        long_thread = await _long_thread(here, items)
        figures += await _time_to_interactive(here, browser, 3 if is_quick else 10)
        figures += await _scrolling(here, browser, long_thread, items, seconds)
        figures += await _streaming(here, browser, threads[:STREAMING], seconds)
    return figures


def _sizes(built: Path) -> list[Figure]:
    """What is sent first, and everything that may be."""
    main = re.findall(r'src="/(assets/[^"]+\.js)"', (built / "index.html").read_text(encoding="utf-8"))
    every = [each for each in sorted((built / "assets").iterdir()) if each.suffix in (".js", ".css")]
    return [*_size("main script", [built / each for each in main]), *_size("all scripts and styles", every)]


def _size(name: str, files: list[Path]) -> list[Figure]:
    contents = [each.read_bytes() for each in files]
    return [
        Figure(ROW, name, "KiB", [sum(map(len, contents)) / 1024]),
        Figure(ROW, f"{name}, gzipped", "KiB", [sum(len(gzip.compress(each)) for each in contents) / 1024]),
    ]


async def _long_thread(here: Stage, items: int) -> str:
    """A thread of so many questions and answers, taken in as JSON Lines."""
    lines = [
        {"thread": "long", "role": ("user", "assistant")[number % 2], "text": f"{number}: " + "some words " * 20}
        for number in range(items - 1)
    ]
    lines.append({"thread": "long", "role": "assistant", "text": LAST})
    url, headers = f"http://127.0.0.1:{here.port}/api/v1/import", {"Authorization": f"Bearer {here.key}"}
    upload = "\n".join(map(json.dumps, lines)).encode()
    async with httpx.AsyncClient(headers=headers, timeout=600, trust_env=False) as http:
        answer = await http.post(url, files={"file": ("long.jsonl", upload)}, data={"format": "generic"})
    counts = answer.raise_for_status().json()["imported"]
    assert counts["items"] == items, counts
    return (await here.client.get("/threads?limit=1"))[0]["id"]


async def _time_to_interactive(here: Stage, browser: Browser, count: int) -> list[Figure]:
    """Cold: a new profile each time. Warm: a new tab of a profile that has seen the page."""
    cold: list[float] = []
    warm: list[float] = []
    for _ in range(count):
        async with login(browser, here) as context:
            for values in (cold, warm):
                page = await context.new_page()
                values.append(await usable_ms(page))
                await page.close()
    return [
        Figure(ROW, f"navigation to a usable composer, {THREADS} threads, cold", "ms", cold),
        Figure(ROW, f"navigation to a usable composer, {THREADS} threads, warm", "ms", warm),
    ]


async def _scrolling(here: Stage, browser: Browser, thread: str, items: int, seconds: float) -> list[Figure]:
    """Up, which reads older items on the way, then down over those that were read."""
    async with login(browser, here) as context:
        page = await context.new_page()
        asked: list[Response] = []
        page.on("response", lambda answer: asked.append(answer) if f"{thread}/messages" in answer.url else None)
        opened_ms = await _opened(page, thread)
        log = page.get_by_role("log", name="Conversation")
        up = gaps(await frame_times(log, 2 * seconds, pixels=-800))
        read = min(items, sum([len(await answer.json()) for answer in asked]))
        down = gaps(await frame_times(log, seconds, pixels=800))
    of = f"{items:,} items"
    return [
        Figure(ROW, f"a thread of {of} until its newest is shown", "ms", [opened_ms]),
        Figure(ROW, f"a frame, scrolling up in {of}", "ms", up, note=f"{_p95(up)}; {read:,} of them were read"),
        Figure(ROW, f"a frame, scrolling down over {read:,} items", "ms", down, note=_p95(down)),
    ]


async def _opened(page: Page, thread: str) -> float:
    """A click on its link, with the page open already."""
    await usable_ms(page)
    link = page.locator(f'a[href="/t/{thread}"]').first
    await link.wait_for()
    started = time.perf_counter()
    await link.click()
    await page.get_by_text(LAST).last.wait_for()
    return (time.perf_counter() - started) * 1000


async def _streaming(here: Stage, browser: Browser, threads: list[str], seconds: float) -> list[Figure]:
    """One of the threads is looked at while all of them are written."""
    async with login(browser, here) as context:
        page = await context.new_page()
        await usable_ms(page, f"/t/{threads[0]}")
        log = page.get_by_role("log", name="Conversation")
        still = await frame_times(log, seconds / 2)
        for thread in threads:
            await here.client.post(f"/threads/{thread}/messages", {"message": f"stream 100000 {PAUSE_MS}"})
        await log.get_by_text("w10 ").first.wait_for()
        async with main_thread(page) as share:
            times = await frame_times(log, seconds)
        running = len(await here.client.get("/threads?status=running&limit=100"))
    note = f"{running} still ran at the end; a word of each every {PAUSE_MS} ms"
    name = f"{len(threads)} threads streaming"
    return [
        Figure(ROW, f"frames a second, {name}", "1/s", a_second(times), {"p50": 50}, "at least", note=note),
        Figure(ROW, f"a frame, {name}", "ms", gaps(times), note=_p95(gaps(times))),
        Figure(ROW, f"main thread in tasks, {name}", "%", [share.busy]),
        Figure(ROW, f"processor time of the main thread, {name}", "%", [share.processor]),
        Figure(ROW, "frames a second of this browser here, nothing streaming", "1/s", a_second(still)),
    ]


def _p95(values: list[float]) -> str:
    return f"p95 {quantile(sorted(values), 0.95):.1f} ms"
