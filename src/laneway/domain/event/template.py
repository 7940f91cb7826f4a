"""Templates, told in their owner's home log."""

from dataclasses import dataclass

from laneway.domain.event.type import EventData
from laneway.domain.template import TemplateResource


@dataclass(frozen=True, slots=True)
class TemplateCreated(EventData):
    """A template was made."""

    type = "template.created"
    scope = "user"
    template: TemplateResource


@dataclass(frozen=True, slots=True)
class TemplateUpdated(EventData):
    """A template was changed."""

    type = "template.updated"
    scope = "user"
    template: TemplateResource


@dataclass(frozen=True, slots=True)
class TemplateDeleted(EventData):
    """A template was removed."""

    type = "template.deleted"
    scope = "user"
    template_id: str
