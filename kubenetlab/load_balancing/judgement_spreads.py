"""Remarks on chains that spread connections: unlike shares, endpoints that stand twice, packets that fall through."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from typing import Final, NamedTuple

from kubenetlab.load_balancing.chain_targets import reached
from kubenetlab.load_balancing.coverage import chooses
from kubenetlab.load_balancing.drift_rounding import rounding
from kubenetlab.load_balancing.dyadic import ONE, rest_of, shares_of
from kubenetlab.load_balancing.fans import Fan, Fans
from kubenetlab.load_balancing.passage import endpoint_text
from kubenetlab.load_balancing.remarks import Place, Remark
from kubenetlab.load_balancing.shares import rule_shares
from kubenetlab.objects.packet_rules import RuleSet

EVEN: Final = 1e-5  # of the fair share; ten digits stay below it up to 10,000 endpoints
LOST: Final = 1e-9  # of the traffic; less is rounding
SHOWN: Final = 6  # endpoints whose shares a sentence names


class End(NamedTuple):
    """A row of the table of shares."""

    chain: str
    endpoint: str
    share: float
    fate: str


def spreads(rules: RuleSet) -> Iterator[Remark]:
    """Yield chains whose endpoints get unlike shares, or stand twice, and those that let packets fall through."""
    others: list[tuple[Place, float]] = []
    even: set[str] = set()
    for table in rules.tables.values():
        fans = Fans(table, rules.version)
        for chain in (c for c in table.chains.values() if any(map(chooses, c.rules))):
            fan, place = fans.of(chain.name), Place(rules, table, chain)
            rest, out_of = rest_of(fan.chances) if fan else (0, 1)
            if fan and rest / out_of <= LOST:
                even.add(chain.name)
                yield from _of_fan(place, fan)
            else:
                others.append((place, rest / out_of))
    if others:
        yield from _by_shares(others, even)


def _of_fan(place: Place, fan: Fan) -> Iterator[Remark]:
    shares = shares_of(fan.chances, len(fan.endpoints))
    times = Counter(fan.endpoints)
    if len(times) == len(shares) and all(abs(share.relative_difference) <= EVEN for share in shares):
        return
    names = [endpoint_text(place.rules.version, *endpoint) for endpoint in fan.endpoints]
    totals: dict[str, float] = defaultdict(float)
    for name, share in zip(names, shares, strict=True):
        totals[name] += share.share
    for name, n in Counter(names).items():
        if n > 1:
            yield place.remark("endpoint twice", "medium", f"{name} stands {n} times among the endpoints")
    if not _is_rounded(fan.chances) and _is_uneven(totals, EVEN / len(totals)):
        yield place.remark("uneven", "high", f"uneven: {_named(totals)}")


def _by_shares(places: list[tuple[Place, float]], even: set[str]) -> Iterator[Remark]:
    """Yield what only the shares of whole destinations can tell: what other rules take of the rest."""
    frame = rule_shares(places[0][0].rules).frame
    ends: dict[tuple[str, str], list[End]] = defaultdict(list)
    asking: dict[str, set[tuple[str, str]]] = defaultdict(set)
    for to, source, *end in zip(
        *(frame[name] for name in ("destination", "source", *End._fields)), strict=True
    ):
        ends[to, source].append(End(*end))
        asking[end[0]].add((to, source))
    for place, rest in places:
        keys = {
            key: None for name in reached(place.table, [place.chain.name]) for key in asking.get(name, ())
        }
        mine = {key: ends[key] for key in keys if not even.issuperset(end.chain for end in ends[key])}
        lost = [sum(e.share for e in of if e.fate == "not translated") for of in mine.values()] or [rest]
        if max(lost) > LOST:
            last = next(rule for rule in reversed(place.chain.rules) if rule.actions)
            said = (
                f"{max(lost):.4%} of the traffic falls through: the last rule takes only a part of the rest"
            )
            yield place.remark("falls through", "high", said, last)
        else:
            yield from _uneven(place, mine)


def _uneven(place: Place, ends: dict[tuple[str, str], list[End]]) -> Iterator[Remark]:
    for key, of in ends.items():
        totals: dict[str, float] = defaultdict(float)
        for end in of:
            totals[end.endpoint] += end.share
        is_delivered = all(end.fate == "delivered" for end in of)
        if is_delivered and _is_uneven(totals, rounding(len(totals), 5)):
            yield place.remark(
                "uneven", "high", f"uneven for {' '.join(filter(None, key))}: {_named(totals)}"
            )
            return


def _is_uneven(shares: Mapping[str, float], tolerance: float) -> bool:
    return any(abs(share - sum(shares.values()) / len(shares)) > tolerance for share in shares.values())


def _named(shares: Mapping[str, float]) -> str:
    n = len(shares)
    named = [f"{where} {share:.4g}" for where, share in shares.items()]
    if n > SHOWN:
        ends = sorted(shares, key=shares.__getitem__)
        named = [f"from {ends[0]} {shares[ends[0]]:.4g} to {ends[-1]} {shares[ends[-1]]:.4g}"]
    even = [f"1/{left}" for left in range(n, 1, -1)] + ["1"]
    chances = ", ".join(even) if n < SHOWN else f"{even[0]}, {even[1]} … 1"
    return f"{', '.join(named)}, where 1/{n} = {1 / n:.4g} is fair; even chances are {chances}"


def _is_rounded(chances: tuple[int, ...]) -> bool:
    """Return whether chances are 1/n, 1/(n-1) … as kube-proxy before 1.17 wrote them: five digits (PR 83599)."""
    wanted = (round(1 / (len(chances) - i), 5) * ONE for i in range(len(chances)))
    return all(abs(chance - want) <= 1 for chance, want in zip(chances, wanted, strict=True))
