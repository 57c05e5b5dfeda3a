"""Which subnet a node gets from Flannel with ``--kube-subnet-mgr``: its own pod CIDR, whatever the configuration says of sizes.

Source: flannel 067ed7f, pkg/subnet/kube/kube.go (AcquireLease); the error texts are the component's own. Basis:
*source*. Not modelled: annotations, public addresses and back ends. The first subnet of the network is not left out, as
it is with etcd, and nothing checks SubnetLen, SubnetMin and SubnetMax.
"""

from collections.abc import Iterator, Sequence

import netaddr

from kubenetlab.errors import KubenetlabError
from kubenetlab.ipam import host_local
from kubenetlab.ipam.set_up import Limit, SetUp


class LeaseError(KubenetlabError):
    """Flannel refuses a node; the text is its own."""


def acquire_lease(
    node: str, pod_cidrs: Sequence[str], network: str | None, ipv6_network: str | None = None
) -> tuple[netaddr.IPNetwork, ...]:
    """Return the subnets of a node, IPv4 first.

    Parameters
    ----------
    pod_cidrs
        ``Node.spec.podCIDRs``.
    network, ipv6_network
        ``Network`` and ``IPv6Network`` of the configuration; None where it has none.

    Raises
    ------
    LeaseError
        If the node has no pod CIDR or more than two, or one outside the network.

    Examples
    --------
    >>> acquire_lease("node-a", ["10.244.0.0/24"], "10.244.0.0/16")
    (IPNetwork('10.244.0.0/24'),)
    >>> acquire_lease("node-a", [], "10.244.0.0/16")
    Traceback (most recent call last):
    kubenetlab.ipam.flannel_kube.LeaseError: node "node-a" pod cidr not assigned
    """
    if not pod_cidrs:
        raise LeaseError(f'node "{node}" pod cidr not assigned')
    if len(pod_cidrs) > 2:
        raise LeaseError(f'node "{node}" pod cidrs should be IPv4/IPv6 only or dualstack')
    last_of_version = {cidr.version: cidr for cidr in (netaddr.IPNetwork(text).cidr for text in pod_cidrs)}
    networks = {4: network, 6: ipv6_network}
    for version, cidr in sorted(last_of_version.items()):
        _check_inside(node, cidr, networks[version])
    return tuple(cidr for _, cidr in sorted(last_of_version.items()))


def _check_inside(node: str, cidr: netaddr.IPNetwork, network: str | None) -> None:
    if network is None and cidr.version == 6:
        raise LeaseError(
            f'subnet "{cidr}" specified in the PodCIDR, but doesn\'t exist in the flannel net config of the "{node}" node'
        )
    if network is None or cidr not in netaddr.IPNetwork(network).cidr:
        family = "IPv6 " if cidr.version == 6 else ""
        raise LeaseError(
            f'subnet "{network}" specified in the flannel net config doesn\'t contain "{cidr}" {family}PodCIDR of the "{node}" node'
        )


def limits(set_up: SetUp) -> Iterator[Limit]:
    """Yield what bounds nodes with a pod CIDR of kube-controller-manager, and their pods: as `host_local.limits` does.

    Raises
    ------
    ValueError
        As `host_local.limits` does.

    Examples
    --------
    >>> [limit.n for limit in limits(SetUp(ipam="host-local", pod_cidrs=("10.244.0.0/16",)))]
    [256, 253]
    """
    yield from host_local.limits(set_up)
