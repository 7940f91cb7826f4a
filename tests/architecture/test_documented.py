"""What the stream can say is written down where its readers look."""

from inspect import isclass

from laneway.domain import event
from tests.architecture.tree import ROOT

EVENTS = ROOT / "docs" / "reference" / "events.md"


def test_every_event_type_is_documented():
    page = EVENTS.read_text(encoding="utf-8")

    undocumented = [cls.type for cls in event_types() if f"| `{cls.type}` |" not in page]

    assert event_types()
    assert not undocumented, "./dev fix writes docs/reference/events.md"


def test_every_event_type_says_what_it_means():
    # A dataclass without a docstring gets its signature for one.
    silent = [cls.type for cls in event_types() if (cls.__doc__ or f"{cls.__name__}(").startswith(f"{cls.__name__}(")]

    assert not silent


def event_types() -> list[type[event.EventData]]:
    found = (value for value in vars(event).values() if isclass(value) and issubclass(value, event.EventData))
    return [cls for cls in found if isinstance(getattr(cls, "type", None), str)]
