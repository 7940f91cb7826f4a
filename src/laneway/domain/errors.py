"""Errors: one tree. A class is a code; its family says what kind of mistake it is, and edges map families to status.

LanewayError
├── Malformed      the request cannot be read (400)
├── Unauthorized   no valid credential (401)
├── Forbidden      a credential, but not for this: wrong origin, read-only scope (403)
├── NotFound       missing, or somebody else's: the two are never told apart (404)
├── Conflict       the thing is in a state that does not allow it (409)
├── Gone           it was there and has been pruned (410)
├── Stale          the version that was named is not the newest (412)
├── TooLarge       over a size limit (413)
├── Unsupported    the body's media type is not taken (415)
├── Misdirected    a Host that is not ours (421)
├── Invalid        readable, but not acceptable (422)
├── TooMany        over a rate or a bound; try again later (429)
├── Unavailable    the store or a part is away; try again later (503)
└── Internal       a broken rule of our own: never the client's fault (500)
"""

from typing import ClassVar


class LanewayError(Exception):
    """Any expected failure. `code` is stable, `detail` says what happened, `hint` what to do."""

    code: ClassVar[str] = "error"
    title: ClassVar[str] = "Error"

    def __init__(self, detail: str, hint: str = "", **extra: str | int | float | None) -> None:
        super().__init__(detail)
        self.detail = detail
        self.hint = hint
        self.extra = extra
        """Further members of the problem document, such as `snapshot_url` or `retry_after_s`."""


class Malformed(LanewayError):
    """The request cannot be read."""

    code = "malformed"
    title = "Malformed request"


class BadCursor(Malformed):
    """A cursor that is malformed, negative, oversized or lies in the future."""

    code = "bad_cursor"
    title = "Bad cursor"


class TwoCredentials(Malformed):
    """A request carries more than one credential."""

    code = "two_credentials"
    title = "Two credentials"


class Unauthorized(LanewayError):
    """No valid credential."""

    code = "unauthorized"
    title = "Unauthorized"


class Forbidden(LanewayError):
    """The credential does not allow this."""

    code = "forbidden"
    title = "Forbidden"


class OriginRefused(Forbidden):
    """A page of another origin made the request."""

    code = "origin_refused"
    title = "Origin refused"


class CsrfRefused(Forbidden):
    """A browser's write came without the token of its login."""

    code = "csrf_refused"
    title = "CSRF token refused"


class NotFound(LanewayError):
    """Missing, or somebody else's. The body is the same for both and for every kind."""

    code = "not_found"
    title = "Not found"

    def __init__(self, detail: str = "There is nothing here under that name.", hint: str = "") -> None:
        super().__init__(detail, hint)


class Conflict(LanewayError):
    """The present state does not allow it."""

    code = "conflict"
    title = "Conflict"


class Busy(Conflict):
    """The thread runs a turn, and the request wants an idle one."""

    code = "busy"
    title = "Busy"


class AlreadyTaken(Conflict):
    """A turn has taken the queue item, or it has been withdrawn."""

    code = "already_taken"
    title = "Already taken"


class ThreadArchived(Conflict):
    """The thread is archived and takes no message."""

    code = "thread_archived"
    title = "Thread archived"


class LastAdmin(Conflict):
    """Nobody would be left who may manage users."""

    code = "last_admin"
    title = "Last admin"


class UserInactive(Conflict):
    """The user may not come in, and gets no key."""

    code = "user_inactive"
    title = "User inactive"


class NameTaken(Conflict):
    """A user of that name is there already."""

    code = "name_taken"
    title = "Name taken"


class SharesOff(Conflict):
    """Links are off on this server; sharing with a named user is not."""

    code = "shares_off"
    title = "Shares off"


class IdempotencyConflict(Conflict):
    """The Idempotency-Key was used for another body."""

    code = "idempotency_conflict"
    title = "Idempotency conflict"


class AlreadyDecided(Conflict):
    """The approval has been answered, or is no longer open."""

    code = "already_decided"
    title = "Already decided"


class ArgumentsChanged(Conflict):
    """The approval's `arguments_hash` is not that of the call that waits."""

    code = "arguments_changed"
    title = "Arguments changed"


class NothingToRetry(Conflict):
    """There is no failed, cut-off or doubtful turn to retry."""

    code = "nothing_to_retry"
    title = "Nothing to retry"


class NotInReview(Conflict):
    """The turn does not wait for a review."""

    code = "not_in_review"
    title = "Not in review"


class Superseded(Conflict):
    """The message was taken out of the transcript by an edit, a regenerate, a deletion or a retry."""

    code = "superseded"
    title = "Superseded"


class TranscriptTooLong(Conflict):
    """More items than one change of a transcript may touch; the detail names the bound."""

    code = "transcript_too_long"
    title = "Transcript too long"


class StaleFence(Conflict):
    """A write carried the fence of an attempt that has been replaced, or its turn has ended."""

    code = "stale_fence"
    title = "Stale fence"


class CancelRequested(Conflict):
    """A cancel of the turn has been acknowledged: no new call of it starts."""

    code = "cancel_requested"
    title = "Cancel requested"


class NothingToRun(Conflict):
    """The thread has nothing that may run now."""

    code = "nothing_to_run"
    title = "Nothing to run"


class Gone(LanewayError):
    """It was there and has been pruned."""

    code = "gone"
    title = "Gone"


class CursorExpired(Gone):
    """The cursor is older than what is kept; `snapshot_url` says where to start anew."""

    code = "cursor_expired"
    title = "Cursor expired"


class Stale(LanewayError):
    """`If-Match` names a version that is not the newest."""

    code = "version_mismatch"
    title = "Version mismatch"


class TooLarge(LanewayError):
    """Over a size limit, which the detail names."""

    code = "too_large"
    title = "Too large"


class Unsupported(LanewayError):
    """The body's media type is not taken here."""

    code = "unsupported_media_type"
    title = "Unsupported media type"


class HostRefused(LanewayError):
    """The Host header is not one of ours."""

    code = "host_refused"
    title = "Host refused"


class Invalid(LanewayError):
    """Readable, but not acceptable."""

    code = "invalid"
    title = "Invalid"


class UnknownField(Invalid):
    """A body field or query parameter that is not taken here."""

    code = "unknown_field"
    title = "Unknown field"


class UnknownAgent(Invalid):
    """An agent of that name is not registered."""

    code = "unknown_agent"
    title = "Unknown agent"


class UnknownUser(Invalid):
    """No active user has that name."""

    code = "unknown_user"
    title = "Unknown user"


class UnknownAttachment(Invalid):
    """No attachment of that id is yours in this session."""

    code = "unknown_attachment"
    title = "Unknown attachment"


class UnknownItem(Invalid):
    """The thread's transcript has no item of that id, or no longer."""

    code = "unknown_item"
    title = "Unknown item"


class UnknownTemplate(Invalid):
    """No template of that id is yours."""

    code = "unknown_template"
    title = "Unknown template"


class UnknownEnvironment(Invalid):
    """An environment of that name is not registered."""

    code = "unknown_environment"
    title = "Unknown environment"


class UnknownTool(Invalid):
    """The session has no tool of that name."""

    code = "unknown_tool"
    title = "Unknown tool"


class NotYet(Invalid):
    """A part of the contract that this version does not have."""

    code = "not_available"
    title = "Not available"


class TooMany(LanewayError):
    """Over a rate or a bound; the detail names it."""

    code = "too_many"
    title = "Too many"

    def __init__(self, detail: str, hint: str = "", retry_after_s: int = 1) -> None:
        super().__init__(detail, hint, retry_after_s=retry_after_s)


class QueueFull(TooMany):
    """The thread's queue, or the user's queues together, are full. Nothing was dropped."""

    code = "queue_full"
    title = "Queue full"


class Unavailable(LanewayError):
    """The store or another part is away for now; nothing was recorded."""

    code = "unavailable"
    title = "Unavailable"

    def __init__(self, detail: str, hint: str = "", retry_after_s: int = 1) -> None:
        super().__init__(detail, hint, retry_after_s=retry_after_s)


class Internal(LanewayError):
    """A rule of our own was broken. Nothing was recorded."""

    code = "internal"
    title = "Internal error"


class ThreadDrift(Internal):
    """A write named other ids than the handle that made it, or an event has no valid thread."""

    code = "thread_drift"
    title = "Thread drift"
