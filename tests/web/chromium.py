"""Chromium: where the machine's own is, and how it is started."""

import shutil

NAMES = ("chromium", "chromium-browser", "google-chrome")
ARGUMENTS = ("--no-sandbox", "--disable-dev-shm-usage")
MISSING = "there is no Chromium: apt-get install chromium fonts-dejavu-core"


def find_chromium() -> str | None:
    """The path of the first that there is."""
    return next((found for name in NAMES if (found := shutil.which(name))), None)
