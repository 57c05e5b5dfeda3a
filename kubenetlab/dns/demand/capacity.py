"""Is CoreDNS large enough: memory, queries, replicas, forwarded queries at once, connection tracking.

Sources: coredns/deployment, kubernetes/Scaling_CoreDNS.md (CoreDNS 1.2.4 and 1.2.5, Kubernetes 1.12 and 1.13, nodes of two cores: old
measurements, and all there are); cluster-proportional-autoscaler, README.md, linear_controller_test.go and k8sclient.go (cores are those
of ``status.capacity``); coredns 1.13, plugin/forward (``max_concurrent``, without it no bound; sockets to upstream servers are used again);
Linux, nf_conntrack_proto_udp.c (an entry stays 30 s after the last packet, and 120 s where packets still came 2 s after the first);
kubernetes/dns, nodelocaldns.yaml (NOTRACK; to CoreDNS ``force_tcp``).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import ceil, inf
from typing import Any, Final, NamedTuple

import pandas as pd

from kubenetlab.cluster import Cluster
from kubenetlab.dns.cluster_dns import dns_service, has_node_local_cache
from kubenetlab.dns.corefile.cluster_servers import cluster_servers
from kubenetlab.dns.corefile.plugins import block_for
from kubenetlab.dns.demand.flows import ready_replicas
from kubenetlab.errors import KubenetlabError
from kubenetlab.objects import Service
from kubenetlab.objects.corefile import Corefile
from kubenetlab.objects.node import whole_number
from kubenetlab.result import Basis, Origin, Result, Setting

#: Queries per second of one instance on two cores, about 1.9 of them busy: of names of the cluster, and with autopath of outside ones
#: (without, a lookup of those took five queries: 6,733 lookups/s are 33,667 queries/s).
QUERIES_PER_S: Final = {"default": 33_669, "autopath": 31_428}
CORES_BUSY: Final = 1.9
#: The addon's parameters (kubernetes, cluster/addons/dns-horizontal-autoscaler).
ADDON: Final = {"linear": {"coresPerReplica": 256, "nodesPerReplica": 16, "preventSinglePointFailure": True}}
#: MB for each pod or Service, and MB without any, by plugin.
MEMORY: Final = {"default": (0.001, 54), "autopath": (0.004, 56)}
OLD: Final = "CoreDNS 1.2.4 and 1.2.5 on nodes of two cores (n1-standard-2), 2018: old, so measure your own"
UDP_TIMEOUT_S: Final = 30
#: What kube-proxy sets: ``conntrack.maxPerCore``, and at least ``conntrack.min``.
CONNTRACK_OF_A_CORE: Final = 32_768
CONNTRACK_MAX: Final = 131_072
_AT_LEAST_ONE = ("replicas", "nodes", "queries_per_socket", "memory_mb", "conntrack_max", "client_nodes")
_SCALING = "coredns/deployment, Scaling_CoreDNS.md"
_AUTOSCALER = "cluster-proportional-autoscaler, README.md"
_FORWARD = "coredns 1.13, plugin/forward: above max_concurrent it answers REFUSED"
_UDP = "Linux, nf_conntrack_proto_udp.c: 30 s an entry, of its own pods' queries and those from other nodes; NodeLocal DNSCache: NOTRACK, TCP"


class DnsServers(NamedTuple):
    """CoreDNS and the cluster around it.

    ``nodes`` those that can be scheduled on, ``cores`` theirs together (None: unknown); of each replica ``memory_mb`` its limit (kubeadm's 170Mi),
    ``busy_cores`` the CPU it may use; ``max_concurrent`` of plugin forward (0: no bound); ``conntrack_max`` entries of the node with the
    fewest cores, as kube-proxy sets them.
    """

    pods: int = 0
    services: int = 0
    nodes: int = 1
    cores: int | None = None
    replicas: int = 2
    memory_mb: float = 170 * 2**20 / 1e6
    busy_cores: float = CORES_BUSY
    max_concurrent: int = 1000
    has_autopath: bool = False
    has_node_cache: bool = False
    conntrack_max: int = CONNTRACK_MAX


class DnsLoad(NamedTuple):
    """Queries per second: that CoreDNS gets, that it forwards, and that pods send (None: as many as CoreDNS gets).

    ``upstream_s`` is the mean time of a forwarded query; ``queries_per_socket`` 2 where A and AAAA leave one socket (glibc, musl), else 1: of
    different pods the mean over their sockets; ``client_nodes`` over how many nodes what pods send is spread (None: all).
    """

    queries_per_s: float
    forwarded_per_s: float = 0.0
    upstream_s: float = 0.01
    pod_queries_per_s: float | None = None
    queries_per_socket: float = 2.0
    client_nodes: float | None = None


def dns_servers(cluster: Cluster, corefile: Corefile | None = None, /, **known: Any) -> DnsServers:
    """Return what a dump says of CoreDNS; ``known`` are fields that it does not say.

    Replicas are the ready endpoints of the DNS Service, else its pods; memory and CPU the limits in the template of its pods; the Corefile
    that of the dump, unless one is given.
    """
    nodes = [node for node in cluster.nodes if not node.spec.unschedulable]
    milli = [node.status.capacity.milli_cores or 0 for node in nodes]
    service = dns_service(cluster)
    limits = _limits_of(cluster, service) if service else {}
    memory = whole_number(str(limits.get("memory", "")))
    read = {
        "pods": sum(not pod.has_finished for pod in cluster.pods),
        "services": len(cluster.services),
        "nodes": len(nodes),
        "cores": ceil(sum(milli) / 1000) if all(milli) else None,
        "replicas": ready_replicas(cluster),
        "memory_mb": max(1.0, memory / 1e6) if memory else None,
        "busy_cores": (whole_number(str(limits.get("cpu", "")), 1000) or 0) / 1000,
        "has_node_cache": has_node_local_cache(cluster),
        "conntrack_max": max(CONNTRACK_MAX, CONNTRACK_OF_A_CORE * min(milli, default=0) // 1000),
    }
    told = {name: value for name, value in read.items() if value}
    return DnsServers(**{**told, **_of_corefile(cluster, corefile), **known})


def _limits_of(cluster: Cluster, service: Service) -> Mapping[str, str | int]:
    """The limits in the template of a Service's pods: those of its first container that has some."""
    wanted, namespace = service.spec.selector.items(), service.metadata.namespace
    for workload in (*cluster.daemon_sets, *cluster.deployments):
        template = workload.spec.template
        if wanted and workload.metadata.namespace == namespace and wanted <= template.metadata.labels.items():
            return next(
                (one.resources.limits for one in template.spec.containers if one.resources.limits), {}
            )
    return {}


def _of_corefile(cluster: Cluster, corefile: Corefile | None) -> dict[str, Any]:
    """What the Corefile says; nothing where it is assumed, or none that CoreDNS takes."""
    try:
        servers = cluster_servers(cluster, corefile)
    except KubenetlabError:
        return {}
    corefile = servers.core_dns.corefile
    outside = block_for(corefile, "example.com.")
    forward = next((one for one in outside.directives if one.name == "forward"), None) if outside else None
    most = forward.option("max_concurrent") if forward else None
    has_autopath = any(one.name == "autopath" for block in corefile.blocks for one in block.directives)
    read = {"has_autopath": has_autopath, "max_concurrent": int(most.args[0]) if most else 0}
    return read if servers.setting.origin is Origin.READ else {}


def coredns_memory_mb(n_objects: int, plugin: str = "default") -> float:
    """Return the MB that one instance needs for a number of pods and Services, a full cache and 30,000 queries/s included.

    ``plugin`` is ``default`` or ``autopath``.

    >>> coredns_memory_mb(116_000), coredns_memory_mb(28_500, "autopath")
    (170.0, 170.0)
    """
    each, without = MEMORY[plugin]
    return n_objects * each + without


def autoscaled_replicas(nodes: int, cores: int, parameters: Mapping[str, Any] = ADDON) -> int:
    """Return the replicas that cluster-proportional-autoscaler sets.

    Parameters
    ----------
    nodes, cores
        Nodes that can be scheduled on (all, with ``includeUnschedulableNodes``), and their cores.
    parameters
        The ConfigMap's ``linear`` or ``ladder``, as its JSON says.

    Raises
    ------
    ValueError
        If there is no such mode, neither parameter, or ``max`` is below ``min``.

    Examples
    --------
    >>> autoscaled_replicas(4, 13, {"linear": {"coresPerReplica": 2, "nodesPerReplica": 1, "min": 1, "max": 100}})
    7
    """
    if (ladder := parameters.get("ladder")) is not None:
        steps = (ladder.get("coresToReplicas", ()), cores), (ladder.get("nodesToReplicas", ()), nodes)
        return max(_step(sorted(entries), n) for entries, n in steps)
    linear = parameters.get("linear", {})
    per = linear.get("coresPerReplica", 0), linear.get("nodesPerReplica", 0)
    low, high = max(1, linear.get("min", 1)), linear.get("max", 0) or inf
    if min(per) < 0 or not any(per) or high < low:
        expected = "linear with coresPerReplica or nodesPerReplica and min <= max, or ladder"
        raise ValueError(f"parameters are {parameters!r:.200}, expected {expected}")
    counts = ((cores, per[0]), (nodes, per[1]))
    wanted = (max(low, min(high, ceil(n / each))) for n, each in counts if each)
    return int(max(*wanted, 1, 2 if linear.get("preventSinglePointFailure") and nodes > 1 else 1))


def _step(entries: Sequence[Sequence[int]], n: int) -> int:
    below = [replicas for least, replicas in entries if least <= n]
    return below[-1] if below else entries[0][1] if entries else 1


def coredns_capacity(
    servers: DnsServers | Cluster,
    load: DnsLoad,
    *,
    head_room: float = 0.5,
    autoscaler: Mapping[str, Any] = ADDON,
) -> Result:
    """Compare what a load needs with what CoreDNS has.

    Parameters
    ----------
    servers
        CoreDNS and its cluster, or a dump (see ``dns_servers``).
    load
        Queries per second.
    head_room
        Share of a replica's queries per second that stays free, below 1.
    autoscaler
        Parameters of cluster-proportional-autoscaler.

    Returns
    -------
    A Result; its frame has a row a limit: limit, needed, has (NaN: unknown), unit, used_share (needed / has), holds (False where it is
    above 1), binds (the largest share but for the autoscaler's, which a cluster may not run), source.

    Raises
    ------
    ValueError
        If a number is negative, or no share below 1.
    """
    servers = dns_servers(servers) if isinstance(servers, Cluster) else servers
    given = {**servers._asdict(), **load._asdict(), "head_room": head_room}
    wrong = [name for name, n in given.items() if n is not None and not (name in _AT_LEAST_ONE) <= n < inf]
    if wrong or head_room >= 1 or not servers.busy_cores:
        raise ValueError(
            f"found {given!r:.400}, expected numbers from 0 (or 1) on, head_room below 1, busy_cores"
        )
    rows = _limits(servers, load, 1 - head_room, autoscaler)
    frame = pd.DataFrame(rows, columns=["limit", "needed", "has", "unit", "source"])
    frame.insert(4, "used_share", frame["needed"] / frame["has"])
    frame.insert(5, "holds", frame["used_share"] <= 1)
    own = frame["used_share"].where(~frame["limit"].str.contains("(autoscaler", regex=False))
    frame.insert(6, "binds", own == own.max())
    known = {"head_room": 0.5, **DnsServers._field_defaults, **DnsLoad._field_defaults}
    assumed = [("measurements", OLD), *((name, n) for name, n in given.items() if n == known.get(name))]
    assumptions = tuple(Setting(name, value, Origin.DEFAULT, "not given") for name, value in assumed)
    title = "What CoreDNS needs and has"
    because = OLD, f"queries of a replica leave {head_room:.0%} of what was measured free"
    return Result(title=title, _frame=frame, assumptions=assumptions, because=because, basis=Basis.DOCS)


def _limits(
    servers: DnsServers, load: DnsLoad, usable: float, autoscaler: Mapping[str, Any]
) -> list[tuple[str, float, float, str, str]]:
    plugin, n = "autopath" if servers.has_autopath else "default", servers.replicas
    per_core = QUERIES_PER_S[plugin] / CORES_BUSY
    rate, most = load.queries_per_s / n, per_core * servers.busy_cores * usable
    memory = coredns_memory_mb(servers.pods + servers.services, plugin)
    scaled = autoscaled_replicas(servers.nodes, servers.cores or 0, autoscaler)
    by = "autoscaler" if servers.cores is not None else "autoscaler, by nodes alone"
    at_once = load.forwarded_per_s / n * load.upstream_s  # Little's law
    sent = load.queries_per_s if load.pod_queries_per_s is None else load.pod_queries_per_s
    from_others = (
        load.queries_per_s / min(n, servers.nodes) * (1 - 1 / servers.nodes)
    )  # at a node with CoreDNS
    entries = (
        (sent / min(load.client_nodes or inf, servers.nodes) + from_others)
        / load.queries_per_socket
        * UDP_TIMEOUT_S
    )
    entries = entries * (not servers.has_node_cache) + at_once * max(1.0, n / servers.nodes)
    return [
        ("memory of a replica", memory, servers.memory_mb, "MB", _SCALING),
        ("queries of a replica", rate, most, "1/s", _SCALING),
        ("CPU of a replica", rate / per_core, servers.busy_cores, "cores", _SCALING),
        ("replicas for the queries", max(1, ceil(load.queries_per_s / most)), n, "replicas", _SCALING),
        (f"replicas ({by})", scaled, n, "replicas", _AUTOSCALER),
        ("forwarded at once by a replica", at_once, servers.max_concurrent or inf, "queries", _FORWARD),
        ("connection tracking of a node with CoreDNS", entries, servers.conntrack_max, "entries", _UDP),
    ]
