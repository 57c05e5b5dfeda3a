"""Plugin file: answers from zone files."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from kubenetlab.dns.corefile.question import Acted, NotModelledError, Plugin, Question, Server, falls_through
from kubenetlab.dns.corefile.zone_file import Zone, zone_from_text
from kubenetlab.dns.records.zones import zone_of
from kubenetlab.objects.corefile import Directive
from kubenetlab.objects.dns_message import Answer, Rcode, Record

_MAX_CNAMES = 9  # lookup.go, externalLookup


def file(directives: Sequence[Directive], server: Server) -> Plugin:
    """Return plugin file with all zone files of a server block.

    Not modelled: DNSSEC, DNAME, zone transfers. Source: CoreDNS, plugin/file/file.go and lookup.go.
    """
    texts = [
        (origin, d, server.text(d.args[0], d)) for d in directives for origin in server.zones_of(d.args[1:])
    ]
    zones = {origin: (zone_from_text(text, origin, d), d) for origin, d, text in texts}

    def serve(question: Question, _: object) -> Acted | str:
        origin = zone_of(zones, question.lower)
        if not origin:
            return f"{question.name} is in none of its zones"
        zone, directive = zones[origin]
        if any(zone.of(at, "DNAME") for at in _from_apex(question.lower, origin)):
            raise NotModelledError(directive, f"a DNAME record above {question.name}")
        answer = _answer(zone, question, server)
        if answer.rcode is Rcode.NXDOMAIN and falls_through(directive, question.lower):
            return f"zone {origin} does not hold {question.name}"
        return Acted.answers(f"zone {origin} of {directive.args[0]}", answer)

    return serve


def _answer(zone: Zone, question: Question, server: Server) -> Answer:
    name, soa = question.lower, zone.of(zone.origin, "SOA")
    cuts = [zone.of(at, "NS") for at in _from_apex(name, zone.origin) if at != zone.origin]
    delegation = next(filter(None, cuts), ())
    if delegation or not soa:
        return Answer(Rcode.NOERROR if soa else Rcode.SERVFAIL, (), delegation, _glue(zone, delegation))
    found = _found(zone, question, server)
    if found:
        authority = () if found[0].type == "NS" else zone.of(zone.origin, "NS")
        return Answer(Rcode.NOERROR, found, authority, _glue(zone, found), is_authoritative=True)
    exists = _owner(zone, name) or any(other.endswith(f".{name}") for other in zone.records)
    return Answer(Rcode.NOERROR if exists else Rcode.NXDOMAIN, authority=soa, is_authoritative=True)


def _found(zone: Zone, question: Question, server: Server) -> tuple[Record, ...]:
    """Return the records of a name and what its CNAME leads to; a wildcard's have the asked name."""
    owner = _owner(zone, question.lower)
    records = tuple(record._replace(name=question.lower) for record in _held(zone, owner, question.type))
    if records and records[0].type == "CNAME" != question.type:
        records += tuple(_chased(zone, records[0].data, question.type, server))
    return records


def _owner(zone: Zone, name: str) -> str:
    """Return the name itself where the zone holds it, else the wildcard nearest to it, else nothing."""
    stars = [f"*.{at.partition('.')[2]}" for at in _from_apex(name, zone.origin) if at not in zone.records]
    return name if name in zone.records else next((star for star in stars[::-1] if star in zone.records), "")


def _held(zone: Zone, name: str, kind: str) -> tuple[Record, ...]:
    return zone.of(name, "CNAME") or zone.of(name, kind)


def _from_apex(name: str, origin: str) -> Iterator[str]:
    """Return the origin, then each name that is one label longer, to the name itself."""
    labels = name.removesuffix(origin).rstrip(".").split(".") if name != origin else []
    yield origin
    for n_labels in range(1, len(labels) + 1):
        yield f"{'.'.join(labels[-n_labels:])}.{origin.lstrip('.')}"


def _glue(zone: Zone, records: Sequence[Record]) -> tuple[Record, ...]:
    """Return the zone's addresses of the names that NS, MX and SRV records point to."""
    targets = [r.data.split()[-1].lower() for r in records if r.type in ("NS", "MX", "SRV")]
    return tuple(r for target in targets for kind in ("A", "AAAA") for r in zone.of(target, kind))


def _chased(zone: Zone, target: str, kind: str, server: Server) -> Iterator[Record]:
    """Return the records that follow a CNAME; outside the zone the server asks itself."""
    for _ in range(_MAX_CNAMES):
        if target.lower() not in zone.records:
            yield from server.look_up(target, kind).answer
            return
        found = _held(zone, target.lower(), kind)
        yield from found
        if not found or found[0].type != "CNAME":
            return
        target = found[0].data
