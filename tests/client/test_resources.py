"""What the API shows and what the client reads are written twice, so that a client need not load the server."""

from dataclasses import fields, is_dataclass
from inspect import isclass

import pytest

from laneway.api import resources as shown
from laneway.client import resources as read

NOT_READ = {"Health", "LoggedIn"}
"""Clients come with a key: nothing of a browser's login is for them."""
SHOWN = sorted(
    name
    for name, value in vars(shown).items()
    if isclass(value) and is_dataclass(value) and value.__module__ == shown.__name__ and name not in NOT_READ
)


@pytest.mark.parametrize("name", SHOWN)
def test_the_client_reads_every_field_that_the_api_shows(name: str):
    assert names(getattr(read, name)) == names(getattr(shown, name))


def names(shape: type) -> set[str]:
    assert is_dataclass(shape)
    return {field.name for field in fields(shape)}
