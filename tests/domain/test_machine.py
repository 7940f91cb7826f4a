"""F-12: the rules against a reference model. Whatever is sent in whatever order, both say the same."""

from collections import Counter
from random import Random

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from tests.domain.audit import Audit
from tests.domain.lanes import Lanes

chances = st.randoms(use_true_random=False)


class Machine(RuleBasedStateMachine):
    """Short lives, chosen and shrunk by Hypothesis. One rule: what leads to something is chosen inside it."""

    def __init__(self) -> None:
        super().__init__()
        self.lanes = Lanes()
        self.audit = Audit(self.lanes)

    @initialize(chance=chances)
    def begin(self, chance: Random) -> None:
        self.lanes.begin_life(chance)

    @rule(chance=chances)
    def act(self, chance: Random) -> None:
        self.lanes.act(chance)

    @invariant()
    def everything_holds(self) -> None:
        self.audit.check()


TestMachine = Machine.TestCase
TestMachine.settings = settings(
    max_examples=200, stateful_step_count=50, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)


@pytest.mark.parametrize("seed", range(12))
def test_a_long_life_ends_as_the_reference_says(seed: int):
    chance = Random(seed)
    lanes = Lanes()
    audit = Audit(lanes)
    lanes.begin_life(chance)
    done: Counter[str] = Counter()

    for _ in range(600):
        done[lanes.act(chance)] += 1
        audit.check()

    assert len(done) > 30, "too little happened for this to prove anything"
