"""What is wrong or at risk with the cluster's CoreDNS and its Corefile."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from kubenetlab.cluster import Cluster
from kubenetlab.dns.caches.cache_settings import CacheSettings
from kubenetlab.dns.cluster_dns import corefiles, dns_service
from kubenetlab.dns.corefile.plugins import check, zones_of
from kubenetlab.dns.demand.capacity import coredns_memory_mb
from kubenetlab.dns.records.zones import is_reverse, normalized, zone_of
from kubenetlab.errors import KubenetlabError
from kubenetlab.findings.finding import Severity
from kubenetlab.findings.registry import Hit, rule
from kubenetlab.findings.templates import workload_templates
from kubenetlab.objects import Service, object_name
from kubenetlab.objects.corefile import Directive
from kubenetlab.objects.node import whole_number
from kubenetlab.readers.corefile import corefile_from_text

_DNS = "https://kubernetes.io/docs/tasks/administer-cluster"
_MEGABYTE = 10**6


def _directives(cluster: Cluster) -> Iterator[tuple[str, dict[str, Directive], tuple[str, ...]]]:
    """Yield the object, by name the plugins of every server block that answers for Services, and its zones."""
    for found in corefiles(cluster):
        try:
            corefile = corefile_from_text(found.text, found.config_map)
            check(corefile)
        except KubenetlabError:
            continue
        for block in corefile.blocks:
            plugins = {directive.name: directive for directive in block.directives}
            if "kubernetes" in plugins:
                zones = normalized(plugins["kubernetes"].args) or zones_of(block)
                yield f"ConfigMap {found.config_map}", plugins, zones


def _uncached(cache: Directive | None, zones: Sequence[str]) -> Iterator[str]:
    """Yield the words that keep names of some zones out of the cache."""
    settings = CacheSettings.of_directive(cache) if cache else None
    if cache is None or settings is None:
        yield "no plugin cache"
        return
    if not any(map(settings.serves, zones)):
        yield " ".join(("cache", *cache.args))
    for kind in ("success", "denial"):
        if any(zone_of(settings.store(kind).left_out, zone) for zone in zones):
            lines = [o for o in cache.block if o.name == "disable" and o.args[0] == kind]
            yield " ".join(("disable", *lines[-1].args))


@rule(
    "KNL506",
    Severity.INFO,
    title="CoreDNS that does not cache names of the cluster",
    advice="Nothing, where CoreDNS has CPU to spare: kubeadm writes it so. Otherwise take disable success and disable denial out.",
    documentation=f"{_DNS}/dns-custom-nameservers/#corefile",
)
def cluster_zone_not_cached(cluster: Cluster) -> Iterator[Hit]:
    """Find server blocks with plugin kubernetes whose zone plugin cache does not serve, or for which it disables a store.

    A name with less than 5 dots from outside of the cluster costs 6 queries for cluster names first (3 domains, A and AAAA).
    """
    for name, plugins, zones in _directives(cluster):
        forward = [zone for zone in zones if not is_reverse(f".{zone}")]
        evidence = tuple(_uncached(plugins.get("cache"), forward))
        if evidence:
            message = "CoreDNS answers each of the 6 queries for cluster names before an outside name anew."
            yield Hit(name, message, evidence)


@rule(
    "KNL512",
    Severity.MEDIUM,
    title="autopath without verified pods",
    advice="Write pods verified in the block of plugin kubernetes, or take autopath out.",
    documentation=f"{_DNS}/dns-custom-nameservers/#corefile",
)
def autopath_without_pods(cluster: Cluster) -> Iterator[Hit]:
    """Find ``autopath @kubernetes`` without ``pods verified``: CoreDNS does not know whose search list to walk then."""
    for name, plugins, _ in _directives(cluster):
        pods = plugins["kubernetes"].option("pods")
        mode = pods.args[0] if pods and pods.args else "disabled"
        if "autopath" in plugins and "@kubernetes" in plugins["autopath"].args and mode != "verified":
            yield Hit(name, "autopath does nothing: CoreDNS does not verify pods.", (f"pods {mode}",))


@rule(
    "KNL507",
    Severity.MEDIUM,
    title="Memory limit of CoreDNS too small",
    advice="Raise the limit: CoreDNS that is killed for memory leaves pods without names.",
    documentation=f"{_DNS}/coredns/#tuning-coredns",
)
def memory_limit_too_small(cluster: Cluster) -> Iterator[Hit]:
    """Find a memory limit of CoreDNS below (pods + Services) / 1000 + 54 MB, with autopath / 250 + 56 MB.

    The formula is coredns/deployment's Scaling_CoreDNS.md, from old measurements: CoreDNS 1.2.5, Kubernetes 1.12.
    """
    number = len(cluster.pods) + len(cluster.services)
    has_autopath = any("autopath" in plugins for _, plugins, _ in _directives(cluster))
    wanted = coredns_memory_mb(number, "autopath" if has_autopath else "default")
    for workload in workload_templates(cluster):
        is_dns = workload.namespace == "kube-system" and not workload.is_owned
        for container in workload.template.spec.containers if is_dns else ():
            quantity = str(container.resources.limits.get("memory", ""))
            limit = whole_number(quantity) if "coredns" in container.image else None
            if limit is not None and limit < wanted * _MEGABYTE:
                message = (
                    f"{number:,} pods and Services want {wanted:.0f} MB, as measured with CoreDNS 1.2.5."
                )
                yield Hit(workload.name, message, (f"resources.limits.memory: {quantity}",))


@rule(
    "KNL509",
    Severity.MEDIUM,
    title="One replica of the cluster's DNS",
    advice="Run two, on two nodes: names stop being answered while the only one starts anew or its node is drained.",
    documentation=f"{_DNS}/dns-horizontal-autoscaling/",
)
def one_replica(cluster: Cluster) -> Iterator[Hit]:
    """Find a DNS Service with one endpoint of a family, ready or not, in a cluster of more than one node.

    Without endpoints the Deployments that it selects count.
    """
    service = dns_service(cluster)
    addresses = {endpoint.address for endpoint in cluster.endpoints_of(service)} if service else set()
    n_six, n_nodes = sum(":" in address for address in addresses), len(cluster.nodes)
    if service and n_nodes > 1 and max(n_six, len(addresses) - n_six) == 1:
        message = f"It has one endpoint for {n_nodes:,} nodes."
        yield Hit(object_name(service), message, (f"endpoint {min(addresses)}",))
    if service and n_nodes > 1 and not addresses and _n_wanted(cluster, service) == 1:
        message = f"One pod is wanted for {n_nodes:,} nodes."
        yield Hit(object_name(service), message, ("spec.replicas: 1",))


def _n_wanted(cluster: Cluster, service: Service) -> int:
    """How many pods the Deployments want that a Service selects; one that does not say how many wants one."""
    home, wanted = service.metadata.namespace, service.spec.selector.items()
    chosen = (d for d in cluster.deployments if wanted and d.metadata.namespace == home)
    labelled = (d for d in chosen if wanted <= d.spec.template.metadata.labels.items())
    return sum(1 if d.spec.replicas is None else d.spec.replicas for d in labelled)
