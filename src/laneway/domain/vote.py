"""Vote: what a user thinks of a message. A plain record of the user, without events."""

from dataclasses import dataclass
from typing import Literal

from laneway.domain.instant import Instant

VoteValue = Literal[1, -1]


@dataclass(frozen=True, slots=True)
class Vote:
    """One user's vote on one message; a later one replaces it."""

    id: str
    """`<user id>/<item id>`."""
    owner: str
    session_id: str
    thread_id: str
    item_id: str
    value: VoteValue
    comment: str | None
    at: Instant


@dataclass(frozen=True, slots=True)
class VoteResource:
    """A vote as the API shows it."""

    thread_id: str
    item_id: str
    value: VoteValue
    comment: str | None
    at: Instant


def vote_id(user_id: str, item_id: str) -> str:
    """The record id of a user's vote on a message."""
    return f"{user_id}/{item_id}"


def vote_resource(vote: Vote) -> VoteResource:
    """Show a vote."""
    return VoteResource(vote.thread_id, vote.item_id, vote.value, vote.comment, vote.at)
