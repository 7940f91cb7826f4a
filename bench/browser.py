"""Browser: the page in a headless Chromium, logged in, and what can be counted in it."""

from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, cast

from playwright.async_api import Browser, BrowserContext, Locator, Page, async_playwright

from bench.stage import Stage
from tests.web.chromium import ARGUMENTS

PATIENCE_MS = 60_000

Ask = Callable[[str], Awaitable[dict[str, Any]]]

# Looks at each frame, from the navigation on, whether a message can be typed.
WATCH_COMPOSER = """
const look = () => {
  const message = document.querySelector('[aria-label="Message"]')
  if (message !== null && !message.disabled && message.offsetHeight > 0) window.usableAt = performance.now()
  else requestAnimationFrame(look)
}
look()
"""

# Moves a box by so many pixels at each frame, for so many milliseconds; tells when the frames were.
FRAMES = """
(box, [pixels, ms]) => new Promise((done) => {
  const times = []
  const frame = (now) => {
    times.push(now)
    box.scrollTop += pixels
    if (now - times[0] < ms) requestAnimationFrame(frame)
    else done(times)
  }
  requestAnimationFrame(frame)
})
"""


@asynccontextmanager
async def chromium(path: str) -> AsyncGenerator[Browser]:
    """The browser at a path, until the end."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        yield browser
        await browser.close()


@asynccontextmanager
async def login(browser: Browser, here: Stage) -> AsyncGenerator[BrowserContext]:
    """A profile of its own, with nothing in its cache and the login of the bench's user."""
    url = f"http://127.0.0.1:{here.port}"
    context = await browser.new_context(base_url=url, viewport={"width": 1200, "height": 800})
    context.set_default_timeout(PATIENCE_MS)
    answer = await context.request.post("/api/v1/login", data={"key": here.key}, headers={"Origin": url})
    if not answer.ok:
        raise RuntimeError(f"the login was refused with {answer.status}")
    await context.add_init_script(WATCH_COMPOSER)
    yield context
    await context.close()


async def usable_ms(page: Page, path: str = "/") -> float:
    """From the navigation until a message can be typed, by the page's own clock."""
    await page.goto(path, wait_until="commit")
    message = page.get_by_role("textbox", name="Message", exact=True)
    await message.wait_for()
    await message.fill("typed")
    assert await message.input_value() == "typed"
    return float(await page.evaluate("window.usableAt"))


async def frame_times(box: Locator, seconds: float, pixels: int = 0) -> list[float]:
    """When frames were, in milliseconds, while a box is moved by so many pixels at each of them."""
    return [float(time) for time in await box.evaluate(FRAMES, [pixels, seconds * 1000])]


def gaps(times: Sequence[float]) -> list[float]:
    """The time from each frame to the next."""
    return [later - earlier for earlier, later in pairwise(times)]


def a_second(times: Sequence[float]) -> list[float]:
    """The frames of each whole second."""
    counts = [0.0] * int((times[-1] - times[0]) / 1000)
    for time in times[1:]:
        second = int((time - times[0]) / 1000)
        if second < len(counts):
            counts[second] += 1
    return counts


@dataclass
class Share:
    """The part of some time, in percent, that a page's main thread was in tasks, and had the processor for them."""

    busy: float = 0.0
    processor: float = 0.0


@asynccontextmanager
async def main_thread(page: Page) -> AsyncGenerator[Share]:
    """Filled in at the end."""
    session = await page.context.new_cdp_session(page)
    send: Ask = cast(Any, session).send  # its own type leaves the answer unknown
    await send("Performance.enable")
    before = _metrics(await send("Performance.getMetrics"))
    share = Share()
    yield share
    after = _metrics(await send("Performance.getMetrics"))
    spent = {name: after[name] - before[name] for name in ("Timestamp", "TaskDuration", "ThreadTime")}
    share.busy = 100 * spent["TaskDuration"] / spent["Timestamp"]
    share.processor = 100 * spent["ThreadTime"] / spent["Timestamp"]
    await session.detach()


def _metrics(answer: dict[str, Any]) -> dict[str, float]:
    return {each["name"]: each["value"] for each in answer["metrics"]}
