"""The iptables rules of a service port, as a table of kinds: in which chain, when, for each of what, with which text.

Source: Kubernetes v1.36.2, pkg/proxy/iptables/proxier.go (syncProxyRules).
"""

from __future__ import annotations

from typing import Final, NamedTuple

from kubenetlab.kube_proxy.iptables_endpoints import choices, endpoint_rules
from kubenetlab.kube_proxy.iptables_port import PortOnNode


class RuleKind(NamedTuple):
    """One kind of rule; ``when``, ``each`` and the names of own chains are attributes of ``PortOnNode``."""

    chain: str
    when: tuple[tuple[str, bool], ...]
    each: str
    text: str


def _kind(chain: str, when: str, each: str, comment: str, rest: str) -> RuleKind:
    """Return a kind; ``when`` lists conditions that must hold, or with ``!`` must not.

    In a text ``{p}`` is the port and ``{one}`` one of ``each``.
    """
    conditions = tuple((word.lstrip("!"), word[0] != "!") for word in when.split())
    quoted = f'-m comment --comment "{comment}"' if " " in comment else f"-m comment --comment {comment}"
    words = ("-A {chain}", quoted if comment else "", rest)
    return RuleKind(chain, conditions, each, " ".join(filter(None, words)) + "\n")


_TO: Final = "{p.match} -d {one} --dport {p.service.port}"
_OUTSIDE: Final = "{p.name} external destinations"
_MASQUERADE: Final = "-j KUBE-MARK-MASQ"
_FROM_NODE: Final = "-m addrtype --src-type LOCAL"
_LOCALHOST: Final = "-d 127.0.0.0/8 --dport {one} -m nfacct --nfacct-name localhost_nps_accepted_pkts"
_HEALTH: Final = "-m tcp -p tcp --dport {one} -j ACCEPT"
_NODE_PORT: Final = "-m addrtype --dst-type LOCAL {p.match} --dport {one} -j {p.refusal}"
_LACKS: Final = "{p.name} has {p.lack} endpoints"
_REFUSED: Final = _TO + " -j {p.refusal}"
_FIREWALL: Final = "{p.name} traffic not accepted by {p.fw}"
_NOT_FIREWALL: Final = "other traffic to {p.name} will be dropped by KUBE-PROXY-FIREWALL"

#: Rules of the nat table in chains that all service ports share, in the order of writing.
NAT_CAPTURES: Final = (
    _kind("KUBE-SERVICES", "has_internal", "cluster_ips", "{p.name} cluster IP", _TO + " -j {p.internal}"),
    _kind("KUBE-SERVICES", "has_any", "external_ips", "{p.name} external IP", _TO + " -j {p.ext}"),
    _kind("KUBE-SERVICES", "has_any", "vips", "{p.name} loadbalancer IP", _TO + " -j {p.balanced}"),
    _kind(
        "KUBE-NODEPORTS", "has_any is_on_localhost", "node_ports", "{p.name}",
        "{p.match} " + _LOCALHOST + " -j {p.ext}",
    ),
    _kind("KUBE-NODEPORTS", "has_any", "node_ports", "{p.name}", "{p.match} --dport {one} -j {p.ext}"),
)  # fmt: skip

#: Rules of the filter table; all its chains are shared.
FILTER_CAPTURES: Final = (
    _kind("KUBE-SERVICES", "!has_internal", "cluster_ips", _LACKS, _REFUSED),
    _kind("KUBE-EXTERNAL-SERVICES", "!has_external", "external_ips", _LACKS, _REFUSED),
    _kind("KUBE-PROXY-FIREWALL", "uses_firewall", "vips", _FIREWALL, f"{_TO} -j DROP"),
    _kind("KUBE-EXTERNAL-SERVICES", "!has_external", "vips", _LACKS, _REFUSED),
    _kind("KUBE-EXTERNAL-SERVICES", "!has_external", "node_ports", _LACKS, _NODE_PORT),
    _kind("KUBE-NODEPORTS", "", "health_check_ports", "{p.name} health check node port", _HEALTH),
)

#: Rules of the nat table in the port's own chains, before those that choose an endpoint.
OWN_RULES: Final = (
    _kind(
        "internal", "has_internal is_masqueraded", "cluster_ips", "{p.name} cluster IP",
        _TO + " {p.if_not_from_pod}" + _MASQUERADE,
    ),
    _kind("ext", "uses_external !is_local", "once", f"masquerade traffic for {_OUTSIDE}", _MASQUERADE),
    _kind(
        "ext", "uses_external is_local is_detected", "once", f"pod traffic for {_OUTSIDE}",
        "{p.is_from_pod} -j {p.svc}",
    ),
    _kind(
        "ext", "uses_external is_local", "once", f"masquerade LOCAL traffic for {_OUTSIDE}",
        f"{_FROM_NODE} {_MASQUERADE}",
    ),
    _kind(
        "ext", "uses_external is_local", "once", f"route LOCAL traffic for {_OUTSIDE}",
        _FROM_NODE + " -j {p.svc}",
    ),
    _kind("ext", "uses_external has_external", "once", "", "-j {p.external}"),
    _kind("fw", "uses_firewall", "sources", "{p.name} loadbalancer IP", "-s {one} -j {p.ext}"),
    _kind("fw", "uses_firewall", "once", _NOT_FIREWALL, ""),
)  # fmt: skip


def captures(kinds: tuple[RuleKind, ...], p: PortOnNode) -> list[str]:
    """Return a port's rules of these kinds, one line each."""
    return [text for _, text in _rules(kinds, p)]


def own_rules(p: PortOnNode) -> tuple[list[str], list[tuple[str, str]]]:
    """Return a port's own chains in the order in which they are declared, and (chain, lines) as they are written."""
    rules = _rules(OWN_RULES, p)
    seps = {endpoint.where: p.sep(endpoint) for endpoint in p.selection.reachable}
    chains = [p.ext] * p.uses_external + [p.fw] * p.uses_firewall
    for chain, endpoints in ((p.svc, p.selection.cluster), (p.svl, p.selection.local)):
        if endpoints:
            chains.append(chain)
            rules.append((chain, choices(p, chain, endpoints, seps)))
    rules += [(seps[e.where], endpoint_rules(p, seps[e.where], e)) for e in p.selection.reachable]
    return [*chains, *seps.values()], rules


def _rules(kinds: tuple[RuleKind, ...], p: PortOnNode) -> list[tuple[str, str]]:
    return [
        (chain, kind.text.format(chain=chain, p=p, one=one))
        for kind in kinds
        if all(getattr(p, name) is wanted for name, wanted in kind.when)
        for chain in (getattr(p, kind.chain, kind.chain),)
        for one in getattr(p, kind.each)
    ]
