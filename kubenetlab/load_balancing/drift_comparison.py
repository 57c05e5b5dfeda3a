"""One promise of the dump against what the rules do."""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum
from typing import Final, NamedTuple

from kubenetlab.load_balancing.drift_promises import Answer, Promise
from kubenetlab.load_balancing.drift_sightings import Sighting
from kubenetlab.load_balancing.drift_strangers import Strangers


class Drift(StrEnum):
    """In what way rules and dump differ."""

    NO_SERVICE_PORT = "service port missing"
    STALE_SERVICE_PORT = "service port stale"
    MISSING = "endpoint missing"
    STALE = "endpoint stale"
    FOREIGN = "endpoint foreign"
    UNEVEN = "shares uneven"
    REFUSED = "refused"
    NOT_REFUSED = "should be refused"
    NO_HOOK = "hook missing"


class Difference(NamedTuple):
    """A row of the result."""

    drift: Drift
    service_port: str
    destination: str
    endpoint: str
    where: str
    found: str
    expected: str
    sentence: str


_LOST: Final = 1e-9  # less than this share that reaches no endpoint is rounding
#: What a row says of a service port {port}, a destination {to} and an endpoint {endpoint}.
_SENTENCES: Final = {
    Drift.NO_SERVICE_PORT: "no rule takes connections to {to}",
    Drift.MISSING: "{endpoint} is an endpoint of {port}, but no connection reaches it{at}",
    Drift.STALE: "{port} sends {found} of its connections to {endpoint}{at}: {more}",
    Drift.FOREIGN: "{port} sends {found} of its connections to {endpoint}{at}: {more}",
    Drift.UNEVEN: "the endpoints of {port} get {found} of the connections, not {expected}{at}{more}",
    Drift.REFUSED: "the rules {found} connections to {to}, which has endpoints",
    Drift.NOT_REFUSED: "connections to {to} reach endpoints, but the dump has none for this node",
}


def compared(
    promise: Promise, seen: Sighting, strangers: Strangers, *, is_excerpt: bool
) -> list[Difference] | None:
    """Return the differences between a promise and what the rules do; None where the rules cannot show any."""
    answer = next((a for a in promise.answers if a.endpoints == seen.shares.keys()), promise.answers[0])
    row = _Row(promise)
    if not (seen.shares or seen.refusal):
        if answer.refusal == "drop" and promise.kind != "ClusterIP":
            return []  # KUBE-XLB, before 1.24, marked for dropping what a forwarded packet then survived
        is_shown = seen.is_known and not is_excerpt
        return [row.of(Drift.NO_SERVICE_PORT, "", "no rule", answer.text)] if is_shown else None
    if not seen.shares:
        is_hidden = is_excerpt and seen.refusal == "drop"  # by a set: the map's elements may be cut off
        refused = row.of(Drift.REFUSED, "", seen.refusal, answer.text)
        return None if is_hidden else [refused] * bool(answer.endpoints)
    is_whole = seen.is_known and (not is_excerpt or sum(seen.shares.values()) > 1 - _LOST)
    found = list(_endpoints(row, answer, seen, strangers))
    if is_whole:
        missing = sorted(answer.endpoints - seen.shares.keys())
        due = f"{1 / len(answer.endpoints):.2%}" if missing else ""
        found += [row.of(Drift.MISSING, seen.balancing, "none", due, endpoint=where) for where in missing]
        is_spread = max(seen.shares.values()) - min(seen.shares.values()) > _LOST or not missing
        found += [_uneven(row, seen)] if is_spread and not seen.is_even else []
    return found


class _Row(NamedTuple):
    promise: Promise

    def of(self, drift: Drift, where: str, found: str, expected: str, **words: str) -> Difference:
        port, to = self.promise.proxied.service_port.full_name, self.promise.text
        words = {"endpoint": "", "more": "", "at": f" ({where})" if where else ""} | words
        sentence = _SENTENCES[drift].format(port=port, to=to, found=found, expected=expected, **words)
        return Difference(drift, port, to, words["endpoint"], where, found, expected, sentence)


def _endpoints(row: _Row, answer: Answer, seen: Sighting, strangers: Strangers) -> Iterator[Difference]:
    if not answer.endpoints:
        yield row.of(Drift.NOT_REFUSED, seen.balancing, ", ".join(sorted(seen.shares)), answer.text)
    for where in sorted(seen.shares.keys() - answer.endpoints):
        is_foreign, who = strangers.describe(row.promise, where)
        kind = Drift.FOREIGN if is_foreign else Drift.STALE
        yield row.of(kind, seen.places[where], f"{seen.shares[where]:.2%}", "none", endpoint=where, more=who)


def _uneven(row: _Row, seen: Sighting) -> Difference:
    shares = sorted(seen.shares.values())
    lost = 1 - sum(shares)
    more = f", and {lost:.2%} of connections reach none" if lost > _LOST else ""
    found = f"{shares[0]:.2%} to {shares[-1]:.2%}"
    return row.of(Drift.UNEVEN, seen.balancing, found, f"{1 / len(shares):.2%} each", more=more)
