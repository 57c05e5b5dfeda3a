"""What is free in a range, by size of block, and how fragmented that is."""

from __future__ import annotations

from typing import NamedTuple

from kubenetlab.ipam.number_arguments import check_whole

_ADDRESS_BITS = {4: 32, 6: 128}


class FreeSizes(NamedTuple):
    """What is free in a pool, as its largest possible aligned blocks: no two of them are halves of one block.

    ``n_by_prefix_length`` how many there are of each size, large first; ``version`` of the addresses.
    """

    n_by_prefix_length: dict[int, int]
    version: int

    @property
    def n_blocks(self) -> int:
        """Free blocks: the number of fragments."""
        return sum(self.n_by_prefix_length.values())

    @property
    def n_addresses(self) -> int:
        """Free addresses, all of them."""
        return sum(n << self._bits(length) for length, n in self.n_by_prefix_length.items())

    @property
    def largest_prefix_length(self) -> int | None:
        """Prefix length of the largest free block; None where nothing is free."""
        return min(self.n_by_prefix_length, default=None)

    @property
    def external_fragmentation_share(self) -> float:
        """Share of the free addresses outside the largest free block: 1 - largest / free; 0 where nothing is free."""
        if not self.n_by_prefix_length:
            return 0.0
        return 1 - (1 << self._bits(min(self.n_by_prefix_length))) / self.n_addresses

    def usable_share(self, prefix_length: int) -> float:
        """Share of the free addresses in blocks that hold a network of that length; 0 where nothing is free.

        Examples
        --------
        >>> FreeSizes({22: 1, 24: 4}, version=4).usable_share(23)
        0.5

        Raises
        ------
        ValueError
            If that is no prefix length of the family.
        """
        check_whole("prefix_length", prefix_length, 0, _ADDRESS_BITS[self.version], f" for IPv{self.version}")
        n_usable = sum(
            n << self._bits(length)
            for length, n in self.n_by_prefix_length.items()
            if length <= prefix_length
        )
        return n_usable / self.n_addresses if n_usable else 0.0

    def _bits(self, prefix_length: int) -> int:
        return _ADDRESS_BITS[self.version] - prefix_length

    def __str__(self) -> str:
        """How many of each size: ``1 /22, 4 /24``."""
        return ", ".join(f"{n:,} /{length}" for length, n in self.n_by_prefix_length.items()) or "nothing"
