"""Screenshots: takes the pictures in docs/screenshots anew.

usage: python -m tests.web.screenshots
"""

import sys
import tempfile
from pathlib import Path

from playwright.sync_api import Browser, BrowserContext, Page, ViewportSize, expect, sync_playwright

from tests.architecture.tree import ROOT
from tests.cli.shell import Server, Shell
from tests.web.chromium import ARGUMENTS, MISSING, find_chromium
from tests.web.visitor import Tab, Visitor

FOLDER = ROOT / "docs" / "screenshots"
WIDE = ViewportSize(width=1280, height=800)
NARROW = ViewportSize(width=360, height=740)
ANSWER = """## Before the release

Two checks are left, and both are **yours**:

1. the numbers in the *summary* table, which come from last week's run;
2. the migration: it adds one index and takes about 40 s on the copy.

```python
async with laneway.open("release.db", agents=[reviewer]) as lane:
    turn = await lane.run(thread.id, "Is everything ready?")
```

| step | who | state |
|---|---|---|
| notes | Ada | done |
| migration | Max | waits |
"""


def main() -> None:
    FOLDER.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as home, sync_playwright() as playwright:
        path = find_chromium()
        if path is None:
            sys.exit(MISSING)
        browser = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        shell = Shell(Path(home), {"LANEWAY_SHARES__ENABLED": "true"})
        try:
            take(browser, shell, shell.serve())
        finally:
            shell.clean_up()
            browser.close()


def take(browser: Browser, shell: Shell, server: Server) -> None:
    """Make a working day's threads, and look at them in every way."""
    context = browser.new_context(viewport=WIDE, color_scheme="light", reduced_motion="reduce")
    shot_of_login(context, server)
    visitor = Visitor(context, server.url, (shell.data / "admin.key").read_text().strip())
    visitor.follow(server.stdout.readline().split()[-1])
    shoot(visitor.open().page, "beginning")
    threads = work(visitor)
    tab = visitor.open(f"/t/{threads['release']}")
    tab.see("Before the release")
    shoot(tab.page, "thread")
    tab.page.goto(f"{server.url}/t/{threads['report']}")
    expect(tab.waiting).to_have_count(3)
    shoot(tab.page, "queue")
    tab.page.goto(f"{server.url}/t/{threads['deploy']}")
    expect(tab.page.get_by_role("button", name="Approve")).to_be_visible()
    shoot(tab.page, "approval")
    tab.page.goto(f"{server.url}/t/{threads['backup']}")
    expect(tab.conversation).to_contain_text("the disk was full")
    shoot(tab.page, "failure")
    shots_of_the_session(tab)
    shots_of_dialogs(tab, server, threads["release"])
    dark = browser.new_context(viewport=WIDE, color_scheme="dark", storage_state=context.storage_state())
    shoot(opened(dark, f"{server.url}/t/{threads['release']}", "Before the release"), "thread-dark")
    narrow = browser.new_context(viewport=NARROW, storage_state=context.storage_state())
    page = opened(narrow, f"{server.url}/t/{threads['release']}", "Before the release")
    shoot(page, "narrow")
    page.get_by_role("button", name="Show threads").click()
    shoot(page, "narrow-threads")
    shot_of_a_link(browser, visitor, threads["release"])
    shot_of_what_somebody_shares(browser, visitor)
    visitor.http.close()


def work(visitor: Visitor) -> dict[str, str]:
    """Threads as a day at work leaves them; gives their ids by a short name."""
    made: dict[str, str] = {}

    def begin(name: str, title: str, message: str, agent: str = "script") -> None:
        thread = visitor.post("/threads", {"agent_id": agent, "title": title, "initial_message": message})
        made[name] = thread["id"]

    begin("lane", "What is a lane?", "What is a lane?", "guide")
    begin("queue", "What waits, and why", "What happens to a message that I send while a turn runs?", "guide")
    begin("backup", "Nightly backup", "fail the disk was full")
    begin("deploy", "Deploy to production", "ask Deploy version 2.4 to production?")
    begin("report", "Quarterly report", "stream 2000 200")
    for message in ("Add the figures of September", "Then a short summary for the board", "And mail it to Ada"):
        visitor.post(f"/threads/{made['report']}/messages", {"message": message})
    begin("release", "Release checklist", ANSWER)
    session = visitor.get(f"/threads/{made['lane']}")["session_id"]
    visitor.post(f"/sessions/{session}/notes", {"text": "Releases go out on Tuesdays, before ten.", "prompt": True})
    visitor.post(f"/sessions/{session}/notes", {"text": "The staging database is a copy of Sunday's."})
    visitor.post(f"/sessions/{session}/timers", {"text": "Look at last night's errors", "cron": "0 9 * * 1-5"})
    visitor.post(f"/sessions/{session}/timers", {"text": "Is the queue of the importer short?", "every": 3600})
    visitor.post("/templates", {"name": "Review a change", "agent_id": "guide", "messages": []})
    visitor.http.patch(f"/api/v1/threads/{made['release']}", json={"pinned": True, "tags": ["release"]})
    return made


def shot_of_login(context: BrowserContext, server: Server) -> None:
    page = context.new_page()
    page.goto(server.url)
    expect(page.get_by_label("API key")).to_be_visible()
    shoot(page, "login")
    page.close()


def shots_of_the_session(tab: Tab) -> None:
    tab.page.get_by_role("button", name="Show the session").click()
    for name in ("Activity", "Notes", "Timers", "Figures"):
        tab.page.get_by_role("tab", name=name).click()
        expect(tab.page.get_by_role("tabpanel")).not_to_be_empty()
        if name == "Figures":
            expect(tab.page.locator("canvas").first).to_be_visible()
        shoot(tab.page, f"session-{name.lower()}")


def shots_of_dialogs(tab: Tab, server: Server, thread_id: str) -> None:
    tab.page.goto(f"{server.url}/t/{thread_id}")
    tab.see("Before the release")
    for entry, name in (("Share", "share"), ("Settings", "thread-settings")):
        tab.choose("Thread menu", entry)
        expect(tab.page.get_by_role("dialog")).to_be_visible()
        shoot(tab.page, name)
        tab.page.keyboard.press("Escape")
    tab.choose("Menu", "API keys")
    expect(tab.page.get_by_role("dialog")).to_contain_text("admin.key")
    shoot(tab.page, "keys")


def shot_of_a_link(browser: Browser, visitor: Visitor, thread_id: str) -> None:
    share = visitor.post(f"/threads/{thread_id}/shares", {"permission": "comment"})
    visitor.post(f"/threads/{thread_id}/comments", {"text": "The migration ran on the copy in 38 s."})
    guest = browser.new_context(viewport=WIDE, color_scheme="light", reduced_motion="reduce")
    page = opened(guest, share["url"], "Before the release")
    expect(page.get_by_role("complementary", name="Comments")).to_contain_text("38 s")
    shoot(page, "shared")


def shot_of_what_somebody_shares(browser: Browser, visitor: Visitor) -> None:
    visitor.post("/users", {"name": "ada"})
    key = visitor.post("/keys", {"user": "ada", "name": "first"})["key"]
    with Visitor(browser.new_context(), visitor.url, key) as ada:
        body = {"agent_id": "guide", "initial_message": "What happens to a turn when the server crashes?"}
        thread = ada.post("/threads", body)["id"]
        ada.post(f"/threads/{thread}/shares", {"user": "admin", "permission": "comment"})
        ada.post(f"/threads/{thread}/comments", {"text": "Is that what you saw on Monday?"})
    page = opened(visitor.context, f"{visitor.url}/t/{thread}", "server crashes?")
    expect(page.get_by_role("article", name="guide")).to_have_attribute("aria-busy", "false")
    expect(page.get_by_role("complementary", name="Comments")).to_contain_text("on Monday")
    shoot(page, "received")


def opened(context: BrowserContext, url: str, text: str) -> Page:
    page = context.new_page()
    page.goto(url)
    expect(page.get_by_role("log", name="Conversation").get_by_text(text).last).to_be_visible()
    return page


def shoot(page: Page, name: str) -> None:
    page.screenshot(path=FOLDER / f"{name}.png", animations="disabled")


if __name__ == "__main__":
    main()
