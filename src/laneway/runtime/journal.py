"""Journal: what earlier attempts of a turn recorded, so that an agent that starts over repeats nothing."""

from collections.abc import Sequence

from laneway.domain.item import IN_CONTEXT, Item
from laneway.domain.json import JsonObject
from laneway.wire import encode


class Journal:
    """Recorded items in order, matched against what the agent does now. The first difference ends the matching.

    A message that an earlier attempt completed is swallowed when it is said again; a call with the same name and
    arguments in the same place is answered from the record.
    """

    def __init__(self, items: Sequence[Item], replays: bool) -> None:
        self.items = tuple(items)
        # An agent that goes on from its progress repeats nothing, but for the calls that it has to finish.
        self._entries = [item for item in items if (_is_matched(item) if replays else _is_unfinished_call(item))]
        self._swallowing = False

    def swallows_text(self) -> bool:
        """Whether the text that is being said stands in the transcript already."""
        if not self._swallowing:
            self._swallowing = bool(self._entries) and self._entries[0].call is None
        return self._swallowing

    def end_message(self) -> None:
        """The message that was being said is over."""
        if self._swallowing:
            self._swallowing = False
            del self._entries[0]

    def find_call(self, name: str, arguments: JsonObject) -> Item | None:
        """The earlier attempt's call in this place, when it was the same call."""
        call = self._entries[0].call if self._entries else None
        if call is None or call.name != name or encode(call.arguments) != encode(arguments):
            self._entries.clear()
            return None
        return self._entries.pop(0)


def _is_unfinished_call(item: Item) -> bool:
    return item.call is not None and item.state == "partial"


def _is_matched(item: Item) -> bool:
    """Calls, finished or not, and finished answers: what the agent itself would repeat."""
    if item.call is not None:
        return True
    return item.role == "assistant" and item.state in IN_CONTEXT and bool(item.text)
