"""Which distribution or managed service, and which cloud: a table of marks that nodes, pods and ConfigMaps carry."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any, NamedTuple

from kubenetlab.cluster import Cluster
from kubenetlab.objects import Node, object_name
from kubenetlab.readers.settings.clues import Clue, Clues
from kubenetlab.result import Origin

Mark = Callable[[Cluster], Iterator[str]]

CLOUD_OF_PLATFORM = {"eks": "aws", "aks": "azure", "gke": "gcp"}
CLOUD_OF_PROVIDER = {"aws": "aws", "azure": "azure", "gce": "gcp"}
_NO_CLOUDS = frozenset(("k3s", "rke2", "k0s", "kind", "minikube", "external"))  # distributions' own providers
_PROVIDER = re.compile(r"[a-z][a-z0-9-]{1,31}")  # cloud-provider names: openstack, digitalocean, hcloud …
_MAX_EVIDENCE = 200
CLOUD_OF_CNI = {"aws-vpc-cni": "aws", "azure-cni": "azure", "gke": "gcp"}


def _label(prefix: str) -> Mark:
    def find(cluster: Cluster) -> Iterator[str]:
        for node in cluster.nodes:
            for key in node.metadata.labels:
                if key.startswith(prefix):
                    yield f"label {key} of {object_name(node)}"

    return find


def _annotation(prefix: str) -> Mark:
    def find(cluster: Cluster) -> Iterator[str]:
        for node in cluster.nodes:
            for key in node.metadata.annotations:
                if key.startswith(prefix):
                    yield f"annotation {key} of {object_name(node)}"

    return find


def _kubelet(pattern: str) -> Mark:
    found = re.compile(pattern).search

    def find(cluster: Cluster) -> Iterator[str]:
        for node in cluster.nodes:
            version = node.status.node_info.kubelet_version
            if found(version):
                yield f"kubelet version {version} of {object_name(node)}"

    return find


def _provider(prefix: str) -> Mark:
    def find(cluster: Cluster) -> Iterator[str]:
        for node in cluster.nodes:
            if node.spec.provider_id.startswith(prefix):
                yield f"providerID {prefix} of {object_name(node)}"

    return find


def _namespace(name: str) -> Mark:
    def find(cluster: Cluster) -> Iterator[str]:
        objects: tuple[Any, ...] = (*cluster.namespaces, *cluster.pods)
        return (f"namespace {name}" for o in objects if name in (o.metadata.namespace or o.metadata.name,))

    return find


def _config_map(name: str) -> Mark:
    def find(cluster: Cluster) -> Iterator[str]:
        return (object_name(c) for c in cluster.config_maps if c.metadata.full_name == f"kube-system/{name}")

    return find


def _image(pattern: str) -> Mark:
    found = re.compile(pattern).search

    def find(cluster: Cluster) -> Iterator[str]:
        for pod in cluster.pods:
            if pod.metadata.namespace == "kube-system":
                yield from (
                    f"image {c.image} of {object_name(pod)}" for c in pod.spec.containers if found(c.image)
                )

    return find


class Platform(NamedTuple):
    """A platform and the marks that tell it, the surest first."""

    name: str
    marks: tuple[Mark, ...]


PLATFORMS: tuple[Platform, ...] = (
    Platform(
        "eks",
        (
            _label("eks.amazonaws.com/"),
            _kubelet(r"-eks-"),
            _config_map("aws-auth"),
            _image(r"\.amazonaws\.com(?:\.cn)?/eks/"),
        ),
    ),
    Platform("aks", (_label("kubernetes.azure.com/"), _config_map("azure-ip-masq-agent-config-reconciled"))),
    Platform(
        "gke",
        (
            _label("cloud.google.com/gke-"),
            _kubelet(r"-gke\."),
            _image(r"(?:^|[/.])gke\.gcr\.io/|/gke-release/"),
        ),
    ),
    Platform(
        "openshift",
        (_label("node.openshift.io/"), _namespace("openshift-apiserver"), _namespace("openshift-dns")),
    ),
    Platform("k3s", (_kubelet(r"\+k3s"), _provider("k3s://"), _annotation("k3s.io/"))),
    Platform("rke2", (_kubelet(r"\+rke2"), _annotation("rke2.io/"))),
    Platform("kind", (_provider("kind://"),)),
    Platform("minikube", (_label("minikube.k8s.io/"),)),
    Platform("kubeadm", (_config_map("kubeadm-config"), _annotation("kubeadm.alpha.kubernetes.io/"))),
)


def clues(cluster: Cluster) -> Clues:
    """Yield the platform that the first mark tells, and the cloud of the platform or of the nodes' providerIDs."""
    for platform in PLATFORMS:
        evidence = next((found for mark in platform.marks for found in mark(cluster)), None)
        if evidence:
            yield Clue("platform", platform.name, evidence, Origin.INFERRED)
            if platform.name in CLOUD_OF_PLATFORM:
                yield Clue("cloud", CLOUD_OF_PLATFORM[platform.name], evidence, Origin.INFERRED)
            break
    yield from _cloud(cluster.nodes)


def _cloud(nodes: Iterable[Node]) -> Clues:
    providers = sorted(
        {node.spec.provider_id.partition("://")[0] for node in nodes if "://" in node.spec.provider_id}
    )
    named = [provider for provider in providers if _is_cloud(provider)]
    ordered = sorted(named, key=lambda provider: (provider not in CLOUD_OF_PROVIDER, provider))
    if ordered:
        cloud = CLOUD_OF_PROVIDER.get(ordered[0], ordered[0])
        yield Clue("cloud", cloud, f"providerID {ordered[0]}:// of the nodes")
    elif nodes:
        others = f" ({', '.join(providers)[:_MAX_EVIDENCE]})" if providers else ""
        yield Clue("cloud", "none", f"no node's providerID{others} or label names a cloud", Origin.INFERRED)


def _is_cloud(provider: str) -> bool:
    return provider not in _NO_CLOUDS and bool(_PROVIDER.fullmatch(provider))
