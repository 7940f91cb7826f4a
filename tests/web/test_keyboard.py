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


def test_threads_are_switched_searched_and_begun_by_shortcuts_which_a_dialog_lists(visitor: Visitor):
    for title in ("one", "two", "three"):
        visitor.post("/threads", {"agent_id": "script", "title": title, "initial_message": "say hello"})
    tab = visitor.open()
    heading, keys = tab.page.get_by_role("heading", level=1), tab.page.keyboard
    tab.go("three")
    tab.see("hello")
    order = tab.titles()

    keys.press("Alt+ArrowDown")
    expect(heading).to_have_text(order[1])
    expect(tab.message).to_be_focused()
    tab.see("hello")
    keys.press("Alt+ArrowUp")
    expect(heading).to_have_text(order[0])
    expect(tab.row(order[1]).get_by_role("img", name="Unread")).to_be_hidden()
    expect(tab.row(order[2]).get_by_role("img", name="Unread")).to_be_visible()
    keys.press("Alt+Shift+ArrowDown")
    expect(heading).to_have_text(order[2])

    keys.press("Control+k")
    expect(tab.page.get_by_role("searchbox", name="Search threads")).to_be_focused()
    keys.press("Control+/")
    dialog = tab.page.get_by_role("dialog", name="Keyboard shortcuts")
    expect(dialog.get_by_text("Next unread thread")).to_be_visible()
    keys.press("Alt+n")
    expect(heading).to_have_text(order[2])
    keys.press("Escape")
    expect(dialog).to_be_hidden()
    keys.press("Alt+p")
    expect(tab.page.get_by_role("button", name="Hide the session")).to_have_attribute("aria-pressed", "true")
    keys.press("Alt+n")
    expect(heading).to_have_text("New thread")
    expect(tab.message).to_be_focused()
