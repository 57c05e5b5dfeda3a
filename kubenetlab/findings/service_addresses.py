"""Services and the addresses that they name, or lack."""

from __future__ import annotations

from collections.abc import Iterator

from kubenetlab.cluster import Cluster
from kubenetlab.findings.coverage import is_manifest
from kubenetlab.findings.finding import Severity
from kubenetlab.findings.registry import Hit, rule
from kubenetlab.findings.wording import counted, first_few
from kubenetlab.objects import ServiceType, object_name
from kubenetlab.objects.address_text import has_host_bits, is_address

_SERVICE = "https://kubernetes.io/docs/concepts/services-networking/service/"


@rule(
    "KNL106",
    Severity.MEDIUM,
    title="LoadBalancer Service without address",
    advice="Look at the Service's events (kubectl describe service): no load balancer controller serves it, its "
    "address pool is used up, or the cloud refused the request.",
    documentation=f"{_SERVICE}#loadbalancer",
)
def load_balancer_without_address(cluster: Cluster) -> Iterator[Hit]:
    """Find deployed LoadBalancer Services whose status lists no address; a manifest has none by nature."""
    for service in cluster.services:
        is_balanced = service.spec.type == ServiceType.LOAD_BALANCER
        if is_balanced and not is_manifest(service) and not service.status.load_balancer.ingress:
            load_balancer_class = service.spec.load_balancer_class
            evidence = (
                "status.loadBalancer.ingress: empty",
                f"spec.loadBalancerClass: {load_balancer_class or 'not set'}",
            )
            yield Hit(object_name(service), "The load balancer has 0 addresses.", evidence)


@rule(
    "KNL107",
    Severity.HIGH,
    title="ExternalName that is an IP address",
    advice="Use a DNS name, or a headless Service without selector and an EndpointSlice that holds the address: "
    "an ExternalName becomes a CNAME record, and that needs a name.",
    documentation=f"{_SERVICE}#externalname",
)
def external_name_is_an_address(cluster: Cluster) -> Iterator[Hit]:
    """Find ExternalName Services whose externalName is an IPv4 or IPv6 address."""
    for service in cluster.services:
        name = service.spec.external_name
        if service.spec.type == ServiceType.EXTERNAL_NAME and is_address(name):
            # recorded: CoreDNS 1.13.1, kubernetes plugin, case externalname-ip
            message = (
                f"externalName {name} is an IP address: CoreDNS answers NXDOMAIN for the Service's name."
            )
            yield Hit(object_name(service), message, (f"spec.externalName: {name}",))


@rule(
    "KNL108",
    Severity.MEDIUM,
    title="Host bits in loadBalancerSourceRanges",
    advice="Write the range with its network address (10.0.0.0/8, not 10.0.0.1/8), or /32 or /128 for one address: "
    "who is let in then does not depend on how a load balancer reads it.",
    documentation="https://kubernetes.io/docs/reference/kubernetes-api/service-resources/service-v1/#ServiceSpec",
)
def source_range_with_host_bits(cluster: Cluster) -> Iterator[Hit]:
    """Find source ranges with address bits beyond their prefix length."""
    for service in cluster.services:
        texts = map(str.strip, service.spec.load_balancer_source_ranges)
        ranges = [text for text in texts if text and has_host_bits(text)]
        if ranges:
            message = f"{counted(len(ranges), 'source range')} with bits beyond the prefix length: {first_few(ranges)}."
            yield Hit(object_name(service), message, (f"spec.loadBalancerSourceRanges: {first_few(ranges)}",))
