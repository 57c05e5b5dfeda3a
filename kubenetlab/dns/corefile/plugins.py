"""CoreDNS' plugins: which of them a query meets, in which order, and which of its words CoreDNS refuses.

Source: coredns v1.13.1, plugin.cfg (the order; 1.14.2 changed it), plugin/NAME/README.md and plugin/NAME/setup.go.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final, NamedTuple

from kubenetlab.dns.caches.cache_settings import CacheSettings
from kubenetlab.dns.corefile.question import NotModelledError
from kubenetlab.dns.records.options import KubernetesOptions, OptionError
from kubenetlab.dns.records.zones import absolute, normalized, zone_of
from kubenetlab.objects.corefile import Corefile, Directive, ServerBlock
from kubenetlab.readers.corefile import DIRECTIVES
from kubenetlab.readers.corefile.durations import DURATION
from kubenetlab.readers.corefile.keys import key_parts
from kubenetlab.readers.corefile.tokens import Token

#: What plugins do with a query, by kind. In brackets what applies: {option|default}; 0 is the first argument, * all of them.
_TABLE = """
aside
root, bind, tls, quic, timeouts, multisocket: says where the server listens, finds files and takes its keys
reload: reads a changed Corefile anew [looks every {0|30s}]
health: answers probes over HTTP, no queries [at {0|:8080}]
ready: answers probes over HTTP, no queries [at {0|:8181}]
debug, pprof, on: helps to find faults of the server; no query meets it
metadata, geoip, trace, errors, log, dnstap: collects facts about the query, or reports it and its answer
prometheus: counts queries and answers [metrics at {0|localhost:9153}]
cancel: gives up a query after a time [{0|5001ms}]
nsid: adds the server's name to answers where the query asks for it [{*|the host name}]
bufsize: lowers the size of UDP answers that the query allows [{0|1232} bytes]
chaos: answers version.bind and the like in class CH, no other query
transfer: sends whole zones (AXFR) to other servers, no other query
loop: stops the server at its start if its own question comes back to it
modelled
loadbalance: changes the order of A, AAAA and MX records [{*|round_robin: a random order}]
cache: answers from memory what it has seen, and keeps what others answer [{cache}]
rewrite: changes the query, and may change the answer back
autopath: walks the client's search list for it, at its first candidate
template: answers a query that matches an expression with records made from its name
hosts: answers A, AAAA and PTR from a file as /etc/hosts and from its own lines [{0|/etc/hosts}, TTL {ttl|3600} s]
kubernetes: answers from Services, EndpointSlices and Pods [zones {*|of the server block}, TTL {ttl|5} s]
file: answers from a zone file
forward: asks other servers [policy {policy|random}; at most 15]
opaque
local: answers localhost, 0.in-addr.arpa, 127.in-addr.arpa and 255.in-addr.arpa itself
dns64: makes AAAA records of A records where a name has none [{prefix|64:ff9b::/96}]
acl: refuses, filters or drops queries by the client's address
any: answers type ANY with one HINFO record
tsig, dnssec, sign: checks and signs messages, answers and zone files with keys
header, minimal: sets flags of the message, or takes records that nobody needs out of answers
k8s_external: answers external addresses of Services [zones {*|of the server block}, TTL {ttl|5} s]
route53, azure, clouddns, etcd, nomad, auto, secondary, grpc: answers from another system, server, or folder
erratic, whoami: answers for tests: drops or delays queries, or says who asked
view: lets its server block take only queries for which an expression is true
"""
#: What CoreDNS takes when it starts: fewest and most arguments, options (- for any), and "once" if a block holds only one.
_SYNTAX = """
forward 2 99 forward, autopath 1 99 no, loadbalance 0 2 reload|prefer, file 1 99 fallthrough|reload|upstream, cache 0 99 - once
template 2 99 match|answer|additional|authority|rcode|ederror|fallthrough|upstream, hosts 0 99 - once, loop 0 0 no once
errors 0 1 consolidate|stacktrace once, health 0 1 lameduck, ready 0 1 monitor once, kubernetes 0 99 - once, bufsize 0 1 no
"""
_RULES = {rule.split()[0]: rule.split()[1:] for rule in _SYNTAX.strip().replace("\n", ", ").split(", ")}
_N, _WORD = "[+]?[0-9]{1,10}", r"\S+"
_RCODES = "(?i:(?:NOERROR|FORMERR|SERVFAIL|NXDOMAIN|NOTIMP|REFUSED|YXDOMAIN|YXRRSET|NXRRSET|NOTAUTH|NOTZONE)(?: |$))+"
_FOUR, _SIX = r"[0-9]{1,3}(?:\.[0-9]{1,3}){3}(?::[0-9]+)?", r"\[?[0-9A-Fa-f]*:[0-9A-Fa-f:.]*(?:\]:[0-9]+|\])?"
#: Whom plugin forward may ask: an address, with a TLS name behind a %, or a file, here by its look.
_SERVER = (
    rf"(?:(?:(?:dns|tls)://)?(?:{_FOUR}|{_SIX})(?:%[\w.:-]+)?|(?!\w*://)\S*/\S*|\S*\.conf|__PILLAR__\w+)"
)
#: The arguments of options as regular expressions, and those of the line itself (coredns, plugin/NAME/setup.go).
_TAKES: dict[str, dict[str, str]] = {
    "forward": {
        "": f"{_WORD}(?: {_SERVER}){{1,15}}",
        **dict.fromkeys(("force_tcp", "prefer_udp", "failfast_all_unhealthy_upstreams"), ""),
        **dict.fromkeys(("max_fails", "max_connect_attempts", "max_idle_conns", "max_concurrent"), _N),
        **dict.fromkeys(("expire", "max_age"), DURATION),
        **{"next": _RCODES, "failover": f"(?!(?i:.*NOERROR)){_RCODES}"},
        "except": ".+",
        "health_check": f"{DURATION}(?: no_rec| domain {_WORD})*",
        "policy": "random|round_robin|sequential",
        "tls": f"(?:{_WORD} ?){{0,3}}",
        "tls_servername": _WORD,
    },
    "hosts": {"ttl": "[0-9]{1,5}(?: .*)?", "reload": DURATION, "no_reverse": ""},
    "bufsize": {"": "|51[2-9]|5[2-9][0-9]|[6-9][0-9]{2}|[1-3][0-9]{3}|40[0-8][0-9]|409[0-6]"},
}


class Plugin(NamedTuple):
    """A plugin: ``kind`` is ``modelled``, ``aside`` (passes every query on as it is) or ``opaque`` (kubenetlab knows no more)."""

    name: str
    kind: str
    does: str
    applies: str = ""


def _plugins() -> dict[str, Plugin]:
    found, kind = {}, ""
    for line in _TABLE.strip().splitlines():
        names, colon, does = line.partition(": ")
        kind = kind if colon else names
        found.update({name: Plugin(name, kind, *does.rstrip("]").split(" [")) for name in names.split(", ")})
    return {name: found[name] for name in DIRECTIVES}


#: All plugins by name, in the order in which a query meets them.
PLUGINS: Final = _plugins()


def description(directive: Directive) -> str:
    """Return what a plugin does, and in brackets the settings that apply: those of its line, else CoreDNS' defaults.

    Examples
    --------
    >>> description(Directive("cache", ("30",)))
    'answers from memory what it has seen, and keeps what others answer [30 s, negative 30 s]'
    """

    def value(match: re.Match[str]) -> str:
        if match[1] == "cache":
            settings = CacheSettings.of_directive(directive)
            return f"{settings.success.max_ttl_s} s, negative {settings.denial.max_ttl_s} s"
        args = {"*": directive.args, "0": directive.args[:1]}.get(match[1])
        return " ".join(getattr(directive.option(match[1]), "args", ()) if args is None else args) or match[2]

    applies = re.sub(r"{([^|}]+)\|?([^}]*)}", value, PLUGINS[directive.name].applies)
    return PLUGINS[directive.name].does + f" [{applies}]" * bool(applies)


def chain(block: ServerBlock) -> tuple[Directive, ...]:
    """Return a block's directives in the order in which a query meets them, whatever their order in the file."""
    return tuple(sorted(block.directives, key=lambda directive: DIRECTIVES.index(directive.name)))


def zones_of(block: ServerBlock) -> tuple[str, ...]:
    """Return the zones of a block's keys, absolute and in lower case; a CIDR stands for its reverse zones."""
    return normalized(block.keys)


def block_for(corefile: Corefile, name: str) -> ServerBlock | None:
    """Return the block that gets a query over UDP or TCP: the one with the longest zone that holds the name.

    Only those on port 53 count, or where nothing listens there (OpenShift's listens on 5353, behind a Service) those on the port
    of the first key. Of several blocks with this zone (they *bind* addresses of their own) it is the first.
    None: the query is REFUSED.

    Raises
    ------
    NotModelledError
        If that block has a *view*: whether its expression is true for a client is not known.

    Notes
    -----
    Not modelled: type DS, which the parent's zone answers. Source: coredns v1.13.1, core/dnsserver/server.go, ``ServeDNS``.
    """
    keys = [(key, key_parts(key), block) for block in corefile.blocks for key in block.keys]
    wanted = min(
        (parts for _, parts, _ in keys if parts[0] == "dns"), key=lambda parts: parts[2] != 53, default=()
    )
    held: dict[str, ServerBlock] = {}
    for key, parts, block in keys:
        if parts[::2] == wanted[::2]:
            for zone in normalized([key]):
                held.setdefault(zone, block)
    found = held.get(zone_of(held, absolute(name)))
    for directive in found.directives if found else ():
        if directive.name == "view":
            raise NotModelledError(directive, f"its server block may take {name}, or the next one")
    return found


def edns_bytes(block: ServerBlock | None, most: int) -> int:
    """Return how many bytes an answer may have over UDP where the query allows ``most``: plugin bufsize lowers them."""
    sizes = [d.args[:1] or ("1232",) for d in (block.directives if block else ()) if d.name == "bufsize"]
    return min([most, *(int(size) for (size,) in sizes)])


def check(corefile: Corefile) -> None:
    """Refuse arguments and options that CoreDNS refuses when it starts, where the models of plugins read them.

    Raises
    ------
    ManifestError
        With the line; ``found`` has the words of CoreDNS, or of Caddy.
    """
    for block in corefile.blocks:
        names = [directive.name for directive in block.directives]
        for one in (directive for directive in chain(block) if directive.name in _RULES):
            for line, found in _faults(one, names.count(one.name)):
                raise Token(one.name, line, corefile.source).refused(found, "as its manual says")
            if one.name == "cache":
                CacheSettings.of_directive(one, corefile.source)
            if one.name == "kubernetes":
                _check_kubernetes(one, block, corefile.source)


def _check_kubernetes(one: Directive, block: ServerBlock, file: str) -> None:
    try:
        KubernetesOptions.of_directive(one, zones_of(block), source=file)
    except OptionError as error:
        found = str(error).removeprefix(f"{file}:{error.line} - Error during parsing: ")
        raise Token(one.name, error.line, file).refused(found, "as its manual says") from None


def _faults(one: Directive, n_lines: int) -> Iterator[tuple[int, str]]:
    """Yield the line and the words of what CoreDNS refuses."""
    fewest, most, options, *once = _RULES[one.name]
    takes = _TAKES.get(one.name, {})
    if once and n_lines > 1:
        yield one.line, "this plugin can only be used once per Server Block"
    if not int(fewest) <= len(one.args) <= int(most):
        yield one.line, f"Wrong argument count or unexpected line ending after '{one.name}'"
    for option in one.block:
        if options != "-" and option.name not in [*takes, *options.split("|")]:
            yield option.line, f"unknown property '{option.name}'"
    for option in (one._replace(name=""), *one.block):
        words = " ".join(option.args)[:1000]
        if not re.fullmatch(takes.get(option.name, ".*"), words, re.DOTALL):
            yield option.line, f"{option.name or one.name} {words}".rstrip()
