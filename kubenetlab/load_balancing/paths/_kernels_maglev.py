"""The slots of a Maglev table. Arrays in, arrays out."""

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from kubenetlab._jit import kernel

_Integers: TypeAlias = NDArray[np.int64]


@kernel
def fill_slots(offset: _Integers, skip: _Integers, weight: _Integers, n_slots: int) -> _Integers:
    """Return the backend of every slot.

    ``offset``, ``skip``, ``weight``: shape (n_backends,); where a backend looks first, how far on it looks next.
    Returns shape (n_slots,).
    """
    n_backends = offset.size
    total = weight.sum()
    is_weighted = total // n_backends > 1
    due = weight / n_backends
    position = offset.copy()
    slots = np.full(n_slots, -1, np.int64)
    for turn in range(n_slots):
        backend = turn % n_backends
        if is_weighted:
            while (turn + 1) * weight[backend] < int(due[backend]):
                backend = (backend + 1) % n_backends
            due[backend] += total
        here, step = position[backend], skip[backend]
        while slots[here] >= 0:
            here += step
            if here >= n_slots:
                here -= n_slots
        slots[here] = backend
        position[backend] = here
    return slots
