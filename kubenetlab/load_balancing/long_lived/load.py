"""What connections come, how long they stay, and what happens to the endpoints meanwhile."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields
from itertools import count, islice
from math import erfc, exp, inf, log
from numbers import Integral, Real
from typing import Final, NamedTuple

from kubenetlab.load_balancing.long_lived import _kernels as kernels
from kubenetlab.visible_text import visible

#: Lifetimes: the kernel's number, the default shape, the shapes that have a mean, the factor from mean to scale, and by x > 0
#: and shape the part of all lifetime that is spent at ages above x means (the integral of the survival function).
LIFETIMES: Final[dict[str, tuple[int, float, float, Callable[..., float], Callable[..., float]]]] = {
    "exponential": (kernels.EXPONENTIAL, 1.0, 0.0, lambda _: 1.0, lambda x, _: exp(-x)),
    "lognormal": (kernels.LOGNORMAL, 1.0, 0.0, lambda s: exp(-s * s / 2),
                  lambda x, s: (erfc((log(x) / s - s / 2) / 2**0.5) - x * erfc((log(x) / s + s / 2) / 2**0.5)) / 2),
    "pareto": (kernels.PARETO, 1.5, 1.0, lambda a: (a - 1) / a,
               lambda x, a: 1 - x if a * x <= a - 1 else ((a - 1) / (a * x)) ** (a - 1) / a),
    "fixed": (kernels.FIXED, 1.0, 0.0, lambda _: 1.0, lambda x, _: max(0.0, 1 - x)),
}  # fmt: skip
MOST_CONNECTIONS: Final = 20_000_000
MOST_ENDPOINTS: Final = 20_000


#: What one step of an event does: endpoints that come, that go, which goes (0 the oldest), whether its connections break.
EVENT_KINDS: Final = {
    "roll-out": (1, 1, 0, False),
    "scale-up": (1, 0, 0, False),
    "scale-down": (0, 1, -1, False),
    "crash": (0, 1, 0, True),
}


@dataclass(frozen=True, slots=True)
class EndpointEvent:
    """Endpoints that come or go, one by one.

    Attributes
    ----------
    kind
        ``roll-out`` (one comes, the oldest goes), ``scale-up``, ``scale-down`` (the newest goes) or ``crash`` (the oldest
        goes, and all its connections break at once).
    at_s
        When the first one does.
    n_endpoints
        How many.
    every_s
        Seconds from one to the next.
    grace_s
        Seconds for which an endpoint that goes keeps its connections (terminationGracePeriodSeconds, 30 by default);
        ``inf``: until they end, 0: they break at once. Clients of broken connections come back at once.
    """

    kind: str
    at_s: float
    n_endpoints: int = 1
    every_s: float = 0.0
    grace_s: float = 30.0

    def __post_init__(self) -> None:
        _check(self, "kind", "at_s", "n_endpoints", "every_s", "grace_s")


class Change(NamedTuple):
    """One endpoint begins to be chosen, ceases to be, or loses its connections."""

    time_s: float
    deed: str
    endpoint: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectionLoad:
    """Connections to one Service, and its endpoints.

    Attributes
    ----------
    n_endpoints
        Endpoints at the beginning.
    duration_s, warm_up_s
        How long it goes on, and from when on it is measured. With an arrival rate it begins without connections, and
        heavy tails fill up slowly: after 50 mean lifetimes of pareto 1.5 there are still 5 % missing (`missing_share`).
    arrival_rate_per_s
        New sessions a second (a Poisson process); None: each client has one at any time, and opens the next at once.
    lifetime, mean_lifetime_s, lifetime_shape
        How long sessions last: ``exponential``, ``lognormal`` (shape: sigma of the logarithm, 1), ``pareto`` (shape: the tail
        index above 1, 1.5) or ``fixed``.
    n_clients, n_nodes
        Clients, each with an address of its own, and their nodes: client i is on node i modulo n_nodes.
    max_age_s, max_age_jitter
        A server closes a connection at this age, spread evenly by plus and minus this part, and the client comes back at
        once with what is left of its session. gRPC spreads by 10 % (gRFC A9, MAX_CONNECTION_AGE).
    events
        What happens to endpoints.
    requests_per_connection_per_s
        Load of one open connection.
    inactive_s
        How long ipvs counts an ended connection as inactive (120: TIME_WAIT in Linux, ip_vs_proto_tcp.c); only lc looks.
    n_samples
        At how many moments, evenly spread, the imbalance is taken.

    Raises
    ------
    ValueError
        If a field is of another type or out of its bounds, more connections would be open or come than can be simulated,
        or events take more endpoints than there are.
    """

    n_endpoints: int
    duration_s: float
    mean_lifetime_s: float
    arrival_rate_per_s: float | None = None
    warm_up_s: float = 0.0
    lifetime: str = "exponential"
    lifetime_shape: float | None = None
    n_clients: int = 1000
    n_nodes: int = 1
    max_age_s: float = inf
    max_age_jitter: float = 0.1
    events: tuple[EndpointEvent, ...] = ()
    requests_per_connection_per_s: float = 1.0
    inactive_s: float = 120.0
    n_samples: int = 200

    def __post_init__(self) -> None:
        left_out = {"events"} | {name for name in _OPTIONAL if getattr(self, name) is None}
        _check(self, *(name for name in LOAD_FIELDS if name not in left_out))
        if not isinstance(self.events, tuple) or not {EndpointEvent} >= {
            type(event) for event in self.events
        }:
            raise ValueError(f"events {_shown(self.events)}: expected a tuple of EndpointEvent")
        n_ends = self.open_connections + self.ends_per_s * self.duration_s
        for name, found, least, most in (
            ("lifetime_shape", self.shape, LIFETIMES[self.lifetime][2], inf),
            ("warm_up_s", self.warm_up_s, -1.0, self.duration_s),
            ("how many connections are open", self.open_connections, 0.0, MOST_CONNECTIONS),
            ("how many connections end", n_ends, 0.0, 1e11),
            ("how many endpoints there are in all", self.n_known, 0, MOST_ENDPOINTS + 1),
        ):
            if not least < found < most:
                raise ValueError(f"{name}: {found:,g} is not between {least:,g} and {most:,g}")

    @property
    def is_closed(self) -> bool:
        """Whether the clients are a fixed population."""
        return self.arrival_rate_per_s is None

    @property
    def shape(self) -> float:
        """The shape of the lifetimes, given or the default."""
        return LIFETIMES[self.lifetime][1] if self.lifetime_shape is None else float(self.lifetime_shape)

    @property
    def open_connections(self) -> float:
        """Connections that are open in the long run (Little's law), at most."""
        if self.arrival_rate_per_s is None:
            return float(self.n_clients)
        return self.arrival_rate_per_s * min(self.mean_lifetime_s, self.duration_s)

    @property
    def missing_share(self) -> float:
        """Part of the long run's connections that is not there yet at the end of the warm-up: it began without any.

        Events and a maximum age do not count: they change where connections are, not how many.
        """
        x = self.warm_up_s / self.mean_lifetime_s
        return 0.0 if self.is_closed else LIFETIMES[self.lifetime][4](x, self.shape) if x else 1.0

    @property
    def ends_per_s(self) -> float:
        """Connections that end in a second, about."""
        return self.open_connections * (1 / min(self.mean_lifetime_s, self.duration_s) + 1 / self.max_age_s)

    @property
    def n_known(self) -> int:
        """Endpoints of the beginning and those that come."""
        return self.n_endpoints + sum(change.deed == "in" for change in self.changes)

    @property
    def changes(self) -> tuple[Change, ...]:
        """What the events do, in order of time."""
        steps = [(e.at_s + step * e.every_s, e) for e in self.events for step in range(e.n_endpoints)]
        found, live, comers = list[Change](), list(range(self.n_endpoints)), count(self.n_endpoints)
        for time_s, event in sorted((s for s in steps if s[0] <= self.duration_s), key=lambda step: step[0]):
            n_in, n_out, which, is_cut = EVENT_KINDS[event.kind]
            live += islice(comers, n_in)
            found += [Change(time_s, "in", endpoint) for endpoint in live[len(live) - n_in :]]
            if n_out and len(live) <= self.is_closed:
                when = f"the {event.kind} takes an endpoint at {time_s:g} s"
                raise ValueError(f"{when}, but there are only {len(live)}")
            for gone in [live.pop(which)] if n_out else []:
                cut_s = time_s + (0.0 if is_cut else event.grace_s)
                found += [Change(time_s, "out", gone), Change(cut_s, "cut", gone)]
        found.sort(key=lambda change: change.time_s)
        return tuple(change for change in found if change.time_s <= self.duration_s)


_OPTIONAL: Final = ("arrival_rate_per_s", "lifetime_shape")
LOAD_FIELDS: Final = tuple(field.name for field in fields(ConnectionLoad))
#: Least and most of each field, and whether it is a whole number.
_BOUNDS: Final[dict[str, tuple[float, float, bool]]] = {
    "n_endpoints": (1, MOST_ENDPOINTS, True),
    "n_clients": (1, MOST_CONNECTIONS, True),
    "n_nodes": (1, 20_000, True),
    "n_samples": (1, 100_000, True),
    "duration_s": (1e-9, 1e12, False),
    "mean_lifetime_s": (1e-9, 1e15, False),
    "arrival_rate_per_s": (1e-12, 1e9, False),
    "warm_up_s": (0, 1e12, False),
    "lifetime_shape": (1e-6, 1e3, False),
    "max_age_s": (1e-6, inf, False),
    "max_age_jitter": (0, 0.99, False),
    "requests_per_connection_per_s": (0, 1e12, False),
    "inactive_s": (0, 1e6, False),
    "at_s": (0, 1e12, False),
    "every_s": (0, 1e12, False),
    "grace_s": (0, inf, False),
}
_NAMES: Final = {"kind": tuple(EVENT_KINDS), "lifetime": tuple(LIFETIMES)}


def _check(checked: object, *names: str) -> None:
    for name in names:
        found = getattr(checked, name)
        if table := _NAMES.get(name):
            if not isinstance(found, str) or found not in table:
                raise ValueError(f"{name} {_shown(found)}: expected one of {', '.join(table)}")
            continue
        least, most, is_whole = _BOUNDS[name]
        is_number = isinstance(found, Integral if is_whole else Real) and not isinstance(found, bool)
        if not is_number or not least <= found <= most:
            kind = "whole number" if is_whole else "number"
            raise ValueError(f"{name} is {_shown(found)}, expected a {kind} of {least:,g} to {most:,g}")


def _shown(found: object) -> str:
    return visible(repr(found)[:100])
