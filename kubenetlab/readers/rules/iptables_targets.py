"""What iptables' targets do with a packet: one table."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import NamedTuple

from kubenetlab.objects import packet_rules as rules
from kubenetlab.readers.rules import iptables_values as values
from kubenetlab.readers.rules.iptables_options import Given, Options, options, silent
from kubenetlab.readers.rules.iptables_words import WrongWord

_ALL = 0xFFFFFFFF


class Target(NamedTuple):
    """What a target does, and its options; None for any."""

    does: Callable[[Given], rules.Action] | None
    options: Options | None


def _reject(given: Given) -> rules.Action:
    return rules.Reject(given.others.get("--reject-with", ("",))[0])


def _needed(given: Given, option: str) -> str:
    if option not in given.others:
        raise WrongWord(f"-j {given.value.split()[0]}", given.value, f"{option} with it")
    return given.others[option][0]


def _dnat(given: Given) -> rules.Action:
    text = _needed(given, "--to-destination")
    if re.search(r":\d+-\d+/\d+$", text):  # ports moved by a distance
        return rules.Opaque(given.value)
    return rules.Dnat(*values.translation("--to-destination", text, given.version))


def _masquerade(given: Given) -> rules.Masquerade:
    return rules.Masquerade(not {"--random", "--random-fully"}.isdisjoint(given.others))


def _snat(given: Given) -> rules.Action:
    addresses, _ = values.translation("--to-source", _needed(given, "--to-source"), given.version)
    return rules.Masquerade(_masquerade(given).is_random, addresses)


#: Value and mask of the kernel's ``(mark & ~mask) ^ value``, by option (libxt_MARK, iptables 1.8.9).
_MARKS: dict[str, Callable[[int, int], tuple[int, int]]] = {
    "--set-xmark": lambda value, mask: (value, mask),
    "--set-mark": lambda value, mask: (value, mask | value),
    "--or-mark": lambda value, _: (value, value),
    "--and-mark": lambda value, _: (0, value ^ _ALL),
    "--xor-mark": lambda value, _: (value, 0),
}


def _mark(given: Given) -> rules.Action:
    if len(given.others) != 1:
        raise WrongWord("-j MARK", given.value, f"one of {', '.join(_MARKS)}")
    ((option, (text,)),) = given.others.items()
    return rules.SetMark(*_MARKS[option](*values.mark(option, text)))


def _ct(given: Given) -> rules.Action:
    return rules.Untrack() if "--notrack" in given.others else rules.Continue(given.value)


def _connection_mark(given: Given) -> rules.Action:
    """Return what CONNMARK does to the mark of a connection's first packet.

    The connection's own mark is taken for 0 then, whatever a rule before this one gave it. The kernel makes the packet's mark ``(mark & ~nfmask) ^ (ctmark & ctmask)`` (net/netfilter/xt_connmark.c).
    """
    if "--restore-mark" not in given.others:
        return (rules.Opaque if "restore" in given.value else rules.Continue)(given.value)
    for option in ("--nfmask", "--mask"):
        if option in given.others:
            return rules.SetMark(0, values.number(option, given.others[option][0], _ALL, "a mask"))
    return rules.SetMark(0, _ALL)


_GOES_ON = (
    "LOG NFLOG ULOG AUDIT TRACE TCPMSS CHECKSUM CLASSIFY TOS DSCP ECN TTL HL SET TEE SECMARK CONNSECMARK LED "
    "IDLETIMER RATEEST TCPOPTSTRIP"
)
_OPAQUE = "NFQUEUE QUEUE TPROXY SYNPROXY NETMAP REDIRECT CLUSTERIP DNPT SNPT HMARK"

#: The targets (iptables-extensions(8), iptables 1.8.9): those that are understood; those with any options, after which the
#: next rule is asked, or which decide in a way not modelled. Any other name is a chain.
TARGETS: dict[str, Target] = {
    "ACCEPT": Target(lambda _: rules.Accept(), {}),
    "DROP": Target(lambda _: rules.Drop(), {}),
    "RETURN": Target(lambda _: rules.Return(), {}),
    "REJECT": Target(_reject, options(1, silent, "--reject-with")),
    "DNAT": Target(_dnat, options(1, silent, "--to-destination") | options(0, silent, "--random --persistent")),
    "SNAT": Target(_snat, options(1, silent, "--to-source") | options(0, silent, "--random --random-fully --persistent")),
    "MASQUERADE": Target(_masquerade, options(1, silent, "--to-ports") | options(0, silent, "--random --random-fully")),
    "MARK": Target(_mark, options(1, silent, " ".join(_MARKS))),
    "NOTRACK": Target(lambda _: rules.Untrack(), {}),
    "CT": Target(_ct, None),
    "CONNMARK": Target(_connection_mark, None),
    **dict.fromkeys(_GOES_ON.split(), Target(lambda given: rules.Continue(given.value), None)),
    **dict.fromkeys(_OPAQUE.split(), Target(lambda given: rules.Opaque(given.value), None)),
}  # fmt: skip
