"""What faults and their neighbours are put on: workloads and nodes that nothing else was put on."""

from collections import Counter
from collections.abc import Callable

from kubenetlab.synthetic.catalogue import AppRow
from kubenetlab.synthetic.draft import Draft, Json, NodeRecord, Workload
from kubenetlab.synthetic.planning import add_app, move
from kubenetlab.synthetic.services import expose, give_cluster_ips, service_object

#: Applications with Services or policies of their own that a fault must not disturb.
_LEFT_ALONE = ("edge", "checkout", "default")


def claim_workload(draft: Draft, *, at_least: int = 1) -> Workload:
    """Return a Deployment of the applications that was not claimed before.

    Raises
    ------
    ValueError
        If there is none left.
    """
    free = [
        workload
        for workload in draft.workloads
        if workload.kind == "Deployment"
        and "app.kubernetes.io/part-of" in workload.labels
        and not workload.namespace.startswith(_LEFT_ALONE)
        and len(workload.pods) >= at_least
        and workload.object not in draft.claimed
    ]
    if not free:
        raise ValueError(f"{draft.shape.pods} pods are too few for what was asked: no Deployment is left")
    workload = draft.rng.choice(free)
    draft.claimed.add(workload.object)
    return workload


def claim_node(
    draft: Draft, *, is_taken: Callable[[NodeRecord], bool] = lambda node: False
) -> tuple[NodeRecord, Json]:
    """Return a worker that was not claimed before, and its object.

    Raises
    ------
    ValueError
        If there is none left.
    """
    free = [
        node for node in draft.workers() if f"Node {node.name}" not in draft.claimed and not is_taken(node)
    ]
    if not free:
        raise ValueError(f"{draft.shape.nodes} nodes are too few for what was asked: no worker is left")
    node = draft.rng.choice(free)
    draft.claimed.add(f"Node {node.name}")
    return node, draft.get("Node", node.name)


def add_service(
    draft: Draft, workload: Workload, suffix: str, kind: str = "ClusterIP", **spec: object
) -> Json:
    """Add one more Service in front of a workload's pods."""
    name = f"{workload.name}-{suffix}"
    port = {"name": "http", "port": 80, "protocol": "TCP", "targetPort": workload.ports[0][1]}
    whole: Json = {"ports": [port], "selector": dict(workload.labels)} | spec
    service = service_object(draft, workload.namespace, name, whole)
    give_cluster_ips(draft, service)
    expose(draft, service, kind)
    draft.objects.append(service)
    return service


def add_uneven_app(
    draft: Draft, name: str, counts: tuple[int, int], *, in_two_zones: bool = False
) -> Workload:
    """Add an application with so many pods on one worker and on another; the first may be in the zone with most of them.

    Raises
    ------
    ValueError
        If there is one worker only, or no zone but one where two are needed.
    """
    workers = sorted(draft.workers(), key=lambda node: (node.n_pods, node.index))
    if in_two_zones:
        sizes = Counter(node.zone for node in workers)
        first = max(workers, key=lambda node: sizes[node.zone])
        workers = [first, *(node for node in workers if node.zone != first.zone)]
    workers = workers[:2]
    if len(workers) < 2:
        raise ValueError(f"{draft.shape.nodes} nodes are too few for what was asked: two workers are needed")
    row = AppRow(namespace="storefront", name=name, services=())
    workload = add_app(draft, row, row.namespace, sum(counts))
    homes = [workers[0]] * counts[0] + [workers[1]] * counts[1]
    for pod, home in zip(workload.pods, homes, strict=True):
        if pod.node != home.index:
            move(draft, pod, home)
    draft.claimed.add(workload.object)
    return workload


def label(item: Json) -> str:
    """Return what a finding calls an object: ``Kind namespace/name`` or ``Kind name``."""
    namespace = item["metadata"].get("namespace", "")
    return f"{item['kind']} {namespace}{'/' if namespace else ''}{item['metadata']['name']}"
