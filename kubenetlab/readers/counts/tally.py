"""Counts as they come in, by service and endpoint, with bounds; and the shares that somebody expects."""

from __future__ import annotations

import re
from collections.abc import Mapping
from math import fsum

from msgspec.structs import replace

from kubenetlab.errors import ManifestError, SettingError, UnreadableError
from kubenetlab.objects.connection_counts import Counted, EndpointCounts
from kubenetlab.readers.plan_request import refused

Column = str | int | None  # a column of a table: its name or its number, from 1

MAX_ENDPOINTS = 10_000
MAX_SERVICES = 50_000
MAX_COUNT = 10**10  # what luck judges at most
LEAST_SHARE = 1e-12
IDLE = "no count in the text, taken as 0: {}"
ONLY_ONE = "only one endpoint seen: if there are others this is no chance: --expected dump.json"
_SHARE = re.compile(r"[0-9]{0,15}(?:[0-9]\.?|\.[0-9])[0-9]{0,30}(?:e-?[0-9]{1,2})?")
_WHOLE = re.compile(r"\+?0*([0-9]{1,16})(?:\.(?!000$)0*)?")


def word_at(place: str, n_words: int) -> int | None:
    """Return the index of a word by its number, as awk counts and -1 for the last; None where there is none.

    >>> word_at("1", 3), word_at("-1", 3), word_at("4", 3), word_at("pod", 3)
    (0, -1, None, None)
    """
    at = int(place) - (int(place) > 0) if re.fullmatch("-?[1-9][0-9]{0,3}", place) else n_words
    return at if -n_words <= at < n_words else None


class Tally:
    """The counts of one source; ``remarks`` by service become notes."""

    def __init__(self, source: str) -> None:
        self.source = source
        self.remarks: dict[str, list[str]] = {}
        self._counts: dict[str, dict[str, int]] = {}

    def refused(self, place: str, field: str, found: object, expected: str) -> ManifestError:
        """Return the error for a value of the source."""
        return refused(self.source, place, field, found, expected)

    def whole(self, value: object, place: str, field: str) -> int:
        """Return a count: text or a number of JSON.

        Raises
        ------
        ManifestError
            If it is negative, no whole number, above 10**10, or ``1.000``, which may be a thousand.
        """
        found = None if isinstance(value, bool) else _WHOLE.fullmatch(str(value).strip())
        if not found or int(found[1]) > MAX_COUNT:
            expected = f"a whole number from 0 to {MAX_COUNT:,}, without a point or comma in it"
            raise self.refused(place, field, f"{value!r:.80}", expected)
        return int(found[1])

    def add(self, service: str, endpoint: str, count: int, place: str) -> None:
        """Add to the count of an endpoint.

        Raises
        ------
        ManifestError
            If it has no name, or is one too many.
        """
        counts = self._counts.setdefault(service, {})
        counts[endpoint] = counts.get(endpoint, 0) + count
        if not endpoint:
            raise self.refused(place, "endpoint", "nothing", "a name or IP:port")
        if len(counts) > MAX_ENDPOINTS or len(self._counts) > MAX_SERVICES:
            expected = f"at most {MAX_ENDPOINTS:,} endpoints of {MAX_SERVICES:,} services"
            raise self.refused(place, "endpoint", "one more", expected)

    def entries(self, counted: Counted, where: str, *notes: str) -> list[EndpointCounts]:
        """Return what was counted, services and endpoints in the order in which they came.

        Raises
        ------
        UnreadableError
            If nothing was, and there is no remark on it.
        """
        has_any = any(any(counts.values()) for counts in self._counts.values())
        if not self._counts or not (has_any or self.remarks):
            found = "only zeros" if self._counts else "nothing to count"
            raise UnreadableError(f"{self.source}: found {found} in {where}, expected counts")
        return [
            EndpointCounts(
                *(service, tuple(counts), tuple(counts.values()), (), counted, self.source, where),
                notes=(*notes, *self.remarks.get(service, ())),
            )
            for service, counts in self._counts.items()
        ]


def expected_shares(expected: Mapping[str, object] | str, source: str = "expected") -> dict[str, float]:
    """Return expected shares or ratios by endpoint, made to add to 1.

    Parameters
    ----------
    expected
        A map, or ``a=2,b=1``.
    source
        What messages call it.

    Raises
    ------
    SettingError
        If one is not a number above 0, or an endpoint comes twice.

    Examples
    --------
    >>> expected_shares("10.0.0.1:80=3, 10.0.0.2:80=1")
    {'10.0.0.1:80': 0.75, '10.0.0.2:80': 0.25}
    """
    parts = expected.split(",") if isinstance(expected, str) else [f"{n}={x}" for n, x in expected.items()]
    shares: dict[str, float] = {}
    for part in parts:
        name, _, text = (word.strip() for word in part.rpartition("="))
        share = float(text) if _SHARE.fullmatch(text) else 0.0
        if not name or name in shares or not LEAST_SHARE <= share <= 1 / LEAST_SHARE:
            rule = "each endpoint once, with a number above 0, such as a=2,b=1"
            raise SettingError(f"{source}: found {part!r:.80}, expected {rule}")
        shares[name] = share
    total = fsum(shares.values())
    return {name: share / total for name, share in shares.items()}


def with_shares(found: list[EndpointCounts], shares: Mapping[str, float]) -> list[EndpointCounts]:
    """Give counts the shares of their endpoints; of several Services, only those are kept that have one of them.

    Raises
    ------
    UnreadableError
        If a counted endpoint has no share, or no Service has any of the endpoints.
    """
    kept = [one for one in found if len(found) == 1 or not shares.keys().isdisjoint(one.endpoints)]
    unknown = next((name for one in kept or found for name in one.endpoints if name not in shares), None)
    if unknown is not None:
        expected = f"one of {', '.join(shares)}"[:200]
        raise UnreadableError(f"{found[0].source}: found a count of {unknown!r:.80}, expected {expected}")
    whole = []
    for one in kept:
        idle = sorted(shares.keys() - {*one.endpoints})
        names, counts = (*one.endpoints, *idle), (*one.counts, *[0] * len(idle))
        notes = [note for note in one.notes if note != ONLY_ONE]
        notes += [IDLE.format(", ".join(idle)[:300])] * bool(idle)
        part, rest = tuple(shares[name] for name in names), (0,) * len(idle) * bool(one.unanswered)
        new = replace(one, endpoints=names, counts=counts, shares=part, unanswered=one.unanswered + rest)
        whole.append(replace(new, notes=tuple(notes)))
    return whole
