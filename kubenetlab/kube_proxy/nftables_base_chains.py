"""What every full sync of nftables mode writes first: the chains at the hooks, the sets, and the rules between them.

Source: Kubernetes v1.36.2, pkg/proxy/nftables/proxier.go, setupNFTables.
"""

from __future__ import annotations

from typing import Final

from kubenetlab.kube_proxy.nftables_node import NftablesNode
from kubenetlab.kube_proxy.nftables_table import NftablesTable

BASE_CHAINS: Final = {  # type, hook, priority
    "filter-prerouting-pre-dnat": ("filter", "prerouting", -110),
    "filter-output-pre-dnat": ("filter", "output", -110),
    "filter-input": ("filter", "input", 0),
    "filter-forward": ("filter", "forward", 0),
    "filter-output": ("filter", "output", 0),
    "nat-prerouting": ("nat", "prerouting", -100),
    "nat-output": ("nat", "output", -100),
    "nat-postrouting": ("nat", "postrouting", 100),
}
_JUMPS = {  # chains, made in this order, and those that jump to them
    "nodeport-endpoints-check": ("filter-input",),
    "service-endpoints-check": ("filter-input", "filter-forward", "filter-output"),
    "firewall-check": ("filter-prerouting-pre-dnat", "filter-output-pre-dnat"),
    "services": ("nat-output", "nat-prerouting"),
    "masquerading": ("nat-postrouting",),
    "cluster-ips-check": ("filter-forward", "filter-output"),
}
_SERVICE = "{addr} . inet_proto . inet_service : verdict"
_NODE_PORT = "inet_proto . inet_service : verdict"
_TO_PORT = "meta l4proto . th dport"
#: Sets, maps and chains to make (kind, name, type, comment) and rules to append (chain, text), in kube-proxy's
#: order; a rule whose text names something that the node lacks is left out.
_STEPS: Final = (
    ("set", "hairpin-connections", "{addr} . {addr} . inet_proto . inet_service", "service hairpin connections"),
    ("masquerading", "mark and {mark} != 0 mark set mark xor {mark} masquerade fully-random"),
    ("masquerading", f"ct status dnat {{ip}} saddr . {{ip}} daddr . {_TO_PORT} @hairpin-connections"
     " masquerade fully-random"),
    ("set", "cluster-ips", "{addr}", "Active ClusterIPs"),
    ("cluster-ips-check", '{ip} daddr @cluster-ips reject comment "Reject traffic to invalid ports of ClusterIPs"'),
    ("cluster-ips-check", '{ip} daddr {service_cidrs} drop comment "Drop traffic to unallocated ClusterIPs"'),
    ("set", "nodeport-ips", "{addr}", "IPs that accept NodePort traffic"),
    ("map", "no-endpoint-services", _SERVICE, "vmap to drop or reject packets to services with no endpoints"),
    ("map", "no-endpoint-nodeports", _NODE_PORT,
     "vmap to drop or reject packets to service nodeports with no endpoints"),
    ("chain", "reject-chain", "", "helper for @no-endpoint-services / @no-endpoint-nodeports"),
    ("reject-chain", "reject"),
    ("service-endpoints-check", f"{{ip}} daddr . {_TO_PORT} vmap @no-endpoint-services"),
    ("nodeport-endpoints-check", f"{{checked_node}} {_TO_PORT} vmap @no-endpoint-nodeports"),
    ("map", "firewall-ips", _SERVICE, "destinations that are subject to LoadBalancerSourceRanges"),
    ("firewall-check", f"{{ip}} daddr . {_TO_PORT} vmap @firewall-ips"),
    ("map", "service-ips", _SERVICE, "ClusterIP, ExternalIP and LoadBalancer IP traffic"),
    ("map", "service-nodeports", _NODE_PORT, "NodePort traffic"),
    ("services", '{ip} daddr @cluster-ips {masquerade_all} comment "masquerade all clusterIP traffic"'),
    ("services", '{ip} daddr @cluster-ips {masquerade_others} comment "masquerade clusterIP traffic from outside'
     ' cluster"'),
    ("services", f"{{ip}} daddr . {_TO_PORT} vmap @service-ips"),
    ("services", f"{{to_node}} {_TO_PORT} vmap @service-nodeports"),
)  # fmt: skip
#: Sets and maps whose elements kube-proxy keeps in step, in the order in which it deletes stale ones.
ELEMENT_CONTAINERS: Final = (
    "cluster-ips", "service-ips", "firewall-ips", "no-endpoint-services", "no-endpoint-nodeports",
    "service-nodeports", "hairpin-connections",
)  # fmt: skip


def write_base_chains(table: NftablesTable, node: NftablesNode, *, is_first: bool) -> None:
    """Write what does not depend on Services; a process's first sync also deletes the chains at the hooks."""
    table.create()
    for chain in BASE_CHAINS if is_first else ():
        table.add("chain", chain)
        table.delete("chain", chain)
    for chain, (of_type, hook, priority) in BASE_CHAINS.items():
        table.renew_chain(chain, f"{{ type {of_type} hook {hook} priority {priority} ; }}")
    for chain, jumping in _JUMPS.items():
        table.renew_chain(chain)
        for base in jumping:
            table.add_rule(base, f"{'ct state new ' * base.startswith('filter')}jump {chain}")
    words = _words(node)
    for step in _STEPS:
        if len(step) == 2:
            _add_rule(table, *step, words)
        else:
            _make(table, step, words)
        if step[1] == "nodeport-ips":
            _fill_node_port_ips(table, node)


def _words(node: NftablesNode) -> dict[str, str]:
    """Return what stands in the steps; an empty word leaves its rule out."""
    loopback = {"ip": "127.0.0.0/8", "ip6": "::1"}[node.ip]
    checked = f"{node.ip} daddr " + (f"!= {loopback}" if node.node_port_ips is None else "@nodeport-ips")
    from_others = f"{node.is_not_from_pod} {node.masquerade}" if node.is_not_from_pod else ""
    return {
        "ip": node.ip,
        "addr": {"ip": "ipv4_addr", "ip6": "ipv6_addr"}[node.ip],
        "mark": node.settings.mark,
        "service_cidrs": f"{{ {','.join(node.service_cidrs)} }}" if node.service_cidrs else "",
        "checked_node": checked,
        "to_node": f"fib daddr type local {checked}" if node.node_port_ips is None else checked,
        "masquerade_all": node.masquerade if node.settings.masquerade_all else "",
        "masquerade_others": "" if node.settings.masquerade_all else from_others,
    }


def _add_rule(table: NftablesTable, chain: str, text: str, words: dict[str, str]) -> None:
    if all(word or f"{{{name}}}" not in text for name, word in words.items()):
        table.add_rule(chain, text.format_map(words))


def _make(table: NftablesTable, step: tuple[str, ...], words: dict[str, str]) -> None:
    kind, name, of_type, comment = step
    if kind == "chain":
        table.renew_chain(name, f'{{ comment "{comment}" ; }}')
    else:
        table.add(kind, name, f'{{ type {of_type.format_map(words)} ; comment "{comment}" ; }}')


def _fill_node_port_ips(table: NftablesTable, node: NftablesNode) -> None:
    if node.node_port_ips is None:
        table.delete("set", "nodeport-ips")
        return
    table.flush("set", "nodeport-ips")
    for address in node.node_port_ips:
        table.add_element("nodeport-ips", address)
