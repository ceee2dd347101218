"""How many cores this process may use.

Both engines of the embedded model run one thread a core and share no work between threads: threads that
wait for one another at every matrix product come to a halt as soon as another program takes a core.
"""

from __future__ import annotations

import os


def usable_cores() -> int:
    if hasattr(os, "sched_getaffinity"):  # fewer than the machine has, in a container or a batch job
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
