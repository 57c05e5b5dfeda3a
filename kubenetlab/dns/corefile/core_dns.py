"""CoreDNS as its Corefile makes it: which server block gets a question, and its chain of plugins, one after the other."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from itertools import groupby
from typing import Any, NamedTuple

from kubenetlab.cluster import Cluster
from kubenetlab.dns.corefile.autopath import autopath
from kubenetlab.dns.corefile.file import file
from kubenetlab.dns.corefile.forward import forward
from kubenetlab.dns.corefile.hosts import hosts
from kubenetlab.dns.corefile.kubernetes import kubernetes
from kubenetlab.dns.corefile.plugins import (
    PLUGINS,
    block_for,
    chain,
    check,
    description,
    edns_bytes,
    zones_of,
)
from kubenetlab.dns.corefile.question import Acted, Next, NotModelledError, Plugin, Question, Server, Step
from kubenetlab.dns.corefile.rewrite import rewrite
from kubenetlab.dns.corefile.template import template
from kubenetlab.dns.records.udp import PLAIN_BYTES, udp_answer
from kubenetlab.dns.records.zones import absolute, zone_of
from kubenetlab.objects.corefile import Corefile, Directive, ServerBlock
from kubenetlab.objects.dns_message import Answer, Ask, Rcode, Reply, Sent, Upstream

_EDNS_BYTES = 1232  # what Go and c-ares offer
_MAX_SELF = 8  # questions to itself, one inside the other, before CoreDNS gives up
_MAX_OWN = 500  # all of them for one question: the bound of this model
#: Plugins that are modelled, by name: one for each of their lines, or one for all of them in a server block.
_BY_LINE = {plugin.__name__: plugin for plugin in (autopath, forward, hosts, kubernetes)}
_BY_BLOCK = {plugin.__name__: plugin for plugin in (file, rewrite, template)}
#: Plugins that change no record: an empty memory; another order of the same records; flags; signatures for those who ask.
_ASIDE = frozenset(("cache", "loadbalance", "header", "dnssec", "sign"))
_ZONED = frozenset(("auto", "etcd", "k8s_external", "secondary"))  # their arguments are zones
_TYPES = {"any": "ANY", "dns64": "AAAA"}  # the only type that they answer


class Link(NamedTuple):
    """One plugin in the chain of a server block."""

    name: str
    line: int
    serve: Plugin


class CoreDns:
    """A CoreDNS server, or NodeLocal DNSCache, which is one.

    Parameters
    ----------
    corefile, cluster
        What it was started with, and what its plugin kubernetes sees.
    upstream
        What the servers outside answer to a name and type; without it such a question raises.
    own_search
        The search list of the server's own resolv.conf (plugin autopath reads it).
    files
        Texts of files that the Corefile names, by path.
    servers
        Other servers of ours by address: a NodeLocal DNSCache forwards to the address of kube-dns.

    Raises
    ------
    ManifestError
        If CoreDNS refuses the Corefile; it names the line.

    Notes
    -----
    An answer is that of a server with empty caches, and takes no time.
    """

    def __init__(  # noqa: PLR0913 - each is something that a Corefile leaves open
        self,
        corefile: Corefile,
        cluster: Cluster,
        *,
        upstream: Upstream | None = None,
        own_search: Sequence[str] = (),
        files: Mapping[str, str] | None = None,
        servers: Mapping[str, Ask] | None = None,
    ) -> None:
        check(corefile)
        self.corefile = corefile
        self._upstream, self._servers = upstream, servers or {}
        search = tuple(absolute(domain.lower()) for domain in own_search)
        self._outfit: Any = (cluster, self._look_up, self._forwarded, files or {}, search)
        self._chains: dict[int, tuple[Link, ...]] = {}
        self._asking: list[Question] = []
        self._n_own = 0

    def ask(self, sent: Sent) -> Reply:
        """Return what comes back to a query.

        Raises
        ------
        NotModelledError
            If a plugin that kubenetlab does not model may answer, or a view decides who does; it names plugin and line.
        """
        self._n_own = 0
        reply = self.walk(Question(absolute(sent.name), sent.type, sent.source, []))
        if sent.transport != "udp":
            return reply
        block = block_for(self.corefile, sent.name)
        limit = edns_bytes(block, _EDNS_BYTES) if sent.has_edns else PLAIN_BYTES
        answer = udp_answer(reply.answer, sent.name, sent.type, limit, has_edns=sent.has_edns)
        return reply._replace(answer=answer)

    def walk(self, question: Question) -> Reply:
        """Return what the server block's chain says to a question, and write the steps into the question."""
        block = block_for(self.corefile, question.name)
        if block is None:
            because = "no server block has a zone that holds the name"
            return Reply(Answer(Rcode.REFUSED), answered_by="CoreDNS", because=because)
        self._asking.append(question)
        try:
            return self._serve(self.links(block), question)
        finally:
            self._asking.pop()

    def links(self, block: ServerBlock) -> tuple[Link, ...]:
        """Return the chain of a server block, in the order that CoreDNS was compiled with."""
        if id(block) not in self._chains:
            self._chains[id(block)] = tuple(_links(block, Server(block, zones_of(block), *self._outfit)))
        return self._chains[id(block)]

    def _serve(self, links: tuple[Link, ...], question: Question) -> Reply:
        for number, link in enumerate(links, 1):
            place = len(question.steps)
            question.steps.append(Step(question.name, link.name, link.line, "cannot be known", ""))
            acted = link.serve(question, partial(self._serve, links[number:]))
            did, because = ("passes on", acted) if isinstance(acted, str) else acted[:2]
            question.steps[place] = Step(question.name, link.name, link.line, did, because)
            if not isinstance(acted, str):
                own = acted.reply._replace(answered_by=link.name, because=f"line {link.line}: {because}")
                return acted.reply if acted.reply.answered_by else own
        return Reply(Answer(Rcode.SERVFAIL), answered_by="CoreDNS", because="no plugin is left to answer")

    def _look_up(self, name: str, type: str) -> Answer:
        """Return the answer of the server to a question of its own (an ExternalName's or CNAME's target)."""
        self._n_own += 1
        if len(self._asking) > _MAX_SELF or self._n_own > _MAX_OWN:
            return Answer(Rcode.SERVFAIL)
        return self.walk(Question(absolute(name), type, self._asking[-1].source, [])).answer

    def _forwarded(self, directive: Directive, question: Question) -> Reply:
        target = directive.args[1].removeprefix("dns://").removesuffix(":53")
        if target in self._servers:
            reply = self._servers[target](Sent(question.name, question.type, target, "tcp"))
            return reply or Reply(
                Answer(Rcode.SERVFAIL), answered_by="forward", because=f"{target} is silent"
            )
        if self._upstream is None:
            reason = f"what {target} answers to {question.name} is not known (argument upstream)"
            raise NotModelledError(directive, reason)
        answer = self._upstream(question.name, question.type)
        return Reply(answer, answered_by="forward", because=f"line {directive.line}: {target} answers")


def _links(block: ServerBlock, server: Server) -> Iterator[Link]:
    for name, lines in groupby(chain(block), key=lambda directive: directive.name):
        directives = tuple(lines)
        if name in _BY_BLOCK:
            yield Link(name, directives[0].line, _BY_BLOCK[name](directives, server))
        else:
            build = _BY_LINE.get(name, _other)
            yield from (Link(name, one.line, build(one, server)) for one in directives)


def _other(directive: Directive, server: Server) -> Plugin:
    """Return a plugin that has no module here: it passes on, or the answer cannot be known."""
    name, kind, does = directive.name, PLUGINS[directive.name].kind, description(directive)
    zones = server.zones_of([arg for arg in directive.args if not arg.startswith("/")])

    def serve(question: Question, _: Next) -> Acted | str:
        is_other_type = question.type != _TYPES.get(name, question.type)
        is_outside = name in _ZONED and not zone_of(zones, question.lower)
        if kind == "aside" or name in _ASIDE or is_other_type or is_outside:
            return does
        raise NotModelledError(directive, f"it {does}: {question.name} {question.type}")

    return serve
