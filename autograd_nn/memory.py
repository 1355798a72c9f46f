"""Memory that a step frees stays with the process for the next step.

A recorded step keeps its intermediate arrays until the graph is dropped, then frees them at
once. The GNU C library gives such memory back to the system, and the next step pays for every
page again: on the network of the examples with a thousand samples a column that is two thirds of
the time, for a hand-written NumPy program just as for this package.
"""

from __future__ import annotations

import contextlib

import numpy as np


def keep_freed_memory() -> None:
    """Let the allocator keep up to some 60 MB of freed memory for reuse.

    The GNU allocator's threshold follows the largest block that was ever freed, up to 32 MB
    (mallopt(3), M_MMAP_THRESHOLD), so that freeing one such block is enough. It is never written
    to and so takes no memory. Other allocators do not care.
    """
    with contextlib.suppress(MemoryError):
        block = np.empty(31 << 20, dtype=np.uint8)
        del block
