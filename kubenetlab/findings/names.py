"""Namespaces whose names mean something else already."""

from __future__ import annotations

from collections.abc import Iterator

from kubenetlab.cluster import Cluster
from kubenetlab.dns.top_level_domains import TOP_LEVEL_DOMAINS
from kubenetlab.findings.finding import Severity
from kubenetlab.findings.known_settings import known
from kubenetlab.findings.registry import Hit, rule
from kubenetlab.findings.wording import first_few
from kubenetlab.objects import object_name


@rule(
    "KNL109",
    Severity.INFO,
    title="Service in namespace default",
    advice="Give applications namespaces of their own: policies, quotas and DNS names then say whose they are.",
    documentation="https://kubernetes.io/docs/concepts/overview/working-with-objects/namespaces/#initial-namespaces",
)
def service_in_default(cluster: Cluster) -> Iterator[Hit]:
    """Find Services of namespace default, but not those that belong there."""
    platform = known(cluster, "platform")
    own = {"kubernetes", "openshift"} if platform and platform.value == "openshift" else {"kubernetes"}
    for service in cluster.services:
        if service.metadata.namespace == "default" and service.metadata.name not in own:
            yield Hit(
                object_name(service), "The Service is in namespace default.", ("metadata.namespace: default",)
            )


@rule(
    "KNL501",
    Severity.MEDIUM,
    title="Namespace with the name of a public top-level domain",
    advice="Use another name for the namespace: a pod that asks for a public name of two parts gets the address of a "
    "Service of this namespace where one has that name, because the search list is tried first.",
    documentation="https://kubernetes.io/docs/concepts/overview/working-with-objects/namespaces/#namespaces-and-dns",
)
def namespace_like_top_level_domain(cluster: Cluster) -> Iterator[Hit]:
    """Find namespaces named as a public top-level domain: ``google.com`` may then be Service google of namespace com.

    One in which the dump shows no Service is of low severity: it answers for no public name yet.
    """
    for namespace in cluster.namespaces:
        name = namespace.metadata.name
        if name in TOP_LEVEL_DOMAINS:
            evidence = (f"metadata.name: {name}", f".{name} is a public top-level domain")
            services = [s.metadata.name for s in cluster.services if s.metadata.namespace == name]
            if services:
                names = first_few([f"{service}.{name}" for service in sorted(services)], most=3)
                message = f"Its Services answer for public names: {names}."
                yield Hit(object_name(namespace), message, evidence)
            else:
                message = (
                    f"The dump shows no Service in it; each would answer for a public name under .{name}."
                )
                yield Hit(object_name(namespace), message, evidence, Severity.LOW)
