"""The chains that a packet goes through on each of its ways: what the picture of a walk is drawn from."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from math import fsum
from typing import NamedTuple

from kubenetlab.charts.endpoint_shares import share_look
from kubenetlab.charts.wording import plural
from kubenetlab.kube_proxy.chain_names import NFTABLES_PREFIXES
from kubenetlab.load_balancing.destinations import Destination
from kubenetlab.load_balancing.packet import Fate, Walk, Way
from kubenetlab.objects.packet_rules import Action, Asks, Choose, Dnat, Goto, Jump, Look, Rule

_CHANCES = 2**31
_ENDS = {Fate.DROPPED: "dropped", Fate.REJECTED: "rejected", Fate.UNKNOWN: "not known"}


class Path(NamedTuple):
    """A way through chains to an end.

    ``chances``: for each chain that of the rule that was taken there, None where it takes everything; ``fair``: one
    part of as many as there are endpoints, 0 for ends that are none; ``shares``: of each end, where several are drawn
    as one.
    """

    chains: tuple[str, ...]
    end: str
    probability: Fraction
    chances: tuple[Fraction | None, ...] = ()
    fair: Fraction = Fraction(0)
    is_masqueraded: bool = False
    shares: tuple[float, ...] = ()

    @property
    def look(self) -> str:
        """What the end gets: a key of ``endpoint_shares.LOOKS``."""
        shares = self.shares or (float(self.probability),)
        looks = {share_look(share, float(self.fair)) if self.fair else "no endpoint" for share in shares}
        return looks.pop() if len(looks) == 1 else "several together"


def paths(walk: Walk, n_most: int) -> list[Path]:
    """Return the ways of a walk by chains and end, in the order of the rules; beyond ``n_most`` the rest as one.

    What is no endpoint is kept first, then what gets a share that is far from its fair one.
    """
    found: dict[tuple[tuple[str, ...], str], Path] = {}
    for way in walk.ways:
        path = _path(way)
        key = (path.chains, path.end)
        before = found[key].probability if key in found else 0
        found[key] = path._replace(probability=path.probability + before)
    fair = fair_share(walk)
    every = [path._replace(fair=fair if path.fair else path.fair) for path in found.values()]
    return every if len(every) <= n_most else _shortened(every, n_most)


def fair_share(walk: Walk) -> Fraction:
    """Return one part of as many as the endpoints that a walk can end at; 0 where there are none."""
    endpoints = {way.destination for way in walk.ways if _is_endpoint(way)}
    return Fraction(1, len(endpoints)) if endpoints else Fraction(0)


def service_port_of(walk: Walk) -> str:
    """Return the first Service port that a comment or the name of a chain on the way names, empty for none."""
    steps = (step for way in walk for step in way.steps)
    named = (Destination(comment=step.rule.comment, chain=step.chain).service_port for step in steps)
    return next(filter(None, named), "")


def _shortened(every: list[Path], n_most: int) -> list[Path]:
    kept = sorted(range(len(every)), key=lambda index: _rank(every[index]))[: n_most - 1]
    rest = [path for index, path in enumerate(every) if index not in kept]
    chains, fair = rest[0].chains, min(path.fair for path in rest)
    if len({path.chains for path in rest}) == len(rest):
        chains = (*chains[:-1], f"{plural(len(rest), 'chain')} more")
    end = plural(len(rest), "other endpoint" if fair else "other end")
    shares = tuple([float(path.probability) for path in rest])
    is_masqueraded = all(path.is_masqueraded for path in rest)
    others = Path(chains, end, Fraction(fsum(shares)), (None,) * len(chains), fair, is_masqueraded, shares)
    return [*(every[index] for index in sorted(kept)), others]


def _rank(path: Path) -> tuple[bool, bool, float]:
    """Return what is small for the ends that must be seen."""
    is_even = path.look == "fair share"
    return path.fair > 0, is_even, 0 if is_even else -abs(float(path.probability - path.fair))


def _path(way: Way) -> Path:
    trail: list[tuple[tuple[str, str], Rule]] = []
    for step in way.steps:
        place = (step.table, step.chain)
        places = [place for place, _ in trail]
        if place in places:
            del trail[places.index(place) :]
        elif trail and not _leads_to(trail[-1][1], step.chain):
            trail.clear()  # the packet came to another hook
        trail.append((place, step.rule))
        if _is_endpoint(way) and _translates(step.rule):
            break
    return Path(
        chains=tuple(chain for (_, chain), _ in trail),
        end=_ENDS.get(way.fate, way.destination),
        probability=way.probability,
        chances=tuple(_chance(rule) for _, rule in trail),
        fair=Fraction(_is_endpoint(way)),
        is_masqueraded=way.is_masqueraded,
    )


def _is_endpoint(way: Way) -> bool:
    return way.is_translated and way.fate is Fate.DELIVERED


def _outcomes(rule: Rule) -> Iterator[Action]:
    """Return all that the actions of a rule may do, as far as the rule itself says it."""
    for action in rule.actions:
        yield action
        if isinstance(action, Choose):
            yield from action.outcomes
        if isinstance(action, Look):
            yield from (outcome for _, outcome in action.elements)


def _leads_to(rule: Rule, chain: str) -> bool:
    is_looked_up = chain.startswith(NFTABLES_PREFIXES)
    return any(
        (isinstance(outcome, Jump | Goto) and outcome.chain == chain)
        or (isinstance(outcome, Look) and outcome.name and is_looked_up)
        for outcome in _outcomes(rule)
    )


def _translates(rule: Rule) -> bool:
    return any(isinstance(outcome, Dnat) for outcome in _outcomes(rule))


def _chance(rule: Rule) -> Fraction | None:
    """Return the probability that a rule itself states for what comes to it, None for one that takes everything."""
    for condition in rule.conditions:
        if condition.asks is Asks.CHANCE:
            return Fraction(condition.operand, _CHANCES)
    chosen = [action for action in rule.actions if isinstance(action, Choose)]
    return Fraction(1, len(chosen[0].outcomes)) if chosen else None
