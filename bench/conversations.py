"""Conversations: a ChatGPT export of the real shape, made with a seed: `python -m bench.conversations FILE`."""

import argparse
import io
import json
import random
import uuid
import zipfile
from pathlib import Path
from typing import Any

CONVERSATIONS, MESSAGES = 500, 20_000
MODELS = ("gpt-4o", "gpt-4", "o3-mini", "gpt-5-t-mini", "text-davinci-002-render-sha")
_TEXT = """
the a of and to in is that it for on with as this be are by or from an at not have but they which one you all can will
there what so if more when out other about time into people year good some could them see than then now look only come
its over think also back after use two how our work first well way even new want because any these give day most us
bread garden python travel budget recipe essay theorem kernel sonnet invoice allergy tomato train
"""
WORDS = tuple(_TEXT.split())
PIXEL = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010806000000"
    "1f15c4890000000d49444154789c63000100000005000158d7de5c0000000049454e44ae426082"
)


def made(conversations: int = CONVERSATIONS, messages: int = MESSAGES, seed: int = 1) -> bytes:
    """The zip: so many messages in so many conversations, with branches, odd contents, and files of which some miss."""
    writing = _Writing(random.Random(seed))
    told = [writing.conversation(number, messages // conversations) for number in range(conversations)]
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("conversations.json", json.dumps(told))
        archive.writestr("user.json", json.dumps({"id": "user-x", "email": "ada@example.org"}))
        archive.writestr("message_feedback.json", "[]")
        archive.writestr("chat.html", "<html></html>")
        for name in writing.files:
            archive.writestr(name, PIXEL)
    return out.getvalue()


class _Writing:
    """Everything that chance decides."""

    def __init__(self, chance: random.Random) -> None:
        self._chance = chance
        self.files: list[str] = []
        self._at = 1_680_000_000.0

    def conversation(self, number: int, messages: int) -> dict[str, Any]:
        """A tree: a root that says nothing, a hidden system message, then turns, some of them edited or repeated."""
        chance, began_at = self._chance, self._at
        mapping: dict[str, dict[str, Any]] = {}
        last = self._add(mapping, None, None)
        last = self._add(mapping, last, self._message("system", {"content_type": "text", "parts": [""]}))
        while len(mapping) - 2 < messages:
            asked = self._add(mapping, last, self._question())
            if chance.random() < 0.03:
                asked = self._add(mapping, last, self._question())  # the question was edited
            for content in self._odd_answers() if chance.random() < 0.1 else ():
                asked = self._add(mapping, asked, content)
            last = self._add(mapping, asked, self._answer())
            if chance.random() < 0.03:
                last = self._add(mapping, asked, self._answer())  # the answer was given again
        id = self._id()
        return {
            "id": id, "conversation_id": id, "title": None if number % 97 == 96 else self._text(2, 7).capitalize(),
            "create_time": began_at, "update_time": self._at, "mapping": mapping, "current_node": last,
            "is_archived": number % 25 == 24, "is_starred": number % 40 == 39, "moderation_results": [],
            "default_model_slug": chance.choice(MODELS), "gizmo_id": None, "safe_urls": [], "plugin_ids": None,
        }  # fmt: skip

    def _add(self, mapping: dict[str, dict[str, Any]], parent: str | None, message: dict[str, Any] | None) -> str:
        id = message["id"] if message else self._id()
        mapping[id] = {"id": id, "message": message, "parent": parent, "children": []}
        if parent is not None:
            mapping[parent]["children"].append(id)
        return id

    def _question(self) -> dict[str, Any]:
        if self._chance.random() < 0.02:
            return self._message(
                "user", {"content_type": "multimodal_text", "parts": [self._picture(), self._text(5, 30)]}
            )
        return self._message("user", {"content_type": "text", "parts": [self._text(4, 60)]})

    def _answer(self) -> dict[str, Any]:
        text = "\n\n".join(self._text(20, 120) for _ in range(self._chance.randint(1, 4)))
        return self._message("assistant", {"content_type": "text", "parts": [text]})

    def _odd_answers(self) -> list[dict[str, Any]]:
        """What stands between a question and its answer when the model thinks, computes or looks things up."""
        code = {"content_type": "code", "language": "python", "text": f"print({self._chance.randint(1, 999)})"}
        page = {"content_type": "tether_quote", "url": "https://example.org", "title": "T", "text": self._text(30, 90)}
        pairs: list[list[tuple[str, dict[str, Any]]]] = [
            [("assistant", code), ("tool", {"content_type": "execution_output", "text": self._text(1, 5)})],
            [("tool", page)],
            [("assistant", {"content_type": "thoughts", "thoughts": [{"summary": "S", "content": self._text(9, 40)}]})],
            [("assistant", {"content_type": "hologram", "shape": "unknown"})],
        ]
        return [self._message(role, content) for role, content in self._chance.choice(pairs)]

    def _message(self, role: str, content: dict[str, Any]) -> dict[str, Any]:
        self._at += self._chance.uniform(1, 4000)
        metadata: dict[str, Any] = {}
        if role != "user":
            metadata = {"model_slug": self._chance.choice(MODELS), "finish_details": {"type": "stop"}}
        if role == "system":
            metadata["is_visually_hidden_from_conversation"] = True
        return {
            "id": self._id(), "author": {"role": role, "name": "python" if role == "tool" else None, "metadata": {}},
            "create_time": self._at if self._chance.random() < 0.98 else None, "update_time": None,
            "content": content, "status": "finished_successfully", "end_turn": role == "assistant", "weight": 1.0,
            "recipient": "all", "metadata": metadata,
        }  # fmt: skip

    def _picture(self) -> dict[str, Any]:
        """A pointer at a picture; every fifth is not in the zip."""
        id = "file-" + "".join(self._chance.choices("ABCDEFGHabcdefgh0123456789", k=20))
        if self._chance.random() < 0.8:
            self.files.append(f"{id}-photo.png")
        return {
            "content_type": "image_asset_pointer",
            "asset_pointer": f"file-service://{id}",
            "size_bytes": len(PIXEL),
        }

    def _text(self, fewest: int, most: int) -> str:
        return " ".join(self._chance.choices(WORDS, k=self._chance.randint(fewest, most)))

    def _id(self) -> str:
        return str(uuid.UUID(int=self._chance.getrandbits(128), version=4))


def main() -> None:
    """Write the file."""
    parser = argparse.ArgumentParser(prog="python -m bench.conversations", description=(__doc__ or "").split(":")[1])
    parser.add_argument("file", type=Path)
    parser.add_argument("--conversations", type=int, default=CONVERSATIONS)
    parser.add_argument("--messages", type=int, default=MESSAGES)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    asked.file.write_bytes(made(asked.conversations, asked.messages, asked.seed))


if __name__ == "__main__":
    main()
