"""How many pods an EC2 node can hold, and how many VPC addresses it keeps, with the AWS VPC CNI.

Source: amazon-vpc-cni-k8s b52188387, docs/eni-and-ip-target.md, docs/prefix-and-ip-target.md, misc/eni-max-pods.txt;
amazon-eks-ami, files/max-pods-calculator.sh. Basis: *docs* (35 of the 36 rows of the two documents, `make golden`,
addressing/aws-warm-cases; the other row contradicts its own columns).
"""

from typing import NamedTuple

#: Addresses of a delegated IPv4 prefix, a /28.
ADDRESSES_PER_PREFIX = 16
#: Pods of the host network that need no address: aws-node and kube-proxy.
HOST_NETWORK_PODS = 2


class InstanceType(NamedTuple):
    """Network interfaces of an EC2 instance type, and IPv4 addresses of each, the primary included."""

    enis: int
    ips_per_eni: int

    @property
    def slots_per_eni(self) -> int:
        """Places of an interface for a secondary address or a prefix."""
        return self.ips_per_eni - 1


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


#: Commonly used types (misc/eni-max-pods.txt); `aws ec2 describe-instance-types` has the others.
INSTANCE_TYPES: dict[str, InstanceType] = {
    "t3.nano": InstanceType(2, 2),
    "t3.micro": InstanceType(2, 2),
    "t3.small": InstanceType(3, 4),
    "t3.medium": InstanceType(3, 6),
    "t3.large": InstanceType(3, 12),
    "t3.xlarge": InstanceType(4, 15),
    "m5.large": InstanceType(3, 10),
    "m5.xlarge": InstanceType(4, 15),
    "m5.4xlarge": InstanceType(8, 30),
    "m5.24xlarge": InstanceType(15, 50),
    "m6i.large": InstanceType(3, 10),
    "m6i.xlarge": InstanceType(4, 15),
    "m6i.32xlarge": InstanceType(15, 50),
    "m7g.medium": InstanceType(2, 4),
    "m7g.large": InstanceType(3, 10),
    "c5.large": InstanceType(3, 10),
    "c5.4xlarge": InstanceType(8, 30),
    "c5n.18xlarge": InstanceType(15, 50),
    "r5.large": InstanceType(3, 10),
    "p3dn.24xlarge": InstanceType(15, 50),
    "p4d.24xlarge": InstanceType(15, 50),
}


def max_pods(
    instance: InstanceType, *, prefix_delegation: bool = False, custom_networking: bool = False
) -> int:
    """Return how many pods have an address, and the two of the host network.

    With custom networking no pod uses the primary interface.

    Examples
    --------
    >>> max_pods(INSTANCE_TYPES["m5.large"]), max_pods(INSTANCE_TYPES["m5.large"], prefix_delegation=True)
    (29, 434)
    """
    enis = instance.enis - custom_networking
    addresses_per_slot = ADDRESSES_PER_PREFIX if prefix_delegation else 1
    return enis * instance.slots_per_eni * addresses_per_slot + HOST_NETWORK_PODS


def recommended_max_pods(pods: int, vcpus: int) -> int:
    """Return what EKS recommends at most for a node: 110, or 250 above 30 vCPUs.

    Source: max-pods-calculator.sh.

    Examples
    --------
    >>> recommended_max_pods(434, vcpus=2), recommended_max_pods(11_762, vcpus=96)
    (110, 250)
    """
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

    Examples
    --------
    >>> warm_addresses(INSTANCE_TYPES["m5.large"], 1).subnet_addresses
    20
    """
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

    Examples
    --------
    >>> warm_prefixes(INSTANCE_TYPES["t3.small"], 0, warm_ip_target=7, minimum_ip_target=20)
    WarmPool(enis=1, attached=2, addresses_per_attached=16)
    """
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
