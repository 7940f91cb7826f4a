"""Everything on the way through the page can be done without a mouse."""

from playwright.sync_api import Locator, Page, expect

from tests.web.visitor import Visitor

FAR = 80
"""More presses than there are places to stop: whoever needs as many does not get there at all."""


def reach(page: Page, target: Locator, key: str = "Tab") -> None:
    """Press the key until the focus is there."""
    expect(target).to_be_visible()
    for _ in range(FAR):
        if target.evaluate("element => element === document.activeElement"):
            return
        page.keyboard.press(key)
    raise AssertionError(f"the focus never gets to {target}")


def test_a_thread_is_begun_stopped_renamed_and_its_session_looked_at_without_a_mouse(visitor: Visitor):
    tab = visitor.open()
    page, keys = tab.page, tab.page.keyboard

    reach(page, page.get_by_role("button", name="New thread", exact=True))
    keys.press("Enter")
    reach(page, page.get_by_role("combobox", name="Agent"))
    keys.type("Script")
    reach(page, tab.message)
    keys.type("sleep 900")
    keys.press("Enter")
    expect(tab.stop).to_be_visible()
    reach(page, tab.stop)
    keys.press("Enter")
    expect(tab.stop).to_be_hidden()

    reach(page, page.get_by_role("button", name="Thread menu"))
    keys.press("Enter")
    reach(page, page.get_by_role("menuitem", name="Rename"), "ArrowDown")
    keys.press("Enter")
    expect(page.get_by_role("textbox", name="Title")).to_be_focused()
    keys.type("Quiet")
    keys.press("Enter")
    expect(tab.link("Quiet")).to_be_visible()

    reach(page, page.get_by_role("button", name="Show the session"))
    keys.press("Enter")
    reach(page, page.get_by_role("tab", name="Activity"))
    keys.press("ArrowRight")
    expect(page.get_by_role("tab", name="Notes")).to_be_focused()
    expect(page.get_by_role("tabpanel", name="Notes")).to_be_visible()
