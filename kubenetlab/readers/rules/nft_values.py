"""Values in nft: what parts of a packet a rule can ask for, and how their values are read and written."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, summarize_address_range
from typing import Any, NamedTuple

from kubenetlab.objects import packet_rules as rules
from kubenetlab.readers.rules.iptables_values import address_ranges, number, ports, protocol, translation
from kubenetlab.readers.rules.iptables_words import WrongWord

#: A word, and a list in braces without lists inside, in a text of words with one space between them.
WORD = r'(?:"[^"]*"|[^\s"{}]+)'
LIST = r'\{ ((?:"[^"]*"|[^"{}]++)*)\}'
_ENTRY = re.compile(r'(?:"[^"]*"|[^",]++)+')
_ADDRESS = re.compile(r"[0-9a-fA-F.:/\[\]-]+")


class NotUnderstoodError(WrongWord):
    """Words whose meaning this reader does not know; in a rule what they stand in becomes opaque."""

    def __init__(self, found: str = "") -> None:
        super().__init__("value", found, "numbers and addresses, as nft lists them")


class Selector(NamedTuple):
    """A part of a packet: what it asks, its nft type, and the protocol or address family it presumes."""

    asks: rules.Asks
    type: str
    protocol: str = ""
    version: int = 0


_PORTS = {"sport": rules.Asks.SOURCE_PORT, "dport": rules.Asks.DESTINATION_PORT}
_OF_META = {
    "mark": Selector(rules.Asks.MARK, "mark"),
    **dict.fromkeys(("iifname", "iif"), Selector(rules.Asks.IN_INTERFACE, "ifname")),
    **dict.fromkeys(("oifname", "oif"), Selector(rules.Asks.OUT_INTERFACE, "ifname")),
}
SELECTORS = {
    "ip saddr": Selector(rules.Asks.SOURCE, "ipv4_addr", version=4),
    "ip daddr": Selector(rules.Asks.DESTINATION, "ipv4_addr", version=4),
    "ip6 saddr": Selector(rules.Asks.SOURCE, "ipv6_addr", version=6),
    "ip6 daddr": Selector(rules.Asks.DESTINATION, "ipv6_addr", version=6),
    "ip protocol": Selector(rules.Asks.PROTOCOL, "inet_proto", version=4),
    "ip6 nexthdr": Selector(rules.Asks.PROTOCOL, "inet_proto", version=6),
    "meta l4proto": Selector(rules.Asks.PROTOCOL, "inet_proto"),
    "ct state": Selector(rules.Asks.CONNECTION_STATE, "ct_state"),
    "ct status": Selector(rules.Asks.CONNECTION_STATE, "ct_status"),
    "fib saddr type": Selector(rules.Asks.SOURCE_TYPE, "fib_addrtype"),
    "fib daddr type": Selector(rules.Asks.DESTINATION_TYPE, "fib_addrtype"),
    **{f"{front}{name}": selector for front in ("", "meta ") for name, selector in _OF_META.items()},
    **{
        f"{layer} {name}": Selector(asks, "inet_service", layer.removeprefix("th"))
        for layer in ("th", "tcp", "udp", "sctp", "dccp", "udplite")
        for name, asks in _PORTS.items()
    },
}
SIMPLE: dict[str, rules.Action] = {
    "accept": rules.Accept(), "drop": rules.Drop(), "return": rules.Return(), "continue": rules.Continue("continue")
}  # fmt: skip
_TARGETS: dict[str, type[rules.Jump] | type[rules.Goto]] = {"jump": rules.Jump, "goto": rules.Goto}


def whole(field: str, word: str, highest: int, what: str) -> int:
    """Return a number; a name or symbol is not understood."""
    if not word[:1].isdigit():
        raise NotUnderstoodError(word)
    return number(field, word, highest, what)


def _span(word: str, version: int) -> tuple[int, int]:
    if not _ADDRESS.fullmatch(word):
        raise NotUnderstoodError(word)
    spans = (
        address_ranges("address", word, version) if "-" not in word else translation("address", word, version)
    )
    if not spans or not spans[0]:
        raise NotUnderstoodError(word)
    return spans[0]


def _port(word: str) -> int | tuple[int, int]:
    if not word[:1].isdigit():
        raise NotUnderstoodError(word)
    ((low, high),) = ports("port", word)
    return low if low == high else (low, high)


def _address_text(span: tuple[int, int], kind: type[IPv4Address] | type[IPv6Address]) -> str:
    first, last = kind(span[0]), kind(span[1])
    if first == last:
        return str(first)
    prefixes = [*summarize_address_range(first, last)]
    return str(prefixes[0]) if len(prefixes) == 1 else f"{first}-{last}"


def _port_text(port: int | tuple[int, int]) -> str:
    low, high = port if isinstance(port, tuple) else (port, port)
    return str(low) if low == high else f"{low}-{high}"


#: How values of a type are read and written.
_TYPES: dict[str, tuple[Callable[[str], Any], Callable[[Any], str]]] = {
    "ipv4_addr": (lambda word: _span(word, 4), lambda span: _address_text(span, IPv4Address)),
    "ipv6_addr": (lambda word: _span(word, 6), lambda span: _address_text(span, IPv6Address)),
    "inet_proto": (lambda word: protocol("protocol", word), str),
    "inet_service": (_port, _port_text),
    "mark": (lambda word: whole("mark", word, 0xFFFFFFFF, "a mark"), "0x{:08x}".format),
    **dict.fromkeys(("ct_state", "ct_status", "fib_addrtype"), (str.upper, str.lower)),
    "ifname": (lambda word: word.strip('"'), '"{}"'.format),
}


@lru_cache(maxsize=65536)
def value(type_name: str, word: str) -> Any:
    """Return one value of an nft type: an address as (first, last), a port as int, others as in ``Condition``."""
    return _TYPES[type_name][0](word) if type_name in _TYPES else word


def value_text(type_name: str, part: Any) -> str:
    """Return a value as nft writes it."""
    return _TYPES[type_name][1](part) if type_name in _TYPES else str(part)


def key_of(text: str, types: list[str]) -> tuple[Any, ...]:
    """Return a key whose parts are joined by dots."""
    words = text.split(" . ")
    if len(words) != len(types):
        raise WrongWord("key", text, " . ".join(types))
    return tuple(map(value, types, words))


def entries(body: str) -> list[str]:
    """Return what stands between the commas of a list."""
    return [entry for found in _ENTRY.findall(body) if (entry := found.strip())]


def keyed(
    entry: str, types: list[str], outcome: Callable[[str], rules.Action]
) -> tuple[tuple[Any, ...], rules.Action]:
    """Return key and action of a map's entry ``KEY : VALUE``; the parts of the key have ``types``."""
    key, _colon, data = entry.partition(" : ")
    if not data:
        raise WrongWord("map", entry, "KEY : VALUE")
    return key_of(key, types), outcome(data)


def verdict(text: str) -> rules.Action:
    """Return a verdict: ``accept``, ``goto services``."""
    word, _space, chain = text.partition(" ")
    if word in _TARGETS and chain:
        return _TARGETS[word](chain)
    if text not in SIMPLE:
        raise WrongWord("verdict", text, "accept, drop, return, continue, jump CHAIN or goto CHAIN")
    return SIMPLE[text]


def target(text: str, version: int) -> rules.Action:
    """Return where DNAT sends a packet: ``10.0.0.1:80``, ``10.0.0.1 . 80``, ``[fd00::1]:80``."""
    address, dot, port = text.partition(" . ")
    joined = text if not dot else f"{address}:{port}" if version == 4 else f"[{address}]:{port}"
    if not _ADDRESS.fullmatch(joined):
        raise NotUnderstoodError(text)
    return rules.Dnat(*translation("dnat", joined, version))


def action_text(action: rules.Action | None, data: str) -> str:
    """Return what a map with values of type ``data`` holds for a key, as nft writes it."""
    if isinstance(action, rules.Dnat):
        parts = zip(data.split(" . "), (action.addresses, action.ports), strict=False)
        return " . ".join(value_text(name, part) for name, part in parts if part)
    if isinstance(action, rules.Opaque):
        return action.text
    return f"{type(action).__name__.lower()} {getattr(action, 'chain', '')}".strip()
