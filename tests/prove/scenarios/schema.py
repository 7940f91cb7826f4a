"""A-1: requests made from the server's own OpenAPI document, right and wrong ones. No 5xx, no undocumented answer."""

import asyncio
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.prove.harness.http import Client
from tests.prove.harness.loopback import loopback
from tests.prove.harness.world import World, world
from tests.prove.scenario import Report

OPERATIONS = 70
CHECKS = "not_a_server_error,status_code_conformance,response_schema_conformance,response_headers_conformance"
# An event stream does not end, so that no tool that waits for the answer can look at it.
STREAMS = r"/events$"
CONFIGURATION = 'headers = { Authorization = "Bearer ${LANEWAY_PROVE_KEY}" }\n'


def run(seed: int, requests: int) -> Report:
    return asyncio.run(_run(seed, requests))


async def _run(seed: int, requests: int) -> Report:
    report = Report()
    async with world(seed) as here:
        server = await here.serve()
        client = here.client()
        before = await _answers(client)
        told = await asyncio.to_thread(_fuzz, here, seed, requests)
        _judge(told, report)
        after = await _answers(client)
        faults = {status: after[status] - before.get(status, 0) for status in after if status.startswith("5")}
        report.expect(not any(faults.values()), f"I-63: answers {faults}")
        sent = sum(after.values()) - sum(before.values())
        report.figures |= {"requests": round(sent), "operations": told.get("operations", {}).get("tested", 0)}
        report.expect(sent >= requests * 0.8, f"only {sent:.0f} requests were sent")
        await server.stop()
        report.findings += here.audit()
        here.judge(report)
    return report


def _fuzz(here: World, seed: int, requests: int) -> dict[str, Any]:
    host = loopback("127.0.0.1")
    configuration, result = here.folder / "schemathesis.toml", here.folder / "schemathesis.json"
    configuration.write_text(CONFIGURATION, encoding="utf-8")
    command = (
        str(Path(sys.executable).with_name("schemathesis")), "--config-file", str(configuration),
        "run", f"http://{host}:{here.port}/openapi.json", "--checks", CHECKS, "--exclude-path-regex", STREAMS,
        "--phases", "coverage,fuzzing", "--max-examples", str(max(1, requests // OPERATIONS // 3)),
        "--seed", str(seed % 2**32),
        "--no-shrink", "--continue-on-failure", "--request-timeout", "10", "--warnings", "off", "--report", "json",
        "--report-json-path", str(result),
    )  # fmt: skip
    environment = {**os.environ, "LANEWAY_PROVE_KEY": next(iter(here.keys.values())), "NO_COLOR": "1"}
    done = subprocess.run(command, cwd=here.folder, env=environment, capture_output=True, text=True, check=False)
    (here.folder / "schemathesis.txt").write_text(done.stdout + done.stderr, encoding="utf-8")
    told: dict[str, Any] = json.loads(result.read_bytes()) if result.exists() else {"errors": [done.stderr[-500:]]}
    return told | {"said": done.stdout}


def _judge(told: dict[str, Any], report: Report) -> None:
    report.findings += [f"{each['title']}: {', '.join(each['operations'][:5])}" for each in told.get("failures", [])]
    report.findings += [f"error: {str(each)[:300]}" for each in told.get("errors", [])]
    if told.get("failures"):
        report.findings += re.findall(r"curl .{0,300}", told["said"])[:5]
    report.figures["cases"] = told.get("test_cases", {}).get("generated", 0)


async def _answers(client: Client) -> dict[str, float]:
    """How many answers of each status the server has counted."""
    counted: dict[str, float] = {}
    page = (await client.ask("GET", "/metrics")).body.decode()
    for status, number in re.findall(r'^laneway_requests_total\{.*status="(\d+)".*\} (\S+)$', page, re.MULTILINE):
        counted[status] = counted.get(status, 0) + float(number)
    return counted
