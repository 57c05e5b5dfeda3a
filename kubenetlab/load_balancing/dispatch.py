"""Which rules of a chain a packet can match at all: KUBE-SERVICES has a rule for every Service of the cluster."""

import gc
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from kubenetlab.errors import ManifestError, Refusal
from kubenetlab.load_balancing.hooks import base_chains
from kubenetlab.objects.packet_rules import Asks, Rule, RuleSet, Table

SMALL: Final = 8  # rules; a shorter chain is read through


def host_and_port(rule: Rule) -> tuple[int | None, int | None]:
    """Return the one destination address and the one port that a rule asks for; None where it asks for no single one."""
    host = port = None
    for condition in rule.conditions:
        is_host = condition.asks is Asks.DESTINATION
        if (is_host or condition.asks is Asks.DESTINATION_PORT) and not condition.is_negated:
            first, last = condition.operand[0]
            single = int(first) if len(condition.operand) == 1 and first == last else None
            host, port = (single, port) if is_host else (host, single)
    return host, port


class RuleIndex:
    """The rules of one chain by the exact destination they ask for."""

    def __init__(self, rules: tuple[Rule, ...]) -> None:
        self._rules = rules
        self._by_host: dict[int, list[int]] = defaultdict(list)
        self._by_port: dict[int, list[int]] = defaultdict(list)
        self._others: list[int] = []
        if len(rules) > SMALL:
            for position, rule in enumerate(rules):
                self._place(rule).append(position)

    def _place(self, rule: Rule) -> list[int]:
        host, port = host_and_port(rule)
        if host is not None:
            return self._by_host[host]
        return self._others if port is None else self._by_port[port]

    def candidates(self, destination: int, destination_port: int) -> tuple[Rule, ...] | list[Rule]:
        """Return the rules, in order, that do not ask for another destination address or port."""
        if not (self._by_host or self._by_port):
            return self._rules
        here = self._by_host.get(destination, []) + self._by_port.get(destination_port, [])
        return [self._rules[position] for position in sorted(here + self._others)]


@contextmanager
def reading(rules: RuleSet) -> Iterator[None]:
    """Follow the chains of many rules: without the search for cycles in memory, which takes half of the time.

    Raises
    ------
    ManifestError
        If chains are nested so deep that they cannot be followed.
    """
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    except RecursionError:
        found = "hundreds of chains inside each other"
        refusal = Refusal(rules.source, "chains", "jump", found, "at most 16, as the kernel")
        raise ManifestError(refusal) from None
    finally:
        if was_enabled:
            gc.enable()


class IndexedRules:
    """A rule set made ready for many packets: base chains by hook, and an index of every chain that was met."""

    def __init__(self, rules: RuleSet) -> None:
        self.rules = rules
        self.bases = base_chains(rules)
        self._indices: dict[tuple[str, str, str], RuleIndex] = {}

    def candidates(
        self, table: Table, chain: str, destination: int, port: int
    ) -> tuple[Rule, ...] | list[Rule]:
        """Return the rules of a chain that a packet to a destination may match."""
        index = self._indices.get((table.family, table.name, chain))
        if index is None:
            index = self._indices[table.family, table.name, chain] = RuleIndex(table.chains[chain].rules)
        return index.candidates(destination, port)
