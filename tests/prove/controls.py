"""Controls: plants each known bug and runs the scenario that has to find it. A bug that is not found is a failure."""

from pathlib import Path


def run_controls(seed: int, json_file: Path | None) -> int:
    """Run every control; 1 when a bug stayed hidden."""
    raise NotImplementedError
