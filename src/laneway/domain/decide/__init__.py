"""Decide: what each command needs to see, and what it changes. Pure: equal inputs, equal changes."""

from laneway.domain import command as c
from laneway.domain import step as s
from laneway.domain.changes import Count, Decision, Folded, One, Some, View
from laneway.domain.command import Command
from laneway.domain.decide.children import spawn_needs
from laneway.domain.decide.claim import begin_turn, take_up_turn
from laneway.domain.decide.cuts import cut_needs, delete_message, edit_message, regenerate_answer
from laneway.domain.decide.describing import describe_thread
from laneway.domain.decide.fork import fork_needs, fork_thread
from laneway.domain.decide.leaving import delete_needs, delete_user, update_needs, update_user
from laneway.domain.decide.queue import (
    clear_queue,
    edit_queue_item,
    pause_queue,
    post_message,
    resume_queue,
    withdraw_queue_item,
)
from laneway.domain.decide.reviews import cancel_turn, resolve_approval, retry_turn, review_turn
from laneway.domain.decide.sessions import (
    add_attachment,
    add_note,
    create_session,
    delete_attachment,
    delete_note,
    delete_session,
    select_thread,
    tell_state,
    update_note,
    update_session,
)
from laneway.domain.decide.shares import (
    add_comment,
    comment_needs,
    delete_comment,
    end_share,
    share_needs,
    share_thread,
)
from laneway.domain.decide.steps import record_turn
from laneway.domain.decide.templates import create_template, delete_template, template_needs, update_template
from laneway.domain.decide.threads import (
    create_thread,
    delete_thread,
    read_thread,
    rename_tag,
    update_thread,
    vote_on_message,
)
from laneway.domain.decide.timers import create_timer, delete_timer, fire_timer, update_timer
from laneway.domain.decide.transfer import (
    import_file,
    import_file_needs,
    import_items,
    import_items_needs,
    import_session,
    import_session_needs,
    import_thread,
    import_thread_needs,
)
from laneway.domain.decide.users import create_key, create_login, create_user, end_login, record_act, revoke_key
from laneway.domain.decide.verb import Needs, Verb, verb
from laneway.domain.draft import Draft
from laneway.domain.kinds import (
    APPROVAL,
    ATTACHMENT,
    COMMENT,
    ITEM,
    KEY,
    LANE,
    LOGIN,
    NODE,
    NOTE,
    QUEUE_ITEM,
    SESSION,
    SHARE,
    TEMPLATE,
    THREAD,
    TIMER,
    TURN,
    USER,
)
from laneway.domain.rules import Rules

__all__ = ["COMMANDS", "decide", "needs_of"]


def needs_of(command: Command) -> Needs:
    """The records that deciding a command has to see."""
    return _VERBS[type(command)].needs(command)


def decide(view: View, command: Command, rules: Rules) -> Decision:
    """Decide a command: what changes, or the error that says why nothing does."""
    return _VERBS[type(command)].decide(Draft(view, command, rules), command)


def _thread(thread_id: str) -> Needs:
    return (One(THREAD, thread_id),)


def _thread_and_turn(thread_id: str) -> Needs:
    return (One(THREAD, thread_id, ("active_turn_id",)),)


def _thread_and_parent(thread_id: str) -> Needs:
    return (One(THREAD, thread_id, ("parent_thread_id",)),)


def _active_turn(thread_id: str) -> Needs:
    """A thread with its active turn and whatever ending that turn touches."""
    return (
        *_thread_and_turn(thread_id),
        Some(QUEUE_ITEM, {"thread_id": thread_id, "open": 1}),
        Some(ITEM, {"thread_id": thread_id, "open": 1}),
        Some(APPROVAL, {"thread_id": thread_id, "state": "open"}),
        Folded(thread_id),
        *_family(thread_id),
    )


def _family(thread_id: str) -> Needs:
    """Who learns of the end of a thread's turn: its parent, and the children that it waits for."""
    return (
        One(THREAD, thread_id, ("parent_thread_id",)),
        Some(THREAD, {"awaited_by": thread_id}, follow=("active_turn_id",)),
    )


def _descendants(thread_id: str) -> Needs:
    """At most three deep (`child_depth`), and no more than a user may have threads."""
    return tuple(
        Some(THREAD, {column: thread_id}, limit=10_000) for column in ("parent_thread_id", "ancestor_2", "ancestor_3")
    )


def _turn(thread_id: str, turn_id: str) -> Needs:
    """A thread, one of its turns whole, and whatever ending that turn touches."""
    return (
        One(THREAD, thread_id),
        One(TURN, turn_id, ("node",)),
        Some(ITEM, {"turn_id": turn_id}),
        Some(QUEUE_ITEM, {"thread_id": thread_id, "open": 1}),
        Some(APPROVAL, {"thread_id": thread_id, "state": "open"}),
        Folded(thread_id),
        *_family(thread_id),
    )


def _default_session(user_id: str, session_id: str | None) -> Needs:
    return (Some(SESSION, {"default_of": user_id}),) if session_id is None else (One(SESSION, session_id),)


def _items(item_ids: tuple[str, ...]) -> Needs:
    return tuple(One(ITEM, item_id) for item_id in item_ids)


def _cutting(command: c.CutTranscript) -> Needs:
    return (*_active_turn(command.thread_id), *cut_needs(command))


def _queue(thread_id: str) -> Needs:
    return (*_thread(thread_id), Some(QUEUE_ITEM, {"thread_id": thread_id, "open": 1}))


def _accepting() -> Needs:
    return (Count(QUEUE_ITEM, {"open": 1}),)


def _posting(thread_id: str, message: c.NewMessage) -> Needs:
    """Accepting reads the thread and its turn; an interrupt may also end that turn."""
    whole = message.delivery == "interrupt"
    turn = _active_turn(thread_id) if whole else _thread_and_turn(thread_id)
    return (*_accepting(), *_replying(message), *turn)


def _replying(message: c.NewMessage) -> Needs:
    return () if message.reply_to is None else _items((message.reply_to,))


def _recording(command: c.RecordTurn) -> Needs:
    """Most steps touch the items that they name; an end, or a steer, may touch anything that is open."""
    if any(isinstance(step, s.EndTurn) for step in command.steps):
        return _turn(command.thread_id, command.turn_id) + _lanes(command)
    named = {step.item_id for step in command.steps if isinstance(step, _NAMING)}
    items = tuple(One(ITEM, item_id) for item_id in sorted(named))
    queue = Some(QUEUE_ITEM, {"thread_id": command.thread_id, "open": 1})
    steers = (queue,) if any(isinstance(step, s.TakeSteer) for step in command.steps) else ()
    spawns = tuple(need for step in command.steps if isinstance(step, s.SpawnChild) for need in spawn_needs(step))
    return (One(THREAD, command.thread_id), One(TURN, command.turn_id), *items, *steers, *spawns, *_lanes(command))


_NAMING = (s.CompleteItem, s.RequestApproval, s.SpawnChild, s.StartCall, s.ReturnCall)


def _lanes(command: c.RecordTurn) -> Needs:
    keeps = any(isinstance(step, s.KeepResumePoint | s.LoseResumePoint) for step in command.steps)
    return (Some(LANE, {"thread_id": command.thread_id}),) if keeps else ()


def _session_turns(session_id: str) -> Needs:
    return tuple(
        Some(TURN, {"session_id": session_id, "status": status}) for status in ("running", "waiting", "needs_review")
    )


_COUNTED = tuple(Count(THREAD, {"deleted": 0, "archived": 0, "kind": kind}) for kind in ("chat", "task", "work"))
"""The threads that count towards `threads_per_user`: alert threads come by themselves, and are archived in time."""

_TABLE: tuple[Verb, ...] = (
    verb(c.CreateUser, lambda m: (Some(USER, {"name": m.name}),), create_user),
    verb(c.UpdateUser, update_needs, update_user),
    verb(c.DeleteUser, delete_needs, delete_user),
    verb(c.RecordAct, lambda _: (), record_act),
    verb(c.CreateKey, lambda m: (One(USER, m.user_id),), create_key),
    verb(c.RevokeKey, lambda m: (One(KEY, m.key_id), Some(LOGIN, {"key_id": m.key_id})), revoke_key),
    verb(c.CreateLogin, lambda _: (), create_login),
    verb(c.EndLogin, lambda m: (One(LOGIN, m.login_id),), end_login),
    verb(c.CreateSession, lambda _: (Count(SESSION, {"deleted": 0}),), create_session),
    verb(c.UpdateSession, lambda m: (One(SESSION, m.session_id),), update_session),
    verb(c.DeleteSession, lambda m: (One(SESSION, m.session_id), *_session_turns(m.session_id)), delete_session),
    verb(c.TellState, lambda m: (One(SESSION, m.session_id),), tell_state),
    verb(
        c.AddNote,
        lambda m: (
            One(SESSION, m.session_id),
            Count(NOTE, {"session_id": m.session_id}),
            *((Some(NOTE, {"session_id": m.session_id, "key": m.key}),) if m.key else ()),
        ),
        add_note,
    ),
    verb(c.UpdateNote, lambda m: (One(SESSION, m.session_id), One(NOTE, m.note_id)), update_note),
    verb(c.DeleteNote, lambda m: (One(SESSION, m.session_id), One(NOTE, m.note_id)), delete_note),
    verb(c.SelectThread, lambda m: _thread(m.thread_id), select_thread),
    verb(
        c.AddAttachment,
        lambda m: (
            *_default_session(m.user_id, m.session_id),
            *((Count(ATTACHMENT, {"session_id": m.session_id}),) if m.session_id else ()),
        ),
        add_attachment,
    ),
    verb(c.DeleteAttachment, lambda m: (One(ATTACHMENT, m.attachment.id),), delete_attachment),
    verb(
        c.CreateThread,
        lambda m: (
            *_default_session(m.user_id, m.session_id),
            *_COUNTED,
            *((One(TEMPLATE, m.template_id),) if m.template_id else ()),
            *(_accepting() if m.message or m.template_id else ()),
            *(_replying(m.message) if m.message else ()),
        ),
        create_thread,
    ),
    verb(c.UpdateThread, lambda m: _thread(m.thread_id), update_thread),
    verb(c.DeleteThread, lambda m: (*_thread_and_turn(m.thread_id), *_descendants(m.thread_id)), delete_thread),
    verb(c.DescribeThread, lambda m: _thread(m.thread_id), describe_thread),
    verb(c.RenameTag, lambda m: tuple(One(THREAD, each) for each in m.thread_ids), rename_tag),
    verb(c.VoteOnMessage, lambda m: (*_thread(m.thread_id), One(ITEM, m.item_id)), vote_on_message),
    verb(c.CreateTemplate, template_needs, create_template),
    verb(c.UpdateTemplate, lambda m: (One(TEMPLATE, m.template_id),), update_template),
    verb(c.DeleteTemplate, lambda m: (One(TEMPLATE, m.template_id),), delete_template),
    verb(c.ReadThread, lambda m: _thread(m.thread_id), read_thread),
    verb(c.PostMessage, lambda m: _posting(m.thread_id, m.message), post_message),
    verb(
        c.EditQueueItem,
        lambda m: (*_active_turn(m.thread_id), One(QUEUE_ITEM, m.item_id)),
        edit_queue_item,
    ),
    verb(
        c.WithdrawQueueItem,
        lambda m: (*_thread_and_parent(m.thread_id), One(QUEUE_ITEM, m.item_id)),
        withdraw_queue_item,
    ),
    verb(c.EditMessage, lambda m: (*_cutting(m), *_accepting()), edit_message),
    verb(c.RegenerateAnswer, lambda m: (*_cutting(m), *_accepting(), *_items(m.question)), regenerate_answer),
    verb(c.DeleteMessage, _cutting, delete_message),
    verb(c.ForkThread, fork_needs, fork_thread),
    verb(c.PauseQueue, lambda m: _queue(m.thread_id), pause_queue),
    verb(c.ResumeQueue, lambda m: _queue(m.thread_id), resume_queue),
    verb(c.ClearQueue, lambda m: (*_queue(m.thread_id), *_thread_and_parent(m.thread_id)), clear_queue),
    verb(
        c.CancelTurn,
        lambda m: (*_active_turn(m.thread_id), *((One(TURN, m.turn_id),) if m.turn_id else ())),
        cancel_turn,
    ),
    verb(c.ReviewTurn, lambda m: _turn(m.thread_id, m.turn_id), review_turn),
    verb(c.RetryTurn, lambda m: _turn(m.thread_id, m.turn_id), retry_turn),
    verb(
        c.ResolveApproval,
        lambda m: (*_thread_and_turn(m.thread_id), One(APPROVAL, m.approval_id, ("item_id",))),
        resolve_approval,
    ),
    verb(c.ShareThread, share_needs, share_thread),
    verb(c.EndShare, lambda m: (One(SHARE, m.share_id),), end_share),
    verb(c.AddComment, comment_needs, add_comment),
    verb(c.DeleteComment, lambda m: (*_thread(m.thread_id), One(COMMENT, m.comment_id)), delete_comment),
    verb(c.BeginTurn, lambda m: _queue(m.thread_id), begin_turn),
    verb(c.TakeUpTurn, lambda m: (*_turn(m.thread_id, m.turn_id), One(NODE, m.node)), take_up_turn),
    verb(c.RecordTurn, _recording, record_turn),
    verb(
        c.CreateTimer, lambda m: (One(SESSION, m.session_id), Count(TIMER, {"session_id": m.session_id})), create_timer
    ),
    verb(c.UpdateTimer, lambda m: (One(SESSION, m.session_id), One(TIMER, m.timer_id)), update_timer),
    verb(c.DeleteTimer, lambda m: (One(SESSION, m.session_id), One(TIMER, m.timer_id)), delete_timer),
    verb(
        c.FireTimer,
        lambda m: (One(SESSION, m.session_id), One(TIMER, m.timer_id), *_accepting()),
        fire_timer,
    ),
    verb(c.ImportSession, import_session_needs, import_session),
    verb(c.ImportFile, import_file_needs, import_file),
    verb(c.ImportThread, import_thread_needs, import_thread),
    verb(c.ImportItems, import_items_needs, import_items),
)

_VERBS = {each.command: each for each in _TABLE}
COMMANDS = frozenset(_VERBS)
"""Every command there is."""
