"""Table: every scenario of the fault and abuse suite, with its numbers and its bounds."""

from tests.prove.scenario import Scenario, Store

SQLITE: tuple[Store, ...] = ("sqlite",)
POSTGRES: tuple[Store, ...] = ("postgres",)

SCENARIOS: tuple[Scenario, ...] = (
    # --- processes ---
    Scenario(
        "F-1", "SIGKILL at random times under load", "scenarios.kills",
        {"quick": 50, "nightly": 500, "release": 3000}, "kills", 9000, 10_000_000,
    ),
    Scenario(
        "F-2", "a crash at each failpoint, at its first and at later hits", "scenarios.crashes",
        {"quick": 2, "nightly": 3, "release": 5}, "hits", 7200, 10_000_000, stores=SQLITE,
    ),
    Scenario(
        "F-3", "crashes during recovery, three deep", "scenarios.crashes:run_in_recovery",
        {"quick": 8, "nightly": 100, "release": 500}, "recoveries", 7200, 10_000_000, stores=SQLITE,
    ),
    Scenario(
        "F-4", "SIGTERM with streams open and turns running", "scenarios.drain",
        {"quick": 100, "nightly": 1000, "release": 1000}, "streams", 300, is_timed=True,
    ),
    Scenario(
        "F-5", "servers freeze past their lease and wake up", "scenarios.frozen",
        {"quick": 6, "nightly": 500, "release": 500}, "freezes", 9000, 10_000_000, 4000, stores=POSTGRES,
    ),
    Scenario(
        "I-11", "a server dies, and others take over", "scenarios.frozen:run_takeover",
        {"quick": 4, "nightly": 100, "release": 300}, "kills", 9000, 10_000_000, 4000, stores=POSTGRES, is_timed=True,
    ),
    Scenario(
        "F-6", "agents and tools that block", "scenarios.starved:run_blocking",
        {"quick": 3, "nightly": 5, "release": 10}, "leases", 300, is_timed=True,
    ),
    Scenario(
        "F-7", "agents that take all the memory", "scenarios.memory",
        {"quick": 2, "nightly": 20, "release": 100}, "rounds", 3600,
    ),
    Scenario(
        "F-9", "backends that babble, stall, vanish, explode", "scenarios.starved:run_backends",
        {"quick": 100, "nightly": 100, "release": 100}, "MB", 300, max_disk_mb=2000,
    ),
    Scenario(
        "F-10", "servers are replaced one after the other", "scenarios.rolling",
        {"quick": 4, "nightly": 200, "release": 500}, "replacements", 7200, 10_000_000, 4000, stores=POSTGRES,
    ),
    Scenario(
        "F-11", "the real code on a loop with virtual time", "scenarios.simulated",
        {"quick": 500, "nightly": 10_000, "release": 10_000}, "seeds", 14_400, stores=SQLITE,
    ),
    Scenario(
        "I-16", "stops at random moments of a turn", "scenarios.cancels",
        {"quick": 60, "nightly": 1000, "release": 10_000}, "stops", 3600, 1_000_000,
    ),
    # --- storage ---
    Scenario(
        "S-1", "power cuts between any two syncs", "scenarios.storage:run_power_cuts",
        {"quick": 100, "nightly": 5000, "release": 5000}, "cuts", 3600, stores=SQLITE,
    ),
    Scenario(
        "S-2", "each write and each sync fails in turn", "scenarios.storage:run_refused_operations",
        {"quick": 8, "nightly": 10_000, "release": 10_000}, "operations of a kind", 3600, stores=SQLITE,
    ),
    Scenario("S-3", "the disk is full for a while", "scenarios.storage:run_full_disk",
        {"quick": 1, "nightly": 10, "release": 50}, "rounds", 1200, stores=SQLITE,
    ),
    Scenario(
        "S-7", "two servers on one directory", "scenarios.storage:run_two_servers",
        {"quick": 20, "nightly": 100, "release": 500}, "tries", 1200, is_timed=True, stores=SQLITE,
    ),
    Scenario(
        "S-9", "a backup under load is restored", "scenarios.backups",
        {"quick": 1, "nightly": 20, "release": 100}, "backups", 3600, 1_000_000,
    ),
    # --- network ---
    Scenario(
        "N-1", "the connection is cut after each byte", "scenarios.cuts",
        {"quick": 1, "nightly": 1, "release": 1}, "bytes a step", 600,
    ),
    Scenario(
        "N-2", "the database dies every few seconds, and so do servers", "scenarios.outages",
        {"quick": 600, "nightly": 6000, "release": 20_000}, "turns", 7200, 10_000_000, 4000, stores=POSTGRES,
    ),
    Scenario(
        "N-3", "the database dies again while everybody recovers", "scenarios.rolling:run_relapse",
        {"quick": 5, "nightly": 500, "release": 1000}, "relapses", 9000, 10_000_000, 4000, stores=POSTGRES,
    ),
    Scenario(
        "N-4", "connections to the database are slow, reset, half open or silent", "scenarios.network",
        {"quick": 160, "nightly": 2000, "release": 10_000}, "turns", 7200, 10_000_000, 2000, stores=POSTGRES,
    ),
    Scenario(
        "N-5", "hints are lost, doubled and late", "scenarios.rejoin:run_lying",
        {"quick": 60, "nightly": 1000, "release": 5000}, "turns", 1200,
    ),
    Scenario(
        "N-6", "requests are cancelled at each of their awaits", "scenarios.interrupted",
        {"quick": 500, "nightly": 20_000, "release": 20_000}, "pairs", 3600,
    ),
    # --- streams and load ---
    Scenario(
        "L-1", "idle readers", "scenarios.readers:run_idle",
        {"quick": 1000, "nightly": 9500, "release": 9500}, "streams", 600, is_timed=True,
    ),
    Scenario(
        "L-2", "readers that stall", "scenarios.stalled", {"quick": 20, "nightly": 200, "release": 200}, "readers", 300,
    ),
    Scenario(
        "L-3", "resets before the stream begins", "scenarios.readers:run_resets",
        {"quick": 1000, "nightly": 10_000, "release": 10_000}, "resets", 600,
    ),
    Scenario(
        "L-4", "readers that leave and come back anywhere", "scenarios.rejoin",
        {"quick": 400, "nightly": 2000, "release": 20_000}, "reconnects", 1200,
    ),
    Scenario(
        "L-5", "everybody comes back after a restart", "scenarios.readers:run_stampede",
        {"quick": 500, "nightly": 5000, "release": 5000}, "streams", 600, is_timed=True,
    ),
    Scenario(
        "L-6", "a flood of one user", "scenarios.flood",
        {"quick": 300, "nightly": 1000, "release": 1000}, "threads", 600, is_timed=True,
    ),
    # --- input ---
    Scenario(
        "A-1", "requests made from the OpenAPI document", "scenarios.schema",
        {"quick": 5000, "nightly": 100_000, "release": 100_000}, "requests", 7200,
    ),
    Scenario(
        "A-3", "bodies that are not JSON by our rules", "scenarios.input:run_json",
        {"quick": 2000, "nightly": 50_000, "release": 200_000}, "mutations", 3600, 1_000_000,
    ),
    Scenario(
        "A-4", "ids and cursors that are none", "scenarios.input:run_ids", {"quick": 1, "nightly": 1, "release": 1},
        "rounds", 600,
    ),
    Scenario(
        "A-5", "characters that mean something to SQL", "scenarios.input:run_sql",
        {"quick": 20, "nightly": 1000, "release": 5000}, "random strings", 3600, 1_000_000,
    ),
    Scenario(
        "A-6", "bodies without end", "scenarios.bodies", {"quick": 1, "nightly": 20, "release": 20}, "rounds", 1200
    ),
    Scenario(
        "A-7", "text that looks like a stream's framing", "scenarios.injection",
        {"quick": 60, "nightly": 2000, "release": 10_000}, "combinations", 3600, 1_000_000,
    ),
    # --- authorisation ---
    Scenario(
        "X-1", "every route against every kind of caller", "scenarios.suites:run_matrix",
        {"quick": 1, "nightly": 1, "release": 1}, "rounds", 300,
    ),
    Scenario(
        "X-2", "users ask for each other's things", "scenarios.canaries",
        {"quick": 1500, "nightly": 10_000, "release": 100_000}, "requests", 3600, 1_000_000,
    ),
    Scenario(
        "X-3", "the time of a 404", "scenarios.oracle",
        {"nightly": 1000, "release": 1000}, "samples of each sort", 1200, is_timed=True,
    ),
    Scenario(
        "X-5", "hosts and origins that are nearly ours", "scenarios.suites:run_origins",
        {"quick": 1, "nightly": 1, "release": 1}, "rounds", 300,
    ),
    # --- time ---
    Scenario(
        "T-1", "the wall clock jumps", "scenarios.clocks", {"quick": 6, "nightly": 200, "release": 2000}, "rounds", 7200
    ),
    Scenario(
        "T-2", "many timers fall due while servers are killed", "scenarios.alarms",
        {"quick": 300, "nightly": 10_000, "release": 10_000}, "timers", 1800, 1_000_000,
    ),
    Scenario(
        "T-3", "the machine sleeps for ten minutes", "scenarios.clocks:run_sleep",
        {"quick": 6, "nightly": 200, "release": 2000}, "sleeps", 7200, stores=SQLITE,
    ),
)  # fmt: skip

BY_ID = {scenario.id: scenario for scenario in SCENARIOS}
