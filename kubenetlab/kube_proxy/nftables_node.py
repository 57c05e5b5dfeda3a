"""What the rules of nftables mode say of one node, in the words of nft, for one address family.

Source: Kubernetes v1.36.2, pkg/proxy/nftables/proxier.go.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from kubenetlab.kube_proxy.proxy_settings import DetectLocalMode, ProxySettings, of_version

#: What matches traffic, by the way to tell that of pods.
_DETECTORS: Final = {
    DetectLocalMode.CLUSTER_CIDR: "{ip} saddr {is_not}{value}",
    DetectLocalMode.NODE_CIDR: "{ip} saddr {is_not}{value}",
    DetectLocalMode.BRIDGE_INTERFACE: "iifname {is_not}{value}",
    DetectLocalMode.INTERFACE_NAME_PREFIX: "iifname {is_not}{value}*",
}


class NftablesNode(NamedTuple):
    """One node's settings as text of nft.

    Attributes
    ----------
    ip
        ``ip`` or ``ip6``.
    settings
        All of them: some need no other words.
    is_from_pod, is_not_from_pod
        What matches traffic of this node's pods, and other traffic; empty without a detector.
    node_port_ips
        Addresses that take node ports; None for every address but the loopback's.
    """

    ip: str
    settings: ProxySettings
    is_from_pod: str
    is_not_from_pod: str
    node_port_ips: tuple[str, ...] | None
    service_cidrs: tuple[str, ...]
    node_ip: str

    @property
    def masquerade(self) -> str:
        """The statement that sets the mark."""
        return f"mark set mark or {self.settings.mark}"


def nftables_node(settings: ProxySettings, version: int) -> NftablesNode:
    """Return the words for a node, of address family 4 or 6.

    Raises
    ------
    ValueError
        If ``version`` is neither.
    """
    value, ip = settings.local_value(version), "ip" if version == 4 else "ip6"
    detector = _DETECTORS[settings.detect_local_mode] if value else ""
    return NftablesNode(
        ip=ip,
        settings=settings,
        is_from_pod=detector.format(ip=ip, is_not="", value=value),
        is_not_from_pod=detector.format(ip=ip, is_not="!= ", value=value),
        node_port_ips=settings.node_port_ips(version),
        service_cidrs=of_version(settings.service_cidrs, version),
        node_ip=settings.node_ip(version),
    )
