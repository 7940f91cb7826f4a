"""Conditional requests: `If-Match` names the version that a write replaces, `ETag` tells the present one."""

import re

from laneway.domain.errors import Malformed, Stale

_TAG = re.compile(r'(?:W/)?"([^"]*)"|([0-9]+)')
_VERSION = re.compile("[0-9]{1,15}")


def if_version(headers: list[str]) -> int | None:
    """The version that `If-Match` names; None without one, and for `*`, which any version matches."""
    if not headers:
        return None
    text = headers[0].strip()
    if len(headers) == 1 and text == "*":
        return None
    match = _TAG.fullmatch(text)
    if len(headers) > 1 or match is None:
        raise Malformed("If-Match is one version in quotes.", 'Send If-Match: "3".')
    tag = match[1] if match[1] is not None else match[2]
    if not _VERSION.fullmatch(tag):
        raise Stale("If-Match names no version of this.", "Read it again and repeat the change.")
    return int(tag)


def check_version(wanted: int | None, version: int) -> None:
    """Raise `Stale` when another version was named than the newest."""
    if wanted is not None and wanted != version:
        raise Stale(f"The newest version is {version}, not {wanted}.", "Read it again and repeat the change.")


def etag(version: int) -> dict[str, str]:
    """The header that tells a version."""
    return {"ETag": f'"{version}"'}
