"""Toolbox: which tools a session's agents may call, and how a store tool becomes part of a turn's commit."""

from collections.abc import Iterable, Mapping, Sequence

from laneway.agent import AgentProfile
from laneway.domain.session import Session
from laneway.environment import Environment
from laneway.tool import Tool, ToolFailed, ToolSpec

ASK = "ask"
"""The tool behind `TurnHandle.ask`: it does nothing but want an approval, and no model is told of it."""

SPAWN = "spawn"
"""The tool that starts a child thread; a turn's handle performs it."""


class Toolbox:
    """Every session's built-in tools and those of its environment."""

    def __init__(self, built_in: Iterable[Tool], environments: Mapping[str, Environment]) -> None:
        self._built_in = {tool.spec.name: tool for tool in built_in}
        self._of_environment = {
            name: {tool.spec.name: tool for tool in environment.tools()} for name, environment in environments.items()
        }

    def specs(self, session: Session, profile: AgentProfile) -> Sequence[ToolSpec]:
        """The tools that an agent of a session is told of."""
        return [tool.spec for name, tool in self._all(session).items() if name != ASK and _allowed(profile, name)]

    def find(self, session: Session, profile: AgentProfile, name: str) -> Tool:
        """The tool of that name; raises `ToolFailed` when the agent has none."""
        tool = self._all(session).get(name)
        if tool is None or not (name == ASK or _allowed(profile, name)):
            raise ToolFailed(f"There is no tool {name!r} here.")
        return tool

    def _all(self, session: Session) -> Mapping[str, Tool]:
        return {**self._built_in, **self._of_environment.get(session.environment, {})}


def _allowed(profile: AgentProfile, name: str) -> bool:
    return profile.tools is None or name in profile.tools
