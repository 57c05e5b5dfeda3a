"""Maglev tables as Cilium fills them: which backend a slot belongs to, and what moves when backends leave.

Source: Cilium, pkg/maglev/maglev.go (computeLookupTable, getOffsetAndSkip, setHashString); Eisenbud et al., Maglev,
NSDI 2016, section 3.4.
"""

from base64 import b64decode
from collections.abc import Iterable, Mapping
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from kubenetlab.load_balancing.paths import _kernels_maglev as kernels
from kubenetlab.load_balancing.paths.murmur3 import murmur3_x64_128
from kubenetlab.result import Basis, Result
from kubenetlab.visible_text import visible

#: Sizes that Cilium takes: primes.
TABLE_SIZES: Final = (251, 509, 1021, 2039, 4093, 8191, 16381, 32749, 65521, 131071)
#: Cilium's default seed.
SEED: Final = "JLfvgnHc2kaSUFaI"


def maglev_table(backends: Mapping[str, int], table_size: int = 16381, seed: str = SEED) -> NDArray[np.int64]:
    """Return the backend of every slot of a Maglev table, as Cilium fills it.

    Parameters
    ----------
    backends
        Name and weight of each, in any order. Cilium hashes names such as ``[10.0.0.1:80/TCP,State:active]``
        (``[[fd00::1]:80/TCP,State:active]``): with these the table is Cilium's own, slot by slot.
    table_size
        One of ``TABLE_SIZES``.
    seed
        Cilium's maglev.hashSeed: 12 bytes in base64.

    Returns
    -------
    Shape (table_size,): for each slot the number of its backend in the order of ``backends``.

    Raises
    ------
    ValueError
        If there are no backends or more than slots, a weight is not a whole number from 1 to 65535, or Cilium would
        refuse the size or the seed.

    Notes
    -----
    Cilium looks at weights only where they are 2 or more on the average. A packet's slot is a hash of its addresses
    and ports modulo the size (that hash is not modelled), so a backend's share of flows is its share of slots. Only
    traffic from outside is looked up in the table: a pod's connection to a ClusterIP gets a random backend in its socket.

    Examples
    --------
    >>> np.bincount(maglev_table({"one": 2, "three": 13, "two": 111, "tzwe": 10}, 1021)).tolist()
    [16, 98, 832, 75]
    """
    hash_seed = _checked(backends, table_size, seed)
    names = list(backends)
    order = sorted(range(len(names)), key=lambda number: names[number].encode())
    hashes = [murmur3_x64_128(names[number].encode(), hash_seed) for number in order]
    slots = kernels.fill_slots(
        np.array([h1 % table_size for h1, _ in hashes]),
        np.array([h2 % (table_size - 1) + 1 for _, h2 in hashes]),
        np.array([backends[names[number]] for number in order], np.int64),
        table_size,
    )
    return np.array(order)[slots]


def maglev_disruption(
    backends: Mapping[str, int], removed: Iterable[str], table_size: int = 16381, seed: str = SEED
) -> Result:
    """Return which slots get another backend when some backends leave, and how many of them without need.

    Parameters
    ----------
    backends, table_size, seed
        As ``maglev_table`` takes them.
    removed
        Names of those that leave, not all. Read the other way round: of those that join.

    Returns
    -------
    A Result; its frame has one row a backend, in the order given: backend, weight, is_removed, slots_before,
    share_before, slots_after, share_after, slots_lost (had before, belong to another after). Slots that a backend
    loses although it stays moved without need.

    Raises
    ------
    ValueError
        As ``maglev_table`` raises it, or if ``removed`` names what is no backend, or all of them.
    """
    gone = set(removed)
    if not gone <= backends.keys() or len(gone) == len(backends):
        raise ValueError(visible(f"removed: found {sorted(gone)!r:.200}, expected some backends, not all"))
    before = maglev_table(backends, table_size, seed)
    staying = np.array([name not in gone for name in backends])
    kept = {name: weight for name, weight in backends.items() if name not in gone}
    after = np.flatnonzero(staying)[maglev_table(kept, table_size, seed)]
    moved = before[before != after]
    n_before, n_after, lost = (np.bincount(slots, minlength=len(staying)) for slots in (before, after, moved))
    names, weights = list(backends), list(backends.values())
    frame = pd.DataFrame({"backend": names, "weight": weights, "is_removed": ~staying})
    frame["slots_before"], frame["share_before"] = n_before, n_before / table_size
    frame["slots_after"], frame["share_after"], frame["slots_lost"] = n_after, n_after / table_size, lost
    needed, needless = lost[~staying].sum(), lost[staying].sum()
    n, total = len(names), sum(weights)
    because = (
        f"{needed} of {table_size} slots ({needed / table_size:.2%}) were of backends that leave",
        f"{needless} more ({needless / table_size:.2%}) change although their backend stays",
        f"the rule that a table has more than 100 slots for a backend is {'kept' if table_size > 100 * n else 'broken'}",
        *["Cilium ignores weights that are below 2 on the average"] * (n < total < 2 * n),
        "Cilium asks the table for traffic from outside only: connections of pods get a random backend",
    )
    return Result(title="Slots of a Maglev table", _frame=frame, because=because, basis=Basis.RAN)


def _checked(backends: Mapping[str, int], table_size: int, seed: str) -> int:
    """Return the part of the seed that goes into the hash."""
    fits = {name: not isinstance(w, bool) and w in range(1, 65536) for name, w in backends.items()}
    wrong = [f"{backends[name]!r:.40} for {name:.253}" for name in fits if not fits[name]]
    try:
        decoded = b64decode(seed, validate=True)
    except ValueError:
        decoded = b""
    for name, is_right, found, expected in (
        ("table_size", table_size in TABLE_SIZES, table_size, f"one of {', '.join(map(str, TABLE_SIZES))}"),
        ("backends", 0 < len(backends) <= table_size, len(backends), f"from 1 to {table_size}"),
        ("weight", not wrong, "".join(wrong[:1]), "a whole number from 1 to 65535"),
        ("seed", len(decoded) == 12, seed, "12 bytes in base64"),
    ):
        if not is_right:
            raise ValueError(visible(f"{name}: found {found!r:.300}, expected {expected}"))
    return int.from_bytes(decoded[:4], "big")
