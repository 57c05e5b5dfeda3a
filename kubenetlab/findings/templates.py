"""The pod templates of all workloads."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from kubenetlab.cluster import Cluster
from kubenetlab.objects import CronJob, Workload, object_name
from kubenetlab.objects.workload import PodTemplate


class WorkloadTemplate(NamedTuple):
    """A workload, whether another object made it, its template, and whether it should have pods now.

    A Job's pods come and go, so it need not have any; nor need a DaemonSet that no node is for.
    """

    name: str
    namespace: str
    is_owned: bool
    template: PodTemplate
    wants_pods: bool

    @property
    def images(self) -> tuple[str, ...]:
        """The images of the main containers."""
        return tuple(container.image for container in self.template.spec.containers)


def workload_templates(cluster: Cluster) -> Iterator[WorkloadTemplate]:
    """Yield the template of every workload of the dump."""
    for plural in ("deployments", "stateful_sets", "daemon_sets", "replica_sets", "jobs"):
        for workload in getattr(cluster, plural):
            wants_pods = plural != "jobs" and _n_wanted(plural, workload) != 0
            yield _template(workload, workload.spec.template, wants_pods)
    for cron_job in cluster.cron_jobs:
        yield _template(cron_job, cron_job.spec.job_template.spec.template, False)


def _n_wanted(plural: str, workload: Workload) -> int | None:
    """How many pods a workload asks for; None where it does not say, which means some."""
    is_daemon_set = plural == "daemon_sets"
    return workload.status.desired_number_scheduled if is_daemon_set else workload.spec.replicas


def _template(workload: Workload | CronJob, template: PodTemplate, wants_pods: bool) -> WorkloadTemplate:
    metadata = workload.metadata
    name = object_name(workload)
    return WorkloadTemplate(name, metadata.namespace, bool(metadata.owner_references), template, wants_pods)
