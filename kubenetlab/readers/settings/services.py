"""What ServiceCIDR objects and Services say about the Service range and cluster DNS."""

from __future__ import annotations

from kubenetlab.cluster import Cluster
from kubenetlab.objects import object_name
from kubenetlab.readers.settings.clues import Clue, Clues, smallest_ranges
from kubenetlab.result import Origin

DNS_SERVICES = (
    "kube-system/kube-dns",
    "kube-system/coredns",
    "kube-system/rke2-coredns-rke2-coredns",
    "openshift-dns/dns-default",
)


def clues(cluster: Cluster) -> Clues:
    """Yield the ranges of ServiceCIDRs, the smallest range that holds the ClusterIPs, and the DNS Service's address."""
    if cluster.service_cidrs:
        ordered = sorted(
            cluster.service_cidrs, key=lambda s: (s.metadata.name != "kubernetes", s.metadata.name)
        )
        ranges = [cidr for service_cidr in ordered for cidr in service_cidr.spec.cidrs]
        if ranges:
            names = ", ".join(service_cidr.metadata.name for service_cidr in ordered)
            yield Clue("service_cidr", ranges, f"ServiceCIDR {names}")
    by_name = {service.metadata.full_name: service for service in cluster.services}
    for name in DNS_SERVICES:
        if name in by_name and by_name[name].cluster_ips:
            yield Clue(
                "cluster_dns", by_name[name].cluster_ips[0], f"the ClusterIP of {object_name(by_name[name])}"
            )
            break
    ips = [ip for service in cluster.services for ip in service.cluster_ips]
    if ips:
        evidence = f"the smallest range that holds the {len(ips)} ClusterIPs of the dump; the real one is at least this"
        yield Clue("service_cidr", smallest_ranges(ips), evidence, Origin.INFERRED)
