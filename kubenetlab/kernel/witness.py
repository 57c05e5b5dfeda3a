"""What conntrack, which keeps every translation, says of the same flows."""

from __future__ import annotations

import re

from kubenetlab.errors import KubenetlabError
from kubenetlab.kernel.namespace import Namespace
from kubenetlab.kernel.network import Node
from kubenetlab.kernel.packets import Flow
from kubenetlab.kernel.questions import Outcome
from kubenetlab.load_balancing.packet import Fate

_ENTRY = re.compile(
    r"^(\w+) .*?src=(\S+) dst=(\S+) sport=(\d+) dport=(\d+) .*?src=(\S+) dst=(\S+) sport=(\d+) ", re.MULTILINE
)


def conntrack_says(namespace: Namespace, node: Node, observed: list[dict[Flow, Outcome]]) -> str:
    """Return of how many delivered flows conntrack keeps the same endpoint, and the same address for its answers."""
    try:
        entries = set(_ENTRY.findall(namespace.run("conntrack", "-L", "-f", f"ipv{node.version}")))
    except KubenetlabError as error:
        return f"conntrack was not asked: {error}"
    delivered = [item for flows in observed for item in flows.items() if item[1].fate is Fate.DELIVERED]
    n_equal = sum(_entry(node, flow, outcome) in entries for flow, outcome in delivered)
    return f"conntrack says the same of {n_equal} of {len(delivered)} delivered flows"


def _entry(node: Node, flow: Flow, outcome: Outcome) -> tuple[str, ...]:
    source, ports = node.text(flow.source), (str(flow.source_port), str(flow.destination_port))
    host, _, port = outcome.endpoint.rpartition(":")
    answers_to = node.text(node.address) if outcome.is_masqueraded else source
    return flow.protocol, source, node.text(flow.destination), *ports, host.strip("[]"), answers_to, port
