"""X-1, X-5: what the tests of the API prove already is run from here, not written twice."""

import re
import subprocess
import sys
from pathlib import Path

from tests.prove.scenario import Report

ROOT = Path(__file__).resolve().parents[3]
COUNT = re.compile(r"(\d+) (passed|failed|error|skipped)")


def run_matrix(seed: int, size: int) -> Report:
    """X-1: every route against every kind of caller; a route without a row fails."""
    return _suites("tests/api/test_matrix.py", "tests/api/test_credentials.py")


def run_origins(seed: int, size: int) -> Report:
    """X-5: hosts and origins that are nearly ours."""
    return _suites("tests/api/test_origins.py")


def _suites(*paths: str) -> Report:
    report = Report()
    missing = [path for path in paths if not (ROOT / path).exists()]
    if missing:
        report.findings.append(f"the suite is not there: {', '.join(missing)}")
        return report
    command = (sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *paths)
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    lines = done.stdout.strip().splitlines()
    counts = {kind: int(number) for number, kind in COUNT.findall(lines[-1] if lines else "")}
    report.figures = {"tests": counts.get("passed", 0)}
    if done.returncode != 0:
        report.findings += [line for line in lines if line.startswith(("FAILED", "ERROR"))] or lines[-5:]
    report.expect(counts.get("passed", 0) > 0, "no test ran")
    return report
