"""Wire: values of any type, from any thread."""

import subprocess
import sys

FIRST_MEETING = """
import threading
from dataclasses import dataclass

from laneway import wire

learning, learned = threading.Event(), threading.Event()

def number():
    # msgspec asks for this while it learns what an Inner has: the other thread comes in just then.
    learning.set()
    learned.wait(0.5)
    return int

@dataclass
class Inner:
    count: "number()"

@dataclass
class Outer:
    inner: Inner

BODY = b'{"inner": {"count": 1}}'
read = []
first = threading.Thread(target=lambda: read.append(wire.decode(BODY, Outer)))
first.start()
learning.wait()
read.append(READ_SECOND)
learned.set()
first.join()
assert read == [Outer(Inner(1))] * 2, read
"""


def test_threads_may_meet_a_type_for_the_first_time_at_the_same_moment():
    for second in ("wire.decode(BODY, Outer)", "wire.convert({'inner': {'count': 1}}, Outer)"):
        program = FIRST_MEETING.replace("READ_SECOND", second)

        done = subprocess.run(
            (sys.executable, "-X", "faulthandler", "-c", program), capture_output=True, text=True, check=False
        )

        assert done.returncode == 0, done.stderr
