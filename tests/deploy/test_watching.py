"""What watches Laneway asks for what there is: the dashboard, the alerts and the way to the metrics in deploy/."""

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
DEPLOY = ROOT / "deploy"
DASHBOARD: Any = json.loads((DEPLOY / "grafana" / "laneway.json").read_text(encoding="utf-8"))
RULES: list[Any] = [
    rule
    for group in yaml.safe_load((DEPLOY / "alerts.yml").read_text(encoding="utf-8"))["groups"]
    for rule in group["rules"]
]


def told() -> set[str]:
    """Every name that `/metrics` shows, with those that a histogram is made of."""
    page = (ROOT / "docs" / "reference" / "metrics.md").read_text(encoding="utf-8")
    kinds: list[tuple[str, str]] = re.findall(r"^\| `(laneway_\w+)` \| (\w+) \|", page, re.MULTILINE)
    parts = {"histogram": ("_bucket", "_count", "_sum")}
    return {name + part for name, kind in kinds for part in parts.get(kind, ("",))}


def asked(expressions: list[str]) -> set[str]:
    return {name for each in expressions for name in re.findall(r"laneway_\w+", each)}


def shown() -> set[str]:
    return asked([target["expr"] for panel in DASHBOARD["panels"] for target in panel.get("targets", ())])


def test_the_dashboard_shows_every_metric_and_none_that_there_is_not():
    assert shown() <= told()
    assert {re.sub(r"_(bucket|count|sum)$", "", name) for name in told()} <= {
        re.sub(r"_(bucket|count|sum)$", "", name) for name in shown()
    }


def test_no_two_panels_lie_on_each_other():
    places = [panel["gridPos"] for panel in DASHBOARD["panels"]]
    cells = [
        (x, y)
        for place in places
        for x in range(place["x"], place["x"] + place["w"])
        for y in range(place["y"], place["y"] + place["h"])
    ]

    assert len(cells) == len(set(cells))
    assert all(place["x"] + place["w"] <= 24 for place in places)


def test_every_alert_asks_for_metrics_that_there_are_and_says_what_is_wrong():
    for rule in RULES:
        assert asked([rule["expr"]]) <= told(), rule["alert"]
        assert rule["annotations"]["summary"]
        assert rule["labels"]["severity"] in ("page", "ticket")


@pytest.mark.skipif(shutil.which("promtool") is None, reason="there is no promtool here")
def test_prometheus_understands_the_alerts_and_the_way_to_the_metrics(tmp_path: Path):
    for name in ("alerts.yml", "prometheus.yml"):
        shutil.copy(DEPLOY / name, tmp_path)
    (tmp_path / "laneway.key").write_text("secret", encoding="utf-8")

    checked = subprocess.run(
        ["promtool", "check", "config", str(tmp_path / "prometheus.yml")], capture_output=True, text=True, check=False
    )

    assert checked.returncode == 0, checked.stderr
    assert f"{len(RULES)} rules found" in checked.stdout
