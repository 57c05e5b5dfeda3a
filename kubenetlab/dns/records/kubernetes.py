"""What CoreDNS' kubernetes plugin answers to a question, from a snapshot of the cluster.

Source: CoreDNS 1.13.1, plugin/kubernetes/handler.go, kubernetes.go, reverse.go and ns.go, plugin/backend_lookup.go.
"""

import math
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from kubenetlab.cluster import Cluster
from kubenetlab.dns.records.name_parts import name_parts
from kubenetlab.dns.records.options import KubernetesOptions, OptionError
from kubenetlab.dns.records.watched import Entry, Found, Watched, is_headless
from kubenetlab.dns.records.zones import absolute, address_of, below, host_type, is_below, is_reverse, zone_of
from kubenetlab.objects.dns_message import Answer, Rcode, Record, Upstream

_Chain = tuple[Record, ...]
MOST_CNAMES = 11
#: For any other type CoreDNS looks for an address, to tell NODATA from NXDOMAIN.
_TYPES = frozenset(("A", "AAAA", "CNAME", "TXT", "PTR", "MX", "SOA", "NS", "SRV"))
_NS = "ns.dns."


def plain_records(name: str, types: Sequence[str], ttl: int, entries: Sequence[Entry]) -> list[Record]:
    """Return a name's records of some types, each once."""
    unique = dict.fromkeys([entry[:2] for entry in entries])
    return [Record(name, type, ttl, data) for type, data in unique if type in types]


def service_records(name: str, zone: str, ttl: int, entries: Sequence[Entry]) -> list[Record]:
    """Return the SRV records of a name.

    The weight is 100 divided among all addresses and ports, also those without a port and duplicates that are dropped.
    """
    entries = [entry for entry in entries if entry.type in ("A", "AAAA")]
    weight = max(1, math.floor(100 / (100 * len(entries)) * 100)) if entries else 0
    targets = dict.fromkeys([(entry.port, entry.owner) for entry in entries if entry.port != -1])
    return [Record(name, "SRV", ttl, f"0 {weight} {port} {below(zone, owner)}") for port, owner in targets]


class _Question(NamedTuple):
    """A question, the zone in the letters of its name, and what was asked upstream meanwhile."""

    name: str
    type: str
    zone: str
    replies: dict[tuple[str, str], Answer]


class KubernetesRecords:
    """The records of a cluster.

    Parameters
    ----------
    cluster
        The snapshot; its Endpoints are not read, as CoreDNS reads EndpointSlices.
    options
        The plugin's; CoreDNS' defaults.
    upstream
        Answers (name, type) for targets of ExternalNames outside the zone; without it every such name is NXDOMAIN.

    Examples
    --------
    >>> from kubenetlab.samples import sample
    >>> records = KubernetesRecords(sample("shop"))
    >>> records.answer("missing.shop.svc.cluster.local").verdict
    'NXDOMAIN'
    >>> records.because("missing.shop.svc.cluster.local")
    'no Service shop/missing'
    """

    def __init__(
        self, cluster: Cluster, options: KubernetesOptions | None = None, upstream: Upstream | None = None
    ) -> None:
        self.options = options or KubernetesOptions()
        self.watched = Watched(cluster, self.options)
        self._upstream = upstream or (lambda name, type: Answer(Rcode.NXDOMAIN))

    def answer(self, name: str, type: str = "A") -> Answer | None:
        """Return the answer, None where the plugin hands the question to the next one."""
        return self.decide(name, type)[0]

    def because(self, name: str, type: str = "A") -> str:
        """Return the object or rule that decided the answer."""
        return self.decide(name, type)[1]

    def decide(self, name: str, type: str) -> tuple[Answer | None, str]:
        """Return ``answer`` and ``because`` at once."""
        name, passes = absolute(name), self.options.fallthrough
        zone = zone_of(self.options.zones, name)
        if not zone:
            return None, f"none of the zones {' '.join(self.options.zones)} holds the name"
        if zone in self.options.multicluster:
            raise OptionError(f"zone {zone} is of multicluster: its ServiceImports are not modelled")
        if type in ("AXFR", "IXFR"):
            return Answer(Rcode.REFUSED), "zones are transferred by another plugin"
        question = _Question(name, type if type in _TYPES else "A", name[len(name) - len(zone) :], {})
        found = self._found(question, name)
        if found.entries is None and passes is not None and (not passes or zone_of(passes, name)):
            return None, f"{found.because}; fallthrough"
        answer = self._resolved(question, name, found, ())
        return self._reply(question, found, answer if type in _TYPES else []), found.because

    def _reply(self, question: _Question, found: Found, answer: Sequence[Record]) -> Answer:
        name, type, zone, replies = question
        entries, extra, ttl = found.entries or (), [], self.options.ttl
        if type == "SRV":
            answer = service_records(name, zone, ttl, entries)
            targets = (Record(below(zone, e.owner), e.type, ttl, e.data) for e in entries if e.port != -1)
            extra = [record for record in targets if answer and record.type in ("A", "AAAA")]
        if type == "NS" and answer:
            extra = self._name_servers(zone)
        rcode = Rcode.NXDOMAIN if found.entries is None else Rcode.NOERROR
        authority = () if answer else (self._authority(zone),)
        is_cut = bool(answer) and any(reply.is_truncated for reply in replies.values())
        additional = tuple(dict.fromkeys(extra))
        return Answer(rcode, tuple(answer), authority, additional, True, is_cut, tuple(replies))

    def _authority(self, zone: str) -> Record:
        names = f"{below(zone, 'ns.dns')} {below(zone, 'hostmaster')}"
        data = f"{names} {self.options.serial} 7200 1800 86400 {self.options.ttl}"
        return Record(zone, "SOA", min(self.options.ttl, 300), data)

    def _found(self, question: _Question, name: str) -> Found:
        """What there is of a name, whose zone may be in other letters than the question's."""
        _, type, zone, _ = question
        lower = name.lower()
        address = address_of(lower) if type == "PTR" else ""
        if address:
            owners = self.watched.owners_by_address.get(address, {})
            pointers = [Entry(type, below(self.options.primary_zone, owner)) for owner in owners]
            because = ", ".join(dict.fromkeys(owners.values()))
            return Found(pointers or None, because or f"no Service and no endpoint has {address}")
        if type == "SOA" or (type == "NS" and lower == zone):
            names = [record.name for record in self._name_servers(zone)] if type == "NS" else []
            data = [self._authority(zone).data] if type == "SOA" and name == zone else names
            return Found([Entry(type, text) for text in data], f"zone {zone}")
        if type == "TXT" and lower == f"dns-version.{zone.lower()}":
            return Found([Entry(type, '"1.1.0"')], "the version of the naming scheme")
        found = self._object(lower, zone, type)
        # A zone or a namespace is NODATA, but NXDOMAIN for TXT.
        return found if found.entries or type != "TXT" else Found(None, found.because)

    def _object(self, name: str, zone: str, type: str) -> Found:
        if type not in ("TXT", "PTR") and name.startswith(_NS) and name.find(zone) == len(_NS):
            servers = self._name_servers(zone)
            return Found([Entry(s.type, s.data) for s in servers if s.type == type], f"zone {zone}")
        labels = [label for label in name.split(".") if label]
        wanted = name_parts(labels[: len(labels) - len(zone.strip(".").split(".")) * (zone != ".")])
        if wanted is None or (wanted.kind and is_reverse(name)):
            return Found(None, f"no name in {zone} has this form")
        return self.watched.find(wanted) if wanted.kind else Found((), f"zone {zone}")

    def _resolved(self, question: _Question, name: str, found: Found, before: _Chain) -> list[Record]:
        type, records = question.type, []
        ttl = {"TXT": 28800, "SOA": min(self.options.ttl, 300)}.get(type, self.options.ttl)
        for record in plain_records(name, (type, "CNAME"), ttl, found.entries or ()):
            if record.type == type:
                records.append(record)
            elif type in ("A", "AAAA"):
                records += self._alias(question, record, before)
        return records

    def _alias(self, question: _Question, alias: Record, before: _Chain) -> Sequence[Record]:
        """A CNAME and what its target has; nothing for a loop, a chain too long, and a target of the zone without records."""
        target, type = alias.data, question.type
        is_loop = is_below(alias.name, target) or any(record.data == target for record in before)
        if is_loop or len(before) >= MOST_CNAMES:
            return ()
        if is_below(question.zone, target):
            found = self._found(question, target)
            records = self._resolved(question, target, found, (*before, alias))
            return (alias, *records) if records else ()
        reply = question.replies[target, type] = self._upstream(target, type)
        return (alias, *reply.answer)

    def _name_servers(self, zone: str) -> list[Record]:
        """The addresses of CoreDNS' own Services, else its own addresses, under their names (ns.go, ``nsAddrs``)."""
        ips = self.options.local_ips
        mine = [entry for entry in self.watched.all_endpoints if entry.data in ips] if ips else []
        own = {place.data: place.owner for entry in mine for place in self._places(entry)}
        owners = own or dict.fromkeys(ips, "ns.dns")
        typed = ((owner, *host_type(ip)) for ip, owner in owners.items())
        return [Record(below(zone, owner), type, self.options.ttl, data) for owner, type, data in typed]

    def _places(self, endpoint: Entry) -> Iterable[Entry]:
        name, namespace = endpoint.owner.split(".")[-3:-1]
        service = self.watched.services.get((namespace, name))
        if service and is_headless(service):
            return (e for e in self.watched.endpoints(namespace, name) if e.source == endpoint.source)
        return self.watched.own_entries(service) if service else ()
