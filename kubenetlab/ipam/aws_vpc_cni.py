"""How many pods an EC2 node can hold, and how many VPC addresses it keeps, with the AWS VPC CNI.

Source: amazon-vpc-cni-k8s b52188387, docs/eni-and-ip-target.md, docs/prefix-and-ip-target.md, misc/eni-max-pods.txt;
amazon-eks-ami, files/max-pods-calculator.sh. Basis: *docs* (35 of the 36 rows of the two documents, `make golden`,
addressing/aws-warm-cases; the other row contradicts its own columns).
"""

from collections.abc import Iterator
from typing import NamedTuple

import netaddr

from kubenetlab.ipam.cidr_arguments import named, networks_by_version
from kubenetlab.ipam.instance_types import INSTANCE_TYPES, InstanceType  # noqa: F401, the examples use the table
from kubenetlab.ipam.node_cidr_limits import after_surge
from kubenetlab.ipam.node_subnets import AWS, node_subnet_limits
from kubenetlab.ipam.set_up import Limit, Quantity, SetUp
from kubenetlab.ipam.vpc_subnets import ADDRESSES_PER_PREFIX, n_nodes
from kubenetlab.result import Basis

#: Pods of the host network that need no address: aws-node and kube-proxy.
HOST_NETWORK_PODS = 2


class WarmPool(NamedTuple):
    """What a node holds of its subnet.

    ``attached`` are secondary addresses, or prefixes of 16 addresses each with prefix delegation.
    """

    enis: int
    attached: int
    addresses_per_attached: int

    @property
    def subnet_addresses(self) -> int:
        """Addresses of the subnet that are gone: a primary address for each interface, and what is attached."""
        return self.enis + self.attached * self.addresses_per_attached


def max_pods(
    instance: InstanceType, *, prefix_delegation: bool = False, custom_networking: bool = False
) -> int:
    """Return how many pods have an address, and the two of the host network.

    With custom networking no pod uses the primary interface.

    Raises
    ------
    ValueError
        If the instance type cannot have prefixes.

    Examples
    --------
    >>> max_pods(INSTANCE_TYPES["m5.large"]), max_pods(INSTANCE_TYPES["m5.large"], prefix_delegation=True)
    (29, 434)
    """
    if prefix_delegation and not instance.supports_prefixes:
        raise ValueError(
            "prefix_delegation needs an instance type on Nitro or bare metal; this one is on Xen"
        )
    enis = max(0, instance.enis - custom_networking)
    addresses_per_slot = ADDRESSES_PER_PREFIX if prefix_delegation else 1
    return enis * instance.slots_per_eni * addresses_per_slot + HOST_NETWORK_PODS


def recommended_max_pods(pods: int, vcpus: int) -> int:
    """Return what EKS recommends at most for a node: 110, or 250 above 30 vCPUs.

    Source: max-pods-calculator.sh.

    Raises
    ------
    ValueError
        If a number is negative.

    Examples
    --------
    >>> recommended_max_pods(434, vcpus=2), recommended_max_pods(11_762, vcpus=96)
    (110, 250)
    """
    _refuse_negative(pods, vcpus)
    return min(pods, 110 if vcpus <= 30 else 250)


def warm_addresses(
    instance: InstanceType,
    pods: int,
    *,
    warm_eni_target: int = 1,
    warm_ip_target: int | None = None,
    minimum_ip_target: int | None = None,
) -> WarmPool:
    """Return what a node holds for its pods with secondary addresses.

    Parameters
    ----------
    pods
        Pods with an address of their own.
    warm_eni_target
        Whole free interfaces to keep; not looked at where one of the other two is set.
    warm_ip_target, minimum_ip_target
        Free addresses to keep, and addresses to hold in any case.

    Raises
    ------
    ValueError
        If a number is negative.

    Examples
    --------
    >>> warm_addresses(INSTANCE_TYPES["m5.large"], 1).subnet_addresses
    20
    """
    _refuse_negative(pods, warm_eni_target, warm_ip_target, minimum_ip_target)
    slots = instance.slots_per_eni
    if warm_ip_target is None and minimum_ip_target is None:
        enis = min(instance.enis, max(1, -(-pods // slots) + warm_eni_target))
        return WarmPool(enis, enis * slots, 1)
    wanted = max(minimum_ip_target or 0, pods + (warm_ip_target or 0))
    return _attached(instance, wanted, 1)


def warm_prefixes(
    instance: InstanceType,
    pods: int,
    *,
    warm_prefix_target: int = 1,
    warm_ip_target: int | None = None,
    minimum_ip_target: int | None = None,
) -> WarmPool:
    """Return what a node holds for its pods with prefix delegation.

    Parameters are those of `warm_addresses`; ``warm_prefix_target`` counts whole free prefixes.

    Raises
    ------
    ValueError
        If a number is negative.

    Examples
    --------
    >>> warm_prefixes(INSTANCE_TYPES["t3.small"], 0, warm_ip_target=7, minimum_ip_target=20)
    WarmPool(enis=1, attached=2, addresses_per_attached=16)
    """
    _refuse_negative(pods, warm_prefix_target, warm_ip_target, minimum_ip_target)
    if warm_ip_target is None and minimum_ip_target is None:
        wanted = -(-pods // ADDRESSES_PER_PREFIX) + warm_prefix_target
    else:
        addresses = max(minimum_ip_target or 0, pods + (warm_ip_target or 0))
        wanted = -(-addresses // ADDRESSES_PER_PREFIX)
    return _attached(instance, wanted, ADDRESSES_PER_PREFIX)


def _attached(instance: InstanceType, wanted: int, addresses_per_attached: int) -> WarmPool:
    slots = instance.slots_per_eni
    attached = min(instance.enis * slots, wanted)
    return WarmPool(max(1, -(-attached // slots)), attached, addresses_per_attached)


def _refuse_negative(*numbers: int | None) -> None:
    negative = [number for number in numbers if number is not None and number < 0]
    if negative:
        raise ValueError(f"{negative[0]} is negative; pods, vCPUs and warm targets are counts")


_SOURCE = "amazon-vpc-cni-k8s b52188387, misc/eni-max-pods.txt and docs/eni-and-ip-target.md"


def limits(set_up: SetUp) -> Iterator[Limit]:
    """Yield what bounds pods with an address of the VPC: interfaces, EKS' advice, and what full nodes take of the subnets.

    A full node has ``max_pods`` pods, or as many as its interfaces allow, and keeps the warm targets. With custom
    networking pods have the subnets of ``pod_cidrs`` for themselves, else nodes and pods share all subnets. Where pods have
    IPv6 subnets only, a node has one /80 of them, and its interfaces are no limit.

    Raises
    ------
    ValueError
        If a subnet is no CIDR or has host bits, or the instance type cannot have prefixes.

    Examples
    --------
    >>> set_up = SetUp(ipam="aws-vpc-cni", pod_cidrs=("10.0.0.0/24",), instance=INSTANCE_TYPES["m5.large"])
    >>> for limit in limits(set_up):
    ...     print(limit.n, limit.words)
    29 3 interfaces of 9 pod addresses each, and 2 pods of the host network.
    110 EKS recommends at most 110 pods on a node of 2 vCPUs.
    8 10.0.0.0/24 has 251 addresses (AWS keeps 5 of a subnet); a node with 29 pods takes 30.
    """
    by_version = networks_by_version(set_up.pod_cidrs)
    is_ipv6 = 6 in by_version and 4 not in by_version
    if set_up.instance is not None:
        yield from _of_instance(set_up, set_up.instance, is_ipv6)
    if is_ipv6:
        yield _of_ipv6(set_up, by_version[6])
    else:
        own = set_up.pod_cidrs if set_up.custom_networking else (*set_up.pod_cidrs, *set_up.node_cidrs)
        subnets = networks_by_version(dict.fromkeys(own)).get(4)
        yield from _of_subnets(set_up, subnets) if subnets else ()
    if is_ipv6 or set_up.custom_networking:
        yield from node_subnet_limits(set_up, AWS)


def _of_instance(set_up: SetUp, instance: InstanceType, is_ipv6: bool) -> Iterator[Limit]:
    is_prefix = set_up.prefix_delegation or is_ipv6
    pods = max_pods(instance, prefix_delegation=is_prefix, custom_networking=set_up.custom_networking)
    enis = max(0, instance.enis - set_up.custom_networking)
    what = f"{instance.slots_per_eni} " + (
        f"prefixes of {ADDRESSES_PER_PREFIX} addresses" if set_up.prefix_delegation else "pod addresses"
    )
    words = f"{enis} interfaces of {what} each, and {HOST_NETWORK_PODS} pods of the host network."
    if not is_ipv6:
        yield Limit(Quantity.PODS_PER_NODE, pods, "ENI", words, Basis.DOCS, _SOURCE)
    if instance.vcpus is not None:
        most = recommended_max_pods(1 << 32, instance.vcpus)
        words = f"EKS recommends at most {most} pods on a node of {instance.vcpus} vCPUs."
        source = "amazon-eks-ami, files/max-pods-calculator.sh"
        yield Limit(Quantity.PODS_PER_NODE, most, "EKS recommendation", words, Basis.DOCS, source)


def _of_subnets(set_up: SetUp, subnets: list[netaddr.IPNetwork]) -> Iterator[Limit]:
    if set_up.instance is None:
        yield from unknown_instance_limits(set_up, subnets)
    elif set_up.custom_networking and set_up.instance.enis < 2:
        words = "Custom networking leaves the first interface of a node out, and it has no other: no pod gets an address."
        yield Limit(Quantity.PODS, 0, "ENI", words, Basis.DOCS, _SOURCE)
    else:
        yield _full_nodes(set_up, set_up.instance, subnets)


def unknown_instance_limits(set_up: SetUp, subnets: list[netaddr.IPNetwork]) -> Iterator[Limit]:
    """Yield what subnets bound where nobody says how many addresses a node takes: one or more for a pod, and for a node."""
    n_addresses = AWS.usable(subnets)
    text = f"{named(subnets, 'has', 'have')} {n_addresses:,} addresses ({AWS.words})"
    yield Limit(
        Quantity.PODS, n_addresses, "subnet", f"{text}; a pod takes one or more.", AWS.basis, AWS.source
    )
    n_found, surge = after_surge(n_addresses, set_up)
    words = f"{text}; a node takes one or more{surge}."
    yield Limit(Quantity.NODES, n_found, "subnet", words, AWS.basis, AWS.source)


def _full_nodes(set_up: SetUp, instance: InstanceType, subnets: list[netaddr.IPNetwork]) -> Limit:
    text = f"{named(subnets, 'has', 'have')} {AWS.usable(subnets):,} addresses ({AWS.words})"
    pods, pool = _full_node(set_up, instance)
    is_prefix = pool.addresses_per_attached > 1
    single = pool.enis if is_prefix else pool.subnet_addresses
    found, surge = after_surge(n_nodes(subnets, single, pool.attached if is_prefix else 0), set_up)
    taken = f"{single} and {pool.attached} aligned /28 prefixes" if is_prefix else f"{single}"
    words = f"{text}; a node with {pods} pods takes {taken}{surge}."
    return Limit(Quantity.NODES, found, "subnet", words, Basis.DOCS, _SOURCE)


def _full_node(set_up: SetUp, instance: InstanceType) -> tuple[int, WarmPool]:
    """Return the pods of a full node, and what it takes of the pods' subnets."""
    pods = min(
        set_up.max_pods,
        max_pods(
            instance, prefix_delegation=set_up.prefix_delegation, custom_networking=set_up.custom_networking
        ),
    )
    usable = instance._replace(enis=instance.enis - set_up.custom_networking)
    n_pods = max(0, pods - HOST_NETWORK_PODS)
    ips, least = set_up.warm_ip_target, set_up.minimum_ip_target
    if set_up.prefix_delegation:
        n_warm = set_up.warm_prefix_target
        return pods, warm_prefixes(
            usable, n_pods, warm_prefix_target=n_warm, warm_ip_target=ips, minimum_ip_target=least
        )
    n_warm = set_up.warm_eni_target
    return pods, warm_addresses(
        usable, n_pods, warm_eni_target=n_warm, warm_ip_target=ips, minimum_ip_target=least
    )


def _of_ipv6(set_up: SetUp, subnets: list[netaddr.IPNetwork]) -> Limit:
    """Return how many nodes get a /80: more pods than a node can have."""
    n_prefixes = sum(1 << (80 - subnet.prefixlen) for subnet in subnets if subnet.prefixlen <= 80)
    found, surge = after_surge(n_prefixes, set_up)
    words = f"{named(subnets, 'has', 'have')} room for {n_prefixes:,} prefixes of /80, one a node{surge}."
    return Limit(
        Quantity.NODES,
        found,
        "subnet",
        words,
        Basis.DOCS,
        "amazon-vpc-cni-k8s b52188387, docs (IPv6: a /80 a node)",
    )
