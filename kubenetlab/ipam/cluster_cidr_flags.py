"""Which ``--cluster-cidr`` and node masks kube-controller-manager accepts, in the words with which it exits.

Source: kubernetes, cmd/kube-controller-manager/app/core.go (startNodeIpamController, validateCIDRs, setNodeCIDRMaskSizes).
Basis: *source*; the words are the component's own.
"""

from __future__ import annotations

from collections.abc import Sequence

import netaddr

from kubenetlab.ipam.node_cidrs import check_mask_size

#: Prefix lengths of node CIDRs where no flag gives one.
DEFAULT_MASK_SIZES = {4: 24, 6: 64}
_FLAG = "node-cidr-mask-size"


def check_cluster_cidrs(networks: Sequence[netaddr.IPNetwork]) -> None:
    """Refuse more ranges than one, or one of each family.

    Raises
    ------
    ValueError
        With the component's own text.

    Examples
    --------
    >>> check_cluster_cidrs([netaddr.IPNetwork("10.0.0.0/16"), netaddr.IPNetwork("10.1.0.0/16")])
    Traceback (most recent call last):
    ValueError: len of ClusterCIDRs==2 and they are not configured as dual stack (at least one from each IPFamily
    """
    if len(networks) > 1 and len({network.version for network in networks}) == 1:
        raise ValueError(
            f"len of ClusterCIDRs=={len(networks)} and they are not configured as dual stack "
            "(at least one from each IPFamily"
        )
    if len(networks) > 2:
        raise ValueError(f"length of clusterCIDRs is:{len(networks)} more than max allowed of 2")


def mask_sizes(
    networks: Sequence[netaddr.IPNetwork],
    mask_size: int | None = None,
    mask_size_ipv4: int | None = None,
    mask_size_ipv6: int | None = None,
) -> tuple[int, ...]:
    """Return the prefix length of node CIDRs for each range, from the three flags.

    Parameters
    ----------
    networks
        ``--cluster-cidr``.
    mask_size, mask_size_ipv4, mask_size_ipv6
        ``--node-cidr-mask-size``, ``--node-cidr-mask-size-ipv4`` and ``--node-cidr-mask-size-ipv6``; None where not given.

    Raises
    ------
    ValueError
        With the component's own text where it exits.

    Examples
    --------
    >>> mask_sizes([netaddr.IPNetwork("10.244.0.0/16"), netaddr.IPNetwork("fd00::/56")], mask_size_ipv4=25)
    (25, 64)
    """
    check_cluster_cidrs(networks)
    of_family = {4: mask_size_ipv4, 6: mask_size_ipv6}
    versions: set[int] = {network.version for network in networks}
    _check_flags(versions, mask_size, of_family)
    given = {version: of_family[version] if mask_size is None else mask_size for version in versions}
    sizes = {v: DEFAULT_MASK_SIZES[v] if size is None else size for v, size in given.items()}
    for network in networks:
        check_mask_size(network, sizes[network.version])
    return tuple(sizes[network.version] for network in networks)


def _check_flags(versions: set[int], mask_size: int | None, of_family: dict[int, int | None]) -> None:
    if mask_size is not None and len(versions) > 1:
        raise ValueError(f"usage of --{_FLAG} is not allowed with dual-stack clusters")
    given = [version for version, size in of_family.items() if size is not None]
    if mask_size is not None and given:
        raise ValueError(
            f"usage of --{_FLAG}-ipv4 and --{_FLAG}-ipv6 is not allowed if --{_FLAG} is set. "
            "For dual-stack clusters please unset it and use IPFamily specific flags"
        )
    for version in (version for version in given if version not in versions):
        (other,) = versions
        raise ValueError(
            f"usage of --{_FLAG}-ipv{version} is not allowed for a single-stack IPv{other} cluster"
        )
