"""Names of Services that answer otherwise than they seem to."""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping

from kubenetlab.cluster import Cluster
from kubenetlab.dns.cluster_dns import cluster_domain
from kubenetlab.dns.records.kubernetes import MOST_CNAMES
from kubenetlab.dns.records.udp import PLAIN_BYTES, udp_answer
from kubenetlab.findings.coverage import Coverage
from kubenetlab.findings.finding import Severity
from kubenetlab.findings.registry import Hit, rule
from kubenetlab.objects import ServiceType, object_name
from kubenetlab.objects.address_text import is_address
from kubenetlab.objects.dns_message import Answer, Record

_SERVICES = "https://kubernetes.io/docs/concepts/services-networking"


@rule(
    "KNL502",
    Severity.LOW,
    title="Service with the name of another namespace",
    advice="Ask for it as service.namespace from other namespaces. The bare name ends musl's search (Alpine) there.",
    documentation=f"{_SERVICES}/dns-pod-service/#namespaces-of-services",
)
def service_named_as_a_namespace(cluster: Cluster) -> Iterator[Hit]:
    """Find Services named as a namespace that is not their own, nor default.

    For ``redis.svc.cluster.local``, CoreDNS answers NODATA where a namespace redis exists, and NXDOMAIN where none does.
    musl stops at NODATA, glibc and Go search on.
    """
    namespaces = {namespace.metadata.name for namespace in cluster.namespaces}
    for service in cluster.services:
        name, own = service.metadata.name, service.metadata.namespace
        if name in namespaces - {own, "default"}:
            message = f"Outside of namespace {own}, the bare name {name} stands for namespace {name}: musl stops there."
            yield Hit(object_name(service), message, (f"metadata.name: {name}", f"Namespace {name}"))


@rule(
    "KNL505",
    Severity.LOW,
    title="Headless Service with more addresses than a DNS answer holds",
    advice="Let clients use TCP port 53 and at least musl 1.2.4, or take fewer endpoints: 512 bytes hold no more.",
    documentation=f"{_SERVICES}/service/#headless-services",
)
def answer_too_long(cluster: Cluster) -> Iterator[Hit]:
    """Find headless Services whose answer for A or AAAA is longer than 512 bytes: 29 of 200 IPv4 endpoints, say."""
    for service in (s for s in cluster.services if s.is_headless):
        name = f"{service.metadata.name}.{service.metadata.namespace}.svc.{cluster_domain(cluster)}."
        ready = {endpoint.address for endpoint in cluster.endpoints_of(service) if endpoint.is_ready}
        for family, type in ((4, "A"), (6, "AAAA")):
            records = tuple(Record(name, type, 5, ip) for ip in ready if (":" in ip) == (family == 6))
            n_held = len(udp_answer(Answer(answer=records), name).answer)
            if n_held < len(records):
                numbers = f"{n_held} of its {len(records)} IPv{family} addresses"
                message = f"An answer of {PLAIN_BYTES} bytes holds {numbers}."
                yield Hit(object_name(service), message, ("spec.clusterIP: None",))


@rule(
    "KNL508",
    Severity.HIGH,
    title="ExternalName that leads nowhere",
    advice="Write the whole name of a Service that exists, such as web.shop.svc.cluster.local.",
    documentation=f"{_SERVICES}/service/#externalname",
)
def external_name_leads_nowhere(cluster: Cluster) -> Iterator[Hit]:
    """Find ExternalNames that lead to a missing Service, to a Service's short name, in a circle, or too far."""
    services = {s.metadata.full_name: s for s in cluster.services}
    targets = {
        n: s.spec.external_name for n, s in services.items() if s.spec.type == ServiceType.EXTERNAL_NAME
    }
    suffix, covered = f".svc.{cluster_domain(cluster)}", Coverage(cluster, "services")
    for name, target in targets.items():
        reason = "" if is_address(target) else _dead_end(name, targets, services, suffix, covered)
        if reason:
            yield Hit(object_name(services[name]), reason, (f"spec.externalName: {target}",))


def _dead_end(
    name: str, targets: Mapping[str, str], services: Container[str], suffix: str, covered: Coverage
) -> str:
    """Why the chain of a Service (``namespace/name``) gives no address; an empty text where it may give one."""
    for _ in range(MOST_CNAMES):
        target = targets[name].lower().removesuffix(".")
        labels = target.removesuffix(suffix).split(".")
        namespace = labels[1] if len(labels) > 1 else name.partition("/")[0]
        name = f"{namespace}/{labels[0]}"
        if not target.endswith(suffix):
            is_meant = labels[2:] in ([], ["svc"]) and name in services
            return (
                f"CoreDNS puts no search domain behind {target} to find Service {name}." if is_meant else ""
            )
        if len(labels) != 2 or name not in targets:
            is_missing = len(labels) == 2 and name not in services and namespace in covered
            return f"{target}: there is no Service {name}." if is_missing else ""
    return f"Its chain is a circle or longer than {MOST_CNAMES} names: CoreDNS answers without an address."
