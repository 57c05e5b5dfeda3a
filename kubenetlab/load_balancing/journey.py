"""One packet's way from hook to hook, as the kernel calls them."""

from __future__ import annotations

from collections.abc import Iterator

from kubenetlab.load_balancing.chain_walk import ChainWalk
from kubenetlab.load_balancing.deeds import ACCEPTED, ENDS
from kubenetlab.load_balancing.dispatch import IndexedRules
from kubenetlab.load_balancing.hooks import BaseChain
from kubenetlab.load_balancing.packet import Fate
from kubenetlab.load_balancing.passage import Passage, Sight


class Journey(ChainWalk):
    """One packet's walk."""

    def __init__(self, rules: IndexedRules, sight: Sight) -> None:
        super().__init__(rules, sight)
        self.ended: list[tuple[Passage, Fate]] = []

    def ends(self) -> list[tuple[Passage, Fate]]:
        """Return the packet at the end of every way, and what becomes of it."""
        is_from_here, start = self.sight.is_from_here, [self.sight.start]
        passages = self.through(("output", "postrouting") if is_from_here else ("prerouting",), start)
        is_here = [self.sight.type_of(passage.destination) == "LOCAL" for passage in passages]
        here = [passage for passage, stays in zip(passages, is_here, strict=True) if stays]
        onward = [passage for passage, stays in zip(passages, is_here, strict=True) if not stays]
        if is_from_here:
            arrived = onward + self.through(("prerouting", "input"), here, nat_done=True)
        else:
            arrived = self.through(("input",), here) + self.through(("forward", "postrouting"), onward)
        return self.ended + [(passage, Fate.DELIVERED) for passage in arrived]

    def through(
        self, hooks: tuple[str, ...], passages: list[Passage], nat_done: bool = False
    ) -> list[Passage]:
        """Return what comes out of hooks' chains; what ends there is put into ``ended``."""
        for base in (base for hook in hooks for base in self.rules.bases[hook]):
            if not (base.is_nat and nat_done):
                passages = [after for passage in passages for after in self._base_chain(base, passage)]
        return passages

    def _base_chain(self, base: BaseChain, passage: Passage) -> Iterator[Passage]:
        is_done = passage.is_masqueraded if base.changes_source else passage.is_translated
        if base.is_nat and (is_done or passage.is_untracked):
            yield passage
            return
        self.table, self.changes_source = base.table, base.changes_source
        for after, verdict in self.chain(base.chain.name, passage, ()):
            if verdict == ENDS and base.chain.policy == "DROP":
                self.ended.append((after, Fate.DROPPED))
            elif verdict in (ENDS, ACCEPTED):
                yield after
            else:
                self.ended.append((after, Fate(verdict)))
