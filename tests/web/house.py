"""House: a server whose page is visited, and how one gets in."""

from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import TypedDict, TypeVar, Unpack

import httpx
from playwright.sync_api import Browser, ViewportSize

from tests.cli.shell import Server, Shell
from tests.web.visitor import Visitor

SHARING = {"LANEWAY_SHARES__ENABLED": "true"}
DESK = ViewportSize(width=1280, height=800)
V = TypeVar("V", bound=Visitor)
_numbers = count(1)


class Options(TypedDict, total=False):
    """What is different about somebody's browser."""

    viewport: ViewportSize
    has_touch: bool
    is_mobile: bool
    bypass_csp: bool


@dataclass
class House:
    """A running server with the agent `script`, where threads may be shared by links."""

    shell: Shell
    server: Server

    @property
    def url(self) -> str:
        return self.server.url

    @property
    def key(self) -> str:
        """The first key: the owner's."""
        return (self.shell.data / "admin.key").read_text().strip()

    def restart(self) -> None:
        """Serve again, at the address that an open page knows."""
        self.server = self.shell.serve("--port", self.url.rpartition(":")[2])

    def newcomer(self, browser: Browser, visitor: type[V] = Visitor, **options: Unpack[Options]) -> V:
        """Somebody for whom nothing is here yet: whatever others do in the same house is not theirs to see."""
        name = f"visitor-{next(_numbers)}"
        with httpx.Client(base_url=self.url, headers={"Authorization": f"Bearer {self.key}"}, trust_env=False) as http:
            http.post("/api/v1/users", json={"name": name}).raise_for_status()
            made = http.post("/api/v1/keys", json={"user": name, "name": "first"}).raise_for_status()
        return self.logged_in(browser, made.json()["key"], visitor, **options)

    def logged_in(self, browser: Browser, key: str, visitor: type[V] = Visitor, **options: Unpack[Options]) -> V:
        context = browser.new_context(**options)
        context.set_default_timeout(15_000)
        answer = context.request.post(f"{self.url}/api/v1/login", data={"key": key})
        assert answer.ok, answer.text()
        return visitor(context, self.url, key)


@contextmanager
def housed(home: Path) -> Generator[House]:
    shell = Shell(home, SHARING)
    try:
        yield House(shell, shell.serve())
    finally:
        shell.clean_up()
