"""Chains: audit entries are linked in the order of their commits, whoever writes them, and stay as they are."""

import asyncio
from dataclasses import replace

import pytest

from laneway.domain.audit import AuditEntry, fault_of
from laneway.domain.changes import Changes, Decision, Drop, View
from laneway.domain.errors import Internal
from laneway.domain.kinds import AUDIT, USER
from laneway.store import Query, StoreOptions, Where
from laneway.testing.clock import START, FakeClock
from laneway.testing.store_suite.case import FullStore, StoreCase, commit, get, page
from laneway.testing.store_suite.samples import ME, YOU, putting, user


def entry(id: str, owner: str = ME.user_id) -> AuditEntry:
    return AuditEntry(f"aud_{id}", owner, "key.created", "key_1", START)


async def chain_of(store: FullStore) -> list[AuditEntry]:
    """Every entry, in the order of the chain."""
    query = Query(AUDIT, (Where("number", ">", 0),), (("number", "asc"),), limit=1000)
    return [record for record in (await page(store, query)).records if isinstance(record, AuditEntry)]


def faults(entries: list[AuditEntry]) -> list[str | None]:
    return [fault_of(each, before) for each, before in zip(entries, [None, *entries], strict=False)]


class Chains(StoreCase):
    async def test_entries_of_one_commit_and_of_the_next_are_one_chain(self, store: FullStore) -> None:
        committed = await store.transact(ME, (), putting((AUDIT, entry("1")), (AUDIT, entry("2"))))
        await commit(store, putting((AUDIT, entry("3", YOU.user_id))))

        entries = await chain_of(store)

        assert [each.id for each in entries] == ["aud_1", "aud_2", "aud_3"]
        assert [put.record for put in committed.changes.puts] == entries[:2]
        assert faults(entries) == [None, None, None]

    async def test_writers_at_the_same_time_make_one_chain_without_a_gap(
        self, store: FullStore, clock: FakeClock
    ) -> None:
        stores = [store] if not self.is_shared else [store, self.make_store(clock, StoreOptions())]
        for each in stores[1:]:
            await each.open()

        await asyncio.gather(
            *(commit(stores[number % len(stores)], putting((AUDIT, entry(str(number))))) for number in range(60))
        )

        entries = await chain_of(store)
        assert [each.number for each in entries] == list(range(1, 61))
        assert faults(entries) == [None] * 60
        for each in stores[1:]:
            await each.close()

    async def test_a_refused_act_leaves_no_gap(self, store: FullStore) -> None:
        await commit(store, putting((USER, user("taken")), (AUDIT, entry("1"))))
        with pytest.raises(Exception, match="unique"):
            await commit(store, putting((AUDIT, entry("2")), (USER, user("taken", "usr_2"))))
        await commit(store, putting((AUDIT, entry("3"))))

        entries = await chain_of(store)

        assert [each.id for each in entries] == ["aud_1", "aud_3"]
        assert faults(entries) == [None, None]

    async def test_an_entry_is_neither_changed_nor_removed(self, store: FullStore) -> None:
        def remove(view: View) -> Decision:
            return Decision(Changes(drops=(Drop(AUDIT, "aud_1"),)))

        await commit(store, putting((AUDIT, entry("1"))))

        for change in (putting((AUDIT, replace(entry("1"), act="another"))), remove):
            with pytest.raises(Internal):
                await commit(store, change)

        kept = await get(store, AUDIT, "aud_1")
        assert kept is not None
        assert (kept.act, kept.number) == ("key.created", 1)
