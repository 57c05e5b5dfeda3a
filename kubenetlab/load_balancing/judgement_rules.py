"""Remarks on single rules: what iptables would refuse, and what does not do what it seems to."""

from __future__ import annotations

import re
from collections.abc import Iterator
from ipaddress import ip_interface
from typing import Final

from kubenetlab.load_balancing.chain_targets import plain_actions, reached
from kubenetlab.load_balancing.hooks import base_chains
from kubenetlab.load_balancing.remarks import Place, Remark
from kubenetlab.objects.packet_rules import Asks, Dnat, Masquerade, Rule, RuleSet

MAX_NAME: Final = 28
LOADED: Final = ("iptables-save", "iptables-restore")  # forms that a tool may be given as they are
QUOTED: Final = re.compile(r'"[^"]*"')
ADDRESSES: Final = re.compile(
    r"(?:^|\s)(?:-[sd]|--source|--src|--destination|--dst|[sd]addr)\s+(?:!=\s+)?([^\s{;]+/[^\s;]+)"
)
WITH_PORTS: Final = r"(?<!! )(-p|--protocol) (tcp|udp|sctp|dccp|udplite|6|17|132|33|136)\b"
NEED_PORTS: Final = '"Need TCP, UDP, SCTP or DCCP with port specification"; it lacks -p tcp'
NO_PORTS: Final = "a port is asked for, and no protocol that has ports; it lacks -p tcp"
WRONG_HOOK: Final = "-A (PREROUTING|OUTPUT) .*-j MASQUERADE|-A (INPUT|POSTROUTING) .*-j DNAT"
WRONG_INTERFACE: Final = "-A (PREROUTING|INPUT) (.* )?-o |-A (OUTPUT|POSTROUTING) (.* )?-i "
NTH: Final = "--mode nth takes --every with --packet, and no --probability"
#: What a rule has, after the name of its table, what it lacks, and what iptables 1.8.9 then says (seen by loading them).
REFUSALS: Final = tuple(
    (re.compile(has), re.compile(lacks), said)
    for has, lacks, said in (
        (r"--to-destination (\[\S+\]|[\d.-]+):\d", WITH_PORTS, NEED_PORTS),
        ("--(s|d|source-|destination-|to-)?ports? ", WITH_PORTS, NO_PORTS),
        (r"ports ([\w-]+[,:]){15}", "^$", "multiport takes at most 15 ports, and a range counts as two"),
        ("--every ", "^(?!.* --probability ).* --packet ", NTH),
        (r"-j (DNAT|MASQUERADE|SNAT|REDIRECT)\b", "^nat ", "this target is not for this table"),
        (r"-j REJECT\b", "^filter ", "this target is not for this table"),
        (r"^nat .*-j DROP\b", "^$", "table nat is not for filtering"),
        (WRONG_HOOK, "^$", "this target is not for this hook"),
        (WRONG_INTERFACE, "^$", "this hook does not know that interface"),
    )
)
SOURCE_PORT: Final = (
    "{this} a connection to the Service (lines {lines}): table nat sees only its first packet, which comes from the "
    "client's port; replies are translated back without it"
)


def not_loadable(place: Place) -> Iterator[Remark]:
    """Yield what iptables refuses: names, ports without a protocol, targets and interfaces where they cannot be."""
    if place.rules.form not in LOADED:
        return
    if len(place.chain.name) > MAX_NAME:
        said = f"iptables refuses the name: it has more than {MAX_NAME} characters"
        yield place.remark("not loadable", "high", said)
    for rule in place.chain.rules:
        text = f"{place.table.name} {QUOTED.sub('', rule.text)}"
        for said in (said for has, lacks, said in REFUSALS if has.search(text) and not lacks.search(text)):
            yield place.remark("not loadable", "high", f"iptables refuses the rule: {said}", rule)
            break


def host_bits(place: Place) -> Iterator[Remark]:
    """Yield rules that write an address with a prefix length, or a mask, that widens it."""
    for rule in place.chain.rules if not place.rules.form.endswith("-L") else ():
        text = QUOTED.sub("", rule.text).replace("/32", "")
        for written in ADDRESSES.findall(text) if "/" in text else ():
            for widened in filter(None, map(_widened, written.split(","))):
                yield place.remark("host bits", "high", widened, rule)


def _widened(text: str) -> str:
    try:
        interface = ip_interface(text)
    except ValueError:
        return ""
    if interface.ip == interface.network.network_address:
        return ""
    n, whole = interface.network.num_addresses, interface.network.max_prefixlen
    return f"{text} matches all {n:,} addresses of {interface.network}; one address is {interface.ip}/{whole}"


def source_ports(rules: RuleSet) -> Iterator[Remark]:
    """Yield rules after routing that ask for an endpoint's port as the source, as if nat saw the replies of a Service."""
    for base in (base for base in base_chains(rules)["postrouting"] if base.is_nat):
        actions = (a for chain in base.table.chains.values() for rule in chain.rules for a in rule.actions)
        dnats = (a for a in plain_actions(base.table, actions) if isinstance(a, Dnat) and a.ports)
        ports = {dnat.ports[0] for dnat in dnats if dnat.ports}
        for name in reached(base.table, [base.chain.name]):
            place = Place(rules, base.table, base.table.chains[name])
            asking = [rule for rule in place.chain.rules if _asks_from(rule, ports)]
            if asking:
                lines = ", ".join(str(rule.line) for rule in asking)
                this = (
                    "this MASQUERADE rule never matches"
                    if len(asking) == 1
                    else "these MASQUERADE rules never match"
                )
                said = SOURCE_PORT.format(this=this, lines=lines)
                yield place.remark("source port", "medium", said, asking[0])


def _asks_from(rule: Rule, ports: set[int]) -> bool:
    asked = (c.operand for c in rule.conditions if c.asks is Asks.SOURCE_PORT and not c.is_negated)
    masquerades = any(isinstance(action, Masquerade) for action in rule.actions)
    return masquerades and any(
        low <= port <= high for ranges in asked for low, high in ranges for port in ports
    )
