"""axe finds nothing to complain about in any view: wide and narrow, light and dark. WCAG 2.1, A and AA."""

import re
import subprocess
import sys
from collections.abc import Callable, Generator, Iterator, Mapping
from dataclasses import dataclass

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, StorageState, ViewportSize, expect

from tests.architecture.tree import ROOT
from tests.cli.shell import Server, Shell
from tests.web.scenery import Scenery, build
from tests.web.visitor import Tab, Visitor

AXE = ROOT / "web" / "node_modules" / "axe-core" / "axe.min.js"
COMPLAINTS = """async (only) => {
  const { violations } = await axe.run(document, { runOnly: only, resultTypes: ['violations'] })
  return violations.flatMap(({ id, nodes }) => nodes.map(node =>
    `${id}: ${node.html.slice(0, 200)} ${node.failureSummary}`))
}"""
EVERYTHING = {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"]}
COLOURS = {"type": "rule", "values": ["color-contrast", "link-in-text-block"]}
"""The rules that a change from light to dark can break."""
WIDER_THAN_THE_SCREEN = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
DESK, PHONE = ViewportSize(width=1280, height=800), ViewportSize(width=360, height=740)
SEEN = {
    "Activity": "A journey",
    "Notes": "The sea is cold.",
    "Timers": "say look",
    "Alerts": "say now",
    "Figures": "Chart by TradingView",
    "State": "height_m",
}
"""What stands in each section of the session panel, so that no empty one is looked at."""
OF_A_THREAD = [
    ("Settings", "Thread settings"),
    ("Share", "Share this thread"),
    ("Save as template", "Save as template"),
]
OF_THE_SERVER = [("API keys", "API keys"), ("Users", "Users of this server")]
Open = Callable[[str, StorageState | None], Tab]


@dataclass(frozen=True)
class House:
    """The server with its scenery, and who has logged in to it."""

    url: str
    key: str
    scenery: Scenery
    admin: StorageState
    newcomer: StorageState


@pytest.fixture(scope="module")
def axe() -> str:
    node = [sys.executable, ROOT / "web" / "build.py", "node", "--version"]
    subprocess.run(node, check=True, stdout=subprocess.DEVNULL)
    return AXE.read_text()


@pytest.fixture(scope="module")
def house(chromium: Browser, built: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    shell = Shell(tmp_path_factory.mktemp("house"), {"LANEWAY_SHARES__ENABLED": "true"})
    try:
        yield furnish(chromium, shell, shell.serve())
    finally:
        shell.clean_up()


def furnish(chromium: Browser, shell: Shell, server: Server) -> House:
    key = (shell.data / "admin.key").read_text().strip()
    admin = Visitor(chromium.new_context(), server.url, key)
    with admin.http:
        scenery = build(admin)
        new = admin.post("/keys", {"user": "ada", "name": "first"})["key"]
    admin.context.close()
    return House(server.url, key, scenery, logged_in(chromium, server.url, key), logged_in(chromium, server.url, new))


def logged_in(chromium: Browser, url: str, key: str) -> StorageState:
    context = chromium.new_context()
    answer = context.request.post(f"{url}/api/v1/login", data={"key": key})
    assert answer.ok, answer.text()
    state = context.storage_state()
    context.close()
    return state


@pytest.fixture(params=["desk", "phone"])
def opened(request: pytest.FixtureRequest, chromium: Browser, axe: str, house: House) -> Generator[Open]:
    """Opens the page on a desk and on a phone, for somebody who has logged in or for nobody."""
    contexts: list[BrowserContext] = []

    def open_page(path: str, state: StorageState | None) -> Tab:
        is_phone = request.param == "phone"
        context = chromium.new_context(
            viewport=PHONE if is_phone else DESK, has_touch=is_phone, is_mobile=is_phone, storage_state=state,
            reduced_motion="reduce",
        )  # fmt: skip
        contexts.append(context)
        context.set_default_timeout(15_000)
        # As the browser's own tools do it: what the page forbids stays forbidden.
        context.add_init_script(axe)
        page = context.new_page()
        page.goto(house.url + path)
        return Tab(page)

    yield open_page
    for context in contexts:
        context.close()


def is_fine(tab: Tab) -> None:
    """Nobody is shut out from what is seen now, by light or by night, and nothing lies beside the screen."""
    tab.page.emulate_media(color_scheme="light", reduced_motion="reduce")
    assert complaints(tab.page, EVERYTHING) == []
    tab.page.emulate_media(color_scheme="dark", reduced_motion="reduce")
    assert complaints(tab.page, COLOURS) == []
    assert tab.page.evaluate(WIDER_THAN_THE_SCREEN) <= 0


def complaints(page: Page, rules: Mapping[str, object]) -> list[str]:
    return page.evaluate(COMPLAINTS, rules)


def threads_are_shown(tab: Tab) -> None:
    expect(tab.message).to_be_visible()
    show = tab.page.get_by_role("button", name="Show threads")
    if show.is_visible():
        show.click()
    expect(tab.link("Pelicans")).to_be_visible()


def test_axe_complains_where_there_is_something_to_complain_about(opened: Open, house: House):
    tab = opened("/", house.newcomer)
    expect(tab.message).to_be_visible()

    tab.message.evaluate("input => { input.removeAttribute('aria-label'); input.removeAttribute('placeholder') }")
    tab.page.get_by_role("heading", level=2).evaluate("heading => { heading.style.color = '#ddd' }")

    found = complaints(tab.page, EVERYTHING)
    assert any(each.startswith("label: ") for each in found)
    assert any(each.startswith("color-contrast: ") for each in found)
    assert [each.partition(":")[0] for each in complaints(tab.page, COLOURS)] == ["color-contrast"]


def test_login(opened: Open):
    tab = opened("/", None)
    tab.page.get_by_label("API key").fill("lw_wrong")
    tab.page.get_by_role("button", name="Log in").click()
    expect(tab.page.get_by_role("alert")).to_be_visible()

    is_fine(tab)


def test_a_beginning_without_anything(opened: Open, house: House):
    tab = opened("/", house.newcomer)
    expect(tab.message).to_be_visible()
    expect(tab.page.get_by_text("No threads yet")).to_have_count(1)

    is_fine(tab)


def test_a_beginning_with_templates(opened: Open, house: House):
    tab = opened(f"/t/{house.scenery.told}", house.admin)
    threads_are_shown(tab)
    tab.page.get_by_role("button", name="New thread", exact=True).click()
    expect(tab.page.get_by_role("region", name="Begin with a template")).to_be_visible()

    is_fine(tab)


def test_a_thread_with_tool_calls_and_a_failed_turn(opened: Open, house: House):
    tab = opened(f"/t/{house.scenery.told}", house.admin)
    expect(tab.conversation.get_by_text("no such column").last).to_be_visible()
    tab.conversation.get_by_text("Called note.add").click()
    expect(tab.conversation.get_by_role("heading", name="A heading")).to_have_count(1)

    is_fine(tab)


def test_a_thread_that_asks_for_an_approval(opened: Open, house: House):
    tab = opened(f"/t/{house.scenery.asking}", house.admin)
    expect(tab.conversation.get_by_role("button", name="Approve")).to_be_visible()

    is_fine(tab)


def test_a_queue_with_its_menu_and_its_editor(opened: Open, house: House):
    tab = opened(f"/t/{house.scenery.busy}", house.admin)
    expect(tab.waiting).to_have_count(3)
    expect(tab.stop).to_be_visible()
    tab.choose("Menu of waiting message 1", "Edit")
    tab.page.get_by_role("button", name="Menu of waiting message 2").click()
    expect(tab.page.get_by_role("menu")).to_be_visible()

    is_fine(tab)


def test_a_queue_that_is_paused(opened: Open, house: House):
    tab = opened(f"/t/{house.scenery.paused}", house.admin)
    expect(tab.page.get_by_role("button", name="Resume queue")).to_be_visible()

    is_fine(tab)


@pytest.mark.parametrize("chosen", ["All", "Archived"])
def test_the_list_of_threads(opened: Open, house: House, chosen: str):
    tab = opened(f"/t/{house.scenery.told}", house.admin)
    threads_are_shown(tab)
    tab.page.get_by_role("button", name=chosen, exact=True).click()
    if chosen == "Archived":
        expect(tab.link("Old times")).to_be_visible()

    is_fine(tab)


def test_a_thread_that_is_renamed(opened: Open, house: House):
    tab = opened(f"/t/{house.scenery.told}", house.admin)
    threads_are_shown(tab)
    tab.choose("Menu of At work", "Rename")
    expect(tab.page.get_by_role("textbox", name="Title")).to_be_visible()

    is_fine(tab)


def test_the_sessions(opened: Open, house: House):
    tab = opened(f"/t/{house.scenery.told}", house.admin)
    threads_are_shown(tab)
    tab.page.get_by_role("button", name=re.compile("^Session: ")).click()
    expect(tab.page.get_by_role("dialog", name="Switch session")).to_be_visible()

    is_fine(tab)


@pytest.mark.parametrize("name", SEEN)
def test_the_session_panel(opened: Open, house: House, name: str):
    tab = opened(f"/t/{house.scenery.told}", house.admin)
    threads_are_shown(tab)
    tab.page.get_by_role("button", name="Show the session").click()
    tab.page.get_by_role("tab", name=name).click()
    panel = tab.page.get_by_role("tabpanel", name=name)
    expect(panel.get_by_text(SEEN[name]).first).to_be_visible()

    is_fine(tab)


@pytest.mark.parametrize(("entry", "name"), OF_A_THREAD)
def test_a_dialog_of_a_thread(opened: Open, house: House, entry: str, name: str):
    tab = opened(f"/t/{house.scenery.told}", house.admin)
    tab.choose("Thread menu", entry)
    expect(tab.page.get_by_role("dialog", name=name)).to_be_visible()
    if entry == "Share":
        tab.page.get_by_role("dialog").get_by_role("button", name="Share", exact=True).click()
        expect(tab.page.get_by_text("The link", exact=True)).to_be_visible()

    is_fine(tab)


@pytest.mark.parametrize(("entry", "name"), OF_THE_SERVER)
def test_a_dialog_of_the_server(opened: Open, house: House, entry: str, name: str):
    tab = opened(f"/t/{house.scenery.told}", house.admin)
    threads_are_shown(tab)
    tab.choose("Menu", entry)
    dialog = tab.page.get_by_role("dialog", name=name)
    expect(dialog.get_by_role("listitem").first).to_be_visible()

    is_fine(tab)


@pytest.mark.parametrize("button", ["New session", re.compile("^Edit session: .*Elsewhere")], ids=["new", "edit"])
def test_the_dialog_of_a_session(opened: Open, house: House, button: str | re.Pattern[str]):
    tab = opened(f"/t/{house.scenery.told}", house.admin)
    threads_are_shown(tab)
    tab.page.get_by_role("button", name=re.compile("^Session: ")).click()
    tab.page.get_by_role("button", name=button).click()
    expect(tab.page.get_by_role("dialog", name=re.compile("session$"))).to_be_visible()

    is_fine(tab)
