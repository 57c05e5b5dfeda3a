"""What a node takes of a VPC's subnets with Cilium (IPAM mode ``eni``): addresses of its interfaces, some in advance.

Source: cilium, pkg/aws/eni/node.go and Documentation, "AWS ENI" (pre-allocate 8, prefixes of /28, the primary address of
an interface is no pod's). Basis: *docs*; that the router and the health endpoint take an address each, as in the other
modes, is inferred. Not modelled: watermarks, excess addresses, which subnet an interface is in.
"""

from collections.abc import Iterator

import netaddr

from kubenetlab.ipam.aws_vpc_cni import HOST_NETWORK_PODS, max_pods, unknown_instance_limits
from kubenetlab.ipam.cidr_arguments import named, networks_by_version
from kubenetlab.ipam.cilium_host_scope import ADDRESSES_OF_CILIUM
from kubenetlab.ipam.instance_types import InstanceType
from kubenetlab.ipam.node_cidr_limits import after_surge
from kubenetlab.ipam.node_subnets import AWS
from kubenetlab.ipam.set_up import Limit, Quantity, SetUp
from kubenetlab.ipam.vpc_subnets import ADDRESSES_PER_PREFIX, n_nodes
from kubenetlab.result import Basis

#: Addresses that a node keeps free.
PRE_ALLOCATE = 8

_SOURCE = "cilium, pkg/aws/eni/node.go and Documentation, AWS ENI"


def n_addresses(instance: InstanceType, *, prefix_delegation: bool = False) -> int:
    """Return how many addresses the interfaces of a node have for pods, Cilium's own two included.

    Raises
    ------
    ValueError
        If the instance type cannot have prefixes.
    """
    return max_pods(instance, prefix_delegation=prefix_delegation) - HOST_NETWORK_PODS


def held(instance: InstanceType, n_pods: int, *, prefix_delegation: bool = False) -> tuple[int, int]:
    """Return the single addresses and the prefixes of the subnet that a node with so many pods takes.

    Raises
    ------
    ValueError
        If the number is negative, or the instance type cannot have prefixes.

    Examples
    --------
    >>> held(InstanceType(3, 10), 5), held(InstanceType(3, 10), 5, prefix_delegation=True)
    ((17, 0), (1, 1))
    """
    if n_pods < 0:
        raise ValueError(f"n_pods {n_pods} is negative")
    most = n_addresses(instance, prefix_delegation=prefix_delegation)
    wanted = min(most, n_pods + ADDRESSES_OF_CILIUM + PRE_ALLOCATE)
    attached = -(-wanted // ADDRESSES_PER_PREFIX) if prefix_delegation else wanted
    enis = max(1, -(-attached // instance.slots_per_eni))
    return (enis, attached) if prefix_delegation else (enis + attached, 0)


def limits(set_up: SetUp) -> Iterator[Limit]:
    """Yield what bounds pods with an address of the VPC: interfaces, and what full nodes take of the subnets.

    Raises
    ------
    ValueError
        If a subnet is no CIDR or has host bits, or the instance type cannot have prefixes.

    Examples
    --------
    >>> set_up = SetUp(ipam="cilium-eni", pod_cidrs=("10.0.0.0/24",), instance=InstanceType(3, 10))
    >>> for limit in limits(set_up):
    ...     print(limit.n, limit.words)
    25 3 interfaces have 27 addresses for pods, 2 of them are Cilium's own.
    8 10.0.0.0/24 has 251 addresses (AWS keeps 5 of a subnet); a node with 25 pods takes 30.
    """
    subnets = networks_by_version(dict.fromkeys((*set_up.pod_cidrs, *set_up.node_cidrs))).get(4, [])
    instance = set_up.instance
    if instance is None:
        yield from unknown_instance_limits(set_up, subnets) if subnets else ()
        return
    most = n_addresses(instance, prefix_delegation=set_up.prefix_delegation)
    n_pods = max(0, most - ADDRESSES_OF_CILIUM)
    words = f"{instance.enis} interfaces have {most:,} addresses for pods, {ADDRESSES_OF_CILIUM} of them are Cilium's own."
    yield Limit(Quantity.PODS_PER_NODE, n_pods, "ENI", words, Basis.DOCS, _SOURCE)
    if subnets:
        yield _nodes(set_up, instance, subnets, max(0, min(set_up.max_pods, n_pods)))


def _nodes(set_up: SetUp, instance: InstanceType, subnets: list[netaddr.IPNetwork], n_pods: int) -> Limit:
    single, prefixes = held(instance, n_pods, prefix_delegation=set_up.prefix_delegation)
    found, surge = after_surge(n_nodes(subnets, single, prefixes), set_up)
    taken = f"{single} and {prefixes} aligned /28 prefixes" if prefixes else f"{single}"
    text = f"{named(subnets, 'has', 'have')} {AWS.usable(subnets):,} addresses ({AWS.words})"
    words = f"{text}; a node with {n_pods} pods takes {taken}{surge}."
    return Limit(Quantity.NODES, found, "subnet", words, Basis.DOCS, _SOURCE)
