"""The guide agent: answers each message of a batch from the texts it can look into, and keeps notes."""

import asyncio
import re
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import replace

from laneway.agent import AgentEvent, AgentProfile, Capabilities, Message, Text, TurnInput
from laneway.agents.guide.answer import ABILITIES, Shelf, answer
from laneway.agents.guide.library import Library
from laneway.agents.guide.passages import Passage, split
from laneway.agents.guide.ranking import Indexed
from laneway.agents.guide.words import words_of
from laneway.domain.errors import UnknownTool
from laneway.domain.json import JsonObject
from laneway.domain.thread import title_from
from laneway.tool import ToolFailed, ToolRejected

GUIDE = AgentProfile("guide", "Guide", "Answers from Laneway's own pages and your files. Works offline.", "guide")

_NOTE = re.compile(r"\s*note\s*:\s*(?P<text>\S.*)", re.IGNORECASE | re.DOTALL)
_REMEMBER = re.compile(r"\s*(?:please\s+)?remember\s*(?:that\b|:)\s*(?P<text>\S.*)", re.IGNORECASE | re.DOTALL)
_GREETING = re.compile(
    r"\W*(hi|hello|hey|help|moin|hallo|good (morning|day|evening)|what can you do)\W*", re.IGNORECASE
)
_WORDS_AT_ONCE = 5
_MANY_PASSAGES = 500
"""From so many passages on, a search may take too long for the event loop and runs on a thread."""


class GuideAgent:
    """Finds the passages that answer a question and quotes them with their source. Knows nothing else."""

    def __init__(self, profile: AgentProfile = GUIDE) -> None:
        self._profile = replace(profile, kind="guide", capabilities=Capabilities(steer=True, tools=True))
        self._library = Library()

    @property
    def profile(self) -> AgentProfile:
        return self._profile

    def availability(self) -> str | None:
        return None

    async def close(self) -> None:
        """Nothing outlives a turn."""

    async def run(self, turn: TurnInput) -> AsyncIterator[AgentEvent]:
        messages: Sequence[Message] = turn.batch
        several = len(messages) > 1
        joint = ""
        while messages:
            for message in messages:
                reply = await self._reply(message, turn)
                heading = f"### {title_from(message.text) or 'Attached'}\n\n" if several and reply else ""
                for piece in _pieces(joint + heading + reply if reply else ""):
                    yield Text(piece)
                    await asyncio.sleep(0)  # a long answer must not hold up the other lanes
                joint = "\n\n" if reply else joint
            messages = await turn.handle.steer()
            several = several or bool(messages)

    async def _reply(self, message: Message, turn: TurnInput) -> str:
        """What it says to one message."""
        if kept := _NOTE.fullmatch(message.text):
            return await _keep(turn, {"text": kept["text"].strip()})
        if kept := _REMEMBER.fullmatch(message.text):
            # What is to be remembered belongs into every later briefing; a note is only there to be read.
            return await _keep(turn, {"text": kept["text"].strip(), "prompt": True})
        if not message.text.strip():
            attached = any(part.attachment_id for part in message.parts)
            return "I have it. Ask me about what is in it." if attached else ""
        if _GREETING.fullmatch(message.text) or not any(words_of(message.text)):
            return ABILITIES
        shelf = await self._shelf(turn)
        if sum(len(text.passages) for text in shelf.weights) < _MANY_PASSAGES:
            return answer(message.text, shelf)
        return await asyncio.to_thread(answer, message.text, shelf)

    async def _shelf(self, turn: TurnInput) -> Shelf:
        files, unreadable = await self._library.indexed(turn.handle)
        notes = Indexed("notes of this session", [Passage("", note) for note in turn.notes])
        state = Indexed("state of this session", split(turn.briefing))
        return Shelf(files, (notes, state), self._library.pages, unreadable)


async def _keep(turn: TurnInput, note: JsonObject) -> str:
    try:
        await turn.handle.call("note.add", note)
    except ToolRejected:
        return "I did not keep the note: it was rejected."
    except ToolFailed as error:
        return f"I could not keep the note: {error}"
    except UnknownTool:
        return "I cannot keep notes in this session."
    return f"Noted: {note['text']}"


def _pieces(text: str) -> Iterator[str]:
    """A few words at a time, with the white space as it is."""
    words = re.findall(r"\s*\S+(?:\s+\Z)?", text)
    for start in range(0, len(words), _WORDS_AT_ONCE):
        yield "".join(words[start : start + _WORDS_AT_ONCE])
