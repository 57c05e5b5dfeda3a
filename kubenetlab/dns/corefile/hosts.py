"""Plugin hosts: names from a hosts file and from lines in the Corefile."""

from __future__ import annotations

import ipaddress
import re
from collections import defaultdict
from collections.abc import Iterator

from kubenetlab.dns.corefile.question import Acted, NotModelledError, Plugin, Question, Server, falls_through
from kubenetlab.dns.records.zones import absolute, reverse_name, zone_of
from kubenetlab.objects.corefile import Directive
from kubenetlab.objects.dns_message import Answer, Record

_DEFAULT_FILE, _DEFAULT_TTL = "/etc/hosts", "3600"


def hosts(directive: Directive, server: Server) -> Plugin:
    """Return plugin hosts: A, AAAA and PTR of the file's lines and of the lines in its braces.

    A name that it does not hold passes on with ``fallthrough``, else the answer is SERVFAIL: it has no SOA record for an
    NXDOMAIN. A file ``/etc/hosts`` that nobody gave counts as empty. Source: CoreDNS, plugin/hosts.
    """
    path = directive.args[0] if directive.args else _DEFAULT_FILE
    text = server.files.get(path, "") if path == _DEFAULT_FILE else server.text(path, directive)
    lines = [line.partition("#")[0].split() for line in text.splitlines()]
    lines += [[option.name, *option.args] for option in directive.block]
    zones, option = server.zones_of(directive.args[1:]), directive.option("ttl")
    ttl = " ".join(option.args) if option else _DEFAULT_TTL
    if not re.fullmatch("[0-9]{1,10}", ttl):
        raise NotModelledError(directive, f"ttl {ttl[:80]}")
    by_name: dict[str, list[Record]] = defaultdict(list)
    for name, kind, data in _entries(lines, directive.option("no_reverse") is None):
        if zone_of(zones, data if kind == "PTR" else name):
            by_name[name].append(Record(name, kind, int(ttl), data))

    def serve(question: Question, _: object) -> Acted | str:
        name, held = question.lower, by_name.get(question.lower, [])
        found = tuple(record for record in held if record.type == question.type)
        if found or (held and question.type != "PTR"):
            return Acted.answers(f"{name} stands in it", Answer(answer=found, is_authoritative=True))
        if question.type == "PTR" or not zone_of(zones, name) or falls_through(directive, name):
            return f"{name} does not stand in it"
        return Acted.answers(f"{name} does not stand in it, and no fallthrough lets it pass on")

    return serve


def _entries(lines: list[list[str]], has_reverse: bool) -> Iterator[tuple[str, str, str]]:
    for address, *names in filter(None, lines):
        try:
            ip = ipaddress.ip_address(address.partition("%")[0])
        except ValueError:
            continue  # an option, or a line that CoreDNS skips too
        for name in (absolute(name.lower()) for name in names):
            yield name, "A" if ip.version == 4 else "AAAA", str(ip)
            if has_reverse:
                yield reverse_name(str(ip)), "PTR", name
