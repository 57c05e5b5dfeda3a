"""What nodes with the AWS VPC CNI hold of a subnet while pods come and go: interfaces, and warm addresses or prefixes.

Source: amazon-vpc-cni-k8s b52188387, docs/eni-and-ip-target.md and docs/prefix-and-ip-target.md for how much a node wants;
pkg/ipamd for what it does about it. Basis: *docs*. Left out: the pauses between steps, the cooldown of 30 s of a released
address, and that an interface with a pod on it cannot be given back (here what was attached last goes first).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

import netaddr

from kubenetlab.errors import KubenetlabError
from kubenetlab.ipam.aws_vpc_cni import WarmPool, warm_addresses, warm_prefixes
from kubenetlab.ipam.instance_types import InstanceType
from kubenetlab.ipam.vpc_subnets import ADDRESSES_PER_PREFIX, SubnetFullError, VpcSubnet


class NodeFullError(KubenetlabError):
    """A node's interfaces have no place for another pod."""


@dataclass
class _Held:
    primaries: list[netaddr.IPAddress] = field(default_factory=list)
    attached: list[netaddr.IPAddress | netaddr.IPNetwork] = field(default_factory=list)


class VpcNodes:
    """The nodes of one subnet, all of one instance type.

    A node takes what it wants as far as there is room; a pod is refused only where its node has no address left.

    Parameters
    ----------
    subnet
        The subnet of the pods; of the nodes too, unless with custom networking.
    instance
        The instance type of the nodes.
    prefix_delegation, custom_networking
        As in `aws_vpc_cni.max_pods`.
    targets
        ``warm_eni_target``, ``warm_prefix_target``, ``warm_ip_target``, ``minimum_ip_target`` where they are set.

    Raises
    ------
    ValueError
        If the instance type cannot have prefixes.

    Examples
    --------
    >>> nodes = VpcNodes(VpcSubnet("10.0.0.0/26"), InstanceType(3, 10))
    >>> nodes.set_pods("a", 1).subnet_addresses, nodes.set_pods("b", 12).subnet_addresses, nodes.subnet.n_free
    (20, 30, 9)
    """

    def __init__(
        self,
        subnet: VpcSubnet,
        instance: InstanceType,
        *,
        prefix_delegation: bool = False,
        custom_networking: bool = False,
        targets: Mapping[str, int] | None = None,
    ) -> None:
        if prefix_delegation and not instance.supports_prefixes:
            raise ValueError(
                "prefix_delegation needs an instance type on Nitro or bare metal; this one is on Xen"
            )
        self.subnet = subnet
        self._instance = instance._replace(enis=instance.enis - custom_networking)
        self._warm = warm_prefixes if prefix_delegation else warm_addresses
        self._size = ADDRESSES_PER_PREFIX if prefix_delegation else 1
        self._targets = dict(targets or {})
        self._held: dict[str, _Held] = {}

    def set_pods(self, node: str, n_pods: int) -> WarmPool:
        """Note that a node has so many pods with an address of their own; return what it holds then.

        Raises
        ------
        NodeFullError
            If its interfaces cannot have so many addresses.
        SubnetFullError
            If the subnet has too few for the pods; the node keeps what it got.
        ValueError
            If the number is negative.
        """
        most = self._instance.enis * self._instance.slots_per_eni * self._size
        if n_pods > most:
            raise NodeFullError(f"{node} has places for {most} pods with an address, not {n_pods}")
        wanted = self._warm(self._instance, n_pods, **self._targets)
        held = self._held.setdefault(node, _Held())
        self._shrink(held, wanted)
        error = self._grow(held, wanted)
        if error is not None and len(held.attached) * self._size < n_pods:
            raise SubnetFullError(
                f"{node} has no address for {n_pods - len(held.attached) * self._size} pods: {error}"
            )
        return WarmPool(len(held.primaries), len(held.attached), self._size)

    def remove(self, node: str) -> None:
        """Take everything back from a node that is gone; unknown nodes are no error."""
        self._shrink(self._held.pop(node, _Held()), WarmPool(0, 0, self._size))

    def _shrink(self, held: _Held, wanted: WarmPool) -> None:
        self.subnet.release(*held.attached[wanted.attached :], *held.primaries[wanted.enis :])
        del held.attached[wanted.attached :]
        del held.primaries[wanted.enis :]

    def _grow(self, held: _Held, wanted: WarmPool) -> SubnetFullError | None:
        """Attach interface by interface; return why that ended early, if it did."""
        slots = self._instance.slots_per_eni
        try:
            while len(held.attached) < wanted.attached or len(held.primaries) < wanted.enis:
                if len(held.attached) < min(wanted.attached, len(held.primaries) * slots):
                    held.attached.append(self._attach())
                else:
                    held.primaries.append(self.subnet.allocate())
        except SubnetFullError as error:
            return error
        return None

    def _attach(self) -> netaddr.IPAddress | netaddr.IPNetwork:
        return self.subnet.allocate() if self._size == 1 else self.subnet.allocate_prefix()
