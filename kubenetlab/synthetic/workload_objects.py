"""Deployments, StatefulSets, DaemonSets, Jobs and what they own, as the API shows them."""

from collections.abc import Iterator

from kubenetlab.synthetic.cni_objects import METALLB_NAMESPACE
from kubenetlab.synthetic.draft import Draft, Json, Workload
from kubenetlab.synthetic.planning import template_hash
from kubenetlab.synthetic.pods import owner_name, pod_template
from kubenetlab.synthetic.services import metadata


def workload_objects(draft: Draft) -> Iterator[Json]:
    """Yield every workload and the ReplicaSet or Job between it and its pods."""
    for workload in draft.workloads:
        if workload.kind != "Static" and workload.pods:
            yield from _MAKERS[workload.kind](draft, workload)


def namespaces(draft: Draft) -> Iterator[Json]:
    """Yield the namespaces that something lives in, and those every cluster has."""
    names = {"default", "kube-node-lease", "kube-public", "kube-system"} | draft.namespaces
    if draft.platform.has_metallb:
        names.add(METALLB_NAMESPACE)
    names |= {workload.namespace for workload in draft.workloads}
    names |= {item["metadata"].get("namespace", "default") for item in draft.objects}
    for name in sorted(names):
        yield {
            "apiVersion": "v1",
            "kind": "Namespace",
            "metadata": metadata(draft, "Namespace", name, labels={"kubernetes.io/metadata.name": name}),
            "spec": {"finalizers": ["kubernetes"]},
            "status": {"phase": "Active"},
        }


def _selecting(draft: Draft, workload: Workload) -> Json:
    return {"selector": {"matchLabels": dict(workload.labels)}, "template": pod_template(draft, workload)}


def _object(draft: Draft, kind: str, api: str, workload: Workload, spec: Json) -> Json:
    labels = dict(workload.labels)
    return {
        "apiVersion": api,
        "kind": kind,
        "metadata": metadata(draft, kind, workload.name, workload.namespace, labels),
        "spec": spec,
        "status": {"observedGeneration": 1},
    }


def _deployment(draft: Draft, workload: Workload) -> Iterator[Json]:
    replicas = {"replicas": len(workload.pods)}
    deployment = _object(draft, "Deployment", "apps/v1", workload, replicas | _selecting(draft, workload))
    yield deployment
    replica_set = _object(draft, "ReplicaSet", "apps/v1", workload, replicas | _selecting(draft, workload))
    hash_label = {"pod-template-hash": template_hash(draft, workload)}
    template = replica_set["spec"]["template"]
    template["metadata"]["labels"] |= hash_label
    replica_set["spec"]["selector"]["matchLabels"] |= hash_label
    replica_set["metadata"] = _owned(draft, workload, "ReplicaSet", deployment, hash_label)
    yield replica_set


def _owned(draft: Draft, workload: Workload, kind: str, owner: Json, labels: dict[str, str]) -> Json:
    name = owner_name(draft, workload)
    entry = metadata(draft, kind, name, workload.namespace, workload.labels | labels)
    reference = {
        "apiVersion": owner["apiVersion"],
        "blockOwnerDeletion": True,
        "controller": True,
        "kind": owner["kind"],
        "name": owner["metadata"]["name"],
        "uid": owner["metadata"]["uid"],
    }
    return entry | {"ownerReferences": [reference]}


def _stateful_set(draft: Draft, workload: Workload) -> Iterator[Json]:
    spec = {
        "podManagementPolicy": "OrderedReady",
        "replicas": len(workload.pods),
        "serviceName": workload.service_name,
        **_selecting(draft, workload),
    }
    yield _object(draft, "StatefulSet", "apps/v1", workload, spec)


def _daemon_set(draft: Draft, workload: Workload) -> Iterator[Json]:
    update = {"rollingUpdate": {"maxSurge": 0, "maxUnavailable": 1}, "type": "RollingUpdate"}
    item = _object(
        draft, "DaemonSet", "apps/v1", workload, {"updateStrategy": update, **_selecting(draft, workload)}
    )
    item["status"]["desiredNumberScheduled"] = len(workload.pods)
    yield item


def _job_spec(draft: Draft, workload: Workload) -> Json:
    return {"backoffLimit": 6, "completions": 1, "parallelism": 1, "template": pod_template(draft, workload)}


def _job(draft: Draft, workload: Workload) -> Iterator[Json]:
    item = _object(draft, "Job", "batch/v1", workload, _job_spec(draft, workload))
    item["status"] = {"succeeded": 1}
    yield item


def _cron_job(draft: Draft, workload: Workload) -> Iterator[Json]:
    spec = {"jobTemplate": {"spec": _job_spec(draft, workload)}, "schedule": "17 2 * * *", "suspend": False}
    cron_job = _object(draft, "CronJob", "batch/v1", workload, spec)
    yield cron_job
    job = next(_job(draft, workload))
    job["metadata"] = _owned(draft, workload, "Job", cron_job, {})
    yield job


_MAKERS = {
    "Deployment": _deployment,
    "StatefulSet": _stateful_set,
    "DaemonSet": _daemon_set,
    "Job": _job,
    "CronJob": _cron_job,
}
