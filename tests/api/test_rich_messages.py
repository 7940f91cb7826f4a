"""Rich messages over HTTP: images reach a model that can see, other files do not pass for images."""

from collections.abc import AsyncGenerator, Iterator
from typing import Any

import pytest

from laneway.agent import AgentProfile
from laneway.agents.model import ModelAgent, ModelSettings
from tests.api.harness import Caller, Harness, serving
from tests.contracts.openai_server import OpenAIServer, running_server

PNG = b"\x89PNG\r\n\x1a\n"


@pytest.fixture(scope="module")
def provider() -> Iterator[OpenAIServer]:
    with running_server() as provider:
        yield provider


@pytest.fixture
async def server(provider: OpenAIServer) -> AsyncGenerator[Harness]:
    settings = ModelSettings("openai:small", provider.base_url, "sk-1", retries=0)
    agent = ModelAgent(settings, AgentProfile("small", "Small", "A small model.", "model", tools=()))
    async with serving([agent], summaries={"titles": False}) as harness:
        yield harness


async def uploaded(ada: Caller, session: Any, name: str, content: bytes, media_type: str) -> str:
    form = {"file": (name, content, media_type)}
    return (await ada.send("POST", "/attachments", files=form, data={"session_id": session["id"]})).json["id"]


async def test_an_image_reaches_the_model_and_a_file_that_only_says_it_is_one_is_named(
    ada: Caller, provider: OpenAIServer
):
    session = await ada.made("/sessions")
    thread = await ada.made("/threads", {"agent_id": "small", "session_id": session["id"]})
    cat = await uploaded(ada, session, "cat.png", PNG, "image/png")
    fake = await uploaded(ada, session, "fake.png", b"<script>", "image/png")
    parts = [
        {"type": "text", "text": "say I see"},
        {"type": "code", "language": "py", "text": "x = 1"},
        {"type": "data", "data": {"n": 1}},
        *({"type": "image", "attachment_id": each} for each in (cat, fake)),
    ]

    await ada.made(f"/threads/{thread['id']}/messages", {"parts": parts})
    await ada.finished(thread["id"])

    sent = provider.last_messages[-1]["content"]
    texts = "\n".join(each["text"] for each in sent if each["type"] == "text")
    (image,) = [each["image_url"]["url"] for each in sent if each["type"] == "image_url"]
    assert image == "data:image/png;base64,iVBORw0KGgo="
    assert all(name in texts for name in ("cat.png", "fake.png", "```py\nx = 1\n```", '{"n": 1}'))
    (turn,) = (await ada.get(f"/threads/{thread['id']}/turns")).json
    assert turn["status"] == "completed"


@pytest.mark.parametrize("media_type", ["image/svg+xml", "text/html", "application/pdf"])
async def test_what_is_no_image_is_sent_as_a_file(ada: Caller, media_type: str):
    session = await ada.made("/sessions")
    thread = await ada.made("/threads", {"agent_id": "script", "session_id": session["id"]})
    file = await uploaded(ada, session, "a", b"<svg/>", media_type)
    path = f"/threads/{thread['id']}/messages"

    refused = await ada.post(path, {"parts": [{"type": "image", "attachment_id": file}]})
    taken = await ada.post(path, {"parts": [{"type": "file", "attachment_id": file}]})

    assert (refused.status, refused.code) == (422, "invalid")
    assert taken.status == 202
