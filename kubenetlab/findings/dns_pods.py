"""Pods whose resolv.conf does not do what it seems to."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from kubenetlab.cluster import Cluster
from kubenetlab.dns.cluster_dns import dns_addresses
from kubenetlab.dns.resolv_conf.pod_resolv_conf import PodResolvConf, pod_resolv_conf
from kubenetlab.findings.finding import Severity
from kubenetlab.findings.registry import Find, Hit, rule
from kubenetlab.findings.templates import workload_templates
from kubenetlab.objects import Pod, object_name
from kubenetlab.objects.api_object import Metadata

_DOCUMENTATION = "https://kubernetes.io/docs/concepts/services-networking/dns-pod-service"
_MOST_FOR_MUSL = 247  # characters behind "search ": musl reads lines of 255 bytes, its end included
_MUSL = re.compile(r"(?<![a-z])(alpine|musl)(?![a-z])")
_OF_SYSTEM = re.compile(r"kube-.*|openshift-.*|.*-system")
_LOW = ("ndots:0", "ndots:1", "ndots:2")
#: What stops working on musl where ndots is lowered to this: it then asks for such names as they stand only.
_NEEDS_DOTS = {0: "every short name", 1: "service.namespace", 2: "service.namespace.svc"}

_Found = tuple[str, str, Severity] | None


def _of_pods(judge: Callable[[Pod, PodResolvConf], _Found]) -> Find:
    """Make a rule of what judges a pod and its resolv.conf: message, evidence and severity, or None."""

    def find(cluster: Cluster) -> Iterator[Hit]:
        servers = dns_addresses(cluster) or ("(clusterDNS)",)
        for name, pod in _pods(cluster):
            found = judge(pod, pod_resolv_conf(pod, cluster=cluster, cluster_dns=servers))
            if found:
                yield Hit(name, found[0], (found[1],), found[2])

    find.__doc__ = judge.__doc__
    return find


def _pods(cluster: Cluster) -> Iterator[tuple[str, Pod]]:
    """Yield what workloads would make, and pods that nothing in the dump made."""
    templates = list(workload_templates(cluster))
    for workload in templates:
        if not workload.is_owned:
            metadata = Metadata(name=workload.name, namespace=workload.namespace)
            yield workload.name, Pod(metadata=metadata, spec=workload.template.spec)
    for pod in cluster.pods:
        if not (pod.is_planned or pod.has_finished or (templates and pod.metadata.controller)):
            yield object_name(pod), pod


def _musl_image(pod: Pod) -> str:
    """An image whose name says musl or Alpine: a hint, not a proof."""
    return next((c.image for c in pod.spec.serving_containers if _MUSL.search(c.image.lower())), "")


@rule(
    "KNL503",
    Severity.MEDIUM,
    title="Search line too long for musl",
    advice="Shorten dnsConfig.searches: musl (Alpine) ignores a longer search line as a whole, and no short name is found.",
    documentation=f"{_DOCUMENTATION}/#pod-dns-config",
)
@_of_pods
def search_line_too_long(pod: Pod, conf: PodResolvConf) -> _Found:
    """Find search lists of more than 247 characters; of low severity where no image's name speaks of Alpine or musl."""
    length, image = len(" ".join(conf.searches)), _musl_image(pod)
    if length <= _MOST_FOR_MUSL:
        return None
    message = f"The search list has {length} characters, and musl reads {_MOST_FOR_MUSL} at most."
    return message, f"image: {image or 'unknown'}", Severity.MEDIUM if image else Severity.LOW


@rule(
    "KNL504",
    Severity.MEDIUM,
    title="ndots too low for musl",
    advice="Use ndots:3 or more, or whole names: musl (Alpine) asks for a name of so many dots as it stands only.",
    documentation=f"{_DOCUMENTATION}/#pod-dns-config",
)
@_of_pods
def ndots_too_low(pod: Pod, conf: PodResolvConf) -> _Found:
    """Find pods with cluster domains to search, an ndots below 3, and an image whose name speaks of Alpine or musl."""
    ndots, image = next((o for o in conf.options if o in _LOW), ""), _musl_image(pod)
    if not (ndots and image and f"{pod.metadata.namespace}.svc." in conf.text):
        return None
    number = int(ndots.partition(":")[2])
    message = f"{ndots}: on musl {_NEEDS_DOTS[number]} is not found; the image's name hints at musl."
    return message, f"image: {image}", Severity.LOW if number == 2 else Severity.MEDIUM


@rule(
    "KNL510",
    Severity.MEDIUM,
    title="Pod on the host's network without cluster DNS",
    advice="Set dnsPolicy: ClusterFirstWithHostNet, or Default where the node's DNS is meant.",
    documentation=f"{_DOCUMENTATION}/#pod-s-dns-policy",
)
@_of_pods
def host_network_without_cluster_dns(pod: Pod, conf: PodResolvConf) -> _Found:
    """Find pods with hostNetwork and dnsPolicy ClusterFirst outside of the system's namespaces.

    Of medium severity where a command line or a variable holds the name of a Service, of info elsewhere.
    """
    is_default = pod.spec.host_network and pod.spec.dns_policy == "ClusterFirst"
    if not is_default or _OF_SYSTEM.fullmatch(pod.metadata.namespace):
        return None
    containers = pod.spec.serving_containers
    words = [word for c in containers for word in c.command_line]
    words += [variable.value for c in containers for variable in getattr(c, "env", ())]
    named = next((word for word in words if re.search(r"\w\.svc\b", word)), "")
    message = "dnsPolicy ClusterFirst acts as Default with hostNetwork: names of Services are not found."
    return message, named[:100] or "spec.hostNetwork: true", Severity.MEDIUM if named else Severity.INFO


@rule(
    "KNL511",
    Severity.HIGH,
    title="DNS configuration that is not taken as written",
    advice="Give at most 3 nameservers and 32 search domains, and at least 1 nameserver with dnsPolicy None.",
    documentation=f"{_DOCUMENTATION}/#pod-dns-config",
)
@_of_pods
def not_as_written(pod: Pod, conf: PodResolvConf) -> _Found:
    """Find dnsPolicy None without a nameserver, which the API server refuses, and what the kubelet leaves out."""
    if pod.spec.dns_policy == "None" and not conf.nameservers:
        return "dnsPolicy None needs a nameserver in dnsConfig.", "spec.dnsPolicy: None", Severity.HIGH
    omitted = [event.text for event in conf.events if event.reason == "DNSConfigForming"]
    return (omitted[0], "spec.dnsConfig", Severity.LOW) if omitted else None
