"""Plugin autopath: the server walks the client's search list and answers the first question itself."""

from __future__ import annotations

from kubenetlab.dns.corefile.question import Acted, Next, Plugin, Question, Server
from kubenetlab.dns.records import KubernetesOptions
from kubenetlab.dns.records.zones import below, is_below, zone_of
from kubenetlab.objects.corefile import Directive
from kubenetlab.objects.dns_message import Rcode, Record, Reply

#: With the first of these nothing was written to the client (CoreDNS, plugin.ClientWrite).
_MISSES = (Rcode.SERVFAIL, Rcode.REFUSED, Rcode.FORMERR, Rcode.NOTIMP, Rcode.NXDOMAIN)


def autopath(directive: Directive, server: Server) -> Plugin:
    """Return plugin autopath.

    It acts on names below the first search domain of the pod whose address asks (``@kubernetes``, which needs
    ``pods verified``), and tries that pod's three domains, the search list of the server's own resolv.conf, and the
    bare name: the first reply that is not NXDOMAIN comes back under the asked name. Where all are NXDOMAIN, the first
    comes back and the client walks on. Pods on the host's network have none: others share their address. Source: CoreDNS
    1.13.1, plugin/autopath (also README.md), plugin/kubernetes/autopath.go.
    """
    zones = server.zones_of(directive.args[:-1])
    plugins = [d for d in server.block.directives if d.name == "kubernetes"]
    options = [KubernetesOptions.of_directive(d, server.zones) for d in plugins]
    served = [zone for one in options if one.pods == "verified" for zone in one.zones]
    namespaces = {
        ip: pod.metadata.namespace
        for pod in reversed(server.cluster.pods)
        for ip in pod.ips[:1]
        if not (pod.has_finished or pod.is_terminating or pod.spec.host_network)
    }

    def search(question: Question) -> tuple[str, ...]:
        if directive.args[-1] != "@kubernetes":
            return (*server.own_search, "")
        zone, namespace = zone_of(served, question.lower), namespaces.get(question.source)
        if not zone or namespace is None:
            return ()
        return (below(zone, namespace, "svc"), below(zone, "svc"), zone, *server.own_search, "")

    def serve(question: Question, next_: Next) -> Acted | str:
        path = search(question) if zone_of(zones, question.lower) else ()
        if not path:
            return f"no pods verified, or {question.source or 'the client'} is no pod's address"
        if not is_below(path[0] or "-", question.lower):
            return f"{question.name} is not below the first search domain {path[0]}"
        return _walk(question, path, next_)

    return serve


def _walk(question: Question, path: tuple[str, ...], next_: Next) -> Acted:
    if question.lower == path[0]:
        return Acted.answers(f"{question.name} is a search domain itself")
    base = question.name[: -len(path[0])]
    replies: list[Reply] = []
    for domain in path:
        replies.append(next_(question._replace(name=base + domain.lstrip("."))))
        if replies[-1].answer.rcode not in _MISSES:
            did = f"walks the search list to {base + domain}"
            return Acted(did, f"it is not {Rcode.NXDOMAIN}", _under(question.name, replies[-1]))
    return Acted("walks the search list", "no name on it exists: the first answer", replies[0])


def _under(asked: str, reply: Reply) -> Reply:
    """Return a reply with a CNAME record from the asked name to the first other owner in its answer."""
    other = [record for record in reply.answer.answer if record.name.lower() != asked.lower()][:1]
    cnames = tuple(Record(asked, "CNAME", record.ttl, record.name) for record in other)
    return reply._replace(answer=reply.answer._replace(answer=cnames + reply.answer.answer))
