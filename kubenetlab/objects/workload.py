"""Workloads: what makes pods. A dump without their pods still says how many there will be, and with which labels."""

from typing import Annotated, ClassVar

import msgspec

from kubenetlab.objects.api_object import ApiObject, LabelSelector, Metadata
from kubenetlab.objects.pod import Container, PodSpec

Count = Annotated[int, msgspec.Meta(ge=0, le=2**31 - 1)]


class EnvVar(ApiObject, frozen=True):
    """An environment variable with a literal value."""

    name: str = ""
    value: str = ""


class ContainerResources(ApiObject, frozen=True):
    """What a container may use, as quantities by resource."""

    limits: dict[str, str | int] = {}


class TemplateContainer(Container, frozen=True):
    """A container of a template, with its environment (aws-node's settings stand there) and its limits."""

    env: tuple[EnvVar, ...] = ()
    resources: ContainerResources = ContainerResources()


class Toleration(ApiObject, frozen=True):
    """A taint that pods put up with; an empty key or effect stands for all."""

    key: str = ""
    operator: str = "Equal"
    value: str = ""
    effect: str = ""


class TemplateSpec(PodSpec, frozen=True):
    """A pod spec whose containers show their environment, and which nodes its pods may run on."""

    containers: tuple[TemplateContainer, ...] = ()
    node_selector: dict[str, str] = {}
    tolerations: tuple[Toleration, ...] = ()


class NodeSelectorRequirement(ApiObject, frozen=True):
    """One expression of a node selector; ``Gt`` and ``Lt`` compare integers."""

    key: str
    operator: Annotated[str, msgspec.Meta(pattern="^(In|NotIn|Exists|DoesNotExist|Gt|Lt)$")]
    values: tuple[str, ...] = ()


class NodeSelectorTerm(ApiObject, frozen=True):
    """All of its expressions must match; one without any matches no node."""

    match_expressions: tuple[NodeSelectorRequirement, ...] = ()
    match_fields: tuple[NodeSelectorRequirement, ...] = ()


class NodeSelector(ApiObject, frozen=True):
    """One of its terms must match."""

    node_selector_terms: tuple[NodeSelectorTerm, ...] = ()


class NodeAffinity(ApiObject, frozen=True):
    """Which nodes pods require."""

    required_during_scheduling_ignored_during_execution: NodeSelector | None = None


class Affinity(ApiObject, frozen=True):
    """What pods require of where they run; of it only nodes matter here."""

    node_affinity: NodeAffinity | None = None


class TemplateMetadata(ApiObject, frozen=True):
    """Labels of the pods to come."""

    labels: dict[str, str] = {}
    annotations: dict[str, str] = {}


class PodTemplate(ApiObject, frozen=True):
    """What every pod of a workload looks like."""

    metadata: TemplateMetadata = TemplateMetadata()
    spec: TemplateSpec = TemplateSpec()


class DaemonTemplateSpec(TemplateSpec, frozen=True):
    """The pod spec of a DaemonSet, which alone decides on which nodes its pods run."""

    affinity: Affinity | None = None


class DaemonTemplate(PodTemplate, frozen=True):
    """What every pod of a DaemonSet looks like."""

    spec: DaemonTemplateSpec = DaemonTemplateSpec()


class WorkloadSpec(ApiObject, frozen=True):
    """How many pods, and of which shape."""

    replicas: Count | None = None
    parallelism: Count | None = None
    completions: Count | None = None
    suspend: bool = False
    selector: LabelSelector | None = None
    service_name: str = ""
    template: PodTemplate = PodTemplate()


class WorkloadStatus(ApiObject, frozen=True):
    """What a controller says of its pods; ``desired_number_scheduled`` is the nodes a DaemonSet is for."""

    desired_number_scheduled: Count | None = None


class DaemonSetSpec(WorkloadSpec, frozen=True):
    """Of which shape the pods of a DaemonSet are."""

    template: DaemonTemplate = DaemonTemplate()


class Workload(ApiObject, frozen=True):
    """An object that makes pods."""

    kind_name: ClassVar[str] = "Workload"
    metadata: Metadata
    spec: WorkloadSpec = WorkloadSpec()
    status: WorkloadStatus = WorkloadStatus()


class Deployment(Workload, frozen=True):
    """Makes ReplicaSets, which make pods."""

    kind_name: ClassVar[str] = "Deployment"


class StatefulSet(Workload, frozen=True):
    """Makes pods with stable names."""

    kind_name: ClassVar[str] = "StatefulSet"


class DaemonSet(Workload, frozen=True):
    """Makes a pod on every matching node."""

    kind_name: ClassVar[str] = "DaemonSet"
    spec: DaemonSetSpec = DaemonSetSpec()


class ReplicaSet(Workload, frozen=True):
    """Makes interchangeable pods."""

    kind_name: ClassVar[str] = "ReplicaSet"


class Job(Workload, frozen=True):
    """Makes pods that end."""

    kind_name: ClassVar[str] = "Job"


class JobTemplate(ApiObject, frozen=True):
    """What every Job of a CronJob looks like."""

    spec: WorkloadSpec = WorkloadSpec()


class CronJobSpec(ApiObject, frozen=True):
    """The Jobs of a CronJob."""

    job_template: JobTemplate = JobTemplate()
    suspend: bool = False


class CronJob(ApiObject, frozen=True):
    """Makes Jobs on a schedule."""

    metadata: Metadata
    spec: CronJobSpec = CronJobSpec()


class ConfigMap(ApiObject, frozen=True):
    """Settings as text, by file name."""

    metadata: Metadata
    data: dict[str, str] = {}
