"""The plain environment: versioned keys, compared and set one by one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from laneway.domain.changes import Changes
from laneway.domain.errors import Invalid, LanewayError, NotFound, Stale
from laneway.domain.ids import Ids
from laneway.domain.json import Json, JsonObject, as_object
from laneway.domain.kinds import ENTRY
from laneway.domain.session import EnvironmentEntry, Session
from laneway.domain.view import LoadedView
from laneway.environments.plain import MAX_KEY, PlainEnvironment
from tests.domain.model_store import START

PLAIN = PlainEnvironment()
SESSION = Session("ses_1", "ada", "One", "plain", "copilot", {}, START, START)


class Keys:
    """A session's keys, kept in a dictionary."""

    def __init__(self) -> None:
        self.entries: dict[str, EnvironmentEntry] = {}

    def do(self, op: str, key: str, **more: Json) -> JsonObject:
        """Apply a command; returns the answer."""
        command: JsonObject = {"op": op, "key": key, **more}
        view = LoadedView(START)
        for need in PLAIN.needs(SESSION.id, command):
            id: str = getattr(need, "id", "")
            view.keep(ENTRY, id, self.entries.get(id))
        changes, reply = PLAIN.decide(view, SESSION, command, Ids(bytes(16)), START)
        self._apply(changes)
        return as_object(reply) or {}

    def _apply(self, changes: Changes) -> None:
        for drop in changes.drops:
            del self.entries[drop.id]
        for put in changes.puts:
            assert isinstance(put.record, EnvironmentEntry)
            self.entries[put.record.id] = put.record


names = st.text(min_size=1, max_size=MAX_KEY)
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)
commands = st.lists(
    st.tuples(st.sampled_from(["put", "put", "delete", "get"]), st.sampled_from("abc"), st.none() | st.integers(0, 3)),
    max_size=20,
)


@given(names, values)
def test_what_is_put_is_what_is_got(key: str, value: Json):
    keys = Keys()

    put = keys.do("put", key, value=value)

    assert put == keys.do("get", key) == {"key": key, "value": value, "version": 1}


@given(commands)
def test_a_write_happens_exactly_when_the_version_that_it_names_is_the_newest(
    things: list[tuple[str, str, int | None]],
):
    keys = Keys()
    wanted: dict[str, tuple[int, int]] = {}
    for number, (op, key, if_version) in enumerate(things):
        value, version = wanted.get(key, (0, 0))
        expected: type[LanewayError] | None = None
        if version == 0 and op != "put":
            expected = NotFound
        elif op != "get" and if_version not in (None, version):
            expected = Stale
        elif op == "put":
            wanted[key] = (number, version + 1)
        elif op == "delete":
            del wanted[key]
        else:
            assert keys.do("get", key)["value"] == value

        if expected is None and op != "get":
            keys.do(op, key, value=number, if_version=if_version)
        elif expected is not None:
            with pytest.raises(expected):
                keys.do(op, key, value=number, if_version=if_version)

    assert {entry.key: (entry.value, entry.version) for entry in keys.entries.values()} == wanted


def test_version_zero_says_that_there_must_be_none():
    keys = Keys()
    keys.do("put", "a", value=1, if_version=0)

    with pytest.raises(Stale):
        keys.do("put", "a", value=2, if_version=0)

    keys.do("delete", "a")
    assert keys.do("put", "a", value=3, if_version=0)["version"] == 1


@pytest.mark.parametrize("key", ["", "x" * (MAX_KEY + 1), None, 7, ["a"]])
def test_a_key_is_a_short_text(key: Json):
    with pytest.raises(Invalid):
        PLAIN.needs(SESSION.id, {"op": "get", "key": key})


def test_an_unknown_command_is_refused():
    with pytest.raises(Invalid):
        Keys().do("increment", "a")


def test_keys_of_one_session_are_not_those_of_another():
    one = PLAIN.needs("ses_1", {"op": "get", "key": "ses_2/keys/a"})
    two = PLAIN.needs("ses_2", {"op": "get", "key": "a"})

    assert one != two


def test_agents_are_told_which_keys_there_are():
    keys = Keys()
    for key in ("colour", "size"):
        keys.do("put", key, value=1)
    entries = list(keys.entries.values())

    assert PLAIN.briefing(SESSION, entries) == "The session has these shared keys: colour, size."
    assert PLAIN.briefing(SESSION, []) == ""
    assert PLAIN.snapshot(SESSION, entries) == {
        "keys": [{"key": "colour", "value": 1, "version": 1}, {"key": "size", "value": 1, "version": 1}]
    }


def test_many_keys_do_not_make_the_briefing_long():
    keys = Keys()
    for number in range(300):
        keys.do("put", f"key {number}", value=1)

    briefing = PLAIN.briefing(SESSION, list(keys.entries.values()))

    assert briefing.endswith("and 250 more.")
    assert len(briefing) < 1000
