"""Laneway: runs many agent conversations at once and keeps each one in its own lane."""

from importlib.metadata import version

from laneway.agent import (
    AgentEvent,
    AgentFailed,
    Consumed,
    Message,
    Reasoning,
    ResumePoint,
    Text,
    TurnInput,
)
from laneway.agents.function import agent
from laneway.client.conversation import NotTaken
from laneway.client.doors import connect, open
from laneway.client.lane import Lane
from laneway.client.resources import AnsweredTurn, Page, Posted
from laneway.client.stream import Event
from laneway.domain import errors
from laneway.domain.errors import LanewayError
from laneway.domain.thread import Usage
from laneway.tool import ToolFailed, ToolRejected

__version__ = version("laneway")

__all__ = [
    "AgentEvent",
    "AgentFailed",
    "AnsweredTurn",
    "Consumed",
    "Event",
    "Lane",
    "LanewayError",
    "Message",
    "NotTaken",
    "Page",
    "Posted",
    "Reasoning",
    "ResumePoint",
    "Text",
    "ToolFailed",
    "ToolRejected",
    "TurnInput",
    "Usage",
    "__version__",
    "agent",
    "connect",
    "errors",
    "open",
]
