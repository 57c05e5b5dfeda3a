"""How kube-proxy is run on one node: what its rules depend on beside Services and endpoints.

Source: Kubernetes v1.36.2, pkg/proxy/util/nodeport_addresses.go; cmd/kube-proxy/app/server.go ("primary").
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Any, Final, TypeAlias

from kubenetlab.errors import SettingError
from kubenetlab.objects.address_text import is_address, is_cidr
from kubenetlab.visible_text import visible

Network: TypeAlias = IPv4Network | IPv6Network

#: Stands in nodePortAddresses for the node's first address of each family.
PRIMARY: Final = ("primary",)
_LOOPBACK: Final = {4: ip_address("127.0.0.1"), 6: ip_address("::1")}
#: A name of an interface (Linux: at most 15 characters) or scheduler that a rule can hold as it is.
_WORD: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,14}")


class DetectLocalMode(StrEnum):
    """How kube-proxy tells the traffic of its node's pods from other traffic (KubeProxyConfiguration)."""

    CLUSTER_CIDR = "ClusterCIDR"
    NODE_CIDR = "NodeCIDR"
    BRIDGE_INTERFACE = "BridgeInterface"
    INTERFACE_NAME_PREFIX = "InterfaceNamePrefix"
    NONE = "None"  # no detector


_BY_CIDR: Final = (DetectLocalMode.CLUSTER_CIDR, DetectLocalMode.NODE_CIDR)


@dataclass(frozen=True, slots=True, kw_only=True)
class ProxySettings:
    """What one kube-proxy knows of its node and its configuration; IPv4 and IPv6 together.

    Attributes
    ----------
    node_name
        The node's name; decides which endpoints are local.
    node_ips
        The node's addresses as text; the first of a family is "the node IP" of that family.
    node_labels
        All labels of the node.
    detect_local_mode, detect_local_value
        The value is a CIDR (both CIDR modes; comma-separated for two families), a bridge's name or a prefix.
    masquerade_bit
        0 to 31.
    node_port_addresses
        CIDRs as configured, or ``PRIMARY``; empty for all addresses.
    is_nfacct
        Whether the node can count with nfacct (kernel module nfnetlink_acct).
    service_cidrs
        For nftables' rule about addresses that no Service has.

    Raises
    ------
    SettingError
        If a value is not what it should be: as part of a rule it could be read as another rule.
    """

    node_name: str
    node_ips: tuple[str, ...] = ()
    node_labels: dict[str, str] = field(default_factory=dict)
    detect_local_mode: DetectLocalMode = DetectLocalMode.NONE
    detect_local_value: str = ""
    masquerade_all: bool = False
    masquerade_bit: int = 14
    node_port_addresses: tuple[str, ...] = ()
    localhost_node_ports: bool = True
    conntrack_tcp_be_liberal: bool = False
    random_fully: bool = True
    is_nfacct: bool = True
    service_cidrs: tuple[str, ...] = ()
    ipvs_scheduler: str = "rr"

    def __post_init__(self) -> None:
        for name, is_right, expected in _CHECKS:
            if not is_right(self):
                found = visible(f"{getattr(self, name)!r:.80}")
                raise SettingError(f"settings of kube-proxy: {name}: found {found}, expected {expected}")

    @property
    def zone(self) -> str:
        """The node's zone (label topology.kubernetes.io/zone), or an empty text."""
        return self.node_labels.get("topology.kubernetes.io/zone", "")

    @property
    def mark(self) -> str:
        """The bit that asks for masquerade, as ``0x00004000``."""
        return f"0x{1 << self.masquerade_bit:08x}"

    def ips(self, version: int) -> tuple[IPv4Address | IPv6Address, ...]:
        """Return the node's addresses of a family.

        Raises
        ------
        ValueError
            If ``version`` is neither 4 nor 6.
        """
        if version not in _LOOPBACK:
            raise ValueError(f"version {version}: expected 4 or 6")
        return tuple(ip for ip in map(ip_address, self.node_ips) if ip.version == version)

    def node_ip(self, version: int) -> str:
        """Return the node's first address of a family, or an empty text."""
        return next(map(str, self.ips(version)), "")

    def local_value(self, version: int) -> str:
        """Return by what local traffic of a family is told: a CIDR as configured, a name; empty for no detector."""
        if self.detect_local_mode in _BY_CIDR:
            return next(iter(of_version(_parts(self.detect_local_value), version)), "")
        return "" if self.detect_local_mode == DetectLocalMode.NONE else self.detect_local_value

    def has_localhost_node_ports(self, version: int) -> bool:
        """Return whether node ports answer on 127.0.0.1: IPv4 alone, and only if nodePortAddresses allow it."""
        cidrs = self._node_port_ranges(version)
        return self.localhost_node_ports and version == 4 and (not cidrs or any(map(_has_loopback, cidrs)))

    def node_port_ips(self, version: int, *, with_loopback: bool = False) -> tuple[str, ...] | None:
        """Return the node's addresses that take node ports, sorted as text; None for every local address.

        ``with_loopback``: those of the loopback interface too.
        """
        cidrs = self._node_port_ranges(version)
        if not cidrs:
            return None
        found = {ip for ip in (*self.ips(version), _LOOPBACK[version]) if any(ip in cidr for cidr in cidrs)}
        return tuple(sorted(str(ip) for ip in found if with_loopback or not ip.is_loopback))

    def _node_port_ranges(self, version: int) -> list[Network]:
        """Return the configured ranges of a family; none where all addresses take node ports."""
        texts = self.node_port_addresses
        if texts == PRIMARY:
            texts = tuple(f"{ip}/{ip.max_prefixlen}" for ip in self.ips(version)[:1])
        cidrs = [ip_network(text.strip(), strict=False) for text in of_version(texts, version)]
        return [] if any(cidr.prefixlen == 0 for cidr in cidrs) else cidrs


def of_version(cidrs: tuple[str, ...], version: int) -> tuple[str, ...]:
    """Return the ranges of a family, as they were written."""
    return tuple(cidr for cidr in cidrs if (":" in cidr) == (version == 6))


def _parts(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(",") if part.strip())


def _has_loopback(cidr: Network) -> bool:
    return cidr.is_loopback or ip_address("127.0.0.0") in cidr


def _are_cidrs(texts: tuple[str, ...]) -> bool:
    return all(is_cidr(text.strip()) for text in texts)


def _is_local_value(settings: ProxySettings) -> bool:
    mode, value = settings.detect_local_mode, settings.detect_local_value
    if mode in _BY_CIDR:
        return _are_cidrs(_parts(value))
    return mode == DetectLocalMode.NONE or not value or bool(_WORD.fullmatch(value))


#: Fields that stand in rules, whether their value may, and what it should be.
_CHECKS: Final[tuple[tuple[str, Callable[[ProxySettings], Any], str], ...]] = (
    ("node_ips", lambda s: all(map(is_address, s.node_ips)), "IP addresses"),
    ("detect_local_mode", lambda s: s.detect_local_mode in tuple(DetectLocalMode), ", ".join(DetectLocalMode)),
    ("detect_local_value", _is_local_value, "CIDRs, or an interface's name without spaces and quotes"),
    ("masquerade_bit", lambda s: 0 <= s.masquerade_bit <= 31, "a number from 0 to 31"),
    ("node_port_addresses", lambda s: s.node_port_addresses == PRIMARY or _are_cidrs(s.node_port_addresses),
     "CIDRs, or primary alone"),
    ("service_cidrs", lambda s: all(map(is_cidr, s.service_cidrs)), "CIDRs"),
    ("ipvs_scheduler", lambda s: _WORD.fullmatch(s.ipvs_scheduler), "a scheduler's name"),
)  # fmt: skip
