"""Audit: the acts that matter for security, newest first. Admins only, and that they read it is an act, too."""

from typing import Annotated

from msgspec import Meta
from starlette.responses import Response

from laneway.api.bodies import Id
from laneway.api.call import Call, records_of
from laneway.api.paging import Paging, page_query
from laneway.api.query import Moment
from laneway.api.resources import AuditResource
from laneway.api.route import Routes
from laneway.domain.audit import AuditEntry
from laneway.domain.kinds import AUDIT
from laneway.domain.principal import SYSTEM
from laneway.store import Page, Where

routes = Routes("Operating")


class AuditQuery(Paging, frozen=True, kw_only=True, rename={"from_": "from"}):
    """Which entries."""

    act: Annotated[str, Meta(max_length=100)] | None = None
    user_id: Id | None = None
    subject: Annotated[str, Meta(max_length=200)] | None = None
    from_: Moment | None = None
    to: Moment | None = None


@routes.add("GET", "/audit", "read", query=AuditQuery, shows=list[AuditResource], is_for_admins=True)
async def list_audit(call: Call) -> Response:
    """The audit log, newest first: who did what to what, and when. It has ids only, and nothing that users wrote."""
    query = call.query(AuditQuery)
    equal = {"act": query.act, "owner": query.user_id, "subject": query.subject}
    where = [Where("number", ">", 0), *(Where(name, "=", value) for name, value in equal.items() if value is not None)]
    if query.from_ is not None:
        where.append(Where("at", ">=", query.from_))
    if query.to is not None:
        where.append(Where("at", "<", query.to))
    page = (await call.app.store.read(SYSTEM, page_query(AUDIT, query, where, (("number", "desc"),)))).results[0]
    assert isinstance(page, Page)
    await call.record_act("audit.read", "audit")
    return call.show_page([_shown(entry) for entry in records_of(page, AuditEntry)], page)


def _shown(entry: AuditEntry) -> AuditResource:
    return AuditResource(
        entry.number or 0, entry.id, entry.owner, entry.act, entry.subject, entry.at, entry.by, entry.previous,
        entry.hash,
    )  # fmt: skip
