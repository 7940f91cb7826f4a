"""axe finds nothing to complain about in any view: wide and narrow, light and dark. WCAG 2.1, A and AA."""

import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

import pytest
from playwright.sync_api import Browser, Page, ViewportSize, expect

from tests.architecture.tree import ROOT
from tests.web.house import DESK, House, Options
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
PHONE = ViewportSize(width=360, height=740)
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
    ("Comments", "Comments"),
    ("Save as template", "Save as template"),
]
OF_THE_SERVER = [("API keys", "API keys"), ("Users", "Users of this server"), ("Keyboard shortcuts",) * 2]
Who = Literal["admin", "newcomer", "nobody"]


@dataclass(frozen=True)
class Stage:
    """The house with its scenery, on a desk or on a phone, with one browser tab for each of those who look at it."""

    house: House
    scenery: Scenery
    axe: str
    tabs: dict[Who, Tab]

    def open(self, path: str, who: Who) -> Tab:
        tab = self.tabs[who]
        tab.page.emulate_media(color_scheme="light", reduced_motion="reduce")
        tab.page.goto(self.house.url + path)
        return tab


@pytest.fixture(scope="module")
def axe() -> str:
    node = [sys.executable, ROOT / "web" / "build.py", "node", "--version"]
    subprocess.run(node, check=True, stdout=subprocess.DEVNULL)
    return AXE.read_text()


@pytest.fixture(scope="module")
def scenery(chromium: Browser, house: House) -> Scenery:
    with house.logged_in(chromium, house.key) as admin:
        return build(admin)


@pytest.fixture(scope="module", params=["desk", "phone"])
def stage(
    request: pytest.FixtureRequest, chromium: Browser, axe: str, house: House, scenery: Scenery
) -> Iterator[Stage]:
    is_phone = request.param == "phone"
    size = PHONE if is_phone else DESK
    options: Options = {"viewport": size, "has_touch": is_phone, "is_mobile": is_phone}
    with (
        house.logged_in(chromium, house.key, **options) as admin,
        house.newcomer(chromium, **options) as newcomer,
        Visitor(chromium.new_context(**options), house.url, house.key) as nobody,
    ):
        who: dict[Who, Visitor] = {"admin": admin, "newcomer": newcomer, "nobody": nobody}
        yield Stage(house, scenery, axe, {name: Tab(visitor.context.new_page()) for name, visitor in who.items()})


def is_fine(stage: Stage, tab: Tab) -> None:
    """Nobody is shut out from what is seen now, by light or by night, and nothing lies beside the screen."""
    assert complaints(stage, tab.page, EVERYTHING) == []
    tab.page.emulate_media(color_scheme="dark", reduced_motion="reduce")
    assert complaints(stage, tab.page, COLOURS) == []
    assert tab.page.evaluate(WIDER_THAN_THE_SCREEN) <= 0


def complaints(stage: Stage, page: Page, rules: Mapping[str, object]) -> list[str]:
    # As the browser's own tools do it: what the page forbids stays forbidden.
    if page.evaluate("() => !('axe' in window)"):
        page.evaluate(stage.axe)
    return page.evaluate(COMPLAINTS, rules)


def threads_are_shown(tab: Tab) -> None:
    expect(tab.message).to_be_visible()
    show = tab.page.get_by_role("button", name="Show threads")
    if show.is_visible():
        show.click()
    expect(tab.link("Pelicans")).to_be_visible()


def test_axe_complains_where_there_is_something_to_complain_about(stage: Stage):
    tab = stage.open("/", "newcomer")
    expect(tab.message).to_be_visible()

    tab.message.evaluate("input => { input.removeAttribute('aria-label'); input.removeAttribute('placeholder') }")
    tab.page.get_by_role("heading", level=2).evaluate("heading => { heading.style.color = '#ddd' }")

    found = complaints(stage, tab.page, EVERYTHING)
    assert any(each.startswith("label: ") for each in found)
    assert any(each.startswith("color-contrast: ") for each in found)
    assert [each.partition(":")[0] for each in complaints(stage, tab.page, COLOURS)] == ["color-contrast"]


def test_login(stage: Stage):
    tab = stage.open("/", "nobody")
    tab.page.get_by_label("API key").fill("lw_wrong")
    tab.page.get_by_role("button", name="Log in").click()
    expect(tab.page.get_by_role("alert")).to_be_visible()

    is_fine(stage, tab)


def test_a_beginning_without_anything(stage: Stage):
    tab = stage.open("/", "newcomer")
    expect(tab.message).to_be_visible()
    expect(tab.page.get_by_text("No threads yet")).to_have_count(1)

    is_fine(stage, tab)


def test_a_beginning_with_templates(stage: Stage):
    tab = stage.open(f"/t/{stage.scenery.told}", "admin")
    threads_are_shown(tab)
    tab.page.get_by_role("button", name="New thread", exact=True).click()
    expect(tab.page.get_by_role("region", name="Begin with a template")).to_be_visible()

    is_fine(stage, tab)


def test_a_thread_with_tool_calls_and_a_failed_turn(stage: Stage):
    tab = stage.open(f"/t/{stage.scenery.told}", "admin")
    expect(tab.conversation.get_by_text("no such column").last).to_be_visible()
    tab.conversation.get_by_text("Called note.add").click()
    expect(tab.conversation.get_by_role("heading", name="A heading")).to_have_count(1)

    is_fine(stage, tab)


def test_a_thread_that_asks_for_an_approval(stage: Stage):
    tab = stage.open(f"/t/{stage.scenery.asking}", "admin")
    expect(tab.conversation.get_by_role("button", name="Approve")).to_be_visible()

    is_fine(stage, tab)


def test_a_queue_with_its_menu_and_its_editor(stage: Stage):
    tab = stage.open(f"/t/{stage.scenery.busy}", "admin")
    expect(tab.waiting).to_have_count(3)
    expect(tab.stop).to_be_visible()
    tab.choose("Menu of waiting message 1", "Edit")
    tab.page.get_by_role("button", name="Menu of waiting message 2").click()
    expect(tab.page.get_by_role("menu")).to_be_visible()

    is_fine(stage, tab)


def test_a_queue_that_is_paused(stage: Stage):
    tab = stage.open(f"/t/{stage.scenery.paused}", "admin")
    expect(tab.page.get_by_role("button", name="Resume queue")).to_be_visible()

    is_fine(stage, tab)


@pytest.mark.parametrize("chosen", ["All", "Archived"])
def test_the_list_of_threads(stage: Stage, chosen: str):
    tab = stage.open(f"/t/{stage.scenery.told}", "admin")
    threads_are_shown(tab)
    tab.page.get_by_role("button", name=chosen, exact=True).click()
    if chosen == "Archived":
        expect(tab.link("Old times")).to_be_visible()

    is_fine(stage, tab)


def test_a_thread_that_is_renamed(stage: Stage):
    tab = stage.open(f"/t/{stage.scenery.told}", "admin")
    threads_are_shown(tab)
    tab.choose("Menu of At work", "Rename")
    expect(tab.page.get_by_role("textbox", name="Title")).to_be_visible()

    is_fine(stage, tab)


def test_the_sessions(stage: Stage):
    tab = stage.open(f"/t/{stage.scenery.told}", "admin")
    threads_are_shown(tab)
    tab.page.get_by_role("button", name=re.compile("^Session: ")).click()
    expect(tab.page.get_by_role("dialog", name="Switch session")).to_be_visible()

    is_fine(stage, tab)


@pytest.mark.parametrize("name", SEEN)
def test_the_session_panel(stage: Stage, name: str):
    tab = stage.open(f"/t/{stage.scenery.told}", "admin")
    threads_are_shown(tab)
    tab.page.get_by_role("button", name="Show the session").click()
    tab.page.get_by_role("tab", name=name).click()
    panel = tab.page.get_by_role("tabpanel", name=name)
    expect(panel.get_by_text(SEEN[name]).first).to_be_visible()
    for table in panel.get_by_role("table").all():
        assert table.evaluate("table => table.scrollWidth - table.parentElement.clientWidth") <= 0

    is_fine(stage, tab)


@pytest.mark.parametrize(("entry", "name"), OF_A_THREAD)
def test_a_dialog_of_a_thread(stage: Stage, entry: str, name: str):
    tab = stage.open(f"/t/{stage.scenery.told}", "admin")
    tab.choose("Thread menu", entry)
    expect(tab.page.get_by_role("dialog", name=name)).to_be_visible()
    if entry == "Share":
        tab.page.get_by_role("dialog").get_by_role("button", name="Share", exact=True).click()
        expect(tab.page.get_by_text("The link", exact=True)).to_be_visible()

    is_fine(stage, tab)


@pytest.mark.parametrize(("entry", "name"), OF_THE_SERVER)
def test_a_dialog_of_the_server(stage: Stage, entry: str, name: str):
    tab = stage.open(f"/t/{stage.scenery.told}", "admin")
    threads_are_shown(tab)
    tab.choose("Menu", entry)
    dialog = tab.page.get_by_role("dialog", name=name)
    expect(dialog.get_by_role("listitem").or_(dialog.get_by_role("term")).first).to_be_visible()

    is_fine(stage, tab)


@pytest.mark.parametrize("button", ["New session", re.compile("^Edit session: .*Elsewhere")], ids=["new", "edit"])
def test_the_dialog_of_a_session(stage: Stage, button: str | re.Pattern[str]):
    tab = stage.open(f"/t/{stage.scenery.told}", "admin")
    threads_are_shown(tab)
    tab.page.get_by_role("button", name=re.compile("^Session: ")).click()
    tab.page.get_by_role("button", name=button).click()
    expect(tab.page.get_by_role("dialog", name=re.compile("session$"))).to_be_visible()

    is_fine(stage, tab)


def test_a_thread_that_somebody_else_shares(stage: Stage):
    tab = stage.open(f"/t/{stage.scenery.received}", "admin")
    is_read_with_its_comment(tab)

    is_fine(stage, tab)


@pytest.mark.parametrize("state", ["open", "ended"])
def test_the_page_of_a_link(stage: Stage, state: str):
    token = stage.scenery.token if state == "open" else "x" * 43
    tab = stage.open(f"/s/{token}", "nobody")
    if state == "ended":
        expect(tab.page.get_by_text("This link leads nowhere")).to_be_visible()
    else:
        is_read_with_its_comment(tab)

    is_fine(stage, tab)


def is_read_with_its_comment(tab: Tab) -> None:
    """Wait for the transcript of somebody else's thread, and for the comment beside it: narrow pages fold it away."""
    expect(tab.conversation.get_by_role("heading", name="A heading")).to_be_visible()
    panel = tab.page.get_by_role("complementary", name="Comments")
    if not panel.is_visible():
        tab.page.get_by_role("button", name="Comments (1)").click()
    expect(panel.get_by_role("listitem")).to_be_visible()
