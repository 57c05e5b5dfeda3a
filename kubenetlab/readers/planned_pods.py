"""Pods that workloads would make and that no dump has shown, so that manifests can be analysed before they run.

Sources: kubernetes pkg/controller/statefulset/stateful_set_utils.go (names, labels, hostname), batch/v1 Job
(parallelism), apps/v1 DaemonSetStatus (desiredNumberScheduled).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

from msgspec.structs import replace

from kubenetlab.cluster import Cluster, labels_match
from kubenetlab.errors import Refusal
from kubenetlab.objects import Metadata, Node, OwnerReference, Pod, Workload, kind_name
from kubenetlab.objects.workload import CronJob, DaemonSet, WorkloadSpec
from kubenetlab.readers.daemon_nodes import may_run_on

MAX_PLANNED_PODS = 150_000  # what Kubernetes supports in one cluster (website, cluster-large.md)


_FIELDS = {  # what says how many pods; elsewhere spec.replicas
    "DaemonSet": "spec.template.spec",
    "Job": "spec.parallelism",
    "CronJob": "spec.jobTemplate.spec.parallelism",
}


class PlannedPods(NamedTuple):
    """Planned pods, the workloads that ask for too many, and what a reader should know."""

    pods: tuple[Pod, ...] = ()
    refused: tuple[Refusal, ...] = ()
    notes: tuple[str, ...] = ()


class _Plan(NamedTuple):
    """A workload, the pod it copies, and how many copies it makes."""

    workload: Workload | CronJob
    spec: WorkloadSpec
    n_pods: int
    nodes: tuple[Node, ...] = ()

    @property
    def name(self) -> str:
        return f"{kind_name(self.workload)} {self.workload.metadata.full_name}"


def planned_pods(cluster: Cluster, file: str = "") -> PlannedPods:
    """Return the pods that workloads without pods in the dump would make.

    A Deployment, ReplicaSet or Job ``web`` makes ``web-planned-0``, ``web-planned-1`` …; a StatefulSet ``db`` makes
    ``db-0``, ``db-1`` … as in a real cluster; a DaemonSet makes ``agent-planned-0`` … on the nodes that its node
    selector, required node affinity and tolerations allow, or one where the dump has no nodes, or none where its
    status says that it is meant for no node; a CronJob makes the pods of one Job.
    Finished or waiting Jobs of a running cluster plan nothing. Above 150,000 pods in all, a workload is refused.

    Parameters
    ----------
    file
        The name that refusals carry.

    Notes
    -----
    Not modelled: topology spread, autoscalers; planned pods have no address and no status.
    """
    pods: list[Pod] = []
    refused = []
    n_planned: Counter[str] = Counter()
    for plan in _plans(cluster):
        if len(pods) + plan.n_pods > MAX_PLANNED_PODS:
            expected = f"at most {MAX_PLANNED_PODS:,} planned pods in all"
            field = _FIELDS.get(kind_name(plan.workload), "spec.replicas")
            refused.append(Refusal(file, plan.name, field, str(plan.n_pods), expected))
            continue
        pods += _pods(plan)
        n_planned[kind_name(plan.workload)] += plan.n_pods
    return PlannedPods(tuple(pods), tuple(refused), tuple(_notes(n_planned)))


def _notes(n_planned: Mapping[str, int]) -> Iterator[str]:
    by_kind = ", ".join(f"{n} of {kind}s" for kind, n in n_planned.items() if n)
    if by_kind:
        yield f"{sum(n_planned.values())} pods are planned, not seen: {by_kind}"
    if n_planned.get("CronJob"):
        yield "each CronJob without pods is planned as the pods of one Job"


def _plans(cluster: Cluster) -> Iterator[_Plan]:
    loose: Mapping[str, list[Pod]] | None = None
    for plural, count in _COUNTS.items():
        for workload in cluster.values(plural):
            plan = count(cluster, workload)
            if plan.n_pods:
                loose = _loose_pods(cluster) if loose is None else loose
                if not _is_shown(cluster, plan, loose):
                    yield plan


def _loose_pods(cluster: Cluster) -> Mapping[str, list[Pod]]:
    """Pods without a controller, or whose controller the dump does not hold, by namespace."""
    owners: Iterator[Any] = (owner for plural in _COUNTS for owner in cluster.values(plural))
    in_dump = {(kind_name(owner), owner.metadata.full_name) for owner in owners}
    loose: dict[str, list[Pod]] = {}
    for pod in cluster.pods:
        if _owner(pod) not in in_dump:
            loose.setdefault(pod.metadata.namespace, []).append(pod)
    return loose


def _owner(value: Any) -> tuple[str, str] | None:
    owner = value.metadata.controller
    return (owner.kind, f"{value.metadata.namespace}/{owner.name}") if owner else None


def _is_shown(cluster: Cluster, plan: _Plan, loose: Mapping[str, list[Pod]]) -> bool:
    """Whether the dump holds pods of a workload: by owner, or by selector where no owner is known."""
    metadata = plan.workload.metadata
    kind = kind_name(plan.workload)
    if cluster.owned_by(kind, metadata.full_name):
        return True
    if kind in ("Job", "CronJob") and metadata.creation_timestamp and cluster.pods:
        return True
    selector = plan.spec.selector or plan.spec.template.metadata.labels
    return any(labels_match(selector, pod.metadata.labels) for pod in loose.get(metadata.namespace, ()))


def _replicated(_: Cluster, workload: Workload) -> _Plan:
    replicas = workload.spec.replicas
    return _Plan(workload, workload.spec, 1 if replicas is None else replicas)


def _unowned(cluster: Cluster, workload: Workload) -> _Plan:
    plan = _replicated(cluster, workload)
    return plan._replace(n_pods=0) if workload.metadata.controller else plan


def _daemons(cluster: Cluster, daemon_set: DaemonSet) -> _Plan:
    if daemon_set.status.desired_number_scheduled == 0:
        return _Plan(daemon_set, daemon_set.spec, 0)
    if not cluster.nodes:
        return _Plan(daemon_set, daemon_set.spec, 1)
    nodes = tuple(node for node in cluster.nodes if may_run_on(daemon_set.spec.template.spec, node))
    return _Plan(daemon_set, daemon_set.spec, len(nodes), nodes)


def _job(_: Cluster, workload: Workload) -> _Plan:
    n_pods = 0 if workload.metadata.controller else _parallel(workload.spec)
    return _Plan(workload, workload.spec, n_pods)


def _cron_job(_: Cluster, workload: CronJob) -> _Plan:
    spec = workload.spec.job_template.spec
    return _Plan(workload, spec, 0 if workload.spec.suspend else _parallel(spec))


def _parallel(spec: WorkloadSpec) -> int:
    """Pods of a Job that run at once: its parallelism, at most its completions."""
    parallelism = 1 if spec.parallelism is None else spec.parallelism
    n_pods = parallelism if spec.completions is None else min(parallelism, spec.completions)
    return 0 if spec.suspend else n_pods


_COUNTS: dict[str, Callable[[Cluster, Any], _Plan]] = {
    "deployments": _replicated,
    "stateful_sets": _replicated,
    "daemon_sets": _daemons,
    "replica_sets": _unowned,
    "jobs": _job,
    "cron_jobs": _cron_job,
}


def _pods(plan: _Plan) -> Iterator[Pod]:
    metadata = plan.workload.metadata
    template = plan.spec.template
    kind = kind_name(plan.workload)
    owner = (OwnerReference(kind, metadata.name, True),)
    for index in range(plan.n_pods):
        name = f"{metadata.name}-{index}" if kind == "StatefulSet" else f"{metadata.name}-planned-{index}"
        pod_labels = {**template.metadata.labels, **_controller_labels(kind, name, metadata.name, index)}
        yield Pod(
            metadata=Metadata(name, metadata.namespace, pod_labels, template.metadata.annotations, owner),
            spec=_spec(plan, kind, name, index),
            is_planned=True,
        )


def _spec(plan: _Plan, kind: str, name: str, index: int) -> Any:
    spec = plan.spec.template.spec
    if plan.nodes:
        return replace(spec, node_name=plan.nodes[index].metadata.name)
    if kind == "StatefulSet":
        return replace(spec, hostname=name, subdomain=plan.spec.service_name)
    return spec


def _controller_labels(kind: str, pod: str, workload: str, index: int) -> dict[str, str]:
    if kind == "StatefulSet":
        return {"statefulset.kubernetes.io/pod-name": pod, "apps.kubernetes.io/pod-index": str(index)}
    if kind == "Job":
        return {"job-name": workload, "batch.kubernetes.io/job-name": workload}
    return {}
