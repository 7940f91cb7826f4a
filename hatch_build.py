"""Hatch build: puts the built page into the wheel, whatever the machine has or lacks."""

import subprocess
import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class PageHook(BuildHookInterface[Any]):
    """Builds the page before the wheel is packed. An editable install does without: `./dev` builds it when needed."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        if version != "editable":
            subprocess.run([sys.executable, Path(self.root) / "web" / "build.py"], check=True)
