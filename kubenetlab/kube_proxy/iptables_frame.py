"""The parts of the iptables tables that do not depend on Services: chains, jumps, first and last rules.

Source: Kubernetes v1.36.2, pkg/proxy/iptables/proxier.go.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from kubenetlab.kube_proxy.iptables_node import IptablesNode

#: Chains that all service ports share, in the order in which every sync declares them.
RESTORED: Final = {
    "filter": (
        "KUBE-SERVICES", "KUBE-EXTERNAL-SERVICES", "KUBE-FORWARD", "KUBE-NODEPORTS", "KUBE-PROXY-FIREWALL",
    ),
    "nat": ("KUBE-SERVICES", "KUBE-NODEPORTS", "KUBE-POSTROUTING", "KUBE-MARK-MASQ"),
}  # fmt: skip
#: The same chains in the order in which they come to be, after the built-in ones: that of a save.
SAVED: Final[dict[str, tuple[tuple[str, ...], tuple[str, ...]]]] = {
    "nat": (
        ("PREROUTING", "INPUT", "OUTPUT", "POSTROUTING"),
        ("KUBE-SERVICES", "KUBE-POSTROUTING", "KUBE-NODEPORTS", "KUBE-MARK-MASQ"),
    ),
    "filter": (
        ("INPUT", "FORWARD", "OUTPUT"),
        (
            "KUBE-EXTERNAL-SERVICES", "KUBE-NODEPORTS", "KUBE-SERVICES", "KUBE-FORWARD", "KUBE-PROXY-FIREWALL",
            "KUBE-FIREWALL",
        ),
    ),
    "mangle": ((), ()),
}  # fmt: skip
_NEW: Final = "-m conntrack --ctstate NEW "
#: What jumps from the built-in chains: table, chains, match, comment, target; the last one put in front stands first.
_JUMPS: Final = (
    ("nat", "PREROUTING OUTPUT", "", "kubernetes service portals", "KUBE-SERVICES"),
    ("nat", "POSTROUTING", "", "kubernetes postrouting rules", "KUBE-POSTROUTING"),
    ("filter", "INPUT OUTPUT", "", "", "KUBE-FIREWALL"),
    ("filter", "INPUT FORWARD OUTPUT", _NEW, "kubernetes load balancer firewall", "KUBE-PROXY-FIREWALL"),
    ("filter", "FORWARD", "", "kubernetes forwarding rules", "KUBE-FORWARD"),
    ("filter", "FORWARD OUTPUT", _NEW, "kubernetes service portals", "KUBE-SERVICES"),
    ("filter", "INPUT", "", "kubernetes health check service ports", "KUBE-NODEPORTS"),
    ("filter", "INPUT FORWARD", _NEW, "kubernetes externally-visible service portals", "KUBE-EXTERNAL-SERVICES"),
)  # fmt: skip
_NODE_PORTS: Final = (
    '-A KUBE-SERVICES -m comment --comment "kubernetes service nodeports; NOTE: this must be the last rule '
    'in this chain" {} -j KUBE-NODEPORTS\n'
)


def table_text(name: str, chains: Iterable[str], rules: Iterable[str]) -> str:
    """Return a table as ``iptables-restore`` reads it; ``rules`` end with a line break."""
    return "".join([f"*{name}\n", *[f":{chain} - [0:0]\n" for chain in chains], *rules, "COMMIT\n"])


def jumps(table: str) -> list[str]:
    """Return the rules of a table's built-in chains."""
    return [
        f"-A {hook} {match}" + (f'-m comment --comment "{comment}" ' if comment else "") + f"-j {target}\n"
        for hook in SAVED[table][0]
        for name, hooks, match, comment, target in _JUMPS
        if name == table and hook in hooks.split()
    ]


def by_chain(lines: Iterable[str], chains: tuple[str, ...]) -> list[str]:
    """Return rules in the order of their chains."""
    rules: dict[str, list[str]] = {chain: [] for chain in chains}
    for line in lines:
        rules[line.split(" ", 2)[1]].append(line)
    return [line for chain in chains for line in rules[chain]]


def nat_head(node: IptablesNode) -> list[str]:
    """Return the first rules of the nat table: how marked packets are masqueraded."""
    mark, flag = node.settings.mark, " --random-fully" if node.settings.random_fully else ""
    return [
        f"-A KUBE-POSTROUTING -m mark ! --mark {mark}/{mark} -j RETURN\n",
        f"-A KUBE-POSTROUTING -j MARK --xor-mark {mark}\n",
        '-A KUBE-POSTROUTING -m comment --comment "kubernetes service traffic requiring SNAT" '
        f"-j MASQUERADE{flag}\n",
        f"-A KUBE-MARK-MASQ -j MARK --or-mark {mark}\n",
    ]


def nat_tail(node: IptablesNode) -> list[str]:
    """Return the last rules of the nat table, which send the node's own addresses to the node ports."""
    if node.node_port_ips is not None:
        return [_NODE_PORTS.format(f"-d {ip}") for ip in node.node_port_ips]
    loopback = {4: "" if node.has_localhost_node_ports else " ! -d 127.0.0.0/8", 6: " ! -d ::1/128"}
    return [_NODE_PORTS.format(f"-m addrtype --dst-type LOCAL{loopback[node.version]}")]


def filter_head(node: IptablesNode) -> list[str]:
    """Return the first rule of the filter table, which a node needs whose node ports answer on 127.0.0.1."""
    text = (
        '-A KUBE-FIREWALL -m comment --comment "block incoming localnet connections" -d 127.0.0.0/8 '
        "! -s 127.0.0.0/8 -m conntrack ! --ctstate RELATED,ESTABLISHED,DNAT -j DROP\n"
    )
    return [text] if node.has_localhost_node_ports else []


def filter_tail(node: IptablesNode) -> list[str]:
    """Return the last rules of the filter table: what may be forwarded."""
    mark, is_nfacct = node.settings.mark, node.settings.is_nfacct
    counter = "-m nfacct --nfacct-name ct_state_invalid_dropped_pkts " if is_nfacct else ""
    comment = '-A KUBE-FORWARD -m comment --comment "kubernetes forwarding '
    drop = [f"-A KUBE-FORWARD -m conntrack --ctstate INVALID {counter}-j DROP\n"]
    return [
        *(drop if not node.settings.conntrack_tcp_be_liberal else ()),
        f'{comment}rules" -m mark --mark {mark}/{mark} -j ACCEPT\n',
        f'{comment}conntrack rule" -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT\n',
    ]
