"""A page of another origin changes nothing here and learns nothing, whatever it sends with the visitor's own cookie."""

import json
import re
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx
import pytest

from tests.web.house import House
from tests.web.visitor import Visitor

# What a browser sends without asking first, and what it asks for first; streams and sockets; and what came of each.
ATTACK = """async ({ home, thread, session }) => {
  const api = home + '/api/v1'
  const writes = [
    ['/threads', { agent_id: 'script', title: 'attacked' }], ['/sessions', { title: 'attacked' }],
    ['/messages', { message: 'attacked' }], [`/threads/${thread}/messages`, { message: 'attacked' }],
    [`/threads/${thread}/cancel`, {}], [`/threads/${thread}/queue/pause`, {}], [`/threads/${thread}/shares`, {}],
    [`/sessions/${session}/notes`, { text: 'attacked' }], ['/keys', { name: 'attacked' }], ['/logout', {}],
  ]
  const told = []
  const ask = (what, url, options) =>
    fetch(url, { credentials: 'include', signal: AbortSignal.timeout(10_000), ...options })
      .then(answer => told.push([what, answer.type]), error => told.push([what, error.name]))
  for (const [path, body] of writes) {
    const text = JSON.stringify(body), post = { method: 'POST', body: text }
    for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data; boundary=x'])
      await ask('simple', api + path, { ...post, mode: 'no-cors', headers: { 'Content-Type': type } })
    await ask('asked', api + path, { ...post, headers: { 'Content-Type': 'application/json' } })
    navigator.sendBeacon(api + path, text)
    send(api + path, body)
  }
  await ask('asked', `${api}/threads/${thread}`, { method: 'DELETE' })
  await ask('asked', `${api}/threads/${thread}`, { method: 'PATCH', body: '{"title": "attacked"}' })
  for (const path of ['/events', `/threads/${thread}/events?after=0`, `/sessions/${session}/events?after=0`])
    told.push(['stream', await heard(new EventSource(api + path, { withCredentials: true }))])
  told.push(['socket', await heard(new WebSocket(api.replace('http', 'ws') + '/events'))])
  return told

  function send(url, body) {
    const frame = document.body.appendChild(document.createElement('iframe'))
    frame.name = 'frame' + document.querySelectorAll('iframe').length
    const form = document.body.appendChild(document.createElement('form'))
    Object.assign(form, { action: url, method: 'post', target: frame.name, enctype: 'text/plain' })
    const field = form.appendChild(document.createElement('input'))
    // As text this is JSON, with the equals sign of the form inside of a string.
    Object.assign(field, { name: JSON.stringify(body).replace(/}$/, ', "x": "'), value: '"}' })
    form.submit()
  }

  function heard(source) {
    return new Promise(resolve => {
      source.onopen = source.onmessage = () => resolve('heard')
      source.onerror = () => { source.close(); resolve('refused') }
      setTimeout(resolve, 10_000, 'silence')
    })
  }
}"""


class Elsewhere(BaseHTTPRequestHandler):
    """An empty page."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(b"<!doctype html><title>Elsewhere</title><body></body>")

    def log_message(self, format: str, *args: object) -> None:
        """Nobody wants to know."""


@pytest.fixture(scope="module")
def elsewhere() -> Iterator[int]:
    """The port of somebody else's server on this machine."""
    with ThreadingHTTPServer(("127.0.0.1", 0), Elsewhere) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield server.server_address[1]
        server.shutdown()
        thread.join()


# The same site at another port, whose requests carry the cookie, and another site, whose requests do not.
@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_a_foreign_page_changes_nothing_and_hears_nothing(visitor: Visitor, house: House, elsewhere: int, host: str):
    thread = visitor.post("/threads", {"agent_id": "script", "title": "mine", "initial_message": "sleep 900"})
    visitor.until_running(thread["id"])
    before, refused_before = everything(visitor), refused(house)
    page = visitor.context.new_page()
    page.goto(f"http://{host}:{elsewhere}/")

    told = page.evaluate(ATTACK, {"home": visitor.url, "thread": thread["id"], "session": thread["session_id"]})

    assert {(what, how) for what, how in told} == {
        ("simple", "TypeError"), ("asked", "TypeError"), ("stream", "refused"), ("socket", "refused"),
    }  # fmt: skip
    # Each write three times without asking, once after asking, as a beacon and as a form; two more; and the streams.
    wait_until(lambda: refused(house) - refused_before >= 10 * 6 + 2 + 3)
    assert everything(visitor) == before
    visitor.faults.clear()  # the browser has said what it thinks of it


def refused(house: House) -> int:
    """How many requests the server has refused for their origin."""
    shown = httpx.get(f"{house.url}/metrics", headers={"Authorization": f"Bearer {house.key}"}, trust_env=False)
    found = re.search(r'^laneway_refusals_total\{[^}]*code="origin_refused"[^}]*\} (\S+)', shown.text, re.MULTILINE)
    return int(float(found[1])) if found else 0


def wait_until(is_so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 15
    while not is_so():
        assert time.monotonic() < deadline


def everything(visitor: Visitor) -> str:
    """All that has happened to the visitor so far, and the keys that they have: one byte more would be a change."""
    events = visitor.http.get("/api/v1/events", params={"after": "0", "follow": "0"}).raise_for_status().text
    keys = [{**key, "last_used_at": None} for key in visitor.get("/keys")]
    return events + json.dumps([keys, visitor.get("/sessions"), visitor.get("/threads")])
