"""Recordings of kube-proxy as rule sets, and a twin of the walk that throws dice: one packet, one way."""

import json
from collections import Counter
from contextlib import suppress
from functools import cache
from pathlib import Path

from kubenetlab.load_balancing.packet import Fate, Packet
from kubenetlab.objects.packet_rules import (
    Accept,
    Asks,
    Chain,
    Choose,
    Condition,
    Dnat,
    Drop,
    Goto,
    Jump,
    Masquerade,
    Reject,
    Return,
    Rule,
    RuleSet,
    SetMark,
    Table,
)
from kubenetlab.readers.rules import rules_from_text
from tests.golden_recordings import read_bytes

CASES = Path(__file__).parents[1] / "golden" / "kube-proxy"
DATA = Path(__file__).parents[2] / "data" / "rules"


def content(case, name):
    folder = next(CASES.glob(f"{case}*"))
    return read_bytes(next(folder.glob(f"{name}*"))).decode()


@cache
def recorded_rules(case, name="output.save"):
    return rules_from_text(content(case, name), f"{case}/{name}")


def recorded_packets(case, name="output.trace.jsonl"):
    """Packets of a recording, each with its recorded endpoints and whether it is masqueraded."""
    addresses = tuple(json.loads(content(case, "input.json"))["node"]["ips"])
    for line in map(json.loads, content(case, name).splitlines()):
        ends = line["sourceIP"], line["destIP"], line["protocol"], line["destPort"]
        yield Packet(*ends, local_addresses=addresses), line["output"].split(", "), line["masquerade"]


def nat(*chains, form="iptables-save"):
    """A rule set with one table nat; a chain is (name, rule, …)."""
    made = {
        name: Chain(name, rules, policy="ACCEPT" if name.isupper() else "")
        for name, *rules in chains
        for rules in [tuple(rules)]
    }
    return RuleSet("by hand", form, tables={"nat": Table("nat", made)})


def rule(*actions, chance=None, **asked):
    """A rule: q of its chance, and conditions by the names of Asks."""
    conditions = [Condition(Asks[name], operand) for name, operand in asked.items()]
    conditions += [Condition(Asks.CHANCE, chance)] if chance is not None else []
    return Rule(tuple(conditions), actions, text=" ".join(map(repr, actions)))


def to(host, port=80):
    return Dnat((host, host), (port, port))


def restored(n, digits):
    """kube-proxy's rules for n endpoints, with as many digits as it writes (facts T12: five before 1.17)."""
    chances = [
        f"-m statistic --mode random --probability {1 / (n - i):.{digits}f} " for i in range(n - 1)
    ] + [""]
    lines = [
        f"-A S {chance}-p tcp -j DNAT --to-destination 10.0.{i // 250}.{i % 250}:80"
        for i, chance in enumerate(chances)
    ]
    head = [
        "*nat",
        ":PREROUTING ACCEPT [0:0]",
        ":S - [0:0]",
        "-A PREROUTING -p tcp -d 10.96.0.1 --dport 80 -j S",
    ]
    return rules_from_text("\n".join([*head, *lines, "COMMIT", ""]))


class _LeftError(Exception):
    """A packet leaves all chains of a hook."""


def thrown_fates(rules, packet, dice, n):
    """How often each end was met by n packets that walk table nat's PREROUTING, each with its own dice."""
    return Counter(_thrown(rules.tables["nat"].chains, packet, dice) for _ in range(n))


def _thrown(chains, packet, dice):
    state = {"to": packet.destination, "mark": packet.mark, "fate": Fate.DELIVERED}
    with suppress(_LeftError):
        _call("PREROUTING", chains, state, dice)
    return state["fate"], state["to"], state["mark"]


def _call(name, chains, state, dice):
    for each in chains[name].rules:
        if all(_holds(condition, state, dice) for condition in each.conditions):
            for action in each.actions:
                if isinstance(action, Return):
                    return
                _act(action, chains, state, dice)
                if isinstance(action, Goto):
                    return


def _holds(condition, state, dice):
    if condition.asks is Asks.CHANCE:
        return dice.integers(0, 2**31) < condition.operand
    value, mask = condition.operand
    return (state["mark"] & mask == value) != condition.is_negated


def _act(action, chains, state, dice):
    match action:
        case Jump(chain=name) | Goto(chain=name):
            _call(name, chains, state, dice)
        case SetMark(value=value, mask=mask):
            state["mark"] = (state["mark"] & ~mask) ^ value
        case Choose(outcomes=outcomes):
            _act(outcomes[dice.integers(0, len(outcomes))], chains, state, dice)
        case Drop() | Reject():
            state["fate"] = Fate.DROPPED if isinstance(action, Drop) else Fate.REJECTED
            raise _LeftError
        case Dnat(addresses=(first, _), ports=(port, _)):
            state["to"] = f"0.0.0.{first}:{port}"
            raise _LeftError
        case Accept() | Masquerade():
            raise _LeftError
