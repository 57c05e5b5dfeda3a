"""Ranges that a request writes: parsed, without host bits, and apart where they must be."""

from __future__ import annotations

from collections.abc import Iterable
from ipaddress import ip_network
from itertools import pairwise
from typing import NamedTuple

import netaddr

from kubenetlab.errors import ManifestError
from kubenetlab.ipam.planner.blocks import are_apart
from kubenetlab.objects.address_text import is_address
from kubenetlab.readers.plan_request import Ranges, refused

_MAX_RANGES = 1_000
_A_RANGE = "a range such as 10.20.0.0/16"


class Place(NamedTuple):
    """Where in a request something stands: the file, and ``cluster prod`` or ``the request``."""

    file: str
    name: str

    def refused(self, field: str, found: object, expected: str) -> ManifestError:
        """Return the error for what stands in a field here."""
        return refused(self.file, self.name, field, found, expected)


class Fixed(NamedTuple):
    """A range that a cluster has already: the field of its cluster that says so, and the domains that it must be apart in."""

    cluster: str
    field: str
    network: netaddr.IPNetwork
    domains: frozenset[str]


def network(text: str, place: Place, field: str) -> netaddr.IPNetwork:
    """Return a range of a request.

    Raises
    ------
    ManifestError
        If it is no range, or has host bits.
    """
    address, slash, length = text.strip().partition("/")
    if not (slash and length.isascii() and length.isdigit()):
        raise place.refused(field, text or "nothing", _A_RANGE)
    try:
        return netaddr.IPNetwork(str(ip_network(f"{address}/{length}")))
    except ValueError as error:
        raise place.refused(field, text, _rule(text, str(error))) from None


def _rule(text: str, problem: str) -> str:
    if "host bits" in problem:
        return f"a range without host bits: {ip_network(text.strip(), strict=False)}"
    address, _, length = text.strip().partition("/")
    longest = 128 if ":" in address else 32
    return f"a prefix length of 0 to {longest}" if is_address(address) and int(length) > longest else _A_RANGE


def networks(values: Ranges, place: Place, field: str) -> tuple[netaddr.IPNetwork, ...]:
    """Return the ranges of a field: one text, several with commas, or a list."""
    texts = values.split(",") if isinstance(values, str) else values
    if len(texts) > _MAX_RANGES:
        raise place.refused(field, f"{len(texts):,} ranges", f"at most {_MAX_RANGES:,}")
    found = tuple(network(text, place, field) for text in texts)
    for one, other in overlapping(found):
        raise place.refused(field, f"{one} and {other}", "ranges that do not overlap")
    return found


def overlapping(found: Iterable[netaddr.IPNetwork]) -> list[tuple[netaddr.IPNetwork, netaddr.IPNetwork]]:
    """Return the pairs of neighbours, in the order of addresses, where one holds the other."""
    ordered = sorted(found, key=lambda n: (n.version, n.first, n.prefixlen))
    return [(a, b) for a, b in pairwise(ordered) if a.version == b.version and b.first <= a.last]


def refuse_overlaps(fixed: Iterable[Fixed], file: str) -> None:
    """Refuse fixed ranges that overlap although their domains keep them apart.

    Raises
    ------
    ManifestError
        For the first pair, in the order of addresses.
    """
    open_ranges: list[Fixed] = []
    for entry in sorted(fixed, key=lambda f: (f.network.version, f.network.first, f.network.prefixlen)):
        open_ranges = [o for o in open_ranges if o.network.version == entry.network.version
                       and o.network.last >= entry.network.first]  # fmt: skip
        other = next((o for o in open_ranges if are_apart(o.domains, entry.domains)), None)
        if other is not None:
            whose = f"{other.field} of cluster {other.cluster}"
            place = Place(file, f"cluster {entry.cluster}")
            raise place.refused(entry.field, entry.network, f"a range apart from {other.network} ({whose})")
        open_ranges.append(entry)
