"""Demands that differ only in size and name, as groups: a set of groups is an integer, one bit each."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from kubenetlab.ipam.planner.blocks import Block, are_apart, is_shared, parents_of
from kubenetlab.ipam.planner.problem import Demand
from kubenetlab.ipam.planner.shapes import Marked


class _Group(NamedTuple):
    """What the demands of a group have in common."""

    parents: tuple[Block, ...]
    domains: frozenset[str]


class DemandGroups:
    """The groups of demands that are placed one after the other.

    Attributes
    ----------
    of
        The number of the group of each demand.
    apart
        For each demand, the groups that it must be apart from.
    left
        For each demand, the groups of it and of those after it.
    """

    def __init__(self, demands: Sequence[Demand]) -> None:
        self._demands = demands
        self._number: dict[_Group, int] = {}
        groups = [_Group(parents_of(demand), demand.domains) for demand in demands]
        self.of = [self._number.setdefault(group, len(self._number)) for group in groups]
        apart = {domains: self.apart_from(domains) for domains in {group.domains for group in groups}}
        self.apart = [apart[group.domains] for group in groups]
        self.left = [0] * len(demands)
        for step in reversed(range(len(demands))):
            self.left[step] = 1 << self.of[step] | (self.left[step + 1] if step + 1 < len(demands) else 0)

    def apart_from(self, domains: frozenset[str]) -> int:
        """Return the groups that must be apart from a range of these domains."""
        return self._where(lambda group: are_apart(group.domains, domains))

    def parents(self) -> list[Marked]:
        """Return every parent with its groups."""
        parents = dict.fromkeys(parent for group in self._number for parent in group.parents)
        return [Marked(parent, self._with_parent(parent)) for parent in parents]

    def needs(self) -> Iterator[tuple[int, list[int]]]:
        """Yield, for sets of groups that must all be apart, how many of the smallest places are needed from each step on."""
        domains = sorted({domain for group in self._number for domain in group.domains})
        cliques = [self._with_domain(domain) for domain in domains if not is_shared(domain)]
        alike = [
            self._with_parents(parents) for parents in dict.fromkeys(group.parents for group in self._number)
        ]
        for groups in dict.fromkeys([*cliques, *(clique & same for clique in cliques for same in alike)]):
            if groups:
                yield groups, self._needed(groups)

    def _needed(self, groups: int) -> list[int]:
        needed = [0] * (len(self._demands) + 1)
        smallest = self._demands[-1].prefix_length
        for step in reversed(range(len(self._demands))):
            is_in = groups >> self.of[step] & 1
            needed[step] = needed[step + 1] + (is_in << (smallest - self._demands[step].prefix_length))
        return needed

    def _with_parent(self, parent: Block) -> int:
        return self._where(lambda group: parent in group.parents)

    def _with_parents(self, parents: tuple[Block, ...]) -> int:
        return self._where(lambda group: group.parents == parents)

    def _with_domain(self, domain: str) -> int:
        return self._where(lambda group: domain in group.domains)

    def _where(self, is_meant: Callable[[_Group], bool]) -> int:
        return sum(1 << number for group, number in self._number.items() if is_meant(group))
