"""What is committed holds on every machine: no private path, no package host, no document that is not here."""

import re

from tests.architecture.tree import ROOT, texts, where

# The first folders of absolute paths that exist on somebody's machine only.
PRIVATE_PATH = re.compile(r"""(?:^|[\s"'`(=:])/(?:work|home|root|Users|opt)/[\w.-]""", re.MULTILINE)
DOCUMENT = re.compile(r"\b[A-Z]{3,}\.md\b")
LINK = re.compile(r"\]\((?!\w+:|#)([^)#\s]+)")
ANCHOR = re.compile(r"\]\((?!\w+:)([^)#\s]*)#([^)\s]+)\)")
LOCKS = ("requirements/*.txt", "**/package-lock.json")


def test_no_file_names_a_path_of_one_machine():
    found = [
        f"{where(path)}: {match[0].strip()}" for path, text in texts().items() for match in PRIVATE_PATH.finditer(text)
    ]

    assert not found


def test_no_lock_names_a_host():
    locks = [path for path in texts() if any(path.match(pattern) for pattern in LOCKS)]

    naming = [where(path) for path in locks if "://" in without_metadata(texts()[path])]

    assert locks
    assert not naming, "lock again with `./dev lock`; for npm, .npmrc keeps addresses out"


def test_every_document_that_is_mentioned_exists():
    here = {path.name for path in texts()}

    missing = [
        f"{where(path)}: {name}"
        for path, text in texts().items()
        for name in DOCUMENT.findall(text)
        if name not in here
    ]

    assert not missing


def test_every_link_between_pages_leads_somewhere():
    pages = {path: text for path, text in texts().items() if path.suffix == ".md"}

    broken = [
        f"{where(path)}: {target}"
        for path, text in pages.items()
        for target in LINK.findall(text)
        if not (path.parent / target).exists()
    ]

    assert not broken


def test_every_link_to_a_heading_finds_it():
    pages = {path: text for path, text in texts().items() if path.suffix == ".md"}

    broken = [
        f"{where(path)}: {target}#{anchor}"
        for path, text in pages.items()
        for target, anchor in ANCHOR.findall(text)
        if (to := (path.parent / target).resolve() if target else path) in pages and anchor not in anchors(pages[to])
    ]

    assert not broken


def anchors(page: str) -> set[str]:
    """What a page's headings are called in links: lower case, words and hyphens only."""
    headings = re.findall(r"^#+ (.+)$", page, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading).lower().replace(" ", "-") for heading in headings}


def test_the_runtime_lock_holds_only_what_was_tested():
    tested, run = (pins(name) for name in ("dev.txt", "run.txt"))

    assert run
    assert run.items() <= tested.items()


def pins(name: str) -> dict[str, str]:
    lock = (ROOT / "requirements" / name).read_text(encoding="utf-8")
    return dict(re.findall(r"^([\w.-]+)==([^\s;]+)", lock, re.MULTILINE))


def without_metadata(lock: str) -> str:
    # npm copies each package's funding address into its lock; nothing is ever downloaded from there.
    return re.sub(r'"(url|funding)": ("[^"]*"|\[[^\]]*\])', "", lock)
