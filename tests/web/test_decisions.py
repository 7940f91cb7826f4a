"""What a person has to decide is told where it can be decided: failures, approvals, calls that may have happened."""

import os

from playwright.sync_api import expect

from tests.web.house import House
from tests.web.visitor import Visitor


def test_a_failure_is_told_and_retried_also_by_a_page_that_was_not_there(visitor: Visitor):
    thread = visitor.post(
        "/threads",
        {"agent_id": "script", "title": "shaky", "initial_message": "fail-until 2 no such column\nsay mended"},
    )
    tab = visitor.open(f"/t/{thread['id']}")
    row = tab.row("shaky")

    expect(row.get_by_role("img", name="Failed")).to_be_visible()
    expect(tab.conversation).to_contain_text("no such column")
    tab.conversation.get_by_role("button", name="Retry").click()

    tab.see("mended")
    expect(row.get_by_role("img", name="Failed")).to_be_hidden()


def test_an_approval_is_marked_in_the_list_and_given_in_the_conversation(visitor: Visitor):
    thread = visitor.post("/threads", {"agent_id": "script", "title": "trip", "initial_message": "ask Book the train?"})
    tab = visitor.open(f"/t/{thread['id']}")
    row = tab.row("trip")

    expect(row.get_by_role("img", name="Needs approval")).to_be_visible()
    tab.page.get_by_role("textbox", name="Note for the agent").fill("By the window, please.")
    tab.conversation.get_by_role("button", name="Approve").click()

    expect(row.get_by_role("img", name="Needs approval")).to_be_hidden()
    expect(tab.stop).to_be_hidden()
    assert [each["note"] for each in visitor.get("/approvals?state=approved")] == ["By the window, please."]


def test_a_call_that_may_have_happened_is_retried_skipped_or_marked_as_done_by_a_person(
    owner: Visitor, own_house: House
):
    log = own_house.shell.data / "effects.log"
    os.mkfifo(log)  # whoever writes to it waits for a reader, who never comes
    session = owner.post("/sessions", {"title": "Doubt", "mode": "autonomous"})["id"]
    for label in ("retry", "skip", "done"):
        message = f"effect once {label}\nsay after {label}"
        owner.post(
            "/threads", {"session_id": session, "agent_id": "script", "title": label, "initial_message": message}
        )
    tab = owner.open()
    for label in ("retry", "skip", "done"):
        tab.go(label)
        expect(tab.conversation.get_by_text("Calling effect.once")).to_be_visible()
    tab.begin("say that all have begun")
    tab.see("that all have begun")

    own_house.server.kill()
    log.unlink()
    own_house.restart()

    for label, button in (("retry", "Retry"), ("skip", "Skip the call"), ("done", "Mark done")):
        expect(tab.row(label).get_by_role("img", name="Needs review")).to_be_visible()
        tab.go(label)
        tab.conversation.get_by_role("button", name=button).click()
        expect(tab.row(label).get_by_role("img", name="Needs review")).to_be_hidden()
        expect(tab.conversation.get_by_text("A person has to decide")).to_be_hidden()
    tab.go("retry")
    tab.see("after retry")
    tab.go("done")
    tab.see("after done")
    tab.go("skip")
    expect(tab.conversation).to_contain_text("skipped by the owner")
    assert log.read_text().split() == ["retry"]
