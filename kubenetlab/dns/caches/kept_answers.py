"""Which answers a cache keeps and for how long: the TTL that an answer gets there.

Source: CoreDNS 1.13.1, plugin/cache/cache.go, plugin/pkg/response/typify.go, plugin/pkg/dnsutil/ttl.go.
"""

from __future__ import annotations

from kubenetlab.dns.caches.cache_settings import COREDNS_DEFAULT, MAXIMUM_TTL_S, MINIMAL_TTL_S, CacheSettings
from kubenetlab.dns.records.zones import zone_of
from kubenetlab.objects.dns_message import Answer, Rcode


def store_of(answer: Answer) -> str:
    """Return ``success``, ``denial`` or ``servfail`` for an answer that may be kept, empty for another.

    Not kept: REFUSED and other errors, NXDOMAIN without an SOA record. ``servfail`` lies in the denial store.
    """
    has_soa = any(record.type == "SOA" for record in answer.authority)
    if answer.rcode is Rcode.NOERROR:
        return "denial" if has_soa and not answer.answer else "success"
    if answer.rcode is Rcode.NXDOMAIN:
        return "denial" if has_soa else ""
    return "servfail" if answer.rcode in (Rcode.SERVFAIL, Rcode.NOTIMP) else ""


def message_ttl_s(answer: Answer) -> int:
    """Return the smallest TTL of all records, at most an hour; 5 s where there is none, in referrals and errors [s]."""
    records = (*answer.answer, *answer.authority, *answer.additional)
    ttls = [record.ttl for record in records if record.type != "OPT"]
    has_ttl = ttls and (store_of(answer) == "denial" or (store_of(answer) == "success" and answer.answer))
    return min(*ttls, MAXIMUM_TTL_S) if has_ttl else MINIMAL_TTL_S


def bounds_s(answer: Answer, settings: CacheSettings) -> tuple[int, int]:
    """Return the bounds that a cache sets to the TTL of an answer, kept or not; the upper one wins [s]."""
    kind = store_of(answer)
    store, fixed_s = settings.store(kind or "success"), int(settings.servfail_ttl_s)
    return (fixed_s, fixed_s) if kind == "servfail" else (store.min_ttl_s, store.max_ttl_s)


def lifetime_s(answer: Answer, settings: CacheSettings) -> int:
    """Return the TTL that a cache writes into every record of an answer, kept or not [s]."""
    low_s, high_s = bounds_s(answer, settings)
    return min(max(message_ttl_s(answer), low_s), high_s)


def effective_ttl(answer: Answer, settings: CacheSettings = COREDNS_DEFAULT, name: str = "") -> float | None:
    """Return how long a cache keeps an answer [s]; None if not at all.

    The smallest TTL of all its records, brought within the bounds of its store; an SOA record's own TTL counts, its
    MINIMUM field does not. ``name`` is the question, for the zones of the cache and those that it leaves out.

    >>> from kubenetlab.dns.caches.cache_settings import KUBEADM
    >>> from kubenetlab.objects.dns_message import Record
    >>> effective_ttl(Answer(answer=(Record("web.", "A", 7200, "10.0.0.1"),)), KUBEADM, "web.")
    30.0
    >>> effective_ttl(Answer(Rcode.NXDOMAIN)) is None
    True
    """
    ttl_s = lifetime_s(answer, settings)
    return float(ttl_s) if ttl_s > 0 and is_kept(answer, settings, name) else None


def is_kept(answer: Answer, settings: CacheSettings, name: str) -> bool:
    """Return whether a cache keeps an answer to a question if its TTL is above 0; see `effective_ttl`."""
    kind = store_of(answer)
    is_left_out = name and not (settings.serves(name) and not zone_of(settings.store(kind).left_out, name))
    return kind != "" and not is_left_out and not answer.is_truncated
