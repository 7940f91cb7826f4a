"""Several servers on one Postgres: what one of them knows of people, keys and turns, every other knows."""

import asyncio
import json
import socket
import time
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.cli.shell import LIMIT_S, Server, Shell
from tests.postgres import schema


@pytest.fixture(scope="module")
def database(server_url: str) -> Iterator[str]:
    """The address of a schema that the module's servers share."""
    with asyncio.Runner() as runner:
        made = schema(server_url)
        yield runner.run(made.__aenter__())
        runner.run(made.__aexit__(None, None, None))


@contextmanager
def node(folder: Path, database: str) -> Generator[tuple[Shell, Server]]:
    """A server with a data directory of its own, which is empty at first."""
    folder.mkdir(exist_ok=True)
    shell = Shell(folder, {"LANEWAY_DATABASE_URL": database, "LANEWAY_DRAIN_S": "0"})
    try:
        yield shell, shell.serve()
    finally:
        shell.clean_up()


@pytest.fixture(scope="module")
def nodes(tmp_path_factory: pytest.TempPathFactory, database: str) -> Iterator[list[tuple[Shell, Server]]]:
    folder = tmp_path_factory.mktemp("cluster")
    with node(folder / "one", database) as one, node(folder / "two", database) as two:
        yield [one, two]


@dataclass
class Caller:
    """Somebody with a key, at one of the servers."""

    server: Server
    key: str

    def call(self, path: str, body: Any = None, method: str = "") -> httpx.Response:
        return httpx.request(
            method or ("GET" if body is None else "POST"), f"{self.server.url}/api/v1{path}", json=body,
            headers={"Authorization": f"Bearer {self.key}"}, trust_env=False, timeout=LIMIT_S,
        )  # fmt: skip


def key_of(shell: Shell) -> str:
    return (shell.data / "admin.key").read_text().strip()


def test_each_node_writes_a_key_of_the_same_first_user_and_every_key_is_good_on_every_node(
    nodes: list[tuple[Shell, Server]],
):
    keys = [key_of(shell) for shell, _ in nodes]

    users = {Caller(server, key).call("/me").json()["id"] for _, server in nodes for key in keys}

    assert len(set(keys)) == 2
    assert len(users) == 1


def test_a_key_made_with_the_settings_file_alone_is_good_on_every_node(
    nodes: list[tuple[Shell, Server]], tmp_path: Path, database: str
):
    (tmp_path / "cluster.toml").write_text(f"database_url = {json.dumps(database)}")

    key = Shell(tmp_path).run("key", "create", "--user", "bob", "--config", "cluster.toml").stdout.strip()

    assert [Caller(server, key).call("/me").json()["name"] for _, server in nodes] == ["bob", "bob"]


def test_a_revoked_key_is_soon_refused_by_every_node(nodes: list[tuple[Shell, Server]]):
    (first, server), (_, other) = nodes
    owner = Caller(server, key_of(first))
    made = owner.call("/keys", {"name": "doomed"}).json()
    doomed = Caller(other, made["key"])
    assert doomed.call("/me").status_code == 200

    owner.call(f"/keys/{made['id']}", method="DELETE")
    # A second is what was promised; a test that timed it would time whatever else the machine does.
    deadline = time.monotonic() + LIMIT_S
    while doomed.call("/me").status_code != 401:
        assert time.monotonic() < deadline

    assert doomed.call("/me").json()["code"] == "unauthorized"


def test_a_turn_says_which_process_ran_it_on_every_node(nodes: list[tuple[Shell, Server]]):
    (first, server), (_, other) = nodes
    owner = Caller(server, key_of(first))
    thread = owner.call("/threads", {"agent_id": "script"}).json()
    owner.call(f"/threads/{thread['id']}/messages", {"message": "say hello"})

    turn = finished(Caller(other, owner.key), thread["id"])

    assert turn["status"] == "completed"
    assert turn["node"] in {f"{socket.gethostname()}:{each.process.pid}" for each in (server, other)}


def finished(caller: Caller, thread_id: str) -> Any:
    deadline = time.monotonic() + LIMIT_S
    while time.monotonic() < deadline:
        turns = caller.call(f"/threads/{thread_id}/turns").json()
        if turns and turns[0]["status"] != "running":
            return caller.call(f"/turns/{turns[0]['id']}").json()
    raise AssertionError("the turn does not end")


def test_doctor_and_compact_work_on_the_database_beside_running_servers(
    nodes: list[tuple[Shell, Server]], tmp_path: Path, database: str
):
    outside = Shell(tmp_path, {"LANEWAY_DATABASE_URL": database})

    found = {each["check"]: each for each in outside.json("doctor")}
    outside.run("compact")

    assert found["database"]["verdict"] == "ok"
    assert "Postgres" in found["database"]["says"]
    assert "entries follow each other" in found["audit log"]["says"]


def test_a_server_finds_its_database_away_and_says_so(tmp_path: Path):
    away = Shell(tmp_path, {"LANEWAY_DATABASE_URL": "postgresql://nobody:hush-hush@127.0.0.1:1/none"})

    refused = away.run("serve", "--port", "0", "--no-browser", ok=False)
    found = away.run("doctor", ok=False)

    assert "could not be reached" in refused.stderr
    assert "could not be reached" in found.stdout
    assert "hush" not in refused.stdout + refused.stderr + found.stdout + found.stderr


def test_servers_may_share_a_data_directory_and_its_file_names_one_that_lives(tmp_path: Path, database: str):
    with node(tmp_path, database) as (shell, first):
        second = shell.serve()
        assert json.loads((shell.data / "server.json").read_text())["url"] == second.url

        first.stop()
        assert json.loads((shell.data / "server.json").read_text())["url"] == second.url
        second.stop()

        assert not (shell.data / "server.json").exists()
