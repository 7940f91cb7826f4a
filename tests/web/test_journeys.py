import re
from pathlib import Path

from playwright.sync_api import Route, expect

from tests.web.house import House
from tests.web.visitor import Visitor


def test_a_message_in_one_thread_and_then_one_in_another_are_answered_each_in_its_own(visitor: Visitor):
    tab = visitor.open()

    first = tab.begin("stream 40 30\nsay answer to A")
    expect(tab.stop).to_be_visible()
    second = tab.begin("say answer to B")

    tab.see("answer to B")
    expect(tab.stop).to_be_hidden()
    expect(tab.conversation).not_to_contain_text("answer to A")
    tab.go("stream 40 30")
    expect(tab.answers().last).to_contain_text("answer to A")
    expect(tab.conversation).not_to_contain_text("answer to B")
    assert len(visitor.texts(first, "assistant")) == len(visitor.texts(second, "assistant")) == 1


def test_an_answer_arrives_while_another_thread_is_seen_and_marks_its_own_row(visitor: Visitor):
    tab = visitor.open()
    tab.begin("stream 99 40")
    tab.begin("say here")

    row = tab.threads.get_by_role("listitem").filter(has=tab.page.get_by_role("link", name="stream 99 40"))

    expect(row.get_by_role("img", name="Running")).to_be_visible()
    expect(row.get_by_role("img", name="Unread")).to_be_visible()
    expect(row.get_by_role("img", name="Running")).to_be_hidden()


def test_switching_quickly_while_twenty_threads_write_loses_and_mixes_nothing(visitor: Visitor):
    threads = [
        visitor.post(
            "/threads", {"agent_id": "script", "title": f"lane {n}", "initial_message": f"say {mark(n)}\nstream 80 30"}
        )
        for n in range(20)
    ]
    tab = visitor.open(f"/t/{threads[0]['id']}")

    for _ in range(3):
        for n in range(20):
            tab.link(f"lane {n}").click()
    tab.send("say afterwards")

    tab.see("afterwards")
    for n in (0, 7, 19):
        tab.go(f"lane {n}")
        expect(tab.answers().first).to_contain_text(f"{mark(n)}")
        expect(tab.answers().first).to_contain_text("w79")
        shown = tab.conversation.inner_text()
        assert [other for other in range(20) if mark(other) in shown] == [n]
    assert visitor.texts(threads[19]["id"], "user")[-1] == "say afterwards"


def mark(n: int) -> str:
    return f"mark-{n:02}-of-lane"


def test_a_reload_in_the_middle_of_an_answer_goes_on_with_it(visitor: Visitor):
    tab = visitor.open()
    thread = tab.begin("stream 60 40")
    expect(tab.answers()).to_contain_text("w5")

    tab.page.reload()

    expect(tab.answers()).to_contain_text("w59")
    words = " ".join(f"w{n}" for n in range(60))
    expect(tab.answers().locator(".prose")).to_have_text(words)
    assert visitor.texts(thread, "assistant") == [words]


def test_two_tabs_on_one_thread_show_the_same_and_each_may_stop_it(visitor: Visitor):
    one = visitor.open()
    thread = one.begin("stream 200 40")
    other = visitor.open(f"/t/{thread}")
    expect(one.answers()).to_contain_text("w3")
    expect(other.answers()).to_contain_text("w3")

    other.stop.click()

    for tab in (one, other):
        expect(tab.stop).to_be_hidden()
        expect(tab.conversation.get_by_text("Cut off")).to_be_visible()
    assert one.answers().locator(".prose").inner_text() == other.answers().locator(".prose").inner_text()


def test_a_thread_that_is_deleted_while_it_runs_is_gone_and_its_neighbour_goes_on(visitor: Visitor):
    tab = visitor.open()
    neighbour = tab.begin("stream 150 40")
    doomed = tab.begin("stream 500 40\nsay never")
    expect(tab.answers()).to_contain_text("w3")

    tab.choose("Thread menu", "Delete")

    expect(tab.link("stream 500 40")).to_be_hidden()
    expect(tab.page.get_by_text("will be deleted")).to_be_hidden()
    tab.go("stream 150 40")
    expect(tab.answers()).to_contain_text("w149")
    assert visitor.http.get(f"/api/v1/threads/{doomed}").status_code == 404
    assert visitor.get(f"/threads/{neighbour}")["status"] == "idle"


def test_a_deletion_can_be_taken_back_before_the_server_is_asked(visitor: Visitor):
    tab = visitor.open()
    thread = tab.begin("say keep me")
    tab.see("keep me")

    tab.choose("Thread menu", "Delete")
    expect(tab.link("say keep me")).to_be_hidden()
    tab.page.get_by_role("button", name="Undo").click()

    expect(tab.link("say keep me")).to_be_visible()
    assert visitor.get(f"/threads/{thread}")["status"] == "idle"


def test_a_page_that_goes_away_asks_for_the_deletion_at_once(visitor: Visitor):
    tab = visitor.open()
    thread = tab.begin("say forget me")
    tab.see("forget me")

    tab.choose("Thread menu", "Delete")
    tab.page.goto("about:blank")
    looking = visitor.open()

    expect(looking.link("say forget me")).to_be_hidden()
    assert visitor.http.get(f"/api/v1/threads/{thread}").status_code == 404


def test_an_open_page_outlives_the_server(owner: Visitor, own_house: House):
    tab = owner.open()
    thread = tab.begin("stream 40 100")
    expect(tab.answers()).to_contain_text("w3")

    own_house.server.kill()
    away = tab.page.get_by_text(re.compile("^The server does not answer. Trying again"))
    expect(away).to_be_visible()
    tab.send("say sent while it was away")
    expect(tab.conversation.get_by_text("Not sent yet")).to_be_visible()
    own_house.restart()

    expect(away).to_be_hidden()
    expect(tab.answers().nth(0)).to_contain_text("w39")
    tab.see("sent while it was away")
    expect(tab.conversation.get_by_text("Not sent yet")).to_be_hidden()
    assert owner.texts(thread, "user") == ["stream 40 100", "say sent while it was away"]


def test_a_message_that_was_not_sent_when_the_page_was_reloaded_is_sent_once(
    visitor: Visitor,
):
    tab = visitor.open()
    thread = tab.begin("say first")
    tab.see("first")
    # The request arrives and is answered; only the answer gets lost on its way.
    tab.page.route(
        re.compile("/messages$"),
        lambda route: (route.fetch(), route.abort()) if route.request.method == "POST" else route.continue_(),
    )
    tab.send("say second")
    expect(tab.conversation.get_by_text("Not sent yet")).to_be_visible()

    tab.page.unroute_all(behavior="ignoreErrors")
    tab.page.reload()

    expect(tab.conversation.get_by_text("Not sent yet")).to_be_hidden()
    tab.see("second")
    assert visitor.texts(thread, "user") == ["say first", "say second"]


def test_a_queue_that_is_changed_in_two_tabs_at_once_ends_the_same_in_both(visitor: Visitor):
    one = visitor.open()
    thread = one.begin("stream 200 40")
    other = visitor.open(f"/t/{thread}")
    for text in ("say first", "say second", "say third"):
        one.send(text)
        expect(one.waiting.filter(has_text=text)).to_be_visible()
    expect(other.waiting).to_have_count(3)

    one.choose("Menu of waiting message 1", "Move down")
    other.choose("Menu of waiting message 3", "Withdraw")

    for tab in (one, other):
        expect(tab.waiting).to_have_count(2)
        expect(tab.waiting.nth(0)).to_contain_text("say second")
        expect(tab.waiting.nth(1)).to_contain_text("say first")
        expect(tab.queue).to_contain_text("The next turn takes 2 together")
    one.stop.click()
    other.page.get_by_role("button", name="Resume queue").click()
    for tab in (one, other):
        expect(tab.answers().last).to_contain_text("first")
    assert visitor.texts(thread, "user") == ["stream 200 40", "say second", "say first"]


def test_waiting_messages_are_edited_held_and_moved_with_the_keyboard(visitor: Visitor):
    tab = visitor.open()
    tab.begin("stream 200 40")
    for text in ("say one", "say two"):
        tab.send(text)
        expect(tab.waiting.filter(has_text=text)).to_be_visible()

    tab.queue.get_by_role("button", name=re.compile("Move waiting message 2")).press("ArrowUp")
    expect(tab.waiting.nth(0)).to_contain_text("say two")
    tab.choose("Menu of waiting message 1", "Edit")
    tab.page.get_by_role("textbox", name="Queued text").fill("say three")
    tab.page.get_by_role("textbox", name="Queued text").press("Enter")
    expect(tab.waiting.nth(0)).to_contain_text("say three")
    tab.choose("Menu of waiting message 2", "Hold")

    expect(tab.waiting.nth(1)).to_contain_text("held")
    expect(tab.queue).to_contain_text("then stops at one that is held")


def test_waiting_messages_are_moved_with_the_mouse(visitor: Visitor):
    tab = visitor.open()
    thread = tab.begin("stream 200 40")
    for text in ("say one", "say two", "say three"):
        tab.send(text)
        expect(tab.waiting.filter(has_text=text)).to_be_visible()

    tab.queue.get_by_role("button", name=re.compile("Move waiting message 3")).drag_to(tab.waiting.nth(0))

    expect(tab.waiting.nth(0)).to_contain_text("say three")
    expect(tab.waiting.nth(2)).to_contain_text("say two")
    assert [each["text"] for each in visitor.get(f"/threads/{thread}/queue")["items"]] == [
        "say three",
        "say one",
        "say two",
    ]


def test_drafts_outlive_a_switch_and_a_reload(visitor: Visitor):
    tab = visitor.open()
    tab.begin("say one")
    tab.see("one")
    tab.message.fill("a thought about one")
    tab.begin("say two")

    tab.message.fill("a thought about two")
    tab.go("say one")

    expect(tab.message).to_have_value("a thought about one")
    tab.page.reload()
    expect(tab.message).to_have_value("a thought about one")
    tab.go("say two")
    expect(tab.message).to_have_value("a thought about two")


def test_threads_are_renamed_where_they_stand_searched_and_archived(visitor: Visitor):
    tab = visitor.open()
    tab.begin("say a pelican dives")
    tab.see("a pelican dives")
    tab.begin("say nothing much")

    tab.choose("Menu of say a pelican dives", "Rename")
    tab.page.get_by_role("textbox", name="Title").fill("Birds")
    tab.page.get_by_role("textbox", name="Title").press("Enter")
    expect(tab.link("Birds")).to_be_visible()
    tab.page.get_by_role("searchbox", name="Search threads").fill("pelican")
    expect(tab.link("say nothing much")).to_be_hidden()
    expect(tab.link("Birds")).to_be_visible()
    tab.page.get_by_role("searchbox", name="Search threads").fill("")
    tab.choose("Menu of Birds", "Archive")
    expect(tab.link("Birds")).to_be_hidden()
    tab.page.get_by_role("button", name="Archived", exact=True).click()

    expect(tab.link("Birds")).to_be_visible()


def test_a_key_logs_in_and_a_wrong_one_does_not(visitor: Visitor):
    visitor.context.clear_cookies()
    page = visitor.context.new_page()
    page.goto(visitor.url)

    page.get_by_label("API key").fill("lw_wrong")
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_role("alert")).to_have_text("This key is not valid.")
    page.get_by_label("API key").fill(visitor.key)
    page.get_by_role("button", name="Log in").click()

    expect(page.get_by_role("textbox", name="Message", exact=True)).to_be_visible()


def test_votes_and_settings_are_kept(visitor: Visitor):
    tab = visitor.open()
    thread = tab.begin("say one")
    tab.see("one")

    tab.conversation.get_by_role("button", name="Good answer").click()
    tab.choose("Thread menu", "Settings")
    dialog = tab.page.get_by_role("dialog", name="Thread settings")
    dialog.get_by_label("When several messages wait").select_option("one_at_a_time")
    dialog.get_by_label("Tags", exact=True).fill("birds, sea")
    dialog.get_by_role("button", name="Save").click()
    expect(dialog).to_be_hidden()
    tab.page.reload()

    expect(tab.conversation.get_by_role("button", name="Good answer")).to_have_attribute("aria-pressed", "true")
    tab.page.get_by_role("combobox", name="Tag").select_option("sea")
    expect(tab.link("say one")).to_be_visible()
    assert visitor.get(f"/threads/{thread}")["settings"]["queue_mode"] == "one_at_a_time"


def test_a_message_is_said_anew_and_an_answer_given_again(visitor: Visitor):
    tab = visitor.open()
    thread = tab.begin("say one")
    tab.see("one")

    tab.conversation.get_by_role("button", name="Edit").click()
    tab.page.get_by_role("textbox", name="New text").fill("say two")
    tab.page.get_by_role("button", name="Send again").click()
    tab.see("two")
    expect(tab.answers()).to_have_count(1)
    tab.conversation.get_by_role("button", name="Answer again").click()
    expect(tab.answers()).to_have_count(1)
    tab.conversation.get_by_role("article", name="Script").get_by_role("button", name="Fork from here").click()

    expect(tab.page).not_to_have_url(re.compile(thread))
    tab.see("two")


def test_an_open_page_hears_of_another_session_and_switches_to_it(visitor: Visitor):
    tab = visitor.open()
    tab.begin("say in the first")
    tab.see("in the first")

    session = visitor.post("/sessions", {"title": "Second"})
    visitor.post(
        "/threads", {"session_id": session["id"], "agent_id": "script", "initial_message": "ask in the second"}
    )
    switcher = tab.page.get_by_role("button", name=re.compile("^Session: "))
    expect(switcher.get_by_role("img", name="Needs approval")).to_be_visible()
    switcher.click()
    tab.page.get_by_role("button", name=re.compile("^Second")).click()

    expect(tab.link("ask in the second")).to_be_visible()
    expect(tab.link("say in the first")).to_be_hidden()


def test_the_page_begins_with_what_was_seen_last_and_another_tab_does_not_follow(visitor: Visitor):
    tab = visitor.open()
    tab.begin("say first")
    tab.see("first")
    second = tab.begin("say second")
    tab.see("second")

    other = visitor.open("/")

    expect(other.page).to_have_url(re.compile(second))
    other.go("say first")
    expect(tab.page).to_have_url(re.compile(second))
    expect(tab.conversation).to_contain_text("second")


def test_whoever_begins_at_once_is_not_led_to_what_was_seen_last(visitor: Visitor):
    tab = visitor.open()
    first = tab.begin("say first")
    tab.see("first")

    other = visitor.open("/")
    other.page.get_by_role("button", name="New thread", exact=True).click()
    other.send("say something new")

    other.page.wait_for_url(re.compile("/t/thr_"))
    expect(other.page).not_to_have_url(re.compile(first))


def test_nothing_of_the_page_is_seen_after_logging_out(visitor: Visitor):
    tab = visitor.open()
    tab.begin("say private")
    tab.see("private")
    tab.message.fill("half a thought")

    tab.choose("Menu", "Log out")

    expect(tab.page.get_by_label("API key")).to_be_visible()
    expect(tab.page.get_by_text("private")).to_have_count(0)
    assert tab.page.evaluate("Object.keys(localStorage).filter(name => name.startsWith('laneway.draft'))") == []


def test_a_file_goes_along_with_a_message_which_waits_for_it_also_with_the_very_first(visitor: Visitor, tmp_path: Path):
    tab = visitor.open()
    tab.page.get_by_role("combobox", name="Agent").select_option("script")
    (tmp_path / "numbers.csv").write_text("a,b\n1,2\n")

    uploads: list[Route] = []

    def hold(route: Route) -> None:
        uploads.append(route)

    tab.page.route("**/api/v1/attachments", hold)
    tab.page.get_by_label("Attach files").set_input_files(tmp_path / "numbers.csv")
    expect(tab.page.get_by_role("button", name="Remove numbers.csv")).to_be_visible()
    tab.send("say thank you")
    expect(tab.page.get_by_text("It is sent as soon as the files are uploaded")).to_be_visible()
    assert visitor.get("/sessions") == []
    uploads[0].continue_()
    tab.see("thank you")

    thread = tab.page.url.rpartition("/")[2]
    with tab.page.expect_download() as download:
        tab.conversation.get_by_role("link", name="numbers.csv").click()
    assert download.value.path().read_text() == "a,b\n1,2\n"
    assert visitor.texts(thread, "user")[-1] == "say thank you"


def test_a_tab_that_nobody_looks_at_gives_its_connection_to_others_and_misses_nothing(visitor: Visitor):
    visitor.context.add_init_script(HIDING)
    hidden = visitor.open()
    thread = hidden.begin("say first")
    hidden.see("first")
    others = [visitor.open() for _ in range(3)]
    hidden.page.wait_for_function("() => listening === 4")

    hidden.page.evaluate("() => hide(true)")
    hidden.page.wait_for_function("() => listening === 3")
    visitor.post(f"/threads/{thread}/messages", {"message": "say second"})
    others[0].go("say first")
    others[0].see("second")
    expect(hidden.conversation.get_by_text("second", exact=True)).to_have_count(0)
    hidden.page.evaluate("() => hide(false)")

    hidden.see("second")
    assert visitor.texts(thread, "assistant") == ["first", "second"]


# Which of its tabs a browser without windows takes for seen is its own affair: these say so themselves.
HIDING = """
let isHidden = false
Object.defineProperty(document, 'visibilityState', { get: () => isHidden ? 'hidden' : 'visible' })
window.hide = value => { isHidden = value; document.dispatchEvent(new Event('visibilitychange')) }
setInterval(async () => {
  // A tab that has not gone anywhere yet has no locks.
  const { held } = await navigator.locks?.query() ?? { held: [] }
  window.listening = held.filter(each => each.name === 'laneway.stream').length
}, 100)
"""
