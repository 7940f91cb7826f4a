"""Users, shares and comments through the library, against the real server in this process."""

import pytest

from laneway.client.connection import Connection
from laneway.client.lane import Lane
from laneway.domain.errors import Forbidden, LastAdmin, NotFound
from tests.api.harness import Harness, serving

pytestmark = pytest.mark.anyio


def lane(server: Harness, key: str) -> Lane:
    """The library's object for whoever has the key, over the harness's transport."""
    return Lane(Connection(server.caller(key).http))


async def test_an_admin_manages_users_and_reads_what_was_done():
    async with serving() as server:
        admin = lane(server, server.key)

        bob = await admin.create_user("bob")
        key = await admin.create_key(user="bob", name="laptop")
        other = lane(server, key.key)
        changed = await admin.update_user(bob.id, role="admin", if_version=bob.version)
        out = await admin.update_user(bob.id, active=False)

        assert (bob.role, changed.role, out.active) == ("member", "admin", False)
        assert [user.name for user in await admin.list_users()] == ["admin", "bob"]
        assert (await admin.get_user(bob.id)).version == 3
        acts = [entry.act for entry in await admin.audit(user_id=bob.id)]
        assert acts == ["user.deactivated", "user.role.admin", "key.created", "user.created"]
        with pytest.raises(LastAdmin):
            await admin.delete_user((await admin.me()).id)
        await admin.delete_user(bob.id)
        with pytest.raises(NotFound):
            await admin.get_user(bob.id)
        await other.close()
        await admin.close()


async def test_an_owner_shares_a_thread_and_whom_they_named_reads_and_comments():
    async with serving(shares={"enabled": True}) as server:
        ada, bob = lane(server, server.key), lane(server, await server.app.credentials.issue_key("bob"))
        thread = await ada.create_thread(title="ours")

        named = await ada.share(thread.id, user="bob", permission="comment")
        link = await ada.share(thread.id, expires_in_s=60)
        await bob.comment(thread.id, "well said")
        (comment,) = await ada.list_comments(thread.id)

        assert (named.user, named.token, link.user, len(link.token or "")) == ("bob", None, None, 43)
        assert {share.id for share in await ada.list_shares(thread.id)} == {named.id, link.id}
        assert [each.title for each in await bob.list_shared_with_me()] == ["ours"]
        assert [(each.thread_id, each.by) for each in await bob.list_received_shares()] == [(thread.id, "admin")]
        assert (comment.author, comment.text) == ("bob", "well said")
        assert (link.token or "?") not in repr(link)
        with pytest.raises(Forbidden):
            await bob.list_users()
        await ada.delete_comment(thread.id, comment.id)
        await ada.end_share(named.id)
        with pytest.raises(NotFound):
            await bob.get_thread(thread.id)
        await bob.close()
        await ada.close()
