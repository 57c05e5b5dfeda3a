"""Settings on the command lines of Kubernetes components: static pods, DaemonSets, Deployments."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from kubenetlab.cluster import Cluster
from kubenetlab.objects import Container, object_name
from kubenetlab.readers.settings.clues import Clue, Clues, is_system_namespace
from kubenetlab.result import Origin

FLAGS: dict[str, dict[str, str]] = {
    "kube-controller-manager": {
        "cluster-cidr": "cluster_cidr",
        "service-cluster-ip-range": "service_cidr",
        "node-cidr-mask-size": "node_cidr_mask_size",
        "node-cidr-mask-size-ipv4": "node_cidr_mask_size",
        "node-cidr-mask-size-ipv6": "node_cidr_mask_size_ipv6",
    },
    "kube-apiserver": {
        "service-cluster-ip-range": "service_cidr",
        "service-node-port-range": "node_port_range",
    },
    "kube-proxy": {"proxy-mode": "proxy_mode", "cluster-cidr": "cluster_cidr"},
    "kube-dns": {"domain": "cluster_domain"},
    "kubelet": {"cluster-dns": "cluster_dns", "cluster-domain": "cluster_domain", "max-pods": "max_pods"},
}


_PROXY, _FILE = "kube-proxy", "config"


def clues(cluster: Cluster) -> Clues:
    """Yield what the flags of kube-controller-manager, kube-apiserver, kube-proxy and kube-dns say.

    Those of a kube-proxy that is given a file with ``--config`` say nothing: it ignores them.
    """
    seen = set()
    for owner, container in _containers(cluster):
        component, flags = _command(container)
        for flag, value in () if component == _PROXY and _FILE in dict(flags) else flags:
            setting = FLAGS[component].get(flag)
            if setting and (component, flag, value) not in seen and value:
                seen.add((component, flag, value))
                yield Clue(setting, value, f"{component} --{flag} in {object_name(owner)}")
        if component == "kube-apiserver":
            yield from _image_version(component, owner, container, Origin.READ)


def flags_by_owner(cluster: Cluster, component: str) -> Iterator[tuple[Any, dict[str, str]]]:
    """Yield the objects that run a component, and its flags; a flag that is given twice has its last value."""
    for owner, container in _containers(cluster):
        name, flags = _command(container)
        if name == component:
            yield owner, dict(flags)


def proxy_reads_file(cluster: Cluster) -> bool | None:
    """Return whether kube-proxy is given its configuration as a file, and ignores its flags; None where nothing says it.

    Without ``--config`` it reads no file: a ConfigMap of kube-proxy is then left over (Kubernetes v1.36.2,
    cmd/kube-proxy/app/options.go, Complete).
    """
    given = [flags for _, flags in flags_by_owner(cluster, _PROXY) if flags]
    return any(_FILE in flags for flags in given) if given else None


def proxy_version(cluster: Cluster) -> Clues:
    """Yield the version of kube-proxy's image: near the cluster's where the dump has neither API server nor nodes."""
    for owner, container in _containers(cluster):
        if container.name == "kube-proxy":
            yield from _image_version("kube-proxy", owner, container, Origin.INFERRED)
            return


def _containers(cluster: Cluster) -> Iterator[tuple[Any, Container]]:
    for pod in cluster.pods:
        if is_system_namespace(pod.metadata.namespace):
            yield from ((pod, container) for container in pod.spec.containers)
    for workload in (*cluster.daemon_sets, *cluster.deployments):
        if is_system_namespace(workload.metadata.namespace):
            yield from ((workload, container) for container in workload.spec.template.spec.containers)


def _command(container: Container) -> tuple[str, list[tuple[str, str]]]:
    """Return the component that a command line starts and its flags; also inside ``sh -c`` and hyperkube."""
    line = container.command_line
    if not any(component in text for component in FLAGS for text in (container.name, *line[:4])):
        return "", []
    words = " ".join(line).split()
    names = [container.name.replace("kubedns", "kube-dns"), *(word.rpartition("/")[2] for word in words)]
    component = next((name for name in names if name in FLAGS), "")
    return component, list(flags_of(words)) if component else []


def flags_of(words: list[str]) -> Iterator[tuple[str, str]]:
    """Yield the flags of a command line and their values, which may follow as words of their own.

    >>> list(flags_of(["server", "--cluster-cidr", "10.42.0.0/16", "--disable-kube-proxy", "--v=2"]))
    [('cluster-cidr', '10.42.0.0/16'), ('disable-kube-proxy', ''), ('v', '2')]
    """
    for word, following in zip(words, [*words[1:], ""], strict=False):
        if word.startswith("--"):
            name, equals, value = word[2:].partition("=")
            value = value if equals or following.startswith("--") else following
            yield name, value.strip("\"'")


def _image_version(component: str, owner: Any, container: Container, origin: Origin) -> Clues:
    tag = container.image.partition("@")[0].rpartition(":")[2]
    if tag[:1] == "v" and tag[1:2].isdigit():
        evidence = f"the image of {component} in {object_name(owner)} ({tag})"
        yield Clue("kubernetes_version", tag, evidence, origin)
