"""Lane: (workflow, scope, agent), where a backend's resume id is kept apart from every other lane's."""

from dataclasses import dataclass
from typing import Literal

from laneway.domain.instant import Instant

Workflow = Literal["chat", "council", "task", "work"]
LaneState = Literal["usable", "stale", "reset"]


@dataclass(frozen=True, slots=True)
class LaneKey:
    """Names a lane: two lanes with any part different share nothing."""

    workflow: Workflow
    scope: str
    agent: str


@dataclass(frozen=True, slots=True)
class Lane:
    """A lane with its resume point: at most one run at a time, and no other lane ever reads it."""

    id: str
    owner: str
    session_id: str
    thread_id: str | None
    workflow: Workflow
    scope: str
    agent: str
    backend: str
    config_hash: str
    resume_id: str | None
    anchor: str | None
    """The last transcript item that the backend has seen; what came after it is sent along when resuming."""
    generation: int
    state: LaneState
    updated_at: Instant

    @property
    def key(self) -> LaneKey:
        return LaneKey(self.workflow, self.scope, self.agent)


def lane_id(session_id: str, lane: LaneKey) -> str:
    """The record id of a lane."""
    return f"{session_id}/{lane.workflow}/{lane.scope}/{lane.agent}"


def resumes(workflow: Workflow, thread_setting: bool | None) -> bool:
    """Whether a lane resumes: a chat rebuilds from the visible history unless its thread asks, the others resume."""
    return bool(thread_setting) if workflow == "chat" else thread_setting is not False


def usable_resume_id(lane: Lane | None, config_hash: str) -> str | None:
    """The resume id that a run of this lane may use: only a usable one, written under the same agent configuration."""
    if lane is None or lane.state != "usable" or lane.config_hash != config_hash:
        return None
    return lane.resume_id
