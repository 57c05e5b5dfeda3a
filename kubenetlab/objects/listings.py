"""What no Kubernetes object says and other listings do: subnets of the cloud, and host-local's files on a node."""

from __future__ import annotations

from typing import Any, NamedTuple, TypeVar

from kubenetlab.objects.instance_type import InstanceType

_Listed = TypeVar("_Listed")


class CloudSubnet(NamedTuple):
    """A subnet, or a secondary range of one.

    Attributes
    ----------
    cloud
        ``aws``, ``azure`` or ``gcp``.
    name, zone
        As the cloud names them.
    cidr
        Empty where the listing names the subnet only.
    role
        ``subnet``, ``pod range`` or ``Service range``.
    n_used
        Addresses in use, as far as the cloud says; those that the cloud reserves are not among them.
    network
        The VPC or virtual network.
    """

    cloud: str
    name: str
    cidr: str
    zone: str = ""
    role: str = "subnet"
    n_used: int | None = None
    network: str = ""


class CloudInterface(NamedTuple):
    """A network interface: its subnet, and its addresses and prefixes (CIDRs)."""

    subnet: str
    addresses: tuple[str, ...]


class NodePool(NamedTuple):
    """A pool of nodes: how many, the most pods of a node, and the names of its subnets; None and empty where not said.

    ``cluster`` is the name of the cluster whose pool it is.
    """

    cloud: str
    name: str
    n_nodes: int | None = None
    max_nodes: int | None = None
    max_pods: int | None = None
    subnet: str = ""
    pod_subnet: str = ""
    cluster: str = ""


class StatedSetting(NamedTuple):
    """A setting that a listing states, and the cluster whose setting it is: its name and its cloud."""

    name: str
    value: Any
    evidence: str
    cluster: str = ""
    cloud: str = ""


class NamedInstanceType(NamedTuple):
    """An instance type of EC2 and what it allows a node."""

    name: str
    allows: InstanceType


class HostLocalFile(NamedTuple):
    """A reserved address, and the container (sandbox) and interface that its file names; empty where not known."""

    address: str
    container_id: str = ""
    interface: str = ""


class HostLocalFiles(NamedTuple):
    """The data directory of one network on one node: where it was read, the network's name, and its files.

    ``last_reserved`` are the addresses of the files last_reserved_ip.0, .1 …
    """

    source: str
    network: str
    files: tuple[HostLocalFile, ...]
    last_reserved: tuple[str, ...] = ()


class Listings(NamedTuple):
    """Everything that was read beside Kubernetes objects."""

    subnets: tuple[CloudSubnet, ...] = ()
    interfaces: tuple[CloudInterface, ...] = ()
    node_pools: tuple[NodePool, ...] = ()
    settings: tuple[StatedSetting, ...] = ()
    host_local: tuple[HostLocalFiles, ...] = ()
    instance_types: tuple[NamedInstanceType, ...] = ()

    def plus(self, other: Listings) -> Listings:
        """Return both together; what both say counts once, and so does a subnet that one of them only names."""
        return Listings(
            _once(_together(self.subnets, other.subnets)),
            _together(self.interfaces, other.interfaces),
            _together(self.node_pools, other.node_pools),
            _together(self.settings, other.settings),
            _together(self.host_local, other.host_local),
            _together(self.instance_types, other.instance_types),
        )


def _together(mine: tuple[_Listed, ...], theirs: tuple[_Listed, ...]) -> tuple[_Listed, ...]:
    return tuple(dict.fromkeys(mine + theirs)) if theirs else mine


def _once(subnets: tuple[CloudSubnet, ...]) -> tuple[CloudSubnet, ...]:
    known = {(s.cloud, s.network, s.name) for s in subnets if s.cidr}
    return tuple(s for s in subnets if s.cidr or (s.cloud, s.network, s.name) not in known)
