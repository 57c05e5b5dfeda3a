"""What a cluster has, in Kubernetes' words: frozen typed values, decoded from dumps; no text, no arithmetic."""

from kubenetlab.objects.address_pools import (
    CiliumNode,
    CiliumPodIPPool,
    CNINode,
    ENIConfig,
    IPAddress,
    IPAddressPool,
    IPAMBlock,
    IPPool,
    NodeNetworkConfig,
    ServiceCIDR,
)
from kubenetlab.objects.api_object import (
    ApiObject,
    LabelSelector,
    LabelSelectorRequirement,
    Metadata,
    OwnerReference,
)
from kubenetlab.objects.kinds import KINDS, Kind, kind_name, kind_of, object_name
from kubenetlab.objects.node import Namespace, Node
from kubenetlab.objects.pod import Container, ContainerPort, Pod
from kubenetlab.objects.policy import NetworkPolicy
from kubenetlab.objects.routing import Ingress, IngressClass
from kubenetlab.objects.service import (
    Endpoint,
    Endpoints,
    EndpointSlice,
    Service,
    ServicePort,
    ServiceType,
    TrafficPolicy,
)
from kubenetlab.objects.workload import (
    ConfigMap,
    CronJob,
    DaemonSet,
    Deployment,
    Job,
    ReplicaSet,
    StatefulSet,
    Workload,
)

__all__ = [
    "KINDS",
    "ApiObject",
    "CNINode",
    "CiliumNode",
    "CiliumPodIPPool",
    "ConfigMap",
    "Container",
    "ContainerPort",
    "CronJob",
    "DaemonSet",
    "Deployment",
    "ENIConfig",
    "Endpoint",
    "EndpointSlice",
    "Endpoints",
    "IPAMBlock",
    "IPAddress",
    "IPAddressPool",
    "IPPool",
    "Ingress",
    "IngressClass",
    "Job",
    "Kind",
    "LabelSelector",
    "LabelSelectorRequirement",
    "Metadata",
    "Namespace",
    "NetworkPolicy",
    "Node",
    "NodeNetworkConfig",
    "OwnerReference",
    "Pod",
    "ReplicaSet",
    "Service",
    "ServiceCIDR",
    "ServicePort",
    "ServiceType",
    "StatefulSet",
    "TrafficPolicy",
    "Workload",
    "kind_name",
    "kind_of",
    "object_name",
]
