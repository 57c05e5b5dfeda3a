"""How long a lookup takes, as chances: caches, round trips, and the waits that a lost packet costs."""

import math
from collections.abc import Callable, Iterable, Mapping
from functools import reduce
from itertools import accumulate
from random import Random
from typing import NamedTuple

from kubenetlab.dns.demand.flows import Flow
from kubenetlab.dns.demand.servers import Client
from kubenetlab.dns.demand.setup import Latencies
from kubenetlab.dns.resolvers.lookups import Lookup
from kubenetlab.objects.dns_message import Ask, Reply, Sent

NEGLIGIBLE = 1e-5  # chance of what is not followed
MOST_WAYS = 250  # of one lookup: beyond that too it is not followed,
_FEW = 1e-3  # unless the chance of what is left is above this: then lookups are
N_DRAWN = 1000  # drawn at random
Chances = Mapping[float, float]  # by seconds; what misses to 1 is later than all


class Outcome(NamedTuple):
    """One way in which a lookup goes: its chance, how long it takes [s], and whether an address comes out."""

    chance: float
    took_s: float
    is_found: bool


class _Lossy:
    """A server behind a net that loses some UDP queries (or their answers), by their number."""

    def __init__(self, ask: Ask, is_lost: Callable[[int], bool]) -> None:
        self._ask, self._is_lost, self.n_asked, self.n_lost = ask, is_lost, 0, 0

    def __call__(self, sent: Sent) -> Reply | None:
        if sent.transport == "tcp":  # TCP sends again what was lost
            return self._ask(sent)
        self.n_asked += 1
        if not self._is_lost(self.n_asked - 1):
            return self._ask(sent)
        self.n_lost += 1
        return None


def outcomes(client: Client, ask: Ask, loss: float) -> list[Outcome]:
    """Return how a lookup goes with no query unanswered, one, two and so on, in every combination, with its exact chance.

    Parameters
    ----------
    client
        Whose lookup it is.
    ask
        Its server, as it answers without loss.
    loss
        Chance that a packet is lost: a query has no answer with the chance ``1 - (1 - loss)²``.

    Returns
    -------
    The outcomes, that without loss first. Their chances sum to 1 less that of the combinations of more lost queries: at most
    `NEGLIGIBLE`, or what `MOST_WAYS` leave over. Where that is more than 0.1 % (from a loss of some 2 % on), all but the first are
    `N_DRAWN` lookups that lose queries at random, always the same ones, and the chances sum to 1.
    """
    missing = 1 - (1 - loss) ** 2
    found: list[Outcome] = []
    pending: list[tuple[int, ...]] = [()]
    for lost in pending:
        if len(found) == MOST_WAYS or sum(way.chance for way in found) > 1 - NEGLIGIBLE:
            break
        server = _Lossy(ask, lost.__contains__)
        lookup = client.look_up(server)
        chance = missing ** len(lost) * (1 - missing) ** (server.n_asked - len(lost))
        found.append(Outcome(chance, lookup.took_s, bool(lookup.addresses)))
        pending += [(*lost, number) for number in range(max(lost, default=-1) + 1, server.n_asked)]
    is_enough = sum(way.chance for way in found) >= 1 - _FEW
    return found if is_enough else [found[0], *_drawn(client, ask, missing, 1 - found[0].chance)]


def _drawn(client: Client, ask: Ask, missing: float, chance: float) -> list[Outcome]:
    """Return lookups that lose at least one query, which has a chance, as chance has it."""
    random = Random(0)
    found: list[Outcome] = []
    while len(found) < N_DRAWN:
        server = _Lossy(ask, lambda _: random.random() < missing)
        lookup = client.look_up(server)
        if server.n_lost:
            found.append(Outcome(chance / N_DRAWN, lookup.took_s, bool(lookup.addresses)))
    return found


def times(lookup: Lookup, delays: Callable[[Sent], Chances], ways: list[Outcome]) -> dict[float, float]:
    """Return the chances of a lookup's time [s]: its candidates one after the other, and what waits for lost queries add.

    Parameters
    ----------
    lookup
        As it goes without loss.
    delays
        The chances of the time to a query's answer [s]. Of queries sent at the same moment the first stands for all: they are
        always asked together, so that caches hold both or none.
    ways
        Its outcomes. A wait is the time beyond that of the first; it is exact but for round trips of queries sent again.
    """
    steps = {one.sent.at_s: one.sent for one in reversed(lookup.queries)}
    total = reduce(_sum, map(delays, steps.values()), {0.0: 1.0})
    waits = mixed((way.chance, {max(0.0, way.took_s - ways[0].took_s): 1.0}) for way in ways)
    return _sum(total, waits)


def delays(flow: Flow, trips: Latencies) -> dict[float, float]:
    """Return the chances of the time to the answer of a query [s], by what caches hold."""
    from_node = flow.node_hits / flow.node if flow.node else 0.0
    start = trips.node_local_s if flow.node else 0.0
    near = start + trips.coredns_s
    far = min(1.0, flow.forwarded / flow.coredns) if flow.coredns else 0.0
    behind = (
        {start + trips.upstream_s: 1.0} if flow.outside else {near: 1 - far, near + trips.upstream_s: far}
    )
    return mixed([(from_node, {start: 1.0}), (1 - from_node, behind)])


def _sum(first: Chances, second: Chances) -> dict[float, float]:
    """Return the chances of the sum of two independent times."""
    return mixed(
        (chance, {start + time: more for time, more in second.items()}) for start, chance in first.items()
    )


def mixed(parts: Iterable[tuple[float, Chances]]) -> dict[float, float]:
    """Return the chances of a time that is one of several, each with its weight; times to the microsecond."""
    total: dict[float, float] = {}
    for weight, chances in parts:
        for time, chance in chances.items():
            total[round(time, 6)] = total.get(round(time, 6), 0.0) + weight * chance
    return total


def quantile(chances: Chances, share: float) -> float:
    """Return the shortest time within which a share of all is done; infinite where the chances do not reach it [s]."""
    reached = zip(sorted(chances), accumulate(chances[time] for time in sorted(chances)), strict=True)
    return next((time for time, total in reached if total >= share - 1e-12), math.inf)
