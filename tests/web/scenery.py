"""Scenery: a server with something of everything that the page can show."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from httpx import Client

from tests.web.visitor import Visitor

ANSWER = """# A heading

Some **words**, a [link](https://example.invalid), `code` and ~~errors~~.

> A quotation

- one
- [x] two

| name | count |
|---|---|
| pelicans | 12 |

```python
# A comment
def count(name: str) -> int:
    return 12 + len("a long line that does not fit on a narrow screen") + len("and goes on, and on, and on")
```
"""


@dataclass(frozen=True)
class Scenery:
    """The threads that are to be seen, by what they show."""

    told: str
    asking: str
    busy: str
    paused: str
    token: str
    """Of a link to the first of them."""
    received: str
    """Which another user shares with the one whose the others are."""


def build(admin: Visitor) -> Scenery:
    told = begin(admin, "Pelicans", ANSWER, tags=["birds"], settings={"queue_mode": "one_at_a_time"})
    session = admin.get(f"/threads/{told}")["session_id"]
    for text in ('tool note.add {"text": "noted"}\nsay noted', "fail no such column"):
        post(admin, told, text)
    admin.http.patch(f"/api/v1/threads/{told}", json={"pinned": True}).raise_for_status()
    asking = begin(admin, "A journey", "ask Book the train?")
    busy, paused = begin(admin, "At work", "stream 9 1\nsleep 900"), begin(admin, "Stopped", "sleep 900")
    waiting = [post(admin, thread, text) for thread in (busy, paused) for text in ("say one", "say two", "say three")]
    admin.http.patch(f"/api/v1/threads/{busy}/queue/{waiting[2]}", json={"hold": True}).raise_for_status()
    admin.post(f"/threads/{paused}/queue/pause")
    archived = begin(admin, "Old times", None)
    admin.http.patch(f"/api/v1/threads/{archived}", json={"archived": True}).raise_for_status()
    fill_panel(admin, session)
    token = admin.post(f"/threads/{told}/shares", {"permission": "comment"})["token"]
    admin.post(f"/threads/{told}/comments", {"text": "Well said."})
    admin.post("/templates", {"name": "A review", "agent_id": "script", "messages": ["say hello"]})
    received = share_as_another(admin, "ada")
    admin.post("/keys", {"name": "phone", "scope": "read"})
    elsewhere = admin.post("/sessions", {"title": "Elsewhere"})["id"]
    begin(admin, "Over there", "ask Shall we?", session_id=elsewhere)
    return Scenery(told, asking, busy, paused, token, received)


def share_as_another(admin: Visitor, name: str) -> str:
    """A thread of another user, who lets the first one read it and comment on it."""
    admin.post("/users", {"name": name})
    key = admin.post("/keys", {"user": name, "name": "first"})["key"]
    with Client(base_url=f"{admin.url}/api/v1", headers={"Authorization": f"Bearer {key}"}, trust_env=False) as other:

        def made(path: str, body: object) -> str:
            return str(other.post(path, json=body).raise_for_status().json()["id"])

        thread = made("/threads", {"agent_id": "script", "title": "From ada", "initial_message": ANSWER})
        made(f"/threads/{thread}/shares", {"user": admin.get("/me")["name"], "permission": "comment"})
        made(f"/threads/{thread}/comments", {"text": "Well said."})
    return thread


def fill_panel(admin: Visitor, session: str) -> None:
    here = f"/sessions/{session}"
    soon = (datetime.now(UTC) + timedelta(seconds=1)).isoformat()
    admin.post(f"{here}/notes", {"text": "The sea is cold.", "prompt": True})
    admin.post(f"{here}/timers", {"text": "say look", "every": 86_400})
    admin.post(f"{here}/timers", {"text": "say now", "at": soon})
    admin.http.put(f"/api/v1{here}/keys/tide", json={"value": {"height_m": 2.5}}).raise_for_status()


def begin(admin: Visitor, title: str, text: str | None, **more: object) -> str:
    body = {"agent_id": "script", "title": title, "initial_message": text, **more}
    return str(admin.post("/threads", body)["id"])


def post(admin: Visitor, thread_id: str, text: str) -> str:
    return str(admin.post(f"/threads/{thread_id}/messages", {"message": text})["item_id"])
