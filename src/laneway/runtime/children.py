"""Children: the tool `spawn`, by which a turn starts a thread of its own and hears how it ended."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace

from laneway.agent import AgentProfile
from laneway.domain.item import IN_CONTEXT, Call, Item
from laneway.domain.json import Json, JsonObject
from laneway.domain.kinds import ITEM, THREAD
from laneway.domain.step import SpawnChild
from laneway.domain.thread import Task, Thread, child_thread_id
from laneway.domain.turn import Turn
from laneway.runtime.toolbox import SPAWN
from laneway.store import Get, Page, Query, Snapshot, Where
from laneway.tool import ToolFailed, ToolScope, ToolSpec

SPAWN_BYTES = 64 * 1024
"""How long a child's first message may be: as long as any."""
ANSWER_ITEMS = 500
"""Pieces of a child's answer that its parent is given."""

_TEXT: JsonObject = {"type": "string", "minLength": 1}
_SPEC = ToolSpec(
    SPAWN,
    "Start a child thread with `text` as its whole first message. Waits for its answer; with `wait: false` the answer"
    " comes later, as a message from the child.",
    {
        "type": "object",
        "properties": {"text": _TEXT, "agent": _TEXT, "wait": {"type": "boolean"}},
        "required": ["text"],
        "additionalProperties": False,
    },
    "repeatable",
)


@dataclass(frozen=True)
class SpawnTool:
    """What agents are told of `spawn`. The turn's handle performs it, since the turn itself has to wait."""

    spec: ToolSpec = _SPEC

    async def call(self, scope: ToolScope, arguments: JsonObject) -> Json:
        raise ToolFailed("spawn is part of a turn.")


@dataclass(frozen=True, slots=True)
class Ended:
    """How a child ended: its answer, or why there is none."""

    answer: str = ""
    error: str | None = None


def spawn_step(item_id: str, call: Call, turn: Turn, profile: AgentProfile) -> SpawnChild:
    """The step that makes the call's child; raises `ToolFailed` on arguments that make no sense."""
    text, agent, waits = (call.arguments.get(name) for name in ("text", "agent", "wait"))
    if unknown := call.arguments.keys() - {"text", "agent", "wait"}:
        raise ToolFailed(f"spawn takes no {sorted(unknown)[0]}.")
    if not isinstance(text, str) or not text or len(text.encode()) > SPAWN_BYTES:
        raise ToolFailed(f"text is a text that is not empty, of at most {SPAWN_BYTES} bytes.")
    if (agent is not None and not isinstance(agent, str)) or not isinstance(waits, bool | None):
        raise ToolFailed("agent is a text, and wait is true or false.")
    return SpawnChild(item_id, call.call_id, text, agent, waits is not False, profile.tools, turn.owner)


def within(profile: AgentProfile, task: Task | None) -> AgentProfile:
    """The profile with at most the tools that the parent's agent had."""
    if task is None or task.tools is None:
        return profile
    allowed = task.tools if profile.tools is None else [name for name in profile.tools if name in task.tools]
    return replace(profile, tools=tuple(allowed))


async def find_end(read: Callable[..., Awaitable[Snapshot]], call_id: str) -> Ended | None:
    """How the call's child ended; None while it has not."""
    child = (await read(Get(THREAD, child_thread_id(call_id)))).results[0]
    if not isinstance(child, Thread) or child.deleted or child.task is None:
        return Ended(error="The child was deleted.")
    if child.task.state == "open":
        return None
    if child.task.state != "completed":
        return Ended(error=f"The child was {child.task.state}" + (f": {child.task.error}" if child.task.error else "."))
    where = (Where("turn_id", "=", child.task.ended_turn_id), Where("role", "=", "assistant"))
    page = (await read(Query(ITEM, where, order=(("seq", "asc"),), limit=ANSWER_ITEMS))).results[0]
    assert isinstance(page, Page)
    said = [item.text for item in page.records if isinstance(item, Item) and item.state in IN_CONTEXT and item.text]
    return Ended("\n\n".join(said))
