"""Interpreter: how Python behaves in a process that does nothing but serve."""

import faulthandler
import gc
import sys

SWITCH_S = 0.0005
"""The writer's thread would otherwise wait a second and more for a busy event loop: a commit, for the interpreter."""
YOUNG = 10_000
"""Objects after which the youngest are looked through. A turn makes thousands that hold no circle and go by themselves;
with Python's 700, a tenth of the processor went into looking."""


def tell_crashes() -> None:
    """Call first: should a library's machine code fail, each thread's place is written where the log goes."""
    faulthandler.enable()


def settle() -> None:
    """Call once all is built: what is there now stays, and is never looked through for garbage again."""
    sys.setswitchinterval(SWITCH_S)
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG, 20, 20)
