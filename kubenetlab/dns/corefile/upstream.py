"""What servers outside the cluster answer: no dump knows it, so it is an explicit assumption."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence

from kubenetlab.cluster import Cluster
from kubenetlab.dns.records.watched import namespaces_of
from kubenetlab.dns.records.zones import absolute
from kubenetlab.dns.top_level_domains import TOP_LEVEL_DOMAINS
from kubenetlab.objects.dns_message import Answer, Rcode, Record, Upstream
from kubenetlab.result import Origin, Setting

_ADDRESS = "192.0.2.1"  # for documentation (RFC 5737)
_TTL_S = 300
_TIMES = "1 1800 900 604800 86400"
_FIRST_DOMAINS = frozenset(("com", "edu", "gov", "int", "mil", "net", "org"))  # of RFC 920 and 1591


def outside_names(exist: Iterable[str] | Mapping[str, Sequence[str]] = (), ttl_s: int = _TTL_S) -> Upstream:
    """Return what answers names outside the cluster: some exist, every other is NXDOMAIN.

    Parameters
    ----------
    exist
        The names that exist, with their addresses; a name without any has 192.0.2.1.
    ttl_s
        The time to live of their records [s].

    Returns
    -------
    A function of a name and a type. Negative answers carry the SOA record of the name's top-level domain, or of the root
    where it has no public one.

    Examples
    --------
    >>> outside = outside_names(["example.com"])
    >>> outside("example.com.", "A").addresses, outside("nowhere.example.com.", "A").verdict
    (('192.0.2.1',), 'NXDOMAIN')
    """
    held = exist if isinstance(exist, Mapping) else dict.fromkeys(exist, (_ADDRESS,))
    by_name = {absolute(name.lower()): addresses or (_ADDRESS,) for name, addresses in held.items()}

    def answer(name: str, type: str) -> Answer:
        addresses = by_name.get(absolute(name.lower()))
        found = tuple(
            Record(name, type, ttl_s, ip) for ip in addresses or () if ("AAAA" if ":" in ip else "A") == type
        )
        rcode = Rcode.NXDOMAIN if addresses is None else Rcode.NOERROR
        return Answer(rcode, answer=found, authority=() if found else (_soa(name),))

    return answer


def assumed_outside(name: str, cluster: Cluster) -> tuple[Upstream, Setting]:
    """Return what is assumed where nothing is known: that a name of a public top-level domain exists as typed.

    The same goes for what ExternalNames of the cluster lead to.

    Returns
    -------
    The answers, and the assumption in words.
    """
    typed = tuple(public_names([name], cluster))
    targets = public_names((s.spec.external_name for s in cluster.services if s.spec.external_name), cluster)
    why = "no dump holds names outside the cluster; this one ends in a public top-level domain"
    evidence = (
        why if typed else "taken to exist: none but targets of ExternalNames in public top-level domains"
    )
    return outside_names([*typed, *targets]), Setting("outside_names", typed, Origin.DEFAULT, evidence)


def is_assumed(addresses: Collection[str], upstream: Upstream | None) -> bool:
    """Whether addresses come from nothing but `assumed_outside`."""
    return upstream is None and _ADDRESS in addresses


def public_names(names: Iterable[str], cluster: Cluster) -> Collection[str]:
    """Return those of some names that end in a public top-level domain, and mean no Service of the cluster.

    ``web.shop`` means one where there is a namespace shop, though .shop is public too. ``www.github.com``, with a namespace
    com, does so only if that has a Service github; likewise ``github.com``, because .com is older than all namespaces.
    """
    namespaces = namespaces_of(cluster)
    services = {(s.metadata.name, s.metadata.namespace) for s in cluster.services}
    found = set()
    for name in names:
        *before, last = name.strip(".").lower().split(".")
        means_service = last in namespaces and (
            (before[-1:] and (before[-1], last) in services)
            or (len(before) == 1 and last not in _FIRST_DOMAINS)
        )
        if before and last in TOP_LEVEL_DOMAINS - {"arpa"} and not means_service:
            found.add(name)
    return found


def _top_level(name: str) -> str:
    return name.rstrip(".").rpartition(".")[2].lower()


def _soa(name: str) -> Record:
    top = _top_level(name)
    if top in TOP_LEVEL_DOMAINS:
        return Record(f"{top}.", "SOA", 900, f"ns.{top}. hostmaster.{top}. {_TIMES}")
    return Record(".", "SOA", 86400, f"a.root-servers.net. nstld.verisign-grs.com. {_TIMES}")
