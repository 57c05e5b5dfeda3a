"""Whether rules do in the real kernel what the model says: real flows against exact probabilities."""

from __future__ import annotations

import platform
from collections import Counter
from typing import TypedDict, Unpack

import numpy as np

from kubenetlab.kernel.loading import PROGRAMS, load, loadable, tool_for
from kubenetlab.kernel.namespace import Namespace
from kubenetlab.kernel.network import Node, build, send_flows
from kubenetlab.kernel.packets import Flow, Seen
from kubenetlab.kernel.proof_frame import conclusion, left_out, proof_frame
from kubenetlab.kernel.questions import Outcome, Question, flows_for, outcome_of, questions
from kubenetlab.kernel.sources import node_of
from kubenetlab.kernel.witness import conntrack_says
from kubenetlab.load_balancing.packet import Fate
from kubenetlab.load_balancing.survey import Survey
from kubenetlab.objects.packet_rules import RuleSet
from kubenetlab.result import Basis, Result

MAX_FLOWS = 60_000  # the smallest usual conntrack table holds 65,536
_BATCH = 2000  # flows in one message to the worker
_TRIES = 3  # for packets that the kernel lost before any rule saw them


Plan = list[tuple[Question, list[Flow]]]


class Options(TypedDict, total=False):
    """How rules are proved.

    Attributes
    ----------
    n_flows
        Over all Service ports and kinds of clients, 1 to 60,000; 20,000 if not given.
    seed
        Of the clients' addresses; the kernel's own choices have no seed.
    tool
        ``iptables-nft``, ``iptables-legacy`` or ``nft``; by the form of the rules if not given.
    max_seconds
        After which all is ended. [s]
    to
        ``IP:port/protocol`` of one Service port, all if not given.
    """

    n_flows: int
    seed: int
    tool: str | None
    max_seconds: float
    to: str | None


def prove(rules: str | RuleSet, **options: Unpack[Options]) -> Result:
    """Return whether the Linux kernel of this machine does with rules what the model says.

    Parameters
    ----------
    rules
        Text of rules as ``iptables-save``, ``iptables-restore`` and ``nft`` know it, or rules as a reader made them.
    options
        As in ``Options``.

    Returns
    -------
    One row for each Service port, kind of client and outcome: service_port, destination, source, outcome (an
    endpoint, rejected or dropped), is_masqueraded, share (of the model, 0 to 1), expected_flows, observed_flows,
    p_value (of the Service port and kind of client, corrected for their number), p_value_plain (not corrected),
    verdict (agrees, disagrees, or not compared where the model does not know or no flow was left). ``because`` begins
    with the verdict on the whole.

    Raises
    ------
    KubenetlabError
        If namespaces or a tool are missing, the tool refuses the rules, or time is up.
    ValueError
        If an option has no such value.

    Notes
    -----
    Acts only inside a network namespace that it makes and that has no way out. An impossible outcome is a
    disagreement; what is left to chance is held against a chi-square at 0.1 % over the whole.
    Not modelled: answers of endpoints, later packets of a connection, clients that come again (session affinity),
    127.0.0.1 as a client.
    """
    n_flows = options.get("n_flows", 20_000)
    if unknown := options.keys() - Options.__annotations__.keys():
        raise ValueError(f"found {', '.join(sorted(unknown))}, expected {', '.join(Options.__annotations__)}")
    if not 1 <= n_flows <= MAX_FLOWS:
        raise ValueError(f"n_flows is {n_flows}, expected 1 to {MAX_FLOWS}")
    text, rule_set, notes = loadable(rules)
    tool = tool_for(rule_set, options.get("tool"))
    survey = Survey(rule_set)
    node = node_of(rule_set, survey)
    asked = list(questions(rule_set, survey, node, options.get("to")))
    start = int(np.random.default_rng(options.get("seed", 1)).integers(1 << 16))
    plan = list(zip(asked, flows_for(asked, n_flows, start, node.version), strict=True))
    with Namespace(options.get("max_seconds", 120.0)) as namespace:
        build(namespace, node)
        load(namespace, text, tool, rule_set.version)
        seen = _seen(namespace, node, plan)
        outcomes = [{flow: outcome_of(seen.get(flow.number), node) for flow in flows} for _, flows in plan]
        versions = namespace.run(PROGRAMS[tool][rule_set.version][0], "--version").strip()
        witness = conntrack_says(namespace, node, outcomes)
    observed = [Counter(found.values()) for found in outcomes]
    frame = proof_frame(asked, observed)
    tested = f"{versions}, {platform.system()} {platform.release()}"
    because = (conclusion(frame), tested, witness, _clients(asked, node), *notes, *left_out(asked, observed))
    return Result(title=f"Rules in the kernel ({tool})", _frame=frame, because=because, basis=Basis.RAN)


def _clients(asked: list[Question], node: Node) -> str:
    sources = (question.source for question in asked if question.source.size > 1)
    names = dict.fromkeys(f"{source.name} from {node.text(source.first)}" for source in sources)
    return f"the node was {node.text(node.address)}; clients: {', '.join(names)}"


def _seen(namespace: Namespace, node: Node, plan: Plan) -> dict[int, Seen]:
    """Send all flows; those of which nothing came are sent again, unless the model drops them all."""
    seen: dict[int, Seen] = {}
    for attempt in range(_TRIES):
        waiting: dict[str, list[Flow]] = {}
        for question, flows in plan:
            if not attempt or question.shares.keys() != {Outcome(Fate.DROPPED)}:
                at = waiting.setdefault(question.source.interface, [])
                at += [flow for flow in flows if flow.number not in seen]
        for interface, flows in waiting.items():
            for first in range(0, len(flows), _BATCH):
                seen |= send_flows(namespace, node, interface, flows[first : first + _BATCH])
    return seen
