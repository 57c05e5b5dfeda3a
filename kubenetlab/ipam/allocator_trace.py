"""What each allocator does, step by step: the same comings and goings, and why each got the range or address it got."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass

import netaddr
import numpy as np
import pandas as pd

from kubenetlab.errors import KubenetlabError
from kubenetlab.ipam.traced_allocators import ALLOCATORS, TracedAllocator
from kubenetlab.result import Basis, Result

_SHARE_TO_FILL = 0.6  # comings outnumber goings until so much is in use
#: Allocators of which every choice was checked against recordings.
_RAN = ("kube-controller-manager", "CNI host-local", "OVN-Kubernetes")
_FEWEST = 4  # nobody goes before so many have come


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class AllocatorTrace(Result):
    """A `Result` whose frame has one row a step; ``space`` is cut into cells of ``cell_prefix_length``.

    Columns: step (from 1), event (``comes`` or ``goes``), owner, cidr (what the owner got or had; empty where it was refused),
    why (in words), n_in_use (cells, after the step).
    """

    space: str
    cell_prefix_length: int


def trace_allocator(allocator: str, n_steps: int = 40, seed: int = 1) -> AllocatorTrace:
    """Run one allocator through comings and goings in a small space.

    Parameters
    ----------
    allocator
        A key of `ALLOCATORS`.
    n_steps
        Comings and goings, at least 1.
    seed
        Who goes and when, and what the component leaves to chance. The same seed gives every allocator the same
        comings and goings until one of them is full.

    Raises
    ------
    ValueError
        If there is no such allocator, or ``n_steps`` is below 1.

    Examples
    --------
    >>> trace_allocator("kube-controller-manager", 3).frame["cidr"].tolist()
    ['10.244.0.0/24', '10.244.1.0/24', '10.244.2.0/24']
    """
    if allocator not in ALLOCATORS:
        raise ValueError(f"allocator {allocator!r} is none of {', '.join(ALLOCATORS)}")
    if n_steps < 1:
        raise ValueError(f"n_steps {n_steps} is below 1")
    make, noun = ALLOCATORS[allocator]
    traced = make(seed)
    return AllocatorTrace(
        title=allocator,
        _frame=_run(traced, noun, n_steps, np.random.default_rng(seed)),
        because=(traced.rule,),
        basis=Basis.RAN if allocator in _RAN else Basis.SOURCE,
        space=traced.space,
        cell_prefix_length=traced.cell_prefix_length,
    )


def _run(traced: TracedAllocator, noun: str, n_steps: int, rng: np.random.Generator) -> pd.DataFrame:
    rows: list[tuple[int, str, str, str, str, int]] = []
    held: dict[str, str] = {}
    enough = _SHARE_TO_FILL * 2 ** (traced.cell_prefix_length - netaddr.IPNetwork(traced.space).prefixlen)
    n_owners = 0
    for step in range(1, n_steps + 1):
        leaves, who = rng.random(), rng.random()
        if len(held) >= _FEWEST and leaves < (0.2 if len(held) < enough else 0.5):
            owner = list(held)[int(who * len(held))]
            traced.give_back(owner, cidr := held.pop(owner))
            rows.append((step, "goes", owner, cidr, f"{owner} is gone.", len(held)))
            continue
        owner, n_owners = f"{noun}-{n_owners}", n_owners + 1
        try:
            held[owner], why = traced.take(owner)
        except KubenetlabError as refusal:
            why = f"Refused: {refusal}"
        rows.append((step, "comes", owner, held.get(owner, ""), why, len(held)))
    return pd.DataFrame(rows, columns=["step", "event", "owner", "cidr", "why", "n_in_use"])


def allocator_differences(seed: int = 1) -> Result:
    """Ask every allocator the same: three come, the second goes, a fourth comes; then others until it refuses.

    Parameters
    ----------
    seed
        Of what the component leaves to chance.

    Returns
    -------
    A Result; its frame has one row an allocator: allocator, space, n_cells (ranges or addresses in the space), n_given (how many
    it gives at most), first, second, third, fourth (what each got), rule.
    """
    rows = [(name, *_differences(make(seed), noun)) for name, (make, noun) in ALLOCATORS.items()]
    columns = ["allocator", "space", "n_cells", "n_given", "first", "second", "third", "fourth", "rule"]
    because = ("Three come, the second goes, a fourth comes.",)
    frame = pd.DataFrame(rows, columns=columns)
    return Result(title="How allocators differ", _frame=frame, because=because, basis=Basis.SOURCE)


def _differences(traced: TracedAllocator, noun: str) -> tuple[str | int, ...]:
    first, second, third = (traced.take(f"{noun}-{number}")[0] for number in range(3))
    traced.give_back(f"{noun}-1", second)
    fourth = traced.take(f"{noun}-3")[0]
    n_cells = 1 << (traced.cell_prefix_length - netaddr.IPNetwork(traced.space).prefixlen)
    n_given = 3
    with suppress(KubenetlabError):
        for number in range(4, n_cells + 4):
            traced.take(f"{noun}-{number}")
            n_given += 1
    answers = (text.removesuffix("/32") for text in (first, second, third, fourth))
    return (traced.space, n_cells, n_given, *answers, traced.rule)
