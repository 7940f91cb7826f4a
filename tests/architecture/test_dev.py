"""./dev: what it promises before anything is installed."""

import os
import subprocess
import sys
from importlib.machinery import SourceFileLoader
from importlib.util import module_from_spec, spec_from_loader
from types import ModuleType

import pytest

from tests.architecture.tree import ROOT


def test_help_tells_every_command():
    dev = load()

    told = {line.split()[0] for line in (dev.__doc__ or "").splitlines() if line.startswith("  ")}

    assert told == {"help", *dev.COMMANDS}


def test_an_unknown_command_is_refused_without_installing_anything():
    answer = subprocess.run([sys.executable, ROOT / "dev", "tset"], capture_output=True, text=True, check=False)

    assert answer.returncode == 2
    assert "'tset'" in answer.stderr


def test_uv_is_told_what_pip_is_configured_with(monkeypatch: pytest.MonkeyPatch):
    for name in [name for name in os.environ if name.startswith(("PIP_", "UV_"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PIP_INDEX_URL", "https://mirror.example/simple")
    monkeypatch.setenv("PIP_FIND_LINKS", "/srv/one /srv/two")
    monkeypatch.setenv("PIP_TRUSTED_HOST", "mirror.example")
    monkeypatch.setenv("UV_INSECURE_HOST", "chosen.example")
    dev = load()
    monkeypatch.setattr(dev, "PYTHON", sys.executable)

    told = dev.uv_environment()

    assert told["UV_DEFAULT_INDEX"] == "https://mirror.example/simple"
    assert told["UV_FIND_LINKS"] == "/srv/one,/srv/two"
    assert told["UV_INSECURE_HOST"] == "chosen.example"


def load() -> ModuleType:
    # ./dev has no suffix, so the import system has to be told that it is Python.
    loader = SourceFileLoader("dev", str(ROOT / "dev"))
    spec = spec_from_loader("dev", loader)
    assert spec is not None
    module = module_from_spec(spec)
    loader.exec_module(module)
    return module
