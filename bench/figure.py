"""Figure: one measured number with its goal, and how it is shown."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

Compare = Literal["at most", "at least", "as told"]


@dataclass
class Figure:
    """What was measured. `values` are all samples in `unit`; a goal is held against one of their statistics."""

    row: str
    name: str
    unit: str
    values: Sequence[float]
    goals: dict[str, float] = field(default_factory=dict[str, float])
    """Statistic (`p50`, `p99`, `max`, `value`) → goal."""
    compare: Compare = "at most"
    note: str = ""

    @property
    def statistics(self) -> dict[str, float]:
        if not self.values:
            return {}
        if len(self.values) == 1:
            return {"value": self.values[0]}
        ordered = sorted(self.values)
        return {"p50": quantile(ordered, 0.5), "p99": quantile(ordered, 0.99), "max": ordered[-1]}

    @property
    def reached(self) -> bool | None:
        """Whether every goal is; None when there is none, or when nothing could be measured."""
        if not self.goals or not self.values:
            return None
        told = self.statistics
        if self.compare == "at least":
            return all(told[name] >= goal for name, goal in self.goals.items())
        return all(told[name] <= goal for name, goal in self.goals.items())

    def as_json(self) -> dict[str, Any]:
        return {
            "row": self.row, "name": self.name, "unit": self.unit, "samples": len(self.values),
            **{name: _rounded(value) for name, value in self.statistics.items()},
            "goals": {name: f"{self.compare} {goal:g}" for name, goal in self.goals.items()},
            "reached": self.reached, "note": self.note,
        }  # fmt: skip


def quantile(ordered: Sequence[float], share: float) -> float:
    """The smallest sample that at least `share` of all samples do not exceed."""
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)] if ordered else math.nan


def _rounded(value: float) -> float:
    return value if math.isnan(value) else float(f"{value:.4g}")
