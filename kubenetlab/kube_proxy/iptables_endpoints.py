"""The iptables rules that choose an endpoint, and those of an endpoint's own chain.

Source: Kubernetes v1.36.2, pkg/proxy/iptables/proxier.go (writeServiceToEndpointRules, syncProxyRules).
"""

from __future__ import annotations

from kubenetlab.kube_proxy.iptables_port import PortOnNode
from kubenetlab.kube_proxy.service_port import NodeEndpoint


def probability(n_left: int) -> str:
    """Return the probability of a rule that chooses one of so many endpoints (computeProbability).

    >>> probability(3), probability(100001)
    ('0.3333333333', '0.0000099999')
    """
    return f"{1.0 / n_left:.10f}"


def choices(p: PortOnNode, chain: str, endpoints: tuple[NodeEndpoint, ...], seps: dict[str, str]) -> str:
    """Return the rules that choose an endpoint: those that remember a client, then those that draw.

    ``seps``: chains of endpoints by ``IP:port``.
    """
    n, seconds, lines = len(endpoints), p.service.affinity_s, []
    comment = f' -m comment --comment "{p.name} -> '
    starts = [f'-A {chain}{comment}{e.where}"' if p.has_comments else f"-A {chain}" for e in endpoints]
    names = [seps[endpoint.where] for endpoint in endpoints]
    if seconds is not None:
        remember = f"--rcheck --seconds {seconds} --reap"
        lines = [
            f"{start} -m recent --name {sep} {remember} -j {sep}\n"
            for start, sep in zip(starts, names, strict=True)
        ]
    draws = [f" -m statistic --mode random --probability {probability(n - i)}" for i in range(n - 1)]
    drawn = zip(starts, [*draws, ""], names, strict=True)
    return "".join([*lines, *(f"{start}{draw} -j {sep}\n" for start, draw, sep in drawn)])


def endpoint_rules(p: PortOnNode, sep: str, endpoint: NodeEndpoint) -> str:
    """Return the rules of an endpoint's chain: masquerade what comes back to its source, then send it there."""
    start = f"-A {sep} -m comment --comment {p.name}" if p.has_comments else f"-A {sep}"
    remember = "" if p.service.affinity_s is None else f" -m recent --name {sep} --set"
    return (
        f"{start} -s {endpoint.address} -j KUBE-MARK-MASQ\n"
        f"{start}{remember} {p.match} -j DNAT --to-destination {endpoint.where}\n"
    )
