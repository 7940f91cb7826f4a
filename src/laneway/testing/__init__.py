"""Testing: conformance suites for adapters, a clock that tests advance, and a whole app in one process."""
