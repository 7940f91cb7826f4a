"""A pooler's face: passes everything on, and names a server process of its own, as every pooler does."""

from tests.relay import Relay

KEY_DATA = b"K\x00\x00\x00\x0c"
"""How the server's message begins that names its process; the number follows."""


class Pooler(Relay):
    """A relay that looks like a pooler."""

    def answered(self, piece: bytes) -> bytes:
        before, mark, after = piece.partition(KEY_DATA)
        return before + mark + b"\x00\x00\x00\x01" + after[4:] if mark else piece
