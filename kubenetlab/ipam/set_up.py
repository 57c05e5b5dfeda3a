"""What a cluster's addresses are made of, and the words for a limit: what capacity is computed from, and in which form."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from kubenetlab.ipam.instance_types import InstanceType
from kubenetlab.ipam.number_arguments import is_whole, shown
from kubenetlab.result import Basis

_MOST_ADDRESS_BITS = 128


class Quantity(StrEnum):
    """What a limit bounds."""

    NODES = "nodes"
    PODS_PER_NODE = "pods per node"
    PODS = "pods"
    SERVICES = "Services"
    NODE_PORTS = "node ports"


class Limit(NamedTuple):
    """One bound on a set-up.

    Attributes
    ----------
    quantity, n
        At most ``n`` of this quantity.
    name
        What binds, in a word or two: ``cluster CIDR``, ``maxPods``, ``ENI``, ``subnet``.
    words
        Why, in one sentence with its numbers: "10.244.0.0/16 holds 256 node CIDRs of /24."
    basis, source
        How far that was checked, and the component and file or page it follows.
    """

    quantity: Quantity
    n: int
    name: str
    words: str
    basis: Basis
    source: str


def _is_cidrs(found: object) -> bool:
    return isinstance(found, tuple | list) and all(isinstance(cidr, str) for cidr in found)


def _is_prefix_length(found: object) -> bool:
    return found is None or is_whole(found, 0, _MOST_ADDRESS_BITS)


def _is_count(found: object) -> bool:
    return is_whole(found, 0)


def _is_count_or_none(found: object) -> bool:
    return found is None or is_whole(found, 0)


def _is_text(found: object) -> bool:
    return isinstance(found, str)


def _is_choice(found: object) -> bool:
    return isinstance(found, bool)


_CIDRS = (_is_cidrs, 'a tuple of CIDRs as text, such as ("10.244.0.0/16",)')
_PREFIX_LENGTH = (_is_prefix_length, f"a whole number of 0 to {_MOST_ADDRESS_BITS}, or None")
_COUNT = (_is_count, "a whole number of at least 0")
_COUNT_OR_NONE = (_is_count_or_none, "a whole number of at least 0, or None")
_WHOLE = (is_whole, "a whole number")
_TEXT = (_is_text, "text")
_CHOICE = (_is_choice, "True or False")
#: What the type of each field is, and in words. Which values go together is for the models to say.
_FIELDS: dict[str, tuple[Callable[[object], bool], str]] = {
    "ipam": _TEXT,
    "pod_cidrs": _CIDRS,
    "service_cidrs": _CIDRS,
    "node_cidrs": _CIDRS,
    "node_cidr_mask_size": _PREFIX_LENGTH,
    "node_cidr_mask_size_ipv6": _PREFIX_LENGTH,
    "block_size": _PREFIX_LENGTH,
    "block_size_ipv6": _PREFIX_LENGTH,
    "tunnel_addresses": _COUNT,
    "tunnel_addresses_ipv6": _COUNT,
    "max_pods": _WHOLE,
    "max_surge": _WHOLE,
    "node_port_range": _TEXT,
    "instance": (
        lambda found: found is None or isinstance(found, InstanceType),
        'an InstanceType, such as INSTANCE_TYPES["m5.large"], or None',
    ),
    "prefix_delegation": _CHOICE,
    "custom_networking": _CHOICE,
    "warm_eni_target": _COUNT,
    "warm_prefix_target": _COUNT,
    "warm_ip_target": _COUNT_OR_NONE,
    "minimum_ip_target": _COUNT_OR_NONE,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class SetUp:
    """The ranges and settings of one cluster, planned or found.

    Attributes
    ----------
    ipam
        A value of the setting ``ipam``, or ``flannel-etcd``, ``kubenet``, ``azure-kubenet`` or
        ``azure-pod-subnet-static``, which no dump shows.
    pod_cidrs
        Where pods get addresses: cluster CIDRs, pools or pod subnets, in the order in which they are used, of one or
        both families.
    service_cidrs
        The Service ranges; the family of the first is that of Services which ask for none.
    node_cidrs
        The subnets of the nodes; empty where nothing is known of them.
    node_cidr_mask_size, node_cidr_mask_size_ipv6
        Prefix length of a node's pod CIDR; None means the component's default.
    block_size, block_size_ipv6
        Prefix length of a Calico block; None means Calico's default.
    tunnel_addresses, tunnel_addresses_ipv6
        Addresses of a family that a node with Calico takes for its tunnels, one for each kind: IPIP, VXLAN, WireGuard.
    max_pods
        The kubelet's ``maxPods``.
    max_surge
        Nodes that an upgrade adds for a while.
    node_port_range
        As ``--service-node-port-range`` writes it.
    instance
        The EC2 instance type of the nodes, where ENIs are the limit.
    prefix_delegation, custom_networking
        Settings of the AWS VPC CNI.
    warm_eni_target, warm_prefix_target, warm_ip_target, minimum_ip_target
        What a node of the AWS VPC CNI keeps free: ``WARM_ENI_TARGET`` and the like.

    Raises
    ------
    ValueError
        If a field is of another type, or a number is none; whether its value makes sense, capacity says.
    """

    ipam: str
    pod_cidrs: tuple[str, ...] = ()
    service_cidrs: tuple[str, ...] = ()
    node_cidrs: tuple[str, ...] = ()
    node_cidr_mask_size: int | None = None
    node_cidr_mask_size_ipv6: int | None = None
    block_size: int | None = None
    block_size_ipv6: int | None = None
    tunnel_addresses: int = 1
    tunnel_addresses_ipv6: int = 1
    max_pods: int = 110
    max_surge: int = 0
    node_port_range: str = "30000-32767"
    instance: InstanceType | None = None
    prefix_delegation: bool = False
    custom_networking: bool = False
    warm_eni_target: int = 1
    warm_prefix_target: int = 1
    warm_ip_target: int | None = None
    minimum_ip_target: int | None = None

    def __post_init__(self) -> None:
        for name, (is_fine, expected) in _FIELDS.items():
            found = getattr(self, name)
            if not is_fine(found):
                raise ValueError(f"{name} is {shown(found)}, expected {expected}")
