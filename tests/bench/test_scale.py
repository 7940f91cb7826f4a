"""The scale simulator's arithmetic: the same numbers give the same day, and more load never breaks less."""

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.scale.__main__ import largest_load, newest, play, report
from bench.scale.cell import use_of
from bench.scale.costs import Costs, read_costs
from bench.scale.day import MINUTES, Load, cell_of, shares

COSTS = Costs(turn_cpu_ms=2.5, turn_database_ms=4, row_database_ms=0.1, stream_kib=30)
NOON, NIGHT = 15 * 60, 3 * 60


def test_a_day_swings_between_a_tenth_of_its_peak_and_all_of_it():
    load = Load(peak_turns=100_000)

    turns = [load.turns_at(minute) for minute in range(MINUTES)]

    assert turns[NOON] == max(turns) == pytest.approx(100_000)
    assert turns[NIGHT] == min(turns) == pytest.approx(10_000)


@given(st.integers(1, 64))
def test_the_cells_share_everything_and_a_user_stays_in_one(cells: int):
    found = shares(500, cells)

    assert sum(found) == pytest.approx(1)
    assert len(found) == cells
    assert 0 <= cell_of("usr_1", cells) == cell_of("usr_1", cells) < cells


def test_what_a_cell_does_is_what_is_multiplied_by_hand():
    load = Load(peak_turns=1000, turn_s=20, pieces_per_s=5, speaking=0.5, idle_streams=0)

    use = use_of(COSTS, load, 1.0, NOON)

    # 50 starts and 2,500 pieces a second: 0.125 s + 0.125 s of work, which the least of processes, two, can do.
    assert use.processes == 2
    # 50 * 4 + 2,500 * 0.1 + 2 * 2.5 ms of the database's 32 seconds in each second.
    assert use.parts["database: text in progress"] == pytest.approx((200 + 250 + 5) / 32_000)
    assert use.parts["doorbells heard"] == pytest.approx((2 * 25 + 150) * 0.02 / 1000)
    assert use.parts["connections"] == pytest.approx(36 / 500)


@given(st.integers(1, 200_000), st.integers(1, 200_000))
def test_more_turns_at_once_never_use_less_of_what_the_database_does(one: int, other: int):
    fewer, more = (use_of(COSTS, Load(peak_turns=turns), 1.0, NOON).parts for turns in sorted((one, other)))

    assert database(fewer) <= database(more)
    for part in ("connections", "doorbells heard"):
        assert fewer[part] <= more[part]


def test_the_largest_load_is_the_last_that_fits():
    largest = largest_load(COSTS, Load(), cells=1)

    load = replace(Load(), peak_turns=largest, idle_streams=round(50_000 * largest / 100_000))
    assert use_of(COSTS, load, 1.0, NOON).fullest[1] <= 1
    assert largest_load(replace(COSTS, database_cores=1), Load(), cells=1) < largest


def test_enough_cells_carry_the_day_that_one_cannot():
    _, over_with_one = play(COSTS, Load(), 1)
    _, over_with_many = play(COSTS, Load(), 256)

    assert over_with_one > 0
    assert over_with_many == 0


def test_a_result_without_a_figure_is_refused(tmp_path: Path):
    path = tmp_path / "result.json"
    path.write_text(json.dumps({"figures": []}))

    with pytest.raises(ValueError, match="not enough values"):
        read_costs(path)


def database(parts: Mapping[str, float]) -> float:
    """How much of the database is in use, whatever most of it is for."""
    (used,) = (value for name, value in parts.items() if name.startswith("database"))
    return used


def test_the_page_shows_what_the_simulator_says_of_the_newest_result():
    page = (Path(__file__).resolve().parents[2] / "docs" / "scale.md").read_text(encoding="utf-8")

    assert report(newest()) in page
    assert newest().name in page
