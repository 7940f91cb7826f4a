"""ChatGPT's messages: what each type of content becomes, and the files that they point at."""

import mimetypes
from collections.abc import Callable, Iterable, Mapping, Sequence

from laneway.domain.item import ItemRole, Part
from laneway.domain.json import JsonObject
from laneway.domain.parcel import FileParcel, ItemParcel
from laneway.importer import Unreadable
from laneway.importers.reading import a_name, a_text, an_array, an_instant, an_object, text_parts

ROLES: Mapping[str, ItemRole] = {
    "user": "user", "assistant": "assistant", "tool": "tool", "system": "system", "critic": "assistant",
}  # fmt: skip
POINTERS = ("sediment://", "file-service://")
IMAGES = (".png", ".jpg", ".jpeg", ".gif", ".webp")


class Assets:
    """The files of an export. A message points at one by the first part of its name."""

    def __init__(self, names: Iterable[str]) -> None:
        self._names = tuple(names)
        self._by_start: dict[str, str] = {}
        for name in self._names:
            file = name.rpartition("/")[2]
            if file.startswith(("file-", "file_")):
                for end in (*(n for n, sign in enumerate(file) if sign in "-.#" and n > len("file-")), len(file)):
                    self._by_start.setdefault(file[:end], name)

    def file(self, pointer: str, filename: str = "") -> FileParcel | None:
        """The file that a pointer means, as it is to be added; None when the export does not have it."""
        id = pointer.rpartition("/")[2]
        path = self._by_start.get(id) if id else None
        if path is None:
            return None
        own_name = filename or path.rpartition("/")[2]
        media_type = mimetypes.guess_type(own_name)[0] or mimetypes.guess_type(path)[0]
        return FileParcel(path, own_name, path, media_type or "application/octet-stream")


def item_of(message: JsonObject, assets: Assets) -> tuple[ItemParcel | None, list[FileParcel], list[str]]:
    """A message as an item (None: it says nothing), the files that it brings, and those that it misses.

    Raises `Unreadable` with the reason why it is left out.
    """
    author, metadata = an_object(message.get("author")), an_object(message.get("metadata"))
    role = ROLES.get(a_name(author.get("role")))
    content = an_object(message.get("content"))
    type_ = a_name(content.get("content_type")) or "text"
    if role is None:
        raise Unreadable(f"nobody is known to have the role {a_name(author.get('role'))!r}")
    read = _READERS.get(type_, _unknown)
    files, missing = _attached(metadata, assets)
    parts = [*read(content, _Files(assets, files, missing)), *_file_parts(files)]
    if not parts:
        return None, files, missing
    if metadata.get("is_visually_hidden_from_conversation") is True and not metadata.get("is_user_system_message"):
        raise Unreadable("ChatGPT did not show it")
    text = "\n".join(part.text for part in parts if part.type in ("text", "code") and part.text)
    agent = None if role == "user" else a_name(author.get("name")) or a_name(metadata.get("model_slug")) or None
    item = ItemParcel(
        role, tuple(parts[:100]), text, agent=agent, created_at=an_instant(message.get("create_time")),
        state="interrupted" if message.get("status") == "in_progress" else "complete",
    )  # fmt: skip
    return item, files, missing


class _Files:
    """What a message's content may take files from, and where it says which are missing."""

    def __init__(self, assets: Assets, files: list[FileParcel], missing: list[str]) -> None:
        self._assets = assets
        self._files = files
        self._missing = missing

    def add(self, pointer: str) -> None:
        found = self._assets.file(pointer)
        if found is None:
            self._missing.append(pointer or "a file without a name")
        elif found.name not in [each.name for each in self._files]:
            self._files.append(found)


def _attached(metadata: JsonObject, assets: Assets) -> tuple[list[FileParcel], list[str]]:
    """The files that were attached to a message, which its content need not mention."""
    files: list[FileParcel] = []
    missing: list[str] = []
    for each in map(an_object, an_array(metadata.get("attachments"))):
        id, name = a_name(each.get("id")), a_name(each.get("name"))
        found = assets.file(id, name)
        if found is None:
            missing.append(name or id or "a file without a name")
        elif found.name not in [file.name for file in files]:
            files.append(found)
    return files, missing


def _file_parts(files: Sequence[FileParcel]) -> list[Part]:
    return [Part("image" if file.path.lower().endswith(IMAGES) else "file", attachment_id=file.name) for file in files]


# --- types of content ------------------------------------------------------------------------------------------------


def _text(content: JsonObject, files: _Files) -> list[Part]:
    """Texts, and between them whatever was seen, heard or attached."""
    made: list[Part] = []
    for each in an_array(content.get("parts")):
        if isinstance(each, str):
            made += text_parts(a_text(each))
        else:
            made += _pointed_at(an_object(each), files)
    return made


def _pointed_at(part: JsonObject, files: _Files) -> list[Part]:
    pointers = [part.get("asset_pointer"), an_object(part.get("audio_asset_pointer")).get("asset_pointer")]
    for pointer in pointers:
        if isinstance(pointer, str) and pointer.startswith(POINTERS):
            files.add(a_text(pointer))
    return list(text_parts(a_text(part.get("text"))))


def _code(content: JsonObject, files: _Files) -> list[Part]:
    text, language = a_text(content.get("text")), a_name(content.get("language"))[:50]
    return [Part("code", text=text, language=None if language in ("", "unknown") else language)] if text else []


def _plain(content: JsonObject, files: _Files) -> list[Part]:
    return list(text_parts(a_text(content.get("text"))))


def _quote(content: JsonObject, files: _Files) -> list[Part]:
    source = " ".join(filter(None, (a_name(content.get("title")), a_text(content.get("url")))))
    said = a_text(content.get("text")) or a_text(content.get("result"))
    return list(text_parts("\n".join(filter(None, (source, said)))))


def _thoughts(content: JsonObject, files: _Files) -> list[Part]:
    thoughts = [an_object(each) for each in an_array(content.get("thoughts"))]
    said = ["\n".join(filter(None, (a_text(each.get("summary")), a_text(each.get("content"))))) for each in thoughts]
    text = "\n\n".join(filter(None, said)) or a_text(content.get("content"))
    return [Part("reasoning", text=text)] if text else []


def _error(content: JsonObject, files: _Files) -> list[Part]:
    return list(text_parts(": ".join(filter(None, (a_name(content.get("name")), a_text(content.get("text")))))))


def _instructions(content: JsonObject, files: _Files) -> list[Part]:
    """What people tell ChatGPT about themselves and how to answer."""
    said = (a_text(content.get("user_profile")), a_text(content.get("user_instructions")), a_text(content.get("text")))
    return list(text_parts("\n\n".join(filter(None, said))))


def _unknown(content: JsonObject, files: _Files) -> list[Part]:
    """A type that is newer than this: what it says in words is taken, and nothing else is guessed."""
    found = _text(content, files) or _quote(content, files)
    if not found:
        raise Unreadable(f"content of the type {a_name(content.get('content_type'))!r} is not known here")
    return found


_READERS: Mapping[str, Callable[[JsonObject, _Files], list[Part]]] = {
    "text": _text,
    "multimodal_text": _text,
    "code": _code,
    "execution_output": _plain,
    "tether_quote": _quote,
    "tether_browsing_display": _quote,
    "tether_browsing_code": _plain,
    "sonic_webpage": _quote,
    "citable_code_output": _plain,
    "system_error": _error,
    "thoughts": _thoughts,
    "reasoning_recap": _thoughts,
    "user_editable_context": _instructions,
    "model_editable_context": _instructions,
}
