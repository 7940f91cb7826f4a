"""Commands: requests in the imperative. Each carries all its ids, the time, and the seed of every id made inside."""

from laneway.domain.command.account import (
    CreateKey,
    CreateLogin,
    CreateUser,
    DeleteUser,
    EndLogin,
    RecordAct,
    RevokeKey,
    UpdateUser,
)
from laneway.domain.command.command import Command
from laneway.domain.command.message import NewMessage
from laneway.domain.command.queue import (
    ClearQueue,
    EditQueueItem,
    PauseQueue,
    PostMessage,
    ResumeQueue,
    WithdrawQueueItem,
)
from laneway.domain.command.run import BeginTurn, Claimed, Recorded, RecordTurn, TakeUpTurn
from laneway.domain.command.session import (
    AddAttachment,
    AddNote,
    CreateSession,
    DeleteAttachment,
    DeleteNote,
    DeleteSession,
    SelectThread,
    TellState,
    UpdateNote,
    UpdateSession,
)
from laneway.domain.command.share import AddComment, DeleteComment, EndShare, ShareThread
from laneway.domain.command.template import CreateTemplate, DeleteTemplate, UpdateTemplate
from laneway.domain.command.thread import CreateThread, DeleteThread, ReadThread, RenameTag, UpdateThread, VoteOnMessage
from laneway.domain.command.timer import CreateTimer, DeleteTimer, FireTimer, UpdateTimer
from laneway.domain.command.transcript import CutTranscript, DeleteMessage, EditMessage, ForkThread, RegenerateAnswer
from laneway.domain.command.transfer import Import, ImportFile, ImportItems, ImportSession, ImportThread
from laneway.domain.command.turn import CancelTurn, ResolveApproval, RetryTurn, ReviewTurn

__all__ = [
    "AddAttachment",
    "AddComment",
    "AddNote",
    "BeginTurn",
    "CancelTurn",
    "Claimed",
    "ClearQueue",
    "Command",
    "CreateKey",
    "CreateLogin",
    "CreateSession",
    "CreateTemplate",
    "CreateThread",
    "CreateTimer",
    "CreateUser",
    "CutTranscript",
    "DeleteAttachment",
    "DeleteComment",
    "DeleteMessage",
    "DeleteNote",
    "DeleteSession",
    "DeleteTemplate",
    "DeleteThread",
    "DeleteTimer",
    "DeleteUser",
    "EditMessage",
    "EditQueueItem",
    "EndLogin",
    "EndShare",
    "FireTimer",
    "ForkThread",
    "Import",
    "ImportFile",
    "ImportItems",
    "ImportSession",
    "ImportThread",
    "NewMessage",
    "PauseQueue",
    "PostMessage",
    "ReadThread",
    "RecordAct",
    "RecordTurn",
    "Recorded",
    "RegenerateAnswer",
    "RenameTag",
    "ResolveApproval",
    "ResumeQueue",
    "RetryTurn",
    "ReviewTurn",
    "RevokeKey",
    "SelectThread",
    "ShareThread",
    "TakeUpTurn",
    "TellState",
    "UpdateNote",
    "UpdateSession",
    "UpdateTemplate",
    "UpdateThread",
    "UpdateTimer",
    "UpdateUser",
    "VoteOnMessage",
    "WithdrawQueueItem",
]
