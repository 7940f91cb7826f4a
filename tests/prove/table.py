"""Table: every scenario of the fault and abuse suite, with its numbers and its bounds."""

from tests.prove.scenario import Scenario

SCENARIOS: tuple[Scenario, ...] = (
    # --- processes ---
    Scenario(
        "F-1", "SIGKILL at random times under load", "scenarios.kills",
        {"quick": 50, "nightly": 500, "release": 3000}, "kills", 9000, 10_000_000,
    ),
    Scenario(
        "F-2", "a crash at each failpoint, at its first and at later hits", "scenarios.crashes",
        {"quick": 2, "nightly": 3, "release": 5}, "hits", 7200, 10_000_000,
    ),
    Scenario(
        "F-3", "crashes during recovery, three deep", "scenarios.crashes:run_in_recovery",
        {"quick": 8, "nightly": 100, "release": 500}, "recoveries", 7200, 10_000_000,
    ),
    # --- storage ---
    Scenario(
        "S-1", "power cuts between any two syncs", "scenarios.storage:run_power_cuts",
        {"quick": 100, "nightly": 5000, "release": 5000}, "cuts", 3600,
    ),
    Scenario(
        "S-2", "each write and each sync fails in turn", "scenarios.storage:run_refused_operations",
        {"quick": 8, "nightly": 10_000, "release": 10_000}, "operations of a kind", 3600,
    ),
    Scenario("S-3", "the disk is full for a while", "scenarios.storage:run_full_disk",
        {"quick": 1, "nightly": 10, "release": 50}, "rounds", 1200,
    ),
    Scenario(
        "S-7", "two servers on one directory", "scenarios.storage:run_two_servers",
        {"quick": 20, "nightly": 100, "release": 500}, "tries", 1200, is_timed=True,
    ),
    # --- network ---
    Scenario(
        "N-1", "the connection is cut after each byte", "scenarios.cuts",
        {"quick": 1, "nightly": 1, "release": 1}, "bytes a step", 600,
    ),
    # --- time ---
    Scenario(
        "T-1", "the wall clock jumps", "scenarios.clocks", {"quick": 6, "nightly": 200, "release": 2000}, "rounds", 7200
    ),
)  # fmt: skip

BY_ID = {scenario.id: scenario for scenario in SCENARIOS}
