"""Templates: set-ups for new threads."""

from typing import Annotated, Literal

from msgspec import UNSET, Meta, UnsetType
from starlette.responses import Response

from laneway.api.bodies import MESSAGE_BYTES, Body, Id, Name, Tags, Text, ThreadSettingsBody, Title, distinct, given
from laneway.api.call import Call, records_of, shown_as
from laneway.api.conditional import check_version, etag
from laneway.api.paging import Paging, page_query
from laneway.api.route import BASE, Routes
from laneway.domain.command import CreateTemplate, DeleteTemplate, UpdateTemplate
from laneway.domain.decide.templates import OPENINGS
from laneway.domain.errors import Invalid, TooLarge
from laneway.domain.json import Json
from laneway.domain.kinds import TEMPLATE
from laneway.domain.template import Opening, OpeningMessage, Template, TemplateResource, opening_of, template_resource

routes = Routes("Templates")


class OpeningBody(Body, frozen=True):
    """A message that threads begin with. Those up to the last answer are put into the transcript as they stand; the
    user's after it are sent, and answered."""

    text: Text
    role: Literal["user", "assistant"] = "user"


Openings = Annotated[list[str | OpeningBody], Meta(max_length=OPENINGS)]
TemplateName = Annotated[str, Meta(min_length=1, max_length=200)]


class CreateTemplateBody(Body, frozen=True):
    """A new template. `from_thread_id` takes what is not given from a thread: its agent, settings, tags, a title that
    was given to it, and as opening messages what the user said before the first answer."""

    name: TemplateName
    agent_id: Name | None = None
    title: Title | None = None
    settings: ThreadSettingsBody | None = None
    messages: Openings | None = None
    tags: Tags | None = None
    from_thread_id: Id | None = None


class UpdateTemplateBody(Body, frozen=True):
    """What of a template changes; settings are merged."""

    name: TemplateName | UnsetType = UNSET
    agent_id: Name | UnsetType | None = UNSET
    title: Title | UnsetType | None = UNSET
    settings: ThreadSettingsBody | UnsetType = UNSET
    messages: Openings | UnsetType = UNSET
    tags: Tags | UnsetType = UNSET


@routes.add("POST", "/templates", "write", body=CreateTemplateBody, shows=TemplateResource, status=201, refuses=(404,))
async def create_template(call: Call) -> Response:
    """Make a template, from scratch or like an existing thread."""
    body = await call.body(CreateTemplateBody)
    command = CreateTemplate(
        at=call.at, seed=call.seed, user_id=call.user_id, name=body.name, agent_id=body.agent_id, title=body.title,
        settings=body.settings.changes() if body.settings else {},
        messages=None if body.messages is None else _openings(body.messages),
        tags=None if body.tags is None else distinct(body.tags), from_thread_id=body.from_thread_id,
    )  # fmt: skip
    made = shown_as((await call.submit(command)).reply, TemplateResource)
    return call.show(made, 201, {**etag(made.version), "Location": f"{BASE}/templates/{made.id}"})


@routes.add("GET", "/templates", "read", query=Paging, shows=list[TemplateResource])
async def list_templates(call: Call) -> Response:
    """The caller's templates, by name."""
    page = await call.find(page_query(TEMPLATE, call.query(Paging), (), (("name", "asc"),)))
    return call.show_page([template_resource(each) for each in records_of(page, Template)], page)


@routes.add("GET", "/templates/{template_id}", "read", owns=(TEMPLATE,), shows=TemplateResource)
async def get_template(call: Call) -> Response:
    """One template."""
    template = call.own(TEMPLATE)
    return call.show(template_resource(template), headers=etag(template.version))


@routes.add(
    "PATCH", "/templates/{template_id}", "write", owns=(TEMPLATE,), body=UpdateTemplateBody, shows=TemplateResource,
    is_conditional=True,
)  # fmt: skip
async def update_template(call: Call) -> Response:
    """Change what is given. Threads that were made with it stay as they are."""
    template, body = call.own(TEMPLATE), await call.body(UpdateTemplateBody)
    changes: dict[str, Json] = {
        name: value for name in ("name", "agent_id", "title") if (value := getattr(body, name)) is not UNSET
    }
    if (messages := given(body.messages)) is not None:
        changes["messages"] = _openings(messages)
    if (tags := given(body.tags)) is not None:
        changes["tags"] = distinct(tags)
    if (settings := given(body.settings)) is not None:
        changes["settings"] = settings.changes()
    command = UpdateTemplate(
        at=call.at, seed=call.seed, template_id=template.id, changes=changes, if_version=call.if_version
    )
    changed = shown_as((await call.submit(command)).reply, TemplateResource)
    return call.show(changed, headers=etag(changed.version))


@routes.add("DELETE", "/templates/{template_id}", "write", owns=(TEMPLATE,), status=204, is_conditional=True)
async def delete_template(call: Call) -> Response:
    """Remove a template. Threads that were made with it stay as they are."""
    template = call.own(TEMPLATE)
    check_version(call.if_version, template.version)
    await call.submit(DeleteTemplate(at=call.at, seed=call.seed, template_id=template.id))
    return call.nothing()


def _openings(messages: list[str | OpeningBody]) -> tuple[OpeningMessage, ...]:
    """The opening messages as they were given; raises for those that say nothing, or too much."""
    made = tuple(each if isinstance(each, str) else Opening(each.text, each.role) for each in messages)
    if not all(opening_of(each).text.strip() for each in made):
        raise Invalid("An opening message says nothing.")
    if sum(len(opening_of(each).text.encode()) for each in made) > MESSAGE_BYTES:
        raise TooLarge(f"The opening messages may have {MESSAGE_BYTES} bytes together.")
    return made
