"""The settings of CoreDNS' cache plugin, as its line in a Corefile says them.

Source: CoreDNS 1.13.1, plugin/cache/setup.go.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from kubenetlab.dns.records.zones import normalized, zone_of
from kubenetlab.errors import ManifestError, Refusal
from kubenetlab.objects.corefile import Directive

#: The TTL of what has no record to take it from, and the longest that is looked at. [s]
MINIMAL_TTL_S, MAXIMUM_TTL_S = 5, 3600
N_SHARDS = 256
_INTEGER = re.compile("[+-]?[0-9]{1,19}")
_SECONDS = {"ns": 1e-9, "us": 1e-6, "µs": 1e-6, "μs": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0}
_DURATION = re.compile(rf"([0-9]+\.?[0-9]*|\.[0-9]+)({'|'.join(_SECONDS)})")


class Store(NamedTuple):
    """One of a cache's two stores: entries, bounds of a TTL there [s], and the zones that it leaves out."""

    max_ttl_s: int
    min_ttl_s: int = MINIMAL_TTL_S
    capacity: int = 10_000
    left_out: tuple[str, ...] = ()

    @property
    def shard_size(self) -> int:
        """Entries that each of the 256 shards holds (plugin/pkg/cache/cache.go, New)."""
        return max(4, self.capacity // N_SHARDS)


_SUCCESS, _DENIAL = Store(MAXIMUM_TTL_S), Store(MAXIMUM_TTL_S // 2)


@dataclass(frozen=True, slots=True, kw_only=True)
class CacheSettings:
    """What plugin cache is told.

    Attributes
    ----------
    success, denial
        The stores of answers, and of NXDOMAIN, NODATA and failures.
    servfail_ttl_s
        How long SERVFAIL and NOTIMP are kept; 0 for not at all. [s]
    zones
        Absolute names in lower case; empty for every name.
    prefetch_amount, prefetch_window_s, prefetch_percentage
        Fetch again what was asked that often, without a pause longer than the window [s], once that part of its TTL
        is left [%]; amount 0 for never.
    stale_up_to_s
        How long an entry may still be given out, with TTL 0, after its end; 0 for not. [s]
    stale_mode
        Whether the server behind is asked after a stale entry is given out (``immediate``), or before (``verify``).
    keeps_ttl
        Whether a TTL is not counted down.
    """

    success: Store = _SUCCESS
    denial: Store = _DENIAL
    servfail_ttl_s: float = MINIMAL_TTL_S
    zones: tuple[str, ...] = ()
    prefetch_amount: int = 0
    prefetch_window_s: float = 60
    prefetch_percentage: int = 10
    stale_up_to_s: float = 0
    stale_mode: str = "immediate"
    keeps_ttl: bool = False

    @classmethod
    def of_directive(cls, directive: Directive, source: str = "Corefile") -> CacheSettings:
        """Return what a ``cache`` line and its block say.

        Raises
        ------
        ManifestError
            For what CoreDNS refuses, with the line and its text.
        """
        settings = cls()
        for option in (directive, *directive.block):
            try:
                settings = _with(settings, option.args, "" if option is directive else option.name)
            except ValueError as error:
                found, expected = (
                    " ".join((option.name, *option.args)),
                    f"what CoreDNS takes; it says {error}",
                )
                raise ManifestError(
                    Refusal(source, f"line {option.line}", "cache", found, expected)
                ) from None
        return settings

    def store(self, kind: str) -> Store:
        """Return where answers of a kind (`store_of`) lie."""
        return self.success if kind == "success" else self.denial

    def serves(self, name: str) -> bool:
        """Return whether questions for a name pass through the cache."""
        return not self.zones or zone_of(self.zones, name) != ""


def _with(settings: CacheSettings, args: Sequence[str], name: str) -> CacheSettings:
    """``cache [TTL] [ZONES…]`` has no name here; a first argument that is no number is a zone."""
    if name == "" and not (args and _INTEGER.fullmatch(args[0])):
        return replace(settings, zones=normalized(args))
    least, most, names = _OPTIONS.get(name, (1, 0, ""))
    if not least <= len(args) <= most:
        last = args[-1] if args and name in _OPTIONS else name
        raise ValueError(f"Wrong argument count or unexpected line ending after {last!r}")
    fields = _IMPLIED.get(name, {}) | dict(map(_read, names.split(), args))
    if name == "disable":
        name, fields = fields["store"], {"left_out": normalized(args[1:]) or (".",)}
    if name in ("", *_KINDS):
        stores = {kind: settings.store(kind)._replace(**fields) for kind in _KINDS if name in ("", kind)}
        fields = stores if name else {**stores, "zones": normalized(args[1:])}
    return replace(settings, **fields)


def _number(text: str) -> int:
    """Return the number that Go's strconv.Atoi reads."""
    if _INTEGER.fullmatch(text) is None:
        raise ValueError(f'strconv.Atoi: parsing "{text[:100]}": invalid syntax')
    return int(text)


def _percent(text: str) -> int:
    if not text.endswith("%"):
        raise ValueError(f"last character of percentage should be `%`, but is: {text[-1:]!r}")
    return _number(text[:-1])


def _duration_s(text: str) -> float:
    """Return the seconds of what Go's time.ParseDuration reads: ``1h20m``, ``1.5s``, ``0``."""
    unsigned = text[text[:1] in ("+", "-") :]
    parts = _DURATION.findall(unsigned[:100])
    if unsigned != "0" and "".join(map("".join, parts)) != (unsigned or None):
        fault = "missing unit in" if re.fullmatch("[0-9.]+", unsigned) else "invalid"
        raise ValueError(f'time: {fault} duration "{text[:100]}"')
    return sum(float(number) * _SECONDS[unit] for number, unit in parts) * (-1 if text[:1] == "-" else 1)


def _read(field: str, text: str) -> tuple[str, Any]:
    read, *checks = _FIELDS[field]
    value = read(text)
    for is_right, fault in checks:
        if not is_right(value):
            raise ValueError(fault.format(value))
    return field, value


_MANY, _KINDS, _MODES = 10**9, ("success", "denial"), ("immediate", "verify")
#: How a field is read, and what CoreDNS checks with its words.
_FIELDS: dict[str, tuple[Any, ...]] = {
    "capacity": (_number,),
    "max_ttl_s": (_number, (lambda n: n > 0, "cache TTL can not be zero or negative: {}")),
    "min_ttl_s": (_number, (lambda n: n >= 0, "cache min TTL can not be negative: {}")),
    "prefetch_amount": (_number, (lambda n: n >= 0, "prefetch amount should be positive: {}")),
    "prefetch_window_s": (_duration_s,),
    "prefetch_percentage": (
        _percent,
        (range(10, 91).__contains__, "percentage should fall in range [10, 90]: {}"),
    ),
    "stale_up_to_s": (_duration_s, (lambda s: s >= 0, "invalid negative duration for serve_stale")),
    "stale_mode": (str.lower, (_MODES.__contains__, "invalid value for serve_stale refresh mode: {}")),
    "servfail_ttl_s": (
        _duration_s,
        (lambda s: s >= 0, "invalid negative ttl for servfail"),
        (lambda s: s <= 300, "caching SERVFAIL responses over 5 minutes is not permitted"),
    ),
    "store": (str, (_KINDS.__contains__, 'cache type for disable must be "success" or "denial"')),
}
#: How many arguments an option takes, and the fields that the first ones set.
_OPTIONS = {
    "": (1, _MANY, "max_ttl_s"),
    "success": (1, _MANY, "capacity max_ttl_s min_ttl_s"),
    "denial": (1, _MANY, "capacity max_ttl_s min_ttl_s"),
    "prefetch": (1, 3, "prefetch_amount prefetch_window_s prefetch_percentage"),
    "serve_stale": (0, 2, "stale_up_to_s stale_mode"),
    "servfail": (1, 1, "servfail_ttl_s"),
    "disable": (1, _MANY, "store"),
    "keepttl": (0, 0, ""),
}
_ONE_HOUR = {"stale_up_to_s": 3600.0, "stale_mode": "immediate"}
#: What an option sets by itself.
_IMPLIED: dict[str, dict[str, Any]] = {"serve_stale": _ONE_HOUR, "keepttl": {"keeps_ttl": True}}

#: Plugin cache without a word; ``cache 30``; kubeadm's, which keeps nothing of the cluster's zone (its manifests.go).
COREDNS_DEFAULT = CacheSettings()
CACHE_30 = CacheSettings(success=Store(30), denial=Store(30))
_NO_CLUSTER = Store(30, left_out=("cluster.local.",))
KUBEADM = CacheSettings(success=_NO_CLUSTER, denial=_NO_CLUSTER)
#: The cluster's zone in NodeLocal DNSCache's manifest (nodelocaldns.yaml, node-cache 1.26.4); its other zones have `CACHE_30`.
NODE_LOCAL = CacheSettings(success=Store(30, capacity=9984), denial=Store(5, capacity=9984))
