"""Pods as kubectl prints them. All that the pods of a workload have in common is made once and shared."""

import zlib
from dataclasses import dataclass

from kubenetlab.synthetic.containers import container, container_status, slim_container, volumes
from kubenetlab.synthetic.draft import Draft, Json, NodeRecord, PodRecord, Workload
from kubenetlab.synthetic.managed_fields import entry, fields_of
from kubenetlab.synthetic.planning import template_hash

_TOLERATIONS: list[Json] = [
    {
        "effect": "NoExecute",
        "key": f"node.kubernetes.io/{key}",
        "operator": "Exists",
        "tolerationSeconds": 300,
    }
    for key in ("not-ready", "unreachable")
]
_EVERYWHERE: list[Json] = [{"operator": "Exists"}]
_CONDITIONS = ("Initialized", "Ready", "ContainersReady", "PodScheduled")
_OWNERS = {
    "Deployment": ("apps/v1", "ReplicaSet"),
    "StatefulSet": ("apps/v1", "StatefulSet"),
    "DaemonSet": ("apps/v1", "DaemonSet"),
    "CronJob": ("batch/v1", "Job"),
    "Job": ("batch/v1", "Job"),
}
FINISHED_KINDS = ("CronJob", "Job")


def pod_template(draft: Draft, workload: Workload) -> Json:
    """Return labels and spec that a workload writes into its pods."""
    containers = [container(workload) if draft.shape.fat else slim_container(workload), *workload.sidecars]
    spec: Json = {
        "containers": containers,
        "dnsPolicy": "ClusterFirstWithHostNet" if workload.host_network else "ClusterFirst",
        "restartPolicy": "Never" if workload.kind in FINISHED_KINDS else "Always",
    }
    if workload.host_network:
        spec["hostNetwork"] = True
    if workload.kind == "StatefulSet":
        spec["subdomain"] = workload.service_name
    if draft.shape.fat:
        spec |= {
            "schedulerName": "default-scheduler",
            "securityContext": {},
            "serviceAccount": workload.name,
            "serviceAccountName": workload.name,
            "terminationGracePeriodSeconds": 30,
            "volumes": volumes(draft, workload),
        }
    return {"metadata": {"labels": dict(workload.labels)}, "spec": spec | workload.spec}


def owner_name(draft: Draft, workload: Workload) -> str:
    """Return the name of the object that owns a workload's pods."""
    if workload.kind in ("Deployment", "CronJob"):
        return f"{workload.name}-{template_hash(draft, workload)}"
    return workload.name


@dataclass(slots=True)
class PodWriter:
    """Writes the pods of one workload."""

    draft: Draft
    workload: Workload

    labels: dict[str, str]
    spec: Json
    owner: Json
    fields: list[Json]
    own_fields: Json

    @classmethod
    def of(cls, draft: Draft, workload: Workload) -> "PodWriter":
        """Make what all pods of a workload share."""
        template = pod_template(draft, workload)
        labels, spec = template["metadata"]["labels"], template["spec"]
        if workload.kind == "Deployment":
            labels["pod-template-hash"] = template_hash(draft, workload)
        if draft.shape.fat:
            spec |= _admitted(workload)
        owner = _owner(draft, workload)
        metadata = {"generateName": "", "labels": labels, "ownerReferences": [owner]}
        moment = draft.identity.moment(workload.object)
        fields = fields_of({"metadata": metadata, "spec": spec}, 3) if draft.shape.fat else {}
        own = [entry("kube-controller-manager", moment, fields)] if fields else []
        return cls(draft, workload, labels, spec, owner, own, _status_fields() if fields else {})

    def write(self, pod: PodRecord) -> Json:
        """Return one pod."""
        node = self.draft.nodes[pod.node]
        moment = self.draft.identity.moment(pod.name)
        status = self._status(pod, node, moment)
        item: Json = {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": self._metadata(pod, moment),
            "spec": self.spec | {"nodeName": node.name},
            "status": status,
        }
        if self.workload.kind == "StatefulSet":
            item["spec"]["hostname"] = pod.name
        if self.fields:
            item["metadata"]["managedFields"] = [*self.fields, self._kubelet(pod, moment)]
        return item

    def _metadata(self, pod: PodRecord, moment: str) -> Json:
        workload, key = self.workload, f"{self.workload.namespace}/{pod.name}"
        name = owner_name(self.draft, workload)
        labels = self.labels | pod.labels
        if workload.kind == "StatefulSet":
            labels |= {
                "apps.kubernetes.io/pod-index": pod.name.rpartition("-")[2],
                "statefulset.kubernetes.io/pod-name": pod.name,
            }
        metadata: Json = {
            "creationTimestamp": moment,
            "labels": labels,
            "name": pod.name,
            "namespace": workload.namespace,
            "resourceVersion": str(10_000_000 + zlib.crc32(key.encode()) % 89_999_999),
            "uid": self.draft.identity.uid("Pod", key),
        }
        if workload.kind == "Static":
            return metadata | {"annotations": _static_annotations(metadata, self.draft)}
        return metadata | {"generateName": f"{name}-", "ownerReferences": [self.owner]}

    def _status(self, pod: PodRecord, node: NodeRecord, moment: str) -> Json:
        is_finished = self.workload.kind in FINISHED_KINDS
        conditions = _conditions(moment, is_ready=pod.is_ready and not is_finished, is_finished=is_finished)
        status: Json = {
            "conditions": conditions,
            "hostIP": node.ips[0],
            "phase": "Succeeded" if is_finished else "Running",
            "podIP": pod.ips[0],
            "podIPs": [{"ip": ip} for ip in pod.ips],
        }
        if not self.draft.shape.fat:
            return status | {
                "conditions": [{"status": conditions[1]["status"], "type": conditions[1]["type"]}]
            }
        return status | {
            "containerStatuses": [
                container_status(self.draft, pod, spec, is_finished=is_finished, runtime=node.runtime)
                for spec in self.spec["containers"]
            ],
            "hostIPs": [{"ip": ip} for ip in node.ips],
            "qosClass": "Burstable",
            "startTime": moment,
        }

    def _kubelet(self, pod: PodRecord, moment: str) -> Json:
        ips: Json = {f'k:{{"ip":"{ip}"}}': {".": {}, "f:ip": {}} for ip in pod.ips}
        fields = {"f:status": self.own_fields | {"f:podIPs": {".": {}, **ips}}}
        return entry("kubelet", moment, fields, subresource="status")


def _admitted(workload: Workload) -> Json:
    """Return what admission writes into a pod."""
    return {
        "enableServiceLinks": True,
        "preemptionPolicy": "PreemptLowerPriority",
        "priority": 2000001000 if workload.host_network else 0,
        "tolerations": _EVERYWHERE if workload.host_network else _TOLERATIONS,
    }


def _owner(draft: Draft, workload: Workload) -> Json:
    api, kind = _OWNERS.get(workload.kind, ("v1", "Node"))
    name = owner_name(draft, workload)
    return {
        "apiVersion": api,
        "blockOwnerDeletion": True,
        "controller": True,
        "kind": kind,
        "name": name,
        "uid": draft.identity.uid(kind, workload.namespace, name),
    }


def _static_annotations(metadata: Json, draft: Draft) -> dict[str, str]:
    digest = draft.identity.hexadecimal("static", metadata["name"])[:32]
    return {
        "kubernetes.io/config.hash": digest,
        "kubernetes.io/config.mirror": digest,
        "kubernetes.io/config.source": "file",
    }


def _conditions(moment: str, *, is_ready: bool, is_finished: bool) -> list[Json]:
    found: list[Json] = []
    for kind in _CONDITIONS:
        waits = kind in ("Ready", "ContainersReady") and not is_ready
        row: Json = {"lastProbeTime": None, "lastTransitionTime": moment, "status": "True", "type": kind}
        if waits:
            row |= {"status": "False", "reason": "PodCompleted" if is_finished else "ContainersNotReady"}
        found.append(row)
    return found


def _status_fields() -> Json:
    names = ("conditions", "containerStatuses", "hostIP", "hostIPs", "phase", "podIP", "startTime")
    return fields_of(dict.fromkeys(names, ""), 1)
