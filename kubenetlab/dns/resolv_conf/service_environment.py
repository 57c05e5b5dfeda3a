"""The environment variables in which the kubelet tells a container of Services."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from kubenetlab.cluster import Cluster
from kubenetlab.objects import Pod, Service
from kubenetlab.result import Basis, Result

COLUMNS = ("name", "value", "service", "also")
_MASTER = "default/kubernetes"
_LIMIT = 2 << 20  # a quarter of the usual stack limit of 8 MiB holds arguments and environment: execve(2)


def service_environment(cluster: Cluster, pod: Pod) -> Result:
    """Return the variables of Services that a container gets which starts now.

    Services that are made later are absent until the container starts anew.

    Parameters
    ----------
    cluster
        The cluster; Services without a ClusterIP (headless, ExternalName) give no variables.
    pod
        The pod. Where its ``enableServiceLinks`` is false, only Service kubernetes of namespace default counts.

    Returns
    -------
    A Result; its frame has one row a variable, by name: name, value, service, also (all text). ``also`` names other
    Services that give the same variable: which of them wins changes from start to start, and ``value`` is that of the
    last by name.

    References
    ----------
    .. [1] kubernetes, pkg/kubelet/envvars/envvars.go, and getServiceEnvVarMap of pkg/kubelet/kubelet_pods.go.
    """
    found: dict[str, dict[str, str]] = {}
    for service in _services(cluster, pod):
        for name, value in _variables(service):
            found.setdefault(name, {})[service.metadata.full_name] = value
    rows = []
    for name, values in sorted(found.items()):
        *others, (service_name, value) = values.items()
        rows.append((name, value, service_name, ", ".join(f"{other}: {text}" for other, text in others)))
    frame = pd.DataFrame(rows, columns=list(COLUMNS), dtype="str")
    return Result(title="Service environment", _frame=frame, because=_because(pod, rows), basis=Basis.SOURCE)


def _services(cluster: Cluster, pod: Pod) -> list[Service]:
    """The Services that count, by name; one named kubernetes in the pod's namespace hides that of default."""
    by_name: dict[str, Service] = {}
    for service in cluster.services:
        about = service.metadata
        is_own = pod.spec.enable_service_links and about.namespace == pod.metadata.namespace
        if service.spec.cluster_ip in ("", "None") or not service.spec.ports:
            continue
        if is_own or (about.full_name == _MASTER and about.name not in by_name):
            by_name[about.name] = service
    return [service for _, service in sorted(by_name.items())]


def _variables(service: Service) -> Iterator[tuple[str, str]]:
    """Yield the variables of a Service in the order of FromServices and makeLinkVariables."""
    prefix, ip, ports = _variable(service.metadata.name), service.spec.cluster_ip, service.spec.ports
    host = f"[{ip}]" if ":" in ip else ip
    yield f"{prefix}_SERVICE_HOST", ip
    yield f"{prefix}_SERVICE_PORT", str(ports[0].port)
    for port in ports:
        if port.name:
            yield f"{prefix}_SERVICE_PORT_{_variable(port.name)}", str(port.port)
    for number, port in enumerate(ports):
        protocol = port.protocol.lower()
        url = f"{protocol}://{host}:{port.port}"
        if number == 0:
            yield f"{prefix}_PORT", url
        link = f"{prefix}_PORT_{port.port}_{port.protocol.upper()}"
        parts = {"": url, "_PROTO": protocol, "_PORT": str(port.port), "_ADDR": ip}
        yield from ((link + suffix, value) for suffix, value in parts.items())


def _variable(name: str) -> str:
    return name.replace("-", "_").upper()


def _because(pod: Pod, rows: list[tuple[str, str, str, str]]) -> tuple[str, ...]:
    size = sum(len(name) + len(value) + 2 for name, value, _, _ in rows)
    links = str(pod.spec.enable_service_links).lower()
    clashes = sum(bool(also) for *_, also in rows)
    return (
        f"enableServiceLinks: {links}",
        f"{len(rows)} variables of {size} bytes; arguments and environment may have {_LIMIT} together",
        f"{clashes} of them given by more than one Service",
    )
