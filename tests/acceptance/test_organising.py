"""Many threads kept in order, through the library and over HTTP alike."""

import laneway


async def test_a_set_up_is_kept_used_and_told(lane: laneway.Lane):
    first = await lane.create_thread("script", tags=["draft"])
    await lane.run(first.id, "say hello")

    template = await lane.create_template("like it", from_thread_id=first.id, settings={"on_failure": "pause"})
    second = await lane.create_thread(template_id=template.id, title="Second")
    await lane.run(second.id, "say more")

    assert [each.id for each in await lane.list_templates()] == [template.id]
    assert (second.agent_id, second.tags, second.settings.on_failure) == ("script", ("draft",), "pause")
    assert [item.text for item in await lane.messages(second.id, role="user")] == ["say hello", "say more"]
    renamed = await lane.update_template(template.id, name="other", if_version=1)
    assert (await lane.get_template(template.id)).name == renamed.name == "other"
    await lane.delete_template(template.id)
    assert list(await lane.list_templates()) == []


async def test_tags_votes_and_figures(lane: laneway.Lane):
    thread = await lane.create_thread("script", tags=["work/now"])
    await lane.run(thread.id, "say hello")
    answer = (await lane.messages(thread.id, role="assistant"))[0]

    await lane.vote(thread.id, answer.id, 1, comment="good")
    renamed = await lane.rename_tag("work/now", "work")
    votes = await lane.list_votes(thread.id)
    figures = await lane.analytics(by="agent")
    await lane.withdraw_vote(thread.id, answer.id)

    assert (renamed.tag, renamed.threads) == ("work", 1)
    assert [(each.tag, each.threads) for each in await lane.list_tags()] == [("work", 1)]
    assert [(each.item_id, each.value, each.comment) for each in votes] == [(answer.id, 1, "good")]
    assert [(row.key, row.turns, row.messages) for row in figures.rows] == [("script", 1, 2)]
    assert list(await lane.list_votes(thread.id)) == []
    assert [each.id for each in await lane.list_threads(tag="work", since=figures.from_)] == [thread.id]


async def test_figures_are_read_to_their_last_row(lane: laneway.Lane):
    threads = [await lane.create_thread("script") for _ in range(3)]
    for turns, thread in enumerate(threads, 1):
        for _ in range(turns):
            await lane.run(thread.id, "say hello")

    figures = await lane.analytics(by="thread", at_once=1)

    assert [(row.key, row.turns) for row in figures.rows] == [(threads[n].id, n + 1) for n in (2, 1, 0)]
    assert figures == await lane.analytics(by="thread", until=figures.to, since=figures.from_)
