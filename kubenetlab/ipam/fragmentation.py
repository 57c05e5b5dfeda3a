"""How far a pool fragments, by the policy that chooses its blocks, when ranges of many sizes come and go."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import netaddr
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from kubenetlab.ipam.buddy import AddressPool, Policy
from kubenetlab.ipam.cidr_arguments import ADDRESS_BITS
from kubenetlab.ipam.number_arguments import check_whole, is_finite, is_whole, shown
from kubenetlab.result import Basis, Result

_MOST_OPERATIONS = 100_000_000


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Fragmentation(Result):
    """What became of one pool under each policy.

    The frame has one row a policy: policy, n_allocations, n_refused (of them, while ranges came and went), use_share (of
    the addresses, after that), n_free_blocks, largest_free_prefix_length, external_fragmentation_share (these three also
    after that), first_refusal_use_share (use when the first allocation was refused, at the latest while demand then grew
    beyond the pool).
    """

    _free_blocks: pd.DataFrame = field(repr=False)

    @property
    def free_blocks(self) -> pd.DataFrame:
        """One row a policy and size, after ranges came and went: policy, prefix_length, n_blocks, parent_share."""
        return self._free_blocks.copy()


def compare_policies(
    parent: str | netaddr.IPNetwork,
    prefix_lengths: Sequence[int],
    *,
    fill_share: float = 0.85,
    n_operations: int = 60_000,
    seed: int = 1,
) -> Fragmentation:
    """Let the same ranges come and go under every policy, then let demand grow until more is wanted than there is.

    Parameters
    ----------
    parent
        The range that is carved up.
    prefix_lengths
        The sizes that are wanted, all equally often; repeat one to have it more often.
    fill_share
        Share of the addresses that is wanted at a time while ranges come and go, above 0 and at most 1.
    n_operations
        How many ranges come or go before demand grows.
    seed
        Of the sizes, of what goes, and of the random fit.

    Raises
    ------
    ValueError
        If an argument is out of its bounds, or the largest size is more than ``fill_share`` of the parent.

    Notes
    -----
    What is refused still counts as wanted until it goes, so demand is the same under every policy.

    Examples
    --------
    >>> frame = compare_policies("10.0.0.0/20", range(24, 29), n_operations=500).frame
    >>> frame.set_index("policy")["n_refused"].to_dict()
    {'best-fit': 2, 'first-fit': 5, 'worst-fit': 55, 'random-fit': 15}
    """
    finest = _finest(prefix_lengths)
    pools = [AddressPool(parent, finest, policy=policy, seed=seed) for policy in Policy]
    whole = pools[0].parent
    _check(whole, min(prefix_lengths), fill_share, n_operations)
    demand = _Demand(prefix_lengths, seed)
    n_units = 1 << (finest - whole.prefixlen)
    while len(demand.operations) < n_operations:
        demand.come_or_go(fill_share * n_units)
    while demand.n_units <= n_units:
        demand.come()
    fates = [_Fate(pool, np.array(demand.operations), n_operations) for pool in pools]
    return Fragmentation(
        title=f"Fragmentation of {whole} by policy",
        _frame=pd.DataFrame([fate.row for fate in fates]).astype({"largest_free_prefix_length": "Int64"}),
        _free_blocks=pd.concat([fate.free_blocks for fate in fates], ignore_index=True),
        because=(
            f"{n_operations:,} times a range of /{min(prefix_lengths)} to /{finest} came or went, with "
            f"{fill_share:.0%} of the addresses wanted; then demand grew beyond the pool. Seed {seed}.",
            *(fate.sentence for fate in fates),
        ),
        basis=Basis.UNCHECKED,
    )


def _finest(prefix_lengths: Sequence[int]) -> int:
    is_many = isinstance(prefix_lengths, Sequence | np.ndarray) and not isinstance(
        prefix_lengths, str | bytes
    )
    if not is_many or not len(prefix_lengths):
        raise ValueError(
            f"prefix_lengths must name at least one size, such as [24, 26], not {shown(prefix_lengths)}"
        )
    for place, length in enumerate(prefix_lengths):
        check_whole(f"prefix_lengths[{place}]", length, 0, max(ADDRESS_BITS.values()))
    return max(prefix_lengths)


def _check(parent: netaddr.IPNetwork, shortest: int, fill_share: float, n_operations: int) -> None:
    if not (is_finite(fill_share, 0, 1) and fill_share):
        raise ValueError(f"fill_share {shown(fill_share)} must be above 0 and at most 1")
    if not is_whole(n_operations, 1, _MOST_OPERATIONS):
        raise ValueError(
            f"n_operations {shown(n_operations)} must be at least 1, at most {_MOST_OPERATIONS:,}, and whole"
        )
    if 2.0 ** (parent.prefixlen - shortest) > fill_share:
        raise ValueError(f"a /{shortest} is more than {fill_share:.0%} of {parent}")


class _Demand:
    """Ranges that come and go, whatever a pool does: ``operations`` is what `AddressPool.run` takes.

    ``n_units`` is how much is wanted, in ranges of the finest size.
    """

    def __init__(self, prefix_lengths: Sequence[int], seed: int) -> None:
        self.operations: list[int] = []
        self.n_units = 0
        self._wanted: list[int] = []
        self._prefix_lengths, self._finest = list(prefix_lengths), max(prefix_lengths)
        self._rng = np.random.default_rng(seed)
        self._next = self._draw()

    def come_or_go(self, max_units: float) -> None:
        """Want one more range if no more than so much is wanted then, else let any one go."""
        if self.n_units + self._size(self._next) <= max_units:
            self.come()
        else:
            self._go()

    def come(self) -> None:
        """Want one more range."""
        self._wanted.append(len(self.operations))
        self.operations.append(self._next)
        self.n_units += self._size(self._next)
        self._next = self._draw()

    def _go(self) -> None:
        position = int(self._rng.integers(len(self._wanted)))
        self._wanted[position], self._wanted[-1] = self._wanted[-1], self._wanted[position]
        number = self._wanted.pop()
        self.n_units -= self._size(self.operations[number])
        self.operations.append(-1 - number)

    def _draw(self) -> int:
        return self._prefix_lengths[int(self._rng.integers(len(self._prefix_lengths)))]

    def _size(self, prefix_length: int) -> int:
        return 1 << (self._finest - prefix_length)


class _Fate:
    """What one policy made of the demand."""

    def __init__(self, pool: AddressPool, operations: NDArray[np.int64], n_before: int) -> None:
        before = pool.run(operations[:n_before])
        self.policy, self.free, self.shortest = pool.policy, pool.free, pool.parent.prefixlen
        starts = np.append(before, pool.run(operations[n_before:]))
        is_refused = (operations >= 0) & (starts < 0)
        use_share = np.cumsum(_changes(operations, starts, self.shortest))
        self.row: dict[str, Any] = {
            "policy": str(self.policy),
            "n_allocations": int((operations[:n_before] >= 0).sum()),
            "n_refused": int(is_refused[:n_before].sum()),
            "use_share": use_share[n_before - 1],
            "n_free_blocks": self.free.n_blocks,
            "largest_free_prefix_length": self.free.largest_prefix_length,
            "external_fragmentation_share": self.free.external_fragmentation_share,
            "first_refusal_use_share": use_share[is_refused.argmax()],
        }

    @property
    def free_blocks(self) -> pd.DataFrame:
        """One row a size."""
        rows = [
            (str(self.policy), length, n, n * 2.0 ** (self.shortest - length))
            for length, n in self.free.n_by_prefix_length.items()
        ]
        return pd.DataFrame(rows, columns=["policy", "prefix_length", "n_blocks", "parent_share"])

    @property
    def sentence(self) -> str:
        """The outcome in a sentence."""
        row = self.row
        return (
            f"{row['policy'].capitalize()} refused {row['n_refused']:,} of {row['n_allocations']:,}, left {row['n_free_blocks']:,} "
            f"free blocks, and was first refused a range at {row['first_refusal_use_share']:.0%} use."
        )


def _changes(operations: NDArray[np.int64], starts: NDArray[np.int64], shortest: int) -> NDArray[np.float64]:
    """Share of the parent that each operation took; less than nothing where it gave back."""
    is_release = operations < 0
    lengths = np.where(is_release, operations[-1 - operations * is_release], operations)
    return np.where(starts < 0, 0.0, np.where(is_release, -1.0, 1.0) * 2.0 ** (shortest - lengths))
