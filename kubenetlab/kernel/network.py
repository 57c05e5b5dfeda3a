"""The network inside our namespace: where clients come in, where the node's packets go, and nothing beyond.

Two pairs of virtual interfaces: the node's ends are routed like a node's, the other ends send clients' packets and
capture everything that leaves. Nothing answers, so endpoints need not exist, and nothing can leave the namespace.
"""

from __future__ import annotations

import ipaddress
from typing import NamedTuple

from kubenetlab.kernel.namespace import Namespace
from kubenetlab.kernel.packets import Flow, Seen, packet_bytes, seen_in

UPLINK = "uplink0"
_FEEDS = ("feed-pods", "feed-uplink")  # the ends that send and capture
_ETHER_TYPE = {4: 0x0800, 6: 0x86DD}
_CONF = [f"ipv4/conf/{name}/{key}" for name in ("all", "default") for key in ("rp_filter", "send_redirects")]
_SETTINGS = {
    4: {"ipv4/ip_forward": "1", "ipv4/icmp_ratemask": "0"} | dict.fromkeys(_CONF, "0"),
    6: {"ipv6/conf/all/disable_ipv6": "0", "ipv6/conf/all/forwarding": "1", "ipv6/icmp/ratelimit": "0"},
}
# Without ARP a packet goes out with the sender's own address, which the stack at the other end does not take.
_PAIR = """
link add name {name} address 02:00:00:00:00:01 type veth peer name {feed}
link set dev {name} addrgenmode none arp off up
link set dev {feed} addrgenmode none arp off
"""
_ADDRESSES = """
link set dev lo up
address add {0} dev uplink0 {nodad}
address add {1} dev lo {nodad}
route add default dev uplink0
link set dev feed-pods up
link set dev feed-uplink up
"""


class Node(NamedTuple):
    """The node of our namespace.

    ``address`` stands on the uplink, so masqueraded packets carry it; the node itself sends from ``other_address``.
    Packets of pods come in by ``pod_interface``.
    """

    version: int
    address: int
    other_address: int
    pod_interface: str = "pods0"

    @property
    def local_addresses(self) -> tuple[str, ...]:
        """Both addresses as text."""
        return self.text(self.address), self.text(self.other_address)

    def text(self, address: int) -> str:
        """Return an address of the node's family as text."""
        return str((ipaddress.IPv4Address if self.version == 4 else ipaddress.IPv6Address)(address))


def build(namespace: Namespace, node: Node) -> None:
    """Make interfaces, addresses, routes and settings of the node, and capture what leaves it."""
    for path, value in _SETTINGS[node.version].items():
        namespace.write(path, value)
    ip = ("ip", f"-{node.version}", "-batch", "-")
    pairs = zip((node.pod_interface, UPLINK), _FEEDS, strict=True)
    namespace.run(*ip, text="".join(_PAIR.format(name=name, feed=feed) for name, feed in pairs))
    if node.version == 6:
        for feed in _FEEDS:
            namespace.write(f"ipv6/conf/{feed}/disable_ipv6", "1")
    nodad = "nodad" if node.version == 6 else ""
    namespace.run(*ip, text=_ADDRESSES.format(*node.local_addresses, nodad=nodad))
    namespace.listen([*_FEEDS, "lo"], _ETHER_TYPE[node.version])


def send_flows(namespace: Namespace, node: Node, interface: str, flows: list[Flow]) -> dict[int, Seen]:
    """Send first packets in by an interface, or from the node where it is empty; return what was seen, by number."""
    packets = [packet_bytes(flow) for flow in flows]
    if interface:
        head = bytes.fromhex("02000000000102000000000a") + _ETHER_TYPE[node.version].to_bytes(2, "big")
        interface = _FEEDS[interface == UPLINK]
        packets = [head + packet for packet in packets]
    found = filter(None, map(seen_in, namespace.feed(interface, packets)))
    here = (node.address, node.other_address)  # on its way to the node, and not yet past its input hook
    return {seen.number: seen for seen in found if seen.is_refusal or seen.destination not in here}
