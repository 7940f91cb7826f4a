"""What people, agents and tools write is shown, and never run: with the policy of the server, and without it."""

from collections.abc import Iterator, Sequence

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Request, expect

from tests.web.attacks import HOME, attacks, short_attacks
from tests.web.house import House
from tests.web.visitor import Tab, Visitor

# Attributes and elements that no text may have become. What is read out is text, whatever it says.
SCRIPTED = """() => [...document.querySelectorAll('*')].filter(element =>
  [...element.attributes].some(each => !['aria-label', 'title', 'value', 'alt'].includes(each.name)
    && (each.name.startsWith('on') || /^[\\s\\u0000-\\u001f]*(javascript|vbscript|data):/i.test(each.value)))
  || (element.tagName === 'SCRIPT' && !new URL(element.src, location).pathname.startsWith('/assets/'))
  || ['IFRAME', 'OBJECT', 'EMBED', 'BASE', 'VIDEO', 'AUDIO', 'MATH'].includes(element.tagName))
  .map(element => element.outerHTML.slice(0, 200))"""
TOUCHED = """() => { for (const element of document.querySelectorAll('body *'))
  for (const name of ['mouseover', 'mouseenter', 'animationstart', 'error', 'load'])
    element.dispatchEvent(new Event(name)) }"""
ONE_BY_ONE = {"queue_mode": "one_at_a_time"}
"""So that the agent `script`, which hears the last message of a batch, says each of them back."""
AT_ONCE = 24
"""Attacks in one message: enough to be quick, few enough that one which swallows what follows hides little."""


class Victim(Visitor):
    """A visitor whose browser notes every script that an attack has run, and every request to somebody else."""

    def __init__(self, context: BrowserContext, url: str, key: str) -> None:
        super().__init__(context, url, key)
        self.ran: list[str] = []
        self.called: list[str] = []
        context.expose_binding("attacked", self._run)  # pyright: ignore[reportUnknownMemberType] - Playwright's own type
        context.on("request", self._note)
        context.on("dialog", lambda dialog: self.ran.append(dialog.message))

    def is_unharmed(self, page: Page) -> None:
        """Touch everything that is shown, and see that nothing has come of it."""
        page.evaluate(TOUCHED)

        assert page.evaluate(SCRIPTED) == []
        assert not page.get_by_text("This message cannot be shown here").count()
        assert self.ran == []
        assert self.called == []

    def _run(self, _source: object) -> None:
        self.ran.append("attacked")

    def _note(self, request: Request) -> None:
        if not request.url.startswith((self.url, "data:image/", "blob:")):
            self.called.append(request.url)


@pytest.fixture(params=[False, True], ids=["policy-on", "policy-off"])
def victim(request: pytest.FixtureRequest, chromium: Browser, house: House) -> Iterator[Victim]:
    with house.newcomer(chromium, Victim, bypass_csp=request.param) as victim:
        victim.context.set_default_timeout(30_000)
        yield victim


def messages() -> Sequence[str]:
    every = list(attacks())
    assert len(every) >= 500
    return ["\n\n".join(every[at : at + AT_ONCE]) for at in range(0, len(every), AT_ONCE)]


def scroll(tab: Tab) -> None:
    """Bring everything that was said into view once: what is far away is not drawn."""
    for share in (0, 0.25, 0.5, 0.75, 1):
        tab.conversation.evaluate("(log, share) => { log.scrollTop = log.scrollHeight * share }", share)
        tab.page.evaluate("() => new Promise(requestAnimationFrame)")


def test_the_trap_notices_what_it_is_there_to_notice(victim: Victim):
    # Without this, a check that sees nothing would look like a page that is safe.
    page = victim.context.new_page()

    page.evaluate("() => attacked()")
    page.evaluate("url => fetch(url, { mode: 'no-cors' }).catch(() => null)", HOME)
    page.evaluate("() => document.body.setAttribute('onclick', 'attacked()')")

    assert victim.ran == ["attacked"]
    assert victim.called == [HOME]
    assert page.evaluate(SCRIPTED) != []


def test_no_message_and_no_answer_is_run_neither_live_nor_from_history(victim: Victim):
    thread = victim.post("/threads", {"agent_id": "script", "title": "attacks", "settings": ONE_BY_ONE})
    tab = victim.open(f"/t/{thread['id']}")

    for message in messages():
        victim.post(f"/threads/{thread['id']}/messages", {"message": message})
    victim.post(f"/threads/{thread['id']}/messages", {"message": "say at last"})
    tab.see("at last")
    scroll(tab)

    victim.is_unharmed(tab.page)
    tab.page.reload()
    tab.see("at last")
    scroll(tab)
    victim.is_unharmed(tab.page)


def test_no_title_tag_or_name_is_run(victim: Victim):
    for attack in short_attacks(60):
        victim.post("/threads", {"agent_id": "script", "title": attack, "tags": [attack]})
    for attack in list(short_attacks(90))[::20]:
        victim.post("/templates", {"name": attack, "messages": [attack]})

    tab = victim.open()
    expect(tab.threads.get_by_role("link").first).to_be_visible()
    for share in (0, 0.5, 1):
        tab.threads.evaluate("(list, share) => { list.scrollTop = list.scrollHeight * share }", share)
        victim.is_unharmed(tab.page)

    assert victim.get("/me")["name"]
    assert tab.page.title().endswith("Laneway")


def test_nothing_that_a_tool_or_a_person_left_in_the_session_is_run(victim: Victim):
    some = list(attacks())[::7]
    thread = victim.post("/threads", {"agent_id": "script", "title": "tools", "settings": ONE_BY_ONE})
    session = thread["session_id"]
    for attack in some:
        victim.post(f"/sessions/{session}/notes", {"text": attack})
    for attack in short_attacks(80):
        victim.http.put(f"/api/v1/sessions/{session}/keys/k{hash(attack) & 0xFFFF}", json={"value": attack})
    for attack in list(short_attacks(200))[::50]:
        victim.post(f"/sessions/{session}/timers", {"text": attack, "every": 3600})
        victim.post(f"/threads/{thread['id']}/messages", {"message": f"fail {attack}"})
    victim.post(f"/threads/{thread['id']}/messages", {"message": f"ask {some[0]}"})

    tab = victim.open(f"/t/{thread['id']}")
    expect(tab.page.get_by_role("button", name="Approve")).to_be_visible()
    victim.is_unharmed(tab.page)
    tab.page.get_by_role("button", name="Show the session").click()
    for name in ("Activity", "Notes", "Timers", "Alerts", "Figures", "State"):
        tab.page.get_by_role("tab", name=name).click()
        expect(tab.page.get_by_role("tabpanel")).not_to_be_empty()
        victim.is_unharmed(tab.page)


def test_nothing_that_is_shared_is_run(victim: Victim):
    every = list(attacks())
    thread = victim.post("/threads", {"agent_id": "script", "title": every[-1][:150], "settings": ONE_BY_ONE})
    for message in messages()[::4]:
        victim.post(f"/threads/{thread['id']}/messages", {"message": message})
    victim.post(f"/threads/{thread['id']}/messages", {"message": "say at last"})
    tab = victim.open(f"/t/{thread['id']}")
    expect(tab.conversation).to_contain_text("at last")
    share = victim.post(f"/threads/{thread['id']}/shares")

    tab.page.goto(f"{victim.url}/s/{share['token']}")
    expect(tab.page.get_by_text("at last", exact=True).last).to_be_visible()

    victim.is_unharmed(tab.page)
