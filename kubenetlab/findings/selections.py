"""What the selector of a Service selects: pods, and workloads that would make some."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property

from kubenetlab.cluster import Cluster
from kubenetlab.cluster.label_index import LabelIndex
from kubenetlab.findings.coverage import Coverage, is_manifest
from kubenetlab.findings.templates import WorkloadTemplate, workload_templates
from kubenetlab.findings.wording import counted, first_few, labels_text
from kubenetlab.objects import Pod, Service, object_name
from kubenetlab.objects.pod import PodSpec

Labels = tuple[tuple[str, str], ...]


class Selection:
    """What one selector of one namespace selects; an empty selector selects nothing."""

    def __init__(self, pods: tuple[Pod, ...], workloads: tuple[WorkloadTemplate, ...]) -> None:
        self.pods = pods
        self.workloads = workloads

    @cached_property
    def should_run(self) -> bool:
        """Whether there should be endpoints: some pod is deployed, or some workload should have pods."""
        return any(not pod.is_planned for pod in self.pods) or any(w.wants_pods for w in self.workloads)

    @cached_property
    def not_ready(self) -> str:
        """The first pods that were seen and are not ready."""
        seen = (pod for pod in self.pods if not pod.is_planned)
        return first_few([pod.metadata.full_name for pod in seen if not pod.is_ready])

    @cached_property
    def specs(self) -> list[tuple[str, PodSpec]]:
        """Name and spec of the pods, else of the workloads that should have some."""
        pods = [(object_name(pod), pod.spec) for pod in self.pods]
        return pods or [(w.name, w.template.spec) for w in self.workloads if w.wants_pods]

    @cached_property
    def ports(self) -> frozenset[tuple[str, str]]:
        """Name and protocol of every port of these specs, of containers that serve."""
        containers = (container for _, spec in self.specs for container in spec.serving_containers)
        return frozenset((port.name, port.protocol) for container in containers for port in container.ports)


class Selections:
    """The selections of a cluster's Services; Services that share a selector share the answer."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        templates = [(w.namespace, w.template.metadata.labels, w) for w in workload_templates(cluster)]
        self._workloads = LabelIndex(templates)
        self._covered = Coverage(cluster, "pods")
        self._has_templates = bool(templates)
        self._by_selector: dict[tuple[str, Labels], Selection] = {}
        self._nearest: dict[tuple[str, Labels, str], str] = {}

    def of(self, service: Service) -> Selection:
        """Return what a Service selects."""
        namespace, selector = (
            service.metadata.namespace,
            service.spec.selector if service.has_selector else {},
        )
        key = (namespace, tuple(selector.items()))
        if key not in self._by_selector:
            pods = self._cluster.pods_with(namespace, selector)
            self._by_selector[key] = Selection(pods, self._workloads.selected(namespace, selector))
        return self._by_selector[key]

    def is_empty(self, service: Service) -> bool:
        """Whether a Service has a selector that selects nothing, where the dump can tell."""
        found = self.of(service)
        is_empty = service.has_selector and not (found.pods or found.workloads)
        return is_empty and self._can_tell(service)

    def _can_tell(self, service: Service) -> bool:
        """Whether the dump has the pods of the Service's namespace; of manifests, workloads that would make some."""
        if self._covered:
            return service.metadata.namespace in self._covered
        return self._has_templates and is_manifest(service)

    def nearest(self, service: Service) -> Iterator[str]:
        """Yield what the pods that share a part of the selector have instead."""
        labels = tuple(service.spec.selector.items())
        for key, value in labels:
            others = tuple(label for label in labels if label[0] != key)
            if text := self._without(service.metadata.namespace, others, key):
                yield f"without {labels_text([(key, value)])} it would match {text}"

    def _without(self, namespace: str, others: Labels, key: str) -> str:
        question = (namespace, others, key)
        if question not in self._nearest:
            near = self._cluster.pods_with(namespace, dict(others))
            texts = first_few(sorted({pod.metadata.labels.get(key, "(absent)") for pod in near}))
            self._nearest[question] = f"{counted(len(near), 'pod')}, where {key} is {texts}" if near else ""
        return self._nearest[question]
