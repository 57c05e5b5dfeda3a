"""What the options of iptables' matches ask of a packet: one table."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from kubenetlab.objects.packet_rules import Asks, Condition, Remember
from kubenetlab.readers.rules import iptables_values as values
from kubenetlab.readers.rules.iptables_options import Given, Meaning, Means, not_understood, options, silent
from kubenetlab.readers.rules.iptables_words import WrongWord

_ALL = 0xFFFFFFFF


def _asks(asks: Asks, read: Callable[[Given], Any]) -> Means:
    """Ask for what ``read`` makes of the words; opaque where it says None."""

    def means(given: Given) -> Meaning:
        operand = read(given)
        return not_understood(given) if operand is None else (Condition(asks, operand, given.is_negated),)

    return means


def _addresses(given: Given) -> tuple[values.Range, ...] | None:
    return values.address_ranges(given.option, given.value, given.version)


def _protocol(given: Given) -> Meaning:
    name = values.protocol(given.option, given.value)
    return () if name == "all" else (Condition(Asks.PROTOCOL, frozenset({name}), given.is_negated),)


def _interface(given: Given) -> str:
    return f"{given.value[:-1]}*" if given.value.endswith("+") else given.value


def _ports(given: Given) -> tuple[values.Range, ...] | None:
    is_name = given.value[:1].isalpha()  # a service's name: which port it is, the node's /etc/services says
    return None if is_name else values.ports(given.option, given.value)


def _names(given: Given) -> frozenset[str]:
    return frozenset(given.value.upper().split(","))


def _mode(given: Given) -> Meaning:
    needed = {"random": "--probability", "nth": "--every"}.get(given.value)
    if needed is None:
        raise WrongWord(given.option, given.value, "random or nth")
    if needed not in given.others:
        raise WrongWord(given.option, given.value, f"{needed} with it")
    return silent(given)


def _chance(given: Given) -> int:
    return values.chance(given.option, given.value)


def _turn(given: Given) -> tuple[int, int]:
    every = values.number(given.option, given.value, _ALL, "a number")
    if not every:
        raise WrongWord(given.option, given.value, f"a number from 1 to {_ALL}")
    packet = values.number("--packet", given.others.get("--packet", ("0",))[0], _ALL, "a number")
    if packet >= every:
        raise WrongWord("--packet", str(packet), f"a number from 0 to {every - 1}")
    return every, packet


#: What makes a list of recent clients ask more than whether the source is in it.
_MORE_OF_RECENT = {"--hitcount", "--rttl", "--rdest"}
_RECENT = ("--name", ("DEFAULT",)), ("--mask", ("255.255.255.255",)), ("--seconds", ("",))
_WHOLE_MASKS = {"255.255.255.255", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"}


def _recent(asks: bool, remembers: bool) -> Means:
    """Ask whether the source is in a list of clients, put it there, or both."""

    def means(given: Given) -> Meaning:
        name, mask, seconds = (given.others.get(*default)[0] for default in _RECENT)
        age = values.number("--seconds", seconds, _ALL, "seconds") if seconds else None
        is_plain = not _MORE_OF_RECENT & given.others.keys() and mask in _WHOLE_MASKS
        if not is_plain or (remembers and given.is_negated):
            return not_understood(given)
        asked = Condition(Asks.REMEMBERED, (name, age), given.is_negated)
        return (*(asked,) * asks, *(Remember(name),) * remembers)

    return means


_SET_PARTS = {"src": Asks.SOURCE, "dst": Asks.DESTINATION}


def _in_set(given: Given) -> Meaning:
    """A set's second part is a port in most types, and an address or an interface in others: only its type says."""
    name, parts = given.values
    n_parts = 1 + parts.count(",")
    key = (_SET_PARTS.get(parts),) if n_parts == 1 else (None,) * n_parts
    is_plain = given.others.keys() <= {"--match-set"}
    return (Condition(Asks.IN_SET, (name, key), given.is_negated),) if is_plain else not_understood(given)


#: Options that need no match; the kernel asks them first.
CORE = {
    **options(1, _asks(Asks.SOURCE, _addresses), "-s"),
    **options(1, _asks(Asks.DESTINATION, _addresses), "-d"),
    **options(1, _asks(Asks.IN_INTERFACE, _interface), "-i"),
    **options(1, _asks(Asks.OUT_INTERFACE, _interface), "-o"),
    **options(1, _protocol, "-p"),
    **options(0, not_understood, "-f -4 -6"),
    **options(1, silent, "-m -j -g"),
}
_SPORT, _DPORT = _asks(Asks.SOURCE_PORT, _ports), _asks(Asks.DESTINATION_PORT, _ports)
_STATE = _asks(Asks.CONNECTION_STATE, _names)
_PORTS = options(1, _SPORT, "--sport") | options(1, _DPORT, "--dport")

#: Options of the matches that are understood (iptables-extensions(8), iptables 1.8.9); every other match is opaque.
MATCHES = {
    "tcp": _PORTS | options(2, not_understood, "--tcp-flags") | options(0, not_understood, "--syn")
        | options(1, not_understood, "--tcp-option"),
    "udp": _PORTS,
    "udplite": _PORTS,
    "sctp": _PORTS | options(2, not_understood, "--chunk-types"),
    "comment": options(1, silent, "--comment"),
    "nfacct": options(1, silent, "--nfacct-name"),
    "statistic": options(1, _mode, "--mode") | options(1, _asks(Asks.CHANCE, _chance), "--probability")
        | options(1, _asks(Asks.TURN, _turn), "--every") | options(1, silent, "--packet"),
    "mark": options(1, _asks(Asks.MARK, lambda given: values.mark(given.option, given.value)), "--mark"),
    "conntrack": options(1, _STATE, "--ctstate") | options(1, not_understood, "--ctproto --ctorigsrc --ctorigdst --ctreplsrc "
        "--ctrepldst --ctorigsrcport --ctorigdstport --ctreplsrcport --ctrepldstport --ctstatus --ctexpire --ctdir"),
    "state": options(1, _STATE, "--state"),
    "addrtype": options(1, _asks(Asks.SOURCE_TYPE, _names), "--src-type")
        | options(1, _asks(Asks.DESTINATION_TYPE, _names), "--dst-type")
        | options(0, not_understood, "--limit-iface-in --limit-iface-out"),
    "multiport": options(1, _SPORT, "--sports") | options(1, _DPORT, "--dports") | options(1, not_understood, "--ports"),
    "set": options(2, _in_set, "--match-set")
        | options(0, silent, "--return-nomatch --update-counters --update-subcounters")
        | options(1, silent, "--packets-eq --packets-lt --packets-gt --bytes-eq --bytes-lt --bytes-gt"),
    "recent": options(0, _recent(asks=False, remembers=True), "--set")
        | options(0, _recent(asks=True, remembers=False), "--rcheck")
        | options(0, _recent(asks=True, remembers=True), "--update") | options(0, not_understood, "--remove")
        | options(1, silent, "--name --seconds --mask --hitcount") | options(0, silent, "--reap --rttl --rsource --rdest"),
}  # fmt: skip

#: The matches that may ask nothing; every other does not load without an option that asks.
MAY_BE_SILENT = frozenset({"tcp", "udp", "udplite", "sctp", "comment", "nfacct"})

#: Other ways to write an option.
ALIASES = {
    "--source": "-s", "--src": "-s", "--destination": "-d", "--dst": "-d", "--in-interface": "-i", "--out-interface": "-o",
    "--protocol": "-p", "--proto": "-p", "--fragment": "-f", "--match": "-m", "--jump": "-j", "--goto": "-g",
    "--source-port": "--sport", "--destination-port": "--dport", "--source-ports": "--sports",
    "--destination-ports": "--dports", "--ipv4": "-4", "--ipv6": "-6",
}  # fmt: skip
