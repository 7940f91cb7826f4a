import json
import re
import resource
import signal
import socket
import stat
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from tests.cli.shell import LIMIT_S, Server, Shell


def test_from_nothing_to_an_answer_and_a_clean_end(shell: Shell):
    server = shell.serve()

    key = shell.run("key", "create").stdout
    answer = shell.run("ask", "say hello there", "--agent", "script")
    listed = shell.json("threads")
    told = shell.run("tail", "--all", "--after", "0", "--no-follow", "--json").stdout.splitlines()
    code = server.stop()

    assert re.fullmatch(r"lw_[\w-]{43}\n", key)
    assert answer.stdout == "hello there\n"
    assert [thread["last_message"] for thread in listed] == ["hello there"]
    assert [json.loads(each)["type"] for each in told].count("turn.completed") == 1
    assert code == 0
    assert not (shell.data / "server.json").exists()


def test_it_says_where_it_is_and_how_to_log_in(server: Server):
    link = server.stdout.readline().split()[-1]

    with httpx.Client(trust_env=False) as browser:
        page = browser.get(link, headers={"Sec-Fetch-Site": "none"})
        again = httpx.get(link, trust_env=False)

    assert link.startswith(server.url)
    assert page.status_code < 400
    assert browser.cookies
    assert again.status_code >= 400, "the link is good for one login"


def test_the_data_directory_is_for_its_owner_only(shell: Shell, server: Server):
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in (shell.data, *shell.data.iterdir())}

    assert modes["data"] == 0o700
    assert modes["admin.key"] == modes["server.json"] == modes["laneway.db"] == 0o600
    told = json.loads((shell.data / "server.json").read_text())
    assert told == {"url": server.url, "pid": server.process.pid, "host": socket.gethostname()}


def test_a_second_server_on_the_directory_is_refused(shell: Shell, server: Server):
    refused = shell.run("serve", "--port", "0", "--no-browser", ok=False)

    assert refused.returncode == 2
    assert server.url in refused.stderr
    assert str(server.process.pid) in refused.stderr
    assert httpx.get(f"{server.url}/healthz", trust_env=False).is_success


def test_a_port_that_is_taken_is_refused_by_its_number(shell: Shell):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        refused = shell.run("serve", "--port", str(port), "--no-browser", ok=False)

    assert refused.returncode == 2
    assert str(port) in refused.stderr
    assert "--port" in refused.stderr


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_turn_that_a_stop_cuts_off_goes_on_at_the_next_start(shell: Shell, number: int):
    shell = shell.given(LANEWAY_DRAIN_S="0")
    first = shell.serve()
    asking = shell.terminal("ask", "--agent", "script", "--json", "stream 3 100\nask go on?\nsay done")
    asking.see("asks for an approval")
    thread = shell.json("threads")[0]["id"]

    code = first.stop(number)
    second = shell.serve()
    chatting = shell.terminal("chat", thread)
    chatting.see("/yes or /no")
    chatting.type("/yes\r")
    chatting.see("done")
    chatting.type("\x04")

    assert code == 0
    assert chatting.ended() == 0
    second.stop()


def test_an_open_stream_does_not_hold_up_the_end(shell: Shell):
    server = shell.serve()
    reading = shell.terminal("tail", "--all", "--after", "0")
    shell.run("ask", "--agent", "script", "say hi")
    reading.see("turn.completed")

    code = server.stop()
    reading.type("\x03")

    assert code == 0
    assert reading.ended() in {0, 130}


def test_a_second_signal_does_not_wait_for_running_turns(shell: Shell):
    server = shell.given(LANEWAY_DRAIN_S="600").serve()
    asking = shell.terminal("ask", "--agent", "script", "ask go on?")
    asking.see("asks for an approval")

    server.process.send_signal(signal.SIGTERM)
    code = server.stop(signal.SIGINT)

    assert code == 0


def test_logs_are_json_without_keys(shell: Shell):
    server = shell.serve()
    key = shell.run("key", "create").stdout.strip()
    httpx.get(f"{server.url}/api/v1/me", headers={"Authorization": "Bearer wrong"}, trust_env=False)
    server.stop()

    log = shell.log.read_text()

    assert all(json.loads(line) for line in log.splitlines())
    assert key not in log
    assert (shell.data / "admin.key").read_text().strip() not in log


@pytest.mark.parametrize(
    ("variables", "arguments", "said"),
    [
        ({"LANEWAY_PROT": "1"}, (), "LANEWAY_PORT"),
        ({}, ("--host", "0.0.0.0"), "--allow-remote"),
        ({}, ("--config", "missing.toml"), "missing.toml"),
    ],
)
def test_bad_settings_are_one_message_and_no_server(
    shell: Shell, variables: dict[str, str], arguments: tuple[str, ...], said: str
):
    refused = shell.given(**variables).run("serve", "--port", "0", *arguments, ok=False)

    assert said in refused.stderr
    assert refused.returncode == 1
    assert not shell.data.exists()


def test_the_example_of_a_client_talks_to_it(shell: Shell, server: Server):
    key = shell.run("key", "create").stdout.strip()
    example = Path(__file__).resolve().parents[2] / "examples" / "side_by_side.py"

    done = subprocess.run(
        [sys.executable, str(example), server.url, key], capture_output=True, text=True, timeout=120, check=False
    )

    assert done.returncode == 0, done.stderr
    assert done.stdout.count("(completed)") == 2


def test_a_directory_that_others_could_use_is_taken_from_them(shell: Shell):
    shell.data.mkdir(mode=0o755)
    shell.data.chmod(0o755)

    shell.serve().stop()

    assert stat.S_IMODE(shell.data.stat().st_mode) == 0o700


def test_a_directory_of_other_things_is_refused_and_left_as_it_is(shell: Shell):
    shell.data.mkdir()
    shell.data.chmod(0o755)
    (shell.data / "letters.txt").write_text("not ours", encoding="utf-8")

    refused = shell.run("serve", "--port", "0", "--no-browser", ok=False)

    assert "chmod 700" in refused.stdout + refused.stderr
    assert stat.S_IMODE(shell.data.stat().st_mode) == 0o755


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux can take the disk from a process that runs")
def test_a_disk_that_takes_nothing_more_refuses_writes_and_a_repeated_message_is_there_once(
    shell: Shell, server: Server
):
    key = {"Authorization": f"Bearer {(shell.data / 'admin.key').read_text().strip()}"}
    limit = resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE)
    with httpx.Client(base_url=f"{server.url}/api/v1", headers=key, timeout=LIMIT_S, trust_env=False) as ada:
        thread = ada.post("/threads", json={"agent_id": "script"}).json()["id"]

        def post() -> httpx.Response:
            body = {"message": "say hello"}
            return ada.post(f"/threads/{thread}/messages", json=body, headers={"Idempotency-Key": "one"})

        resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE, (0, limit[1]))
        refused, read = post(), ada.get(f"/threads/{thread}")
        resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE, limit)
        accepted = [post() for _ in range(2)]

    assert (refused.status_code, refused.json()["code"]) == (503, "unavailable")
    assert int(refused.headers["retry-after"]) > 0
    assert (read.status_code, read.json()["queue_depth"]) == (200, 0)
    assert [answer.status_code for answer in accepted] == [202, 202]
    assert accepted[0].json()["item_id"] == accepted[1].json()["item_id"]
