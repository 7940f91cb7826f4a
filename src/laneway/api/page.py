"""Page: the built page as the server holds it, ready to be sent."""

import gzip
import hashlib
import mimetypes
import re
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from starlette.responses import Response

BUILT = Path(__file__).resolve().parents[1] / "page"
"""Where `web/build.py` puts it, and where it lies in the wheel."""

NOT_BUILT = b"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Laneway</title>
</head>
<body>
<main>
<h1>Laneway is running</h1>
<p>The page has not been built here: <code>python web/build.py</code> builds it, and so does <code>./dev run</code>.</p>
<p>The API is described at <a href="/openapi.json">/openapi.json</a>, for whoever has a key or a login.
<code>laneway chat</code> talks to it from a terminal.</p>
</main>
</body>
</html>
"""
FOR_EVER = "public, max-age=31536000, immutable"
FOR_A_DAY = "public, max-age=86400"
WORTH_SQUEEZING = re.compile(r"text/|application/(javascript|json|manifest)|image/svg")
TYPES = {".js": "text/javascript", ".webmanifest": "application/manifest+json", ".svg": "image/svg+xml"}


@dataclass(frozen=True)
class PageFile:
    """One file, plain and squeezed."""

    content: bytes
    media_type: str
    cache: str

    @cached_property
    def etag(self) -> str:
        return f'"{hashlib.sha256(self.content).hexdigest()[:32]}"'

    @cached_property
    def squeezed(self) -> bytes | None:
        return gzip.compress(self.content, 6, mtime=0) if WORTH_SQUEEZING.match(self.media_type) else None

    def answer(self, accepts: str, known: str) -> Response:
        """The file, or that the browser has it already."""
        headers = {"Cache-Control": self.cache, "ETag": self.etag, "Vary": "Accept-Encoding"}
        if known == self.etag:
            return Response(status_code=304, headers=headers)
        if "gzip" in accepts and self.squeezed is not None:
            headers["Content-Encoding"] = "gzip"
            return Response(self.squeezed, headers=headers, media_type=self.media_type)
        return Response(self.content, headers=headers, media_type=self.media_type)


class BuiltPage:
    """The files of a built page, by their addresses. All names are known, so nothing outside its folder can be had."""

    def __init__(self, folder: Path = BUILT) -> None:
        self._folder = folder

    @property
    def index(self) -> PageFile:
        """The document that every address of the page begins with; a plain one where the page has not been built."""
        return self._files.get("index.html") or PageFile(NOT_BUILT, "text/html", "no-store")

    def find(self, name: str) -> PageFile | None:
        """The file of that name, such as `assets/index-1a2b.js`."""
        return None if name == "index.html" else self._files.get(name)

    @cached_property
    def _files(self) -> dict[str, PageFile]:
        paths = [path for path in sorted(self._folder.rglob("*")) if path.is_file() and not path.name.startswith(".")]
        return {path.relative_to(self._folder).as_posix(): self._read(path) for path in paths}

    def _read(self, path: Path) -> PageFile:
        media_type = TYPES.get(path.suffix) or mimetypes.guess_type(path.name)[0] or "application/octet-stream"
        if path.name == "index.html":
            return PageFile(path.read_bytes(), media_type, "no-store")
        # A name in assets has the hash of what is in it, so what has been sent once never changes.
        cache = FOR_EVER if path.parent.name == "assets" else FOR_A_DAY
        return PageFile(path.read_bytes(), media_type, cache)
