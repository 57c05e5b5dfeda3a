"""All destinations that a set of rules answers, and what happens to the connections of each."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import Final, NamedTuple, cast

from kubenetlab.load_balancing.chain_targets import key_of
from kubenetlab.load_balancing.chain_walk import merged
from kubenetlab.load_balancing.destination_search import DestinationSearch
from kubenetlab.load_balancing.destinations import Destination, kind_of
from kubenetlab.load_balancing.dispatch import IndexedRules
from kubenetlab.load_balancing.dyadic import Share, added, share, shares_of, weights
from kubenetlab.load_balancing.fans import Fan, Fans
from kubenetlab.load_balancing.packet import Fate
from kubenetlab.load_balancing.passage import LOOPBACK, Passage, address_text, endpoint_text
from kubenetlab.load_balancing.sourceless import SourcelessJourney, SourcelessSight, opposite
from kubenetlab.load_balancing.walk import Walker
from kubenetlab.objects.packet_rules import Asks, Dnat, Drop, Opaque, Reject, RuleSet, Table

#: Hooks, by whether their nat chains are meant, which translate; the others refuse.
STARTS: Final = {True: ("prerouting", "output"), False: ("forward", "output", "input")}
SOMEONE: Final = {4: "192.0.2.1", 6: "2001:db8::1"}  # addresses for documentation, RFC 5737 and RFC 3849
MAX_PARTS: Final = 64  # of a destination that rules answer in parts; more are not known
DEPENDS: Final = "depends on the source"


class Part(NamedTuple):
    """What happens to one part of a destination's connections; one empty endpoint where there is none."""

    source: str
    endpoints: tuple[str, ...]
    shares: tuple[Share, ...]
    fair_share: float
    chain: str
    masquerade: str
    fate: str


class Survey:
    """One rule set, asked by destination."""

    def __init__(self, rules: RuleSet) -> None:
        self.version = rules.version
        self._rules = IndexedRules(rules)
        self._fans = {key_of(table): Fans(table, rules.version) for table in rules.tables.values()}
        self._found: dict[object, tuple[Destination, str, Table]] = {}
        self._masquerades: dict[int, str] = {}
        self.notes: dict[str, None] = {}

    def destinations(self) -> tuple[Destination, ...]:
        """Return the destinations, in the order of the rules; loopback addresses are left out."""
        for is_nat, hooks in STARTS.items():
            wanted = (Dnat, Opaque) if is_nat else (Drop, Reject)
            searches: dict[tuple[str, str], DestinationSearch] = {}
            for base in (base for hook in hooks for base in self._rules.bases[hook] if base.is_nat is is_nat):
                key = key_of(base.table)
                new = DestinationSearch(base.table, self._fans[key], wanted)
                search = searches.setdefault(key, new)
                start = base.hook if is_nat or base.hook == "output" else "prerouting"
                for found in search.below(base.chain.name, Destination(is_local=base.hook == "input")):
                    if is_nat or (found.ports and (found.hosts or found.is_local)):
                        self._found.setdefault(found.key, (found, start, base.table))
        low, high = LOOPBACK[self.version]
        found_all = (found for found, *_ in self._found.values())
        return tuple(f for f in found_all if not f.hosts or any(a < low or b > high for a, b in f.hosts))

    def kind(self, destination: Destination) -> str:
        """Return what a destination is to kube-proxy."""
        return kind_of(destination, self._found[destination.key][2])

    def answers(self, destination: Destination) -> Iterator[tuple[Destination, list[Part]]]:
        """Yield what happens to new connections to a destination; in parts, where rules ask for a part of it."""
        _, hook, _ = self._found[destination.key]
        todo, n = [destination], 1
        while todo:
            at = todo.pop()
            sight = SourcelessSight(at, self.version)
            notes = dict(self.notes)
            parts = [*self._parts(sight, hook, at.is_local)]
            if not sight.cuts or n >= MAX_PARTS:
                yield at, parts
            else:
                n, self.notes = n + 1, notes
                todo += at.split(sight.cuts[0])[::-1]
                self._found |= {part.key: self._found[destination.key] for part in todo[-2:]}

    def _parts(self, sight: SourcelessSight, hook: str, is_local: bool) -> Iterator[Part]:
        journey = SourcelessJourney(self._rules, sight, self._fans)
        passages = journey.through((hook,), [sight.start])
        untouched = [passage for passage in passages if not passage.is_translated]
        if untouched and hook == "prerouting":
            passages = [passage for passage in passages if passage.is_translated]
            passages += journey.through(("input" if is_local else "forward",), untouched)
        ended = [
            (passage, "delivered" if passage.is_translated else "not translated") for passage in passages
        ]
        by_source = defaultdict(list)
        for passage, fate in [*ended, *journey.ended]:
            self.notes |= dict.fromkeys(passage.notes)
            by_source[passage.sources].append((passage, Fate.UNKNOWN if passage.is_in_doubt else fate))
        for ends in by_source.values():
            n = len({to for passage, _ in ends for to in _endpoints(passage)})
            yield from (self._part(passage, str(fate), n) for passage, fate in merged(ends, many=1))

    def _part(self, passage: Passage, fate: str, n: int) -> Part:
        source, fan = ", ".join(passage.sources), passage.fan
        probability = passage.numerator, passage.denominator
        if not passage.is_translated:
            return Part(source, ("",), (share(*probability, 0),), float("nan"), "", "", fate)
        texts: tuple[str, ...]
        shares: tuple[Share, ...]
        if fan is None:
            here = endpoint_text(self.version, passage.destination, passage.port)
            texts = (passage.destination_text or here,)
            shares, chain = (share(*probability, n),), passage.last_chain
        else:
            texts = tuple([endpoint_text(self.version, *to) for to in dict.fromkeys(fan.endpoints)])
            shares, chain = _shares(fan, n, *probability), fan.chain
        return Part(source, texts, shares, 1 / n, chain, self._masquerade(passage), fate)

    def _masquerade(self, passage: Passage) -> str:
        marks = [mark for text, mark in passage.marks if opposite(text) not in passage.sources]
        is_sure = any(text in passage.sources for text, _ in passage.marks)
        words = {
            self._masquerade_of(passage, mark) for mark in (marks if is_sure else [passage.mark, *marks])
        }
        return words.pop() if len(words) == 1 else DEPENDS

    def _masquerade_of(self, passage: Passage, mark: int) -> str:
        if not self._rules.bases["postrouting"] and self._rules.rules.missing:
            return ""  # the text cannot show it
        if mark not in self._masquerades:
            first = passage.fan.endpoints[0][0] if passage.fan else passage.destination
            after = Passage(first, passage.port, mark, is_translated=True)
            sight = SourcelessSight(Destination(), self.version)
            sight.unknown = tuple(asks for asks in sight.unknown if asks is not Asks.SOURCE_PORT)
            ends = SourcelessJourney(self._rules, sight, self._fans).through(("postrouting",), [after])
            found = {end.is_masqueraded for end in ends}
            self.notes |= dict.fromkeys(note for end in ends for note in end.notes if "source port" in note)
            self._masquerades[mark] = DEPENDS if len(found) == 2 else "always" if True in found else "never"
        return self._masquerades[mark]

    def matches(self, destination: Destination, to: str) -> bool:
        """Return whether a destination is, or contains, ``IP:port/PROTOCOL``."""
        return destination.matches(to)

    def way_to(self, destination: Destination) -> Iterator[str]:
        """Yield the rules that a packet from outside meets on the way to a destination, in order, each once."""
        start, packet = (sight := SourcelessSight(destination, self.version)).start, sight.packet
        host = address_text(self.version, start.destination)
        packet = packet._replace(
            source=SOMEONE[self.version], destination=host, local_addresses=(host,) * destination.is_local
        )
        steps = (step for way in Walker(self._rules.rules).walk(packet) for step in way.steps)
        lines = (f"line {s.rule.line}, {s.table} {s.chain}: {s.rule.text}" for s in steps)
        return iter(dict.fromkeys(lines))


def _endpoints(passage: Passage) -> tuple[tuple[int, int], ...]:
    if passage.fan:
        return cast("Fan", passage.fan).endpoints
    return ((passage.destination, passage.port),) * passage.is_translated


def _shares(fan: Fan, n: int, numerator: int, denominator: int) -> tuple[Share, ...]:
    """Return the share of every endpoint of a fan; those of one that stands there twice are added up."""
    if len(set(fan.endpoints)) == len(fan.endpoints):
        return shares_of(fan.chances, n, numerator, denominator)
    sums: dict[tuple[int, int], tuple[int, int]] = {}
    for endpoint, weight in zip(fan.endpoints, weights(fan.chances, numerator, denominator), strict=True):
        sums[endpoint] = added(sums.get(endpoint, (0, 1)), weight)
    return tuple(share(*weight, n) for weight in sums.values())
