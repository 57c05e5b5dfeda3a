"""What the kernel does with connections that clients open in a given order: where each goes, and what it counts."""

from __future__ import annotations

import re
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from ipaddress import ip_address
from itertools import count, groupby, pairwise
from typing import NamedTuple

from kubenetlab.kernel.loading import PROGRAMS, load, loadable, tool_for
from kubenetlab.kernel.namespace import Namespace
from kubenetlab.kernel.network import build, send_flows
from kubenetlab.kernel.packets import PROTOCOL_NUMBERS, Flow, Seen
from kubenetlab.kernel.questions import outcome_of
from kubenetlab.kernel.sources import node_of
from kubenetlab.load_balancing.destinations import TO
from kubenetlab.load_balancing.survey import Survey
from kubenetlab.objects.packet_rules import RuleSet

MAX_CONNECTIONS = 60_000  # the smallest usual conntrack table holds 65,536
_BATCH = 2000  # connections in one message to the worker
_FIRST_PORT = 1024
_DATE = re.compile(r"^(# .*) on \w{3} \w{3} .*$", re.MULTILINE)  # else no two saves are the same


class Connection(NamedTuple):
    """A connection that a client opens: ``to`` is ``IP:port/protocol``, ``at_s`` seconds after the first."""

    client: str
    to: str
    at_s: float = 0.0


class Replay(NamedTuple):
    """What became of connections.

    Attributes
    ----------
    endpoints
        Where each connection went, ``IP:port``; empty where none left the node: refused, or dropped.
    counters
        The rules afterwards as ``iptables-save -c`` or ``nft list ruleset`` prints them, without dates.
    conntrack
        What ``conntrack -L`` prints afterwards; nothing answers, so every entry waits for an answer.
    """

    endpoints: tuple[str, ...]
    counters: str
    conntrack: str


def replay(
    rules: str | RuleSet,
    connections: Sequence[Connection],
    *,
    tool: str | None = None,
    max_seconds: float = 120.0,
) -> Replay:
    """Send connections, in their order and at their times, through rules in the real kernel.

    Parameters
    ----------
    rules
        As in ``prove``.
    connections
        1 to 60,000, by time. Each is a new one to the kernel: one client's come from different ports.
    tool
        ``iptables-nft``, ``iptables-legacy`` or ``nft``; by the form of the rules if not given.
    max_seconds
        After which all is ended; times are waited for, and count. [s]

    Raises
    ------
    KubenetlabError
        If namespaces or a tool are missing, the tool refuses the rules, or time is up.
    ValueError
        If an address, a destination, a time or a tool is not what it should be.

    Notes
    -----
    Acts only inside a network namespace that it makes and that has no way out. Clients come in where pods do, with the
    first packet of each connection; rules that ask for later packets count nothing.
    """
    text, rule_set, _ = loadable(rules)
    tool = tool_for(rule_set, tool)
    times = [0.0, *(connection.at_s for connection in connections), max_seconds]
    if not all(earlier <= later for earlier, later in pairwise(times)):
        raise ValueError(f"at_s: expected times from 0 to {max_seconds:g} s, never falling")
    flows = _flows(connections, rule_set.version)
    node = node_of(rule_set, Survey(rule_set))
    seen: dict[int, Seen] = {}
    with Namespace(max_seconds) as namespace:
        build(namespace, node)
        load(namespace, text, tool, rule_set.version)
        start = time.monotonic()
        for at_s, batch in _batches(connections, flows):
            time.sleep(max(0.0, start + at_s - time.monotonic()))
            seen |= send_flows(namespace, node, node.pod_interface, batch)
        counters = namespace.run(*_listing(tool, rule_set.version))
        conntrack = namespace.run("conntrack", "-L", "-f", f"ipv{node.version}")
    endpoints = tuple(outcome_of(seen.get(flow.number), node).endpoint for flow in flows)
    return Replay(endpoints, _DATE.sub(r"\1", counters), conntrack)


def _listing(tool: str, version: int) -> tuple[str, ...]:
    program = PROGRAMS[tool][version][0]
    return ("nft", "list", "ruleset") if program == "nft" else (program.replace("restore", "save"), "-c")


def _flows(connections: Sequence[Connection], version: int) -> list[Flow]:
    if not 1 <= len(connections) <= MAX_CONNECTIONS:
        raise ValueError(f"{len(connections)} connections, expected 1 to {MAX_CONNECTIONS}")
    ports: defaultdict[tuple[str, str], Iterator[int]] = defaultdict(lambda: count(_FIRST_PORT))
    return [
        Flow(version, protocol, source, next(ports[at.client, at.to]), destination, port, number)
        for number, at in enumerate(connections, 1)
        for source, (destination, port, protocol) in [(_address(at.client, version), _target(at.to, version))]
    ]


def _target(to: str, version: int) -> tuple[int, int, str]:
    """Return address, port and protocol of a destination."""
    read = TO.fullmatch(to)
    if not read or not 1 <= int(read[2]) <= 65535 or read[3].lower() not in PROTOCOL_NUMBERS:
        raise ValueError(f"to is {to!r}, expected IP:port/PROTOCOL such as 10.96.0.10:53/UDP")
    return _address(read[1], version), int(read[2]), read[3].lower()


def _address(text: str, version: int) -> int:
    address = ip_address(text)
    if address.version != version:
        raise ValueError(f"found {text}, expected an IPv{version} address, as the rules' are")
    return int(address)


def _batches(connections: Sequence[Connection], flows: list[Flow]) -> Iterator[tuple[float, list[Flow]]]:
    """Yield a time and flows to send then."""
    for at_s, group in groupby(zip(connections, flows, strict=True), key=lambda pair: pair[0].at_s):
        due = [flow for _, flow in group]
        yield from ((at_s, due[first : first + _BATCH]) for first in range(0, len(due), _BATCH))
