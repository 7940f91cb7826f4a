"""Those with a link, or named, read along, live, and say something where they may, as long as it holds."""

from base64 import b64decode
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.web.house import DESK, House
from tests.web.visitor import Tab, Visitor

PNG = b64decode("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAQAAAC1HAwCAAAAC0lEQVR42mNk+A8AAQUBAScY42YAAAAASUVORK5CYII=")


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


def send_image(visitor: Visitor, thread: str) -> None:
    """Say something with an image, which is answered."""
    session = visitor.get(f"/threads/{thread}")["session_id"]
    file = {"file": ("dot.png", PNG, "image/png")}
    sent = visitor.http.post("/api/v1/attachments", files=file, data={"session_id": session}).raise_for_status()
    parts = [{"type": "text", "text": "say seen"}, {"type": "image", "attachment_id": sent.json()["id"]}]
    visitor.post(f"/threads/{thread}/messages", {"parts": parts})


def is_shown(page: Page) -> None:
    """The image is there, under its name, and not only a place for one."""
    image = page.get_by_role("log", name="Conversation").get_by_role("img", name="dot.png")
    expect(image).to_have_js_property("naturalWidth", 1)


def test_a_link_shows_what_is_said_as_it_is_said_and_nothing_once_it_has_ended(visitor: Visitor, guest: Page):
    thread, url = shared(visitor, "Shared talk", "view")
    guest.goto(url)
    conversation = guest.get_by_role("log", name="Conversation")

    expect(guest.get_by_role("heading", level=1)).to_have_text("Shared talk")
    expect(conversation.locator("strong")).to_have_text("first")
    expect(guest).to_have_title("Shared talk · Laneway")
    visitor.post(f"/threads/{thread}/messages", {"message": "stream 30 20"})
    expect(conversation).to_contain_text("w29")
    send_image(visitor, thread)
    is_shown(guest)
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
    ours = tab.page.get_by_role("dialog", name="Comments")
    guest.goto(url)

    guest.get_by_label("Your name").fill("Eve")
    guest.get_by_label("New comment").fill("How true!")
    guest.get_by_role("button", name="Comment", exact=True).click()
    expect(tab.row("Open to comments").get_by_role("img", name="New comments")).to_be_visible()
    fresh = tab.page.get_by_role("button", name="1 new comment", exact=True)
    fresh.click()
    expect(ours.get_by_role("listitem")).to_contain_text("How true!")
    expect(fresh).to_have_count(0)
    expect(ours.get_by_role("listitem")).to_contain_text("Eve")
    ours.get_by_label("New comment").fill("Thank you.")
    ours.get_by_role("button", name="Comment", exact=True).click()

    theirs = guest.get_by_role("complementary", name="Comments").get_by_role("listitem")
    expect(theirs).to_have_count(2)
    expect(theirs.nth(1)).to_contain_text("Thank you.")
    ours.get_by_role("listitem").nth(0).get_by_role("button", name="Remove comment").click()
    expect(theirs).to_have_count(1)
    assert visitor.texts(thread, "user") == ["say **first**"]


def test_whom_a_thread_is_shared_with_by_name_finds_it_reads_along_and_is_told_when_it_ends(
    visitor: Visitor, chromium: Browser, house: House
):
    with house.newcomer(chromium, viewport=DESK) as other:
        tab = other.open()
        thread = visitor.post("/threads", {"agent_id": "script", "title": "Handed over"})["id"]
        send_image(visitor, thread)
        body = {"user": other.get("/me")["name"], "permission": "comment"}
        share = visitor.post(f"/threads/{thread}/shares", body)["id"]
        tab.threads.get_by_role("region", name="Shared with me").get_by_role("link", name="Handed over").click()

        whose = f"Shared with you by {visitor.get('/me')['name']} until"
        expect(tab.page.get_by_text(whose)).to_contain_text("You can read and comment.")
        expect(tab.page.get_by_role("heading", level=1)).to_have_text("Handed over")
        is_shown(tab.page)
        visitor.post(f"/threads/{thread}/messages", {"message": "stream 30 20"})
        expect(tab.conversation).to_contain_text("w29")
        assert offered(tab.page) == {"Shared with me": 1, "Comment": 1}
        tab.page.get_by_label("New comment").fill("How true!")
        tab.page.get_by_role("button", name="Comment", exact=True).click()
        expect(tab.page.get_by_role("button", name="Comments (1)")).to_be_visible()
        (comment,) = visitor.get(f"/threads/{thread}/comments")
        assert (comment["author"], comment["text"]) == (body["user"], "How true!")

        own = visitor.open(f"/t/{thread}")
        own.see("seen")
        assert set(offered(own.page)) == set(OWNERS)

        visitor.http.delete(f"/api/v1/shares/{share}").raise_for_status()
        expect(tab.page.get_by_role("status", name="Notices")).to_contain_text(
            "“Handed over” is no longer shared with you."
        )
        expect(tab.link("Handed over")).to_be_hidden()
        expect(tab.message).to_be_visible()
        tab.page.go_back()
        expect(tab.page.get_by_text("There is no such thread")).to_be_visible()


OWNERS = ("Message", "Agent", "Thread menu", "Show the session", "Good answer", "Edit", "Answer again")
"""What is for a thread's owner alone: with others, each would be refused."""


def offered(page: Page) -> dict[str, int]:
    """How many there are of what a reader is offered, and of what must not be."""
    names = {"Shared with me", "Comment", *OWNERS}
    found = {
        name: page.get_by_label(name, exact=True).or_(page.get_by_role("button", name=name, exact=True))
        for name in names
    }
    return {name: count for name, each in found.items() if (count := each.count())}


def test_what_a_link_shows_can_be_asked_for_by_the_menu(visitor: Visitor, guest: Page):
    tab: Tab = visitor.open()
    tab.begin("say to be shared")
    tab.see("to be shared")

    tab.choose("Thread menu", "Share")
    dialog = tab.page.get_by_role("dialog", name="Share this thread")
    dialog.get_by_role("button", name="Share", exact=True).click()
    guest.goto(dialog.locator("code").inner_text())

    expect(guest.get_by_role("log", name="Conversation")).to_contain_text("to be shared")
