import hashlib
import json
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from laneway.stores.sqlite.database import Database
from tests.cli.shell import Server, Shell

SCRIPTED = '[agents.script]\nkind = "script"\n'


def test_every_command_prints_json_that_parses(shell: Shell, server: Server):
    turn = shell.json("ask", "--agent", "script", "say hi")
    thread = turn["thread_id"]

    assert turn["answer"] == "hi"
    assert shell.json("threads")[0]["id"] == thread
    assert shell.json("queue", thread)["items"] == []
    assert shell.json("key", "create", "--name", "laptop")["key"].startswith("lw_")
    assert {each["verdict"] for each in shell.json("doctor")} <= {"ok", "note"}
    events = shell.run("tail", thread, "--after", "0", "--no-follow", "--json").stdout.splitlines()
    assert [json.loads(each)["seq"] for each in events] == list(range(1, len(events) + 1))


def test_commands_work_on_the_directory_when_no_server_runs(shell: Shell):
    (shell.home / "laneway.toml").write_text(SCRIPTED)

    answered = shell.json("ask", "say straight")
    key = shell.run("key", "create", "--user", "bob").stdout.removesuffix("\n")
    server = shell.serve()
    listed = shell.json("threads")
    shell.run("threads", "--url", server.url, "--key", key)
    server.stop()

    assert answered["answer"] == "straight"
    assert [thread["id"] for thread in listed] == [answered["thread_id"]]


def test_a_key_opens_its_users_threads_and_nobody_elses(shell: Shell, server: Server):
    key = shell.run("key", "create", "--user", "bob").stdout.strip()
    shell.run("ask", "--agent", "script", "say mine")

    assert shell.json("threads", "--url", server.url, "--key", key) == []
    assert len(shell.json("threads")) == 1


def test_users_are_added_promoted_kept_out_and_removed(shell: Shell, server: Server):
    def bob(*words: str) -> list[tuple[object, object]]:
        return [(user["role"], user["active"]) for user in shell.json("users", *words) if user["name"] == "bob"]

    assert bob("add", "bob") == [("member", True)]
    assert bob("promote", "bob") == [("admin", True)]
    key = shell.run("key", "create", "--user", "bob").stdout.strip()
    assert bob("demote", "bob") == [("member", True)]
    assert bob("deactivate", "bob") == [("member", False)]
    assert "valid key" in shell.run("threads", "--url", server.url, "--key", key, ok=False).stderr
    assert bob("remove", "bob") == []
    assert "no user" in shell.run("users", "remove", "bob", ok=False).stderr


def test_threads_are_kept_as_templates_tagged_and_counted(shell: Shell, server: Server):
    thread = shell.json("ask", "--agent", "script", "say hi")["thread_id"]
    headers = {"Authorization": f"Bearer {(shell.data / 'admin.key').read_text().strip()}"}
    httpx.patch(f"{server.url}/api/v1/threads/{thread}", json={"tags": ["old"]}, headers=headers).raise_for_status()

    (template,) = shell.json("templates", "keep", thread, "--name", "mine")
    made = shell.json("templates", "use", template["id"])["id"]

    assert shell.json("tags") == [{"tag": "old", "threads": 2}]
    assert shell.json("tags", "--rename", "old", "new") == [{"tag": "new", "threads": 2}]
    assert {each["id"] for each in shell.json("threads", "--tag", "new")} == {thread, made}
    assert [row["key"] for row in shell.json("analytics", "--by", "agent")["rows"]] == ["script"]
    assert "new" in shell.run("templates").stdout + shell.run("tags").stdout
    assert shell.run("analytics").stdout.split()[:4] == ["day", "turns", "failed", "messages"]
    assert shell.json("templates", "remove", template["id"]) == []
    assert "needs an id" in shell.run("templates", "use", ok=False).stderr


def test_the_directorys_key_goes_to_no_other_server(settled: Shell):
    refused = settled.run("threads", "--url", "http://127.0.0.1:9", ok=False)

    assert "--key" in refused.stderr


def test_a_queue_is_paused_held_released_and_cleared(settled: Shell):
    thread = settled.json("ask", "--agent", "script", "say hi")["thread_id"]
    paused = settled.json("queue", thread, "pause")
    chatting = settled.terminal("chat", thread)
    chatting.type("say later\r")
    chatting.see("1 waiting")
    item = settled.json("queue", thread)["items"][0]["id"]

    held = settled.json("queue", thread, "hold", item)
    released = settled.json("queue", thread, "release", item)
    withdrawn = settled.json("queue", thread, "withdraw", item)
    settled.json("queue", thread, "clear")
    resumed = settled.json("queue", thread, "resume")
    chatting.type("\x04")

    assert (paused["paused"], resumed["paused"]) == (True, False)
    assert [each["items"][0]["state"] for each in (held, released)] == ["held", "queued"]
    assert withdrawn["items"] == []
    assert chatting.ended() == 0


def test_a_failed_turn_is_told_and_ends_with_1(settled: Shell):
    failed = settled.run("ask", "--agent", "script", "fail for a reason", ok=False)

    assert failed.returncode == 1
    assert "for a reason" in failed.stderr
    assert failed.stdout == ""


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("ask", "hello", "--thread", "thr_none"), 1, "nothing here"),
        (("ask", "hello", "--agent", "nobody"), 1, "nobody"),
        (("queue", "thr_none", "pause"), 1, "nothing here"),
        (("chat", "thr_none"), 1, "nothing here"),
        (("queue", "thr_none", "hold"), 2, "needs an item"),
        (("tail",), 2, "--all"),
        (("threads", "--limit", "0"), 2, "--limit"),
        (("council",), 2, "council"),
        (("threads", "--url", "http://127.0.0.1:9", "--key", "k"), 1, "does not answer"),
    ],
)
def test_an_expected_failure_is_a_message_and_a_code(settled: Shell, arguments: tuple[str, ...], code: int, said: str):
    failed = settled.run(*arguments, ok=False)

    assert failed.returncode == code
    assert said in failed.stderr


def test_ask_reads_a_long_question_from_its_input(settled: Shell):
    answered = settled.run("ask", "--agent", "script", "-", input="say one\nsay two\n")

    assert answered.stdout == "one\ntwo\n"


def test_ask_says_why_it_has_to_wait(shell: Shell, server: Server):
    thread = shell.json("ask", "--agent", "script", "say hi")["thread_id"]
    shell.run("queue", thread, "pause")
    asking = shell.terminal("ask", "--thread", thread, "say later")

    asking.see("the queue is paused")
    shell.run("queue", thread, "resume")
    asking.see("later")

    assert asking.ended() == 0


def test_ctrl_c_stops_what_was_asked(shell: Shell, server: Server):
    asking = shell.terminal("ask", "--agent", "script", "stream 2 10\nsleep 600")
    reading = shell.terminal("tail", "--all", "--after", "0")
    reading.see("item.delta")

    asking.type("\x03")
    asking.see("is cancelled")

    assert asking.ended() == 1
    reading.type("\x03")
    reading.ended()
    assert shell.json("threads")[0]["status"] == "idle"


def test_doctor_finds_what_is_wrong(shell: Shell, server: Server):
    shell.data.chmod(0o755)

    found = shell.run("doctor", ok=False)

    assert found.returncode == 1
    assert "chmod 700" in found.stdout


@pytest.mark.parametrize(
    ("tampering", "fault"),
    [
        ("UPDATE audit SET body = CAST(replace(CAST(body AS TEXT), 'usr_', 'usr-') AS BLOB)", "entry 1 was changed"),
        ("DELETE FROM audit WHERE number = 2", "entry 2 is missing"),
    ],
)
def test_doctor_finds_that_somebody_tampered_with_the_audit_log(shell: Shell, tampering: str, fault: str):
    for name in ("one", "two", "three"):
        shell.run("key", "create", "--user", name)
    whole = shell.run("doctor").stdout
    with Database(shell.data / "laneway.db") as database:
        database.writer.execute(f"DROP TRIGGER audit_stays; DROP TRIGGER audit_is_not_changed; {tampering}")

    found = shell.run("doctor", ok=False)

    assert "entries follow each other" in whole
    assert found.returncode == 1
    assert fault in found.stdout


def test_compact_works_beside_and_without_a_server(shell: Shell):
    server = shell.serve()
    shell.run("ask", "--agent", "script", "say hi")
    shell.run("compact")
    server.stop()

    shell.run("compact")


def test_the_reference_is_the_one_that_the_commands_write():
    from laneway.cli.main import app  # noqa: PLC0415 - the other tests use processes of their own
    from laneway.cli.reference import reference  # noqa: PLC0415 - the same

    page = Path(__file__).resolve().parents[2] / "docs" / "reference" / "cli.md"

    assert page.read_text(encoding="utf-8") == reference(app), "./dev fix writes it"


def test_a_session_is_exported_imported_elsewhere_and_told_apart_when_it_comes_again(
    shell: Shell, server: Server, tmp_path: Path
):
    session = shell.json("ask", "--agent", "script", "say travels")["thread_id"]
    session = shell.json("threads")[0]["session_id"]
    elsewhere = Shell(tmp_path / "elsewhere")
    elsewhere.home.mkdir()

    shell.run("export", session, "-o", "it.zip")
    first = elsewhere.run("import", str(shell.home / "it.zip"))
    again = elsewhere.json("import", str(shell.home / "it.zip"), "--format", "laneway")

    assert first.stdout == "1 session, 1 thread, 2 items\n"
    assert "the format is laneway" in first.stderr
    assert again["imported"] == {"sessions": 0, "threads": 0, "items": 0, "lanes": 0}
    assert [each["reason"] for each in again["skipped"]] == ["it is here already"]
    assert [each["title"] for each in elsewhere.json("threads")] == ["say travels"]


def test_a_folder_is_imported_with_what_is_left_out_listed(shell: Shell, server: Server):
    thread = shell.home / ".kd" / "branches" / "main" / "threads" / "council"
    thread.mkdir(parents=True)
    (thread / "0001-king.md").write_text("---\nfrom: king\n---\n\nHello\n")
    (thread / "0002-odd.md").write_text("nothing in front")

    done = shell.run("import", ".kd")
    refused = shell.run("import", str(shell.home / ".kd"), "--format", "chatgpt", ok=False)

    assert done.stdout.startswith("1 session, 1 thread, 1 item\n")
    assert "0002-odd.md" in done.stdout
    assert "conversations.json" in refused.stderr


def test_a_backup_made_under_load_is_whole_and_another_server_starts_from_it(shell: Shell):
    server = shell.serve()
    key = (shell.data / "admin.key").read_text().strip()
    text = b"what was attached"
    httpx.post(
        f"{server.url}/api/v1/attachments", files={"file": ("notes.txt", text, "text/plain")},
        headers={"Authorization": f"Bearer {key}"}, trust_env=False,
    ).raise_for_status()  # fmt: skip
    before = shell.json("ask", "--agent", "script", "say before")["thread_id"]
    copy = shell.home / "copy"
    with ThreadPoolExecutor() as pool:
        answers = [pool.submit(shell.json, "ask", "--agent", "script", f"say {number}") for number in range(3)]
        shell.run("backup", str(copy))
        asked = {each.result()["thread_id"] for each in answers}
    server.stop()

    restored = shell.given(LANEWAY_DATA=str(copy))
    listed = {each["id"] for each in restored.json("threads")}

    assert before in listed
    assert listed <= {before, *asked}
    assert "follow each other" in restored.run("doctor").stdout
    assert [path.name for path in (copy / "attachments").iterdir()] == [hashlib.sha256(text).hexdigest()]
    assert {stat.S_IMODE(path.stat().st_mode) for path in copy.rglob("*") if path.is_file()} == {0o600}
    assert "is there already" in shell.run("backup", str(copy), ok=False).stderr
