"""What encapsulations add to packets, and what network plugins take off the MTU for them: tables only.

Basis: *source* where a constant was read in the component, *docs* where only its documentation or an issue says it.
"""

from __future__ import annotations

from typing import NamedTuple

from kubenetlab.result import Basis

_FELIX = "calico, felix/dataplane/linux/int_dataplane.go, ConfigureDefaultMTUs and determinePodMTU"
_CILIUM = "cilium, pkg/mtu/mtu.go"
_OVN = "ovn-kubernetes, go-controller/pkg/types/const.go, GeneveHeaderLengthIPv4 and GeneveHeaderLengthIPv6"


class Overhead(NamedTuple):
    """Bytes that a component takes off the MTU for one encapsulation.

    Attributes
    ----------
    ipv4, ipv6
        By the IP version that the nodes send the packets with; None where the component has no such tunnel.
    source, basis
        The file or page with the numbers, and how far they were checked.
    """

    ipv4: int | None
    ipv6: int | None
    source: str
    basis: Basis = Basis.SOURCE


#: What each component takes off for each of its encapsulations. They differ for one encapsulation, so ask by both.
OVERHEADS: dict[tuple[str, str], Overhead] = {
    ("calico", "ipip"): Overhead(20, None, _FELIX),
    ("calico", "vxlan"): Overhead(50, 70, _FELIX),
    ("calico", "wireguard"): Overhead(60, 80, _FELIX),
    # Azure's network fragments at 1400 bytes, and WireGuard forbids that.
    ("calico", "wireguard-hosts-aks"): Overhead(160, 180, _FELIX),
    ("cilium", "vxlan"): Overhead(50, 70, _CILIUM),
    ("cilium", "geneve"): Overhead(50, 70, _CILIUM),
    ("cilium", "geneve-dsr"): Overhead(62, 82, _CILIUM),
    ("cilium", "ipip"): Overhead(20, 48, "cilium, documentation of IPIP tunnels", Basis.DOCS),
    ("cilium", "wireguard"): Overhead(80, 80, _CILIUM),
    ("cilium", "wireguard-1.19.5"): Overhead(95, 95, "cilium, pull request 45940 (padding)", Basis.DOCS),
    ("cilium", "ipsec"): Overhead(77, 77, _CILIUM),
    ("flannel", "vxlan"): Overhead(50, 50, "flannel, pkg/backend/vxlan/vxlan_network.go"),
    ("flannel", "wireguard"): Overhead(80, 80, "flannel, pkg/backend/wireguard/wireguard_network.go"),
    ("flannel", "ipip"): Overhead(20, None, "flannel, pkg/backend/ipip/ipip.go"),
    ("flannel", "ipsec"): Overhead(77, None, "flannel, pkg/backend/ipsec/ipsec_network.go"),
    ("flannel", "ipsec-udp"): Overhead(85, None, "flannel, pkg/backend/ipsec/ipsec_network.go (UDPEncap)"),
    ("flannel", "udp"): Overhead(28, None, "flannel, pkg/backend/udp/udp_network_amd64.go"),
    ("ovn-kubernetes", "geneve-ovn"): Overhead(58, 78, _OVN),
}
#: Bytes of headers that an encapsulation adds to a packet, padding not counted, by IP version of the outer header.
WIRE_BYTES: dict[str, dict[int, int]] = {
    "ipip": {4: 20, 6: 40},
    "vxlan": {4: 50, 6: 70},
    "geneve": {4: 50, 6: 70},
    "geneve-dsr": {4: 62, 6: 82},
    "geneve-ovn": {4: 58, 6: 78},
    "wireguard": {4: 60, 6: 80},
    "wireguard-1.19.5": {4: 60, 6: 80},
    "wireguard-hosts-aks": {4: 60, 6: 80},
    "udp": {4: 28},
}
#: Names of ways without encapsulation: pods' packets travel as they are.
NATIVE = frozenset({"native", "host-gw", "bgp", "none", "alloc"})

#: The combinations that the components offer.
COMBINATIONS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("flannel", ("host-gw",)),
    *((component, (name,)) for component, name in OVERHEADS),
    ("calico", ("ipip", "wireguard")),
    ("calico", ("vxlan", "wireguard")),
    ("cilium", ("vxlan", "wireguard")),
    ("cilium", ("geneve", "wireguard")),
    ("cilium", ("vxlan", "wireguard-1.19.5")),
    ("cilium", ("vxlan", "ipsec")),
    ("cilium", ("geneve", "ipsec")),
)
