"""A silenced check says why, on its own line, so that the next reader can judge whether it still holds."""

import re

from tests.architecture.tree import ROOT, texts, where

SILENCED = re.compile(r"#\s*(?P<what>noqa|pyright:\s*ignore|type:\s*ignore)(?P<rest>.*)")
CODES = re.compile(r"^(:\s*[A-Z]+\d+(,\s*[A-Z]+\d+)*|\[[\w, -]+\])")


def test_every_silenced_check_names_its_rule_and_its_reason():
    unexplained = [
        f"{where(path)}:{number} {line.strip()}"
        for path, text in texts().items()
        if (path.suffix == ".py" or path == ROOT / "dev") and path.name != "test_suppressions.py"
        for number, line in enumerate(text.splitlines(), start=1)
        if (match := SILENCED.search(line)) and not is_explained(match["rest"])
    ]

    assert not unexplained, "write the rule and then the reason: `# noqa: E501 - the address is one word`"


def is_explained(rest: str) -> bool:
    codes = CODES.match(rest)
    return codes is not None and len(re.findall(r"[A-Za-z]{2,}", rest[codes.end() :])) >= 2
