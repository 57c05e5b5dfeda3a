"""What the rules of iptables mode say of one node, in the words of iptables, for one address family.

Source: Kubernetes v1.36.2, pkg/proxy/iptables/proxier.go.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from kubenetlab.kube_proxy.proxy_settings import DetectLocalMode, ProxySettings

_LOOPBACK: Final = {4: "127.0.0.1", 6: "::1"}
_DETECTORS: Final = {
    DetectLocalMode.CLUSTER_CIDR: "-s {}",
    DetectLocalMode.NODE_CIDR: "-s {}",
    DetectLocalMode.BRIDGE_INTERFACE: "-i {}",
    DetectLocalMode.INTERFACE_NAME_PREFIX: "-i {}+",
}


class IptablesNode(NamedTuple):
    """One node's settings as text of iptables.

    Attributes
    ----------
    settings
        All of them: some need no other words.
    is_from_pod
        What matches traffic of this node's pods; empty without a detector.
    has_localhost_node_ports
        Whether node ports answer on 127.0.0.1.
    node_port_ips
        Addresses that take node ports, sorted as text; None for every local address.
    node_ip
        The node's first address of the family, or the loopback's.
    """

    version: int
    settings: ProxySettings
    is_from_pod: str
    has_localhost_node_ports: bool
    node_port_ips: tuple[str, ...] | None
    node_ip: str


def iptables_node(settings: ProxySettings, version: int) -> IptablesNode:
    """Return the words for a node, of address family 4 or 6.

    Raises
    ------
    ValueError
        If ``version`` is neither.
    """
    value, has_localhost = settings.local_value(version), settings.has_localhost_node_ports(version)
    return IptablesNode(
        version=version,
        settings=settings,
        is_from_pod=_DETECTORS[settings.detect_local_mode].format(value) if value else "",
        has_localhost_node_ports=has_localhost,
        node_port_ips=settings.node_port_ips(version, with_loopback=has_localhost),
        node_ip=settings.node_ip(version) or _LOOPBACK[version],
    )
