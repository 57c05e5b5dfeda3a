"""Which workloads a synthetic cluster has and where their pods run."""

import itertools
from collections.abc import Iterator

from kubenetlab.synthetic.catalogue import APPS, AppRow, container_ports
from kubenetlab.synthetic.draft import Draft, Json, NodeRecord, PodRecord, Workload
from kubenetlab.synthetic.system import SYSTEM_ROWS, SystemRow

_PODS_PER_TEAM = 150
_MOST_TEAMS = 100
_NODE_EXPORTER = SystemRow(
    name="node-exporter",
    image="quay.io/prometheus/node-exporter:v1.10.0",
    namespace="observability",
    labels="app.kubernetes.io/name=node-exporter",
    ports="metrics:9100",
)
_SIDECAR: Json = {
    "name": "proxy",
    "image": "docker.io/envoyproxy/envoy:v1.36.2",
    "ports": [{"containerPort": 8443, "name": "proxy", "protocol": "TCP"}],
}


def add_workloads(draft: Draft) -> None:
    """Add system workloads, then applications until the cluster has its pods.

    Raises
    ------
    ValueError
        If the pods are too few for the system's own or too many for the nodes.
    """
    add_system_workloads(draft)
    n_left = draft.shape.pods - _n_pods(draft)
    if n_left < 0:
        n_system = draft.shape.pods - n_left
        raise ValueError(f"{draft.shape.pods} pods are too few: {draft.platform.name} itself runs {n_system}")
    if n_left > 2 * draft.shape.nodes + 20:
        _add_system(draft, _NODE_EXPORTER)
        n_left = draft.shape.pods - _n_pods(draft)
    for row, namespace, replicas in _replicas(draft, n_left):
        add_app(draft, row, namespace, replicas)


def add_system_workloads(draft: Draft) -> None:
    """Add what the platform itself runs."""
    for row in SYSTEM_ROWS[draft.platform.name]:
        _add_system(draft, row)


def add_app(draft: Draft, row: AppRow, namespace: str, replicas: int) -> Workload:
    """Add an application and place its pods."""
    workload = Workload(
        kind=row.kind,
        namespace=namespace,
        name=row.name,
        replicas=replicas,
        image=row.full_image,
        ports=container_ports(row.ports),
        labels={"app.kubernetes.io/name": row.name, "app.kubernetes.io/part-of": namespace},
        sidecars=(_SIDECAR,) if row.has_sidecar else (),
        service_name=f"{row.name}{row.services[0].suffix}" if row.services else "",
    )
    nodes = itertools.islice(_next_nodes(draft), replicas)
    _place(draft, workload, list(nodes))
    return workload


def move(draft: Draft, pod: PodRecord, node: NodeRecord) -> None:
    """Move a pod to another node; it gets addresses there."""
    draft.nodes[pod.node].n_pods -= 1
    node.n_pods += 1
    pod.node, pod.ips = node.index, draft.new_addresses(node.index)


def _n_pods(draft: Draft) -> int:
    return sum(len(workload.pods) for workload in draft.workloads)


def _add_system(draft: Draft, row: SystemRow) -> None:
    words = {
        "services": ",".join(draft.ranges["services"]),
        "pods": ",".join(draft.ranges["pods"]),
        "aks_cidr": ",".join(pods or nodes for pods, nodes in zip(*_pods_and_nodes(draft), strict=True)),
        "allocate": str(draft.platform.has_node_pod_cidr).lower(),
        "cluster_cidr_flag": _cluster_cidr_flag(draft),
    }
    workload = Workload(
        kind=row.kind,
        namespace=row.namespace,
        name=row.name,
        replicas=row.replicas,
        image=row.image,
        ports=container_ports(row.ports),
        command=tuple(row.command.format_map(words).split()),
        labels=dict(pair.split("=") for pair in row.labels.split(",")),
        host_network=row.host_network,
    )
    _place(draft, workload, _nodes_for(draft, row))


def _pods_and_nodes(draft: Draft) -> tuple[list[str], list[str]]:
    return draft.ranges["pods"], draft.ranges["nodes"]


def _cluster_cidr_flag(draft: Draft) -> str:
    pods = ",".join(draft.ranges["pods"])
    return f"--cluster-cidr={pods}" if draft.platform.has_node_pod_cidr else ""


def _nodes_for(draft: Draft, row: SystemRow) -> list[NodeRecord]:
    if row.kind == "Deployment":
        return list(itertools.islice(_next_nodes(draft), row.replicas))
    if row.where == "control-plane":
        return [node for node in draft.nodes if node.is_control_plane]
    return draft.nodes


def _next_nodes(draft: Draft) -> Iterator[NodeRecord]:
    """Workers one after the other from a random one on: pods of a workload spread as the scheduler spreads them."""
    workers = draft.workers()
    start = draft.rng.randrange(len(workers))
    return itertools.cycle(workers[start:] + workers[:start])


def _place(draft: Draft, workload: Workload, nodes: list[NodeRecord]) -> None:
    names: set[str] = set()
    for i, wanted in enumerate(nodes):
        node = wanted if wanted.n_pods < wanted.max_pods else _emptiest(draft)
        node.n_pods += 1
        name = _pod_name(draft, workload, i, node)
        while name in names:
            name = _pod_name(draft, workload, i + len(nodes) + len(names), node)
        names.add(name)
        ips = node.ips if workload.host_network else draft.new_addresses(node.index)
        workload.pods.append(PodRecord(name, node.index, ips))
    workload.replicas = len(nodes)
    draft.workloads.append(workload)


def _emptiest(draft: Draft) -> NodeRecord:
    node = min(draft.workers(), key=lambda node: node.n_pods)
    if node.n_pods >= node.max_pods:
        raise ValueError(
            f"{draft.shape.nodes} nodes of {node.max_pods} pods are too few for {draft.shape.pods} pods"
        )
    return node


def template_hash(draft: Draft, workload: Workload) -> str:
    """Return the pod-template-hash of a Deployment or the name's middle part of a CronJob's Job."""
    if workload.kind == "CronJob":
        return str(29_300_000 + draft.identity.number(100_000, workload.object))
    return draft.identity.suffix(10, workload.object)


def _pod_name(draft: Draft, workload: Workload, i: int, node: NodeRecord) -> str:
    end = draft.identity.suffix(5, workload.object, i)
    return {
        "Deployment": f"{workload.name}-{template_hash(draft, workload)}-{end}",
        "CronJob": f"{workload.name}-{template_hash(draft, workload)}-{end}",
        "StatefulSet": f"{workload.name}-{i}",
        "Static": f"{workload.name}-{node.name}",
    }.get(workload.kind, f"{workload.name}-{end}")


def _replicas(draft: Draft, n_pods: int) -> list[tuple[AppRow, str, int]]:
    """Share ``n_pods`` among teams, each with the whole catalogue in namespaces of its own."""
    n_teams = max(1, min(_MOST_TEAMS, round(n_pods / _PODS_PER_TEAM)))
    rows: list[tuple[AppRow, str, int]] = []
    for team in range(n_teams):
        n_team = n_pods * (team + 1) // n_teams - n_pods * team // n_teams
        end = f"-{team + 1:02}" if team else ""
        rows += [(row, f"{row.namespace}{end}", count) for row, count in _team_replicas(draft, n_team)]
    return rows


def _team_replicas(draft: Draft, n_pods: int) -> list[tuple[AppRow, int]]:
    """Share a team's pods by the catalogue's weights; with few pods, the first applications only."""
    rows = APPS[: max(1, min(len(APPS), (n_pods + 1) // 2))]
    counts = [1] * len(rows) if n_pods >= len(rows) else [1] * n_pods
    weights = [row.weight * draft.rng.uniform(0.5, 1.5) for row in rows]
    left = n_pods - len(counts)
    open_rows = [i for i, row in enumerate(rows[: len(counts)]) if row.most > 1]
    for i in open_rows:
        extra = min(rows[i].most - 1, int(left * weights[i] / sum(weights)))
        counts[i] += extra
    largest = max(open_rows, key=lambda i: weights[i] if rows[i].most > 10 else 0.0, default=0)
    if counts:
        counts[largest] += n_pods - sum(counts)
    return list(zip(rows, counts, strict=False))
