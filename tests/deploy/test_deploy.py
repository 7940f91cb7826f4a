"""What is in deploy/: each file is what its reader takes it for, and names only what Laneway knows."""

import re
import shutil
import subprocess
from collections.abc import Iterator
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Any

import pytest
import yaml

from laneway.config import load

DEPLOY = Path(__file__).resolve().parents[2] / "deploy"
COMPOSE: Any = yaml.safe_load((DEPLOY / "compose.yaml").read_text(encoding="utf-8"))
UNITS = sorted(DEPLOY.glob("*.service"))
MANIFESTS: list[Any] = list(yaml.safe_load_all((DEPLOY / "kubernetes.yaml").read_text(encoding="utf-8")))


def settings_named() -> Iterator[tuple[str, dict[str, str]]]:
    """The variables that each kind of deployment sets, with secrets filled in."""
    url = "postgresql://laneway:secret@database/laneway"
    for name in ("one", "two"):
        given = {
            key: re.sub(r"\$\{[^}]*\}", "x", value) for key, value in COMPOSE["services"][name]["environment"].items()
        }
        yield name, given
    container = MANIFESTS[0]["spec"]["template"]["spec"]["containers"][0]
    yield "kubernetes", {each["name"]: each.get("value", url) for each in container["env"]}


@pytest.mark.parametrize(
    ("name", "given"), list(settings_named()), ids=lambda value: value if isinstance(value, str) else ""
)
def test_every_variable_is_a_setting(name: str, given: dict[str, str]):
    variables = {key: value for key, value in given.items() if key.startswith("LANEWAY_")}

    settings = load(environ={**variables, "LANEWAY_DATA": "/var/lib/laneway"})

    assert settings.database_url is not None
    assert settings.trusted_proxies
    assert settings.allowed_hosts


def test_the_balancer_speaks_to_the_servers_that_there_are():
    servers = re.findall(r"server (\w+):8420", (DEPLOY / "nginx.conf").read_text(encoding="utf-8"))

    assert servers == [
        name for name, each in COMPOSE["services"].items() if "LANEWAY_DATABASE_URL" in each.get("environment", {})
    ]
    assert "proxy_buffering off;" in (DEPLOY / "nginx.conf").read_text(encoding="utf-8")


def test_no_container_can_be_given_an_address_that_another_relies_on():
    (addresses,) = COMPOSE["networks"]["inside"]["ipam"]["config"]
    named = [COMPOSE["services"][name]["networks"]["inside"]["ipv4_address"] for name in ("balancer", "one", "two")]

    assert len(set(named)) == len(named)
    assert all(ip_address(each) in ip_network(addresses["subnet"]) for each in named)
    assert not any(ip_address(each) in ip_network(addresses["ip_range"]) for each in named)
    trusted = {COMPOSE["services"][name]["environment"]["LANEWAY_TRUSTED_PROXIES"] for name in ("one", "two")}
    assert trusted == {named[0]}


def test_the_servers_are_given_longer_to_stop_than_their_turns_take_to_drain():
    drain_s = load(environ={}).drain_s
    units = [path.read_text(encoding="utf-8") for path in UNITS]

    assert MANIFESTS[0]["spec"]["template"]["spec"]["terminationGracePeriodSeconds"] > drain_s + 5
    assert int(COMPOSE["services"]["one"]["stop_grace_period"].removesuffix("s")) > drain_s + 5
    assert all(int(re.findall(r"TimeoutStopSec=(\d+)", unit)[0]) > drain_s + 5 for unit in units)


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="there is no systemd-analyze here")
@pytest.mark.parametrize("path", UNITS, ids=lambda path: path.name)
def test_systemd_understands_the_unit(path: Path, tmp_path: Path):
    unit = tmp_path / path.name
    text = path.read_text(encoding="utf-8")
    unit.write_text(re.sub(r"ExecStart=\S+", "ExecStart=/bin/true", text), encoding="utf-8")

    checked = subprocess.run(["systemd-analyze", "verify", str(unit)], capture_output=True, text=True, check=False)

    assert (checked.returncode, checked.stderr) == (0, "")
