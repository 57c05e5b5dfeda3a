"""A node as the API shows it: its addresses, its pod ranges, how many pods it may hold; and namespaces."""

import re
from math import ceil

from kubenetlab.objects.address_text import check_addresses, check_cidrs
from kubenetlab.objects.api_object import ApiObject, Condition, Metadata

# apimachinery pkg/api/resource/suffix.go; a quantity of pods is rounded up (Quantity.Value).
_QUANTITY = re.compile(r"(\d{1,9}(?:\.\d{1,9})?)(m|k|M|G|Ki|Mi|Gi|[eE]\+?\d)?", re.ASCII)
_FACTORS = {"": 1.0, "m": 1e-3, "k": 1e3, "M": 1e6, "G": 1e9, "Ki": 2.0**10, "Mi": 2.0**20, "Gi": 2.0**30}


def whole_number(quantity: str, times: int = 1) -> int | None:
    """Return a quantity of the API, such as 170Mi, that many times, rounded up; None where it is none."""
    found = _QUANTITY.fullmatch(quantity)
    if found is None:
        return None
    number, suffix = found[1], found[2] or ""
    if not suffix and number.isdigit():
        return int(number) * times
    return ceil(round(float(number) * _factor(suffix) * times, 6))


def _factor(suffix: str) -> float:
    return 10.0 ** int(suffix[1:]) if suffix[:1] in ("e", "E") else _FACTORS[suffix]


class Taint(ApiObject, frozen=True):
    """Keeps pods off a node that do not tolerate it."""

    key: str
    value: str = ""
    effect: str = ""


class NodeSpec(ApiObject, frozen=True):
    """What a node was given."""

    pod_cidr: str = ""
    pod_cidrs: tuple[str, ...] = ()
    provider_id: str = ""
    unschedulable: bool = False
    taints: tuple[Taint, ...] = ()

    def __post_init__(self) -> None:
        check_cidrs(podCIDR=self.pod_cidr, podCIDRs=self.pod_cidrs)

    @property
    def ranges(self) -> tuple[str, ...]:
        """The pod CIDRs of all address families."""
        return self.pod_cidrs or ((self.pod_cidr,) if self.pod_cidr else ())


class NodeAddress(ApiObject, frozen=True):
    """An address of a node; ``type`` is InternalIP, ExternalIP, Hostname, InternalDNS or ExternalDNS."""

    type: str
    address: str

    def __post_init__(self) -> None:
        if self.type.endswith("IP"):
            check_addresses(address=self.address)


class NodeResources(ApiObject, frozen=True):
    """Pods a node can hold and its cores (quantities: "110"; the API writes 1000 as "1k", half a core as "500m")."""

    pods: str | int = ""
    cpu: str | int | float = ""

    @property
    def n_pods(self) -> int | None:
        """The quantity as a number, or None where it is absent."""
        return whole_number(str(self.pods))

    @property
    def milli_cores(self) -> int | None:
        """Thousandths of a core, or None where they are absent."""
        return whole_number(str(self.cpu), 1000)


class NodeSystemInfo(ApiObject, frozen=True):
    """Versions of what runs on a node."""

    kubelet_version: str = ""
    kube_proxy_version: str = ""
    container_runtime_version: str = ""
    os_image: str = ""
    operating_system: str = ""


class NodeStatus(ApiObject, frozen=True):
    """What a node reports."""

    addresses: tuple[NodeAddress, ...] = ()
    capacity: NodeResources = NodeResources()
    allocatable: NodeResources = NodeResources()
    node_info: NodeSystemInfo = NodeSystemInfo()
    conditions: tuple[Condition, ...] = ()


class Node(ApiObject, frozen=True):
    """A machine that runs pods."""

    metadata: Metadata
    spec: NodeSpec = NodeSpec()
    status: NodeStatus = NodeStatus()

    @property
    def internal_ips(self) -> tuple[str, ...]:
        """The InternalIP addresses, in the order of the status."""
        return tuple(address.address for address in self.status.addresses if address.type == "InternalIP")

    @property
    def zone(self) -> str:
        """The zone label, new or old, or an empty text."""
        labels = self.metadata.labels
        return labels.get("topology.kubernetes.io/zone") or labels.get(
            "failure-domain.beta.kubernetes.io/zone", ""
        )

    @property
    def is_ready(self) -> bool:
        """Whether the condition Ready is True."""
        return any(c.type == "Ready" and c.status == "True" for c in self.status.conditions)


class Namespace(ApiObject, frozen=True):
    """A namespace; only its labels matter here."""

    metadata: Metadata
