"""Which pods an object owns, directly or through what it makes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping

from kubenetlab.objects import Job, OwnerReference, Pod, ReplicaSet

Owner = tuple[str, str]  # kind, namespace/name

_HASH_LABEL = "pod-template-hash"


def pods_by_owner(
    pods: Iterable[Pod], replica_sets: Iterable[ReplicaSet], jobs: Iterable[Job]
) -> Mapping[Owner, list[Pod]]:
    """Return the pods of every object that owns some, by kind and ``namespace/name``.

    Where a ReplicaSet is not in the dump, its name without the pod-template-hash is that of its Deployment.
    """
    middle = {("ReplicaSet", r.metadata.full_name): r.metadata.controller for r in replica_sets}
    middle |= {("Job", job.metadata.full_name): job.metadata.controller for job in jobs}
    index: dict[Owner, list[Pod]] = defaultdict(list)
    for pod in pods:
        owner, above = pod.metadata.controller, set[Owner]()
        while owner and (key := (owner.kind, f"{pod.metadata.namespace}/{owner.name}")) not in above:
            above.add(key)
            index[key].append(pod)
            owner = middle[key] if key in middle else _deployment(owner, pod)
    return index


def _deployment(owner: OwnerReference, pod: Pod) -> OwnerReference | None:
    """The Deployment of a ReplicaSet that the dump lacks: ``cart`` of ``cart-5d8f9c7b6``."""
    ending = f"-{pod.metadata.labels.get(_HASH_LABEL, '')}"
    if owner.kind != "ReplicaSet" or ending == "-" or not owner.name.endswith(ending):
        return None
    return OwnerReference("Deployment", owner.name.removesuffix(ending), controller=True)
