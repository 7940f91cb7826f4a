"""Patient: a client that asks again, with the same Idempotency-Key, until it is answered."""

import asyncio
import itertools
from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from tests.prove.harness.http import Answer, Client, Cut
from tests.prove.history import History, Post

AWAY_S = 0.03


def never() -> bool:
    """Goes on trying."""
    return False


class Patient:
    """One user's requests. Every write has a key, so that a repeat does nothing twice."""

    def __init__(self, client: Client, history: History, name: str, gives_up: Callable[[], bool] = never) -> None:
        self.client = client
        self.problems: list[str] = []
        self._history = history
        self._name = name
        self._gives_up = gives_up
        self._numbers = itertools.count(1)

    async def ask(self, method: str, path: str, body: object = None, key: str | None = None) -> Answer | None:
        """Ask until there is an answer; None when that was given up."""
        return await self._ask(method, path, msgspec.json.encode(body) if body is not None else b"", key, {})

    async def sure_raw(self, path: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        """Post bytes of another media type than JSON, without giving up."""
        key = f"{self._name}-{next(self._numbers)}"
        while True:
            if (answer := await self._ask("POST", path, body, key, headers)) is not None:
                return answer

    async def _ask(
        self, method: str, path: str, body: bytes, key: str | None, headers: Mapping[str, str]
    ) -> Answer | None:
        if method != "GET" and key is None:
            key = f"{self._name}-{next(self._numbers)}"
        while True:
            try:
                answer = await self.client.ask(method, path, raw=body, key=key, headers=headers)
                if answer.status >= 500 and answer.status != 503:
                    self.problems.append(f"I-63: {method} {path} was answered with {answer.status}: {answer.body!r}")
                if answer.status != 503:
                    return answer
            except Cut:
                if self._gives_up():
                    return None
            await asyncio.sleep(AWAY_S)

    async def sure(self, method: str, path: str, body: object = None, key: str | None = None) -> Answer:
        """The same, without giving up."""
        if method != "GET" and key is None:
            key = f"{self._name}-{next(self._numbers)}"
        while True:
            if (answer := await self.ask(method, path, body, key)) is not None:
                return answer

    async def post(self, thread: str, text: str, **more: Any) -> Post:
        """Send a message whose text is unique, and write down what became of it."""
        key = f"{self._name}-{next(self._numbers)}"
        sent = self._history.post(key, thread, f"{text}\n{key}")
        answer = await self.ask("POST", f"/threads/{thread}/messages", {"message": sent.text, **more}, key=key)
        if answer is None:
            sent.fate = "unknown"
        elif answer.status == 202:
            sent.fate, sent.item_id = "ok", answer.json["item_id"]
        else:
            sent.fate, sent.status = "refused", answer.status
        return sent
