"""Those with a link read along, live, and say something where they may, as long as it holds."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.web.house import DESK, House
from tests.web.visitor import Tab, Visitor


@pytest.fixture
def guest(chromium: Browser, house: House) -> Iterator[Page]:
    """Somebody who has a link, and no login."""
    with Visitor(chromium.new_context(viewport=DESK), house.url, house.key) as guest:
        yield guest.context.new_page()


def shared(visitor: Visitor, title: str, permission: str) -> tuple[str, str]:
    """A thread with an answer, and the address of a link to it."""
    body = {"agent_id": "script", "title": title, "initial_message": "say **first**"}
    thread = visitor.post("/threads", body)["id"]
    return thread, visitor.post(f"/threads/{thread}/shares", {"permission": permission})["url"]


def test_a_link_shows_what_is_said_as_it_is_said_and_nothing_once_it_has_ended(visitor: Visitor, guest: Page):
    thread, url = shared(visitor, "Shared talk", "view")
    guest.goto(url)
    conversation = guest.get_by_role("log", name="Conversation")

    expect(guest.get_by_role("heading", level=1)).to_have_text("Shared talk")
    expect(conversation.locator("strong")).to_have_text("first")
    expect(guest).to_have_title("Shared talk · Laneway")
    visitor.post(f"/threads/{thread}/messages", {"message": "stream 30 20"})
    expect(conversation).to_contain_text("w29")
    assert guest.get_by_role("textbox").count() == guest.get_by_role("button", name="Comments").count() == 0
    share = visitor.get(f"/threads/{thread}/shares")[0]["id"]
    visitor.http.delete(f"/api/v1/shares/{share}").raise_for_status()

    expect(guest.get_by_text("This link leads nowhere")).to_be_visible()
    expect(conversation).to_be_hidden()
    ended = guest.goto(url)
    assert ended is not None
    assert ended.status == 404
    expect(guest.get_by_text("This link leads nowhere")).to_be_visible()
    assert guest.context.cookies() == []


def test_those_who_may_comment_and_the_owner_read_each_other(visitor: Visitor, guest: Page):
    thread, url = shared(visitor, "Open to comments", "comment")
    tab = visitor.open(f"/t/{thread}")
    tab.see("first")
    tab.choose("Thread menu", "Comments")
    ours = tab.page.get_by_role("dialog", name="Comments")
    guest.goto(url)

    guest.get_by_label("Your name").fill("Eve")
    guest.get_by_label("New comment").fill("How true!")
    guest.get_by_role("button", name="Comment", exact=True).click()
    expect(ours.get_by_role("listitem")).to_contain_text("How true!")
    expect(ours.get_by_role("listitem")).to_contain_text("Eve")
    ours.get_by_label("New comment").fill("Thank you.")
    ours.get_by_role("button", name="Comment", exact=True).click()

    theirs = guest.get_by_role("complementary", name="Comments").get_by_role("listitem")
    expect(theirs).to_have_count(2)
    expect(theirs.nth(1)).to_contain_text("Thank you.")
    ours.get_by_role("listitem").nth(0).get_by_role("button", name="Remove comment").click()
    expect(theirs).to_have_count(1)
    assert visitor.texts(thread, "user") == ["say **first**"]


def test_what_a_link_shows_can_be_asked_for_by_the_menu(visitor: Visitor, guest: Page):
    tab: Tab = visitor.open()
    tab.begin("say to be shared")
    tab.see("to be shared")

    tab.choose("Thread menu", "Share")
    dialog = tab.page.get_by_role("dialog", name="Share this thread")
    dialog.get_by_role("button", name="Share", exact=True).click()
    guest.goto(dialog.locator("code").inner_text())

    expect(guest.get_by_role("log", name="Conversation")).to_contain_text("to be shared")
