"""Visitor: somebody with a browser. Waits for what is to be seen, never for time."""

import re
from typing import Any, Self

import httpx
from playwright.sync_api import BrowserContext, ConsoleMessage, Locator, Page, expect

expect.set_options(timeout=45_000)
# What the browser itself says when the server is away, or when a test has no login, is no fault of the page.
EXPECTED = re.compile(r"Failed to load resource|net::ERR_|autocomplete|Password forms")


class Tab:
    """One tab that shows the page, by the names that are read out."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.message = page.get_by_role("textbox", name="Message", exact=True)
        self.conversation = page.get_by_role("log", name="Conversation")
        self.threads = page.get_by_role("navigation", name="Threads")
        self.queue = page.get_by_role("region", name="Queue")
        self.waiting = self.queue.get_by_role("listitem")
        self.stop = page.get_by_role("button", name="Stop", exact=True)

    def send(self, text: str) -> None:
        self.message.fill(text)
        self.message.press("Enter")

    def begin(self, text: str, agent: str = "script") -> str:
        """Make a thread with its first message; gives its id."""
        self.page.get_by_role("button", name="New thread", exact=True).click()
        self.page.get_by_role("combobox", name="Agent").select_option(agent)
        self.send(text)
        self.page.wait_for_url(re.compile("/t/thr_"))
        return self.page.url.rpartition("/")[2]

    def link(self, title: str) -> Locator:
        return self.threads.get_by_role("link", name=title, exact=True)

    def go(self, title: str) -> None:
        self.link(title).click()
        expect(self.page.get_by_role("heading", level=1)).to_have_text(title)

    def choose(self, menu: str, entry: str) -> None:
        """Pick an entry of a menu."""
        self.page.get_by_role("button", name=menu, exact=True).click()
        self.page.get_by_role("menuitem", name=entry, exact=True).click()

    def row(self, title: str) -> Locator:
        """A thread's place in the list, with its signs."""
        return self.threads.get_by_role("listitem").filter(has=self.page.get_by_role("link", name=title, exact=True))

    def answers(self) -> Locator:
        return self.conversation.get_by_role("article", name="Script")

    def see(self, text: str) -> None:
        expect(self.conversation.get_by_text(text, exact=True).last).to_be_visible()

    def titles(self) -> list[str]:
        return self.threads.get_by_role("link").all_text_contents()


class Visitor:
    """A browser with one login, and the same user's key for looking behind the page."""

    def __init__(self, context: BrowserContext, url: str, key: str) -> None:
        self.context = context
        self.url = url
        self.key = key
        self.faults: list[str] = []
        self.http = httpx.Client(base_url=url, headers={"Authorization": f"Bearer {key}"}, trust_env=False)
        context.on("console", self._heard)
        context.on("weberror", lambda error: self.faults.append(str(error.error)))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self.context.close()
        self.http.close()
        # A fault is told where nothing else is: what broke the test says more.
        assert kind is not None or not self.faults, self.faults

    def follow(self, link: str) -> None:
        page = self.context.new_page()
        page.goto(link)
        expect(page.get_by_role("textbox", name="Message", exact=True)).to_be_visible()
        page.close()

    def until_running(self, thread_id: str) -> None:
        """Wait until the thread's turn has begun, and has told so."""
        with self.http.stream("GET", f"/api/v1/threads/{thread_id}/events", params={"after": "0"}) as events:
            assert any(line == "event: turn.started" for line in events.iter_lines())

    def leave(self) -> None:
        """Delete all that is here, so that nothing of it goes on beside the next visitor."""
        for session in self.get("/sessions?limit=100"):
            self.http.delete(f"/api/v1/sessions/{session['id']}").raise_for_status()

    def open(self, path: str = "/") -> Tab:
        page = self.context.new_page()
        page.goto(self.url + path)
        tab = Tab(page)
        expect(tab.message).to_be_visible()
        return tab

    def get(self, path: str) -> Any:
        return self.http.get(f"/api/v1{path}").raise_for_status().json()

    def post(self, path: str, body: Any = None) -> Any:
        return self.http.post(f"/api/v1{path}", json=body or {}).raise_for_status().json()

    def texts(self, thread_id: str, role: str) -> list[str]:
        return [item["text"] for item in self.get(f"/threads/{thread_id}/messages?limit=100") if item["role"] == role]

    def _heard(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning") and not EXPECTED.search(message.text):
            self.faults.append(message.text)
