"""Which subnet the next node gets from Flannel with etcd.

Source: flannel cdf7605, pkg/subnet/etcd/local_manager.go (tryAcquireLease, allocateSubnet); the error text is the
component's own. Basis: *source*: the choice is random, the set and the distribution are the component's.

With ``--kube-subnet-mgr`` Flannel takes each node's ``spec.podCIDR`` instead (`flannel_kube`).
"""

import json
from collections.abc import Iterator
from ipaddress import ip_network
from itertools import islice

import numpy as np

from kubenetlab.errors import KubenetlabError
from kubenetlab.ipam.cidr_arguments import named, networks_by_version
from kubenetlab.ipam.flannel_config import FlannelConfig, Subnet, SubnetRange, parse_config
from kubenetlab.ipam.node_cidr_limits import after_surge, pods_per_cidr
from kubenetlab.ipam.node_subnets import node_subnet_limits
from kubenetlab.ipam.set_up import Limit, Quantity, SetUp
from kubenetlab.result import Basis

__all__ = ["FlannelConfig", "OutOfSubnetsError", "SubnetManager", "limits", "parse_config"]

#: A new lease is one of so many free subnets, the lowest, each equally likely.
FREE_SUBNETS_TO_CHOOSE_FROM = 100


class OutOfSubnetsError(KubenetlabError):
    """Every subnet from SubnetMin to SubnetMax is leased."""


class SubnetManager:
    """The leases of one cluster. A lease ends 24 hours after its last renewal; call `release` for one that did.

    Parameters
    ----------
    config
        A configuration with IPv4: the etcd subnet manager keeps its leases by IPv4 subnet.
    seed
        Of the choice among free subnets.

    Raises
    ------
    ValueError
        If IPv4 is off.

    Examples
    --------
    >>> manager = SubnetManager(parse_config('{"Network": "10.5.0.0/22"}'), seed=1)
    >>> sorted(str(subnet) for node in ("192.0.2.1", "192.0.2.2", "192.0.2.3") for subnet in manager.acquire(node))
    ['10.5.1.0/24', '10.5.2.0/24', '10.5.3.0/24']
    """

    def __init__(self, config: FlannelConfig, *, seed: int) -> None:
        if config.ipv4 is None:
            raise ValueError("the etcd subnet manager hands out subnets only where IPv4 is enabled")
        self._ranges = tuple(family for family in (config.ipv4, config.ipv6) if family)
        self._rng = np.random.default_rng(seed)
        self.leases: dict[str, tuple[Subnet, ...]] = {}

    def acquire(self, public_ip: str, previous: tuple[str | Subnet, ...] = ()) -> tuple[Subnet, ...]:
        """Return the subnets of a node, one a family: those it leases, else those it had, else new ones.

        Parameters
        ----------
        public_ip
            The address that names the node.
        previous
            What the node's subnet file holds, IPv4 first; ignored where another node leases that IPv4 subnet or the
            configuration no longer allows it.

        Raises
        ------
        OutOfSubnetsError
            If a family has no subnet left.
        """
        if public_ip not in self.leases:
            had = tuple(ip_network(subnet) for subnet in previous)
            self.leases[public_ip] = had if self._can_reuse(had) else self._new()
        return self.leases[public_ip]

    def release(self, public_ip: str) -> None:
        """End a node's lease; nothing happens where it has none."""
        self.leases.pop(public_ip, None)

    @property
    def capacity(self) -> int:
        """Nodes that can hold a lease at a time."""
        return min(family.capacity for family in self._ranges)

    def _can_reuse(self, subnets: tuple[Subnet, ...]) -> bool:
        if len(subnets) != len(self._ranges):
            return False
        is_leased = any(leased[0] == subnets[0] for leased in self.leases.values())
        return not is_leased and all(map(SubnetRange.fits, self._ranges, subnets))

    def _new(self) -> tuple[Subnet, ...]:
        leased = {subnet for subnets in self.leases.values() for subnet in subnets}
        choices = [list(islice(r.free(leased), FREE_SUBNETS_TO_CHOOSE_FROM)) for r in self._ranges]
        if not all(choices):
            raise OutOfSubnetsError("out of subnets")
        return tuple(free[self._rng.integers(len(free))] for free in choices)


def limits(set_up: SetUp) -> Iterator[Limit]:
    """Yield what bounds nodes that lease a subnet of Flannel's network, and their pods (host-local on each node).

    Raises
    ------
    ValueError
        If a range is no CIDR or has host bits, a family has two, or with Flannel's own text where Flannel refuses it.

    Examples
    --------
    >>> for limit in limits(SetUp(ipam="flannel-etcd", pod_cidrs=("10.244.0.0/16",))):
    ...     print(limit.n, limit.words)
    255 The subnets 10.244.1.0 to 10.244.255.0 of /24 are all leased at 255 nodes.
    253 A node's /24 has 256 addresses, no pod gets 3 of them: room for 253 pods.
    """
    for version, networks in networks_by_version(set_up.pod_cidrs).items():
        if len(networks) > 1:
            raise ValueError(f"Flannel's configuration has one network of a family, not {named(networks)}")
        found = _subnets_of(set_up, version, str(networks[0]))
        n_nodes, surge = after_surge(found.capacity, set_up)
        words = found.what_binds.rstrip(".") + f"{surge}."
        source = "flannel cdf7605, pkg/subnet/config.go"
        yield Limit(Quantity.NODES, n_nodes, "cluster CIDR", words, Basis.RAN, source)
        yield from pods_per_cidr(set_up, version, found.subnet_length, "host-local")
    yield from node_subnet_limits(set_up)


def _subnets_of(set_up: SetUp, version: int, network: str) -> SubnetRange:
    length = set_up.node_cidr_mask_size if version == 4 else set_up.node_cidr_mask_size_ipv6
    prefix = "" if version == 4 else "IPv6"
    fields = {"EnableIPv4": version == 4, "EnableIPv6": version == 6, f"{prefix}Network": network}
    config = parse_config(json.dumps(fields | {f"{prefix}SubnetLen": length or 0}))
    (found,) = filter(None, (config.ipv4, config.ipv6))
    return found
