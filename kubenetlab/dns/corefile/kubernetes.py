"""Plugin kubernetes: names from the cluster's objects."""

from __future__ import annotations

from dataclasses import replace

from kubenetlab.dns.cluster_dns import dns_service
from kubenetlab.dns.corefile.question import Acted, NotModelledError, Plugin, Question, Server
from kubenetlab.dns.records import KubernetesOptions, KubernetesRecords
from kubenetlab.dns.records.zones import zone_of
from kubenetlab.objects.corefile import Directive


def kubernetes(directive: Directive, server: Server) -> Plugin:
    """Return plugin kubernetes; ExternalName targets outside its zones are looked up in the server itself.

    The server is the first ready endpoint of the DNS Service: its address decides the NS records. Not modelled: zones of
    ``multicluster``, whose names come from ServiceImports.

    Source: CoreDNS 1.13.1, plugin/kubernetes, plugin/pkg/upstream.
    """
    service = dns_service(server.cluster)
    own = [e.address for e in server.cluster.endpoints_of(service) if e.is_ready] if service else []
    options = replace(KubernetesOptions.of_directive(directive, server.zones), local_ips=tuple(own[:1]))
    records = KubernetesRecords(server.cluster, options, server.look_up)

    def serve(question: Question, _: object) -> Acted | str:
        zone = zone_of(options.zones, question.lower)
        if zone in options.multicluster:
            raise NotModelledError(directive, f"multicluster zone {zone} has the names of ServiceImports")
        answer, because = records.decide(question.name, question.type)
        return because if answer is None else Acted.answers(because, answer)

    return serve
