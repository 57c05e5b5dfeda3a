"""Values in iptables rules: addresses, ports, marks, probabilities; checked, and as the kernel holds them."""

from __future__ import annotations

import re
from functools import lru_cache
from socket import AF_INET, AF_INET6, inet_pton

from kubenetlab.readers.rules.iptables_words import WrongWord

Range = tuple[int, int]

_FAMILIES = {4: (AF_INET, 32), 6: (AF_INET6, 128)}
_ONLY_PORTS = re.compile(r"(?P<first>)(?P<last>)?:(?P<ports>\d{1,5}(?:-\d{1,5})?)")
_DNAT = {
    4: re.compile(r"(?P<first>[\d.]*)(?:-(?P<last>[\d.]+))?(?::(?P<ports>.+))?"),
    6: re.compile(r"(\[)?(?P<first>[0-9A-Fa-f:.]*)(?:-(?P<last>[0-9A-Fa-f:.]+))?(?(1)\](?::(?P<ports>.+))?)"),
}
_NUMBER = re.compile(r"(0x[0-9A-Fa-f]{1,16})|0|[1-9][0-9]{0,19}")
_CHANCE = re.compile(r"\d+(\.\d*)?|\.\d+|\d+(\.\d*)?e-?\d{1,3}", re.ASCII)
_PROTOCOL = re.compile(r"[a-z0-9][a-z0-9-]{0,30}")
_PROTOCOLS = {
    "0": "all", "1": "icmp", "2": "igmp", "4": "ipencap", "6": "tcp", "17": "udp", "33": "dccp", "41": "ipv6", "47": "gre",
    "50": "esp", "51": "ah", "58": "ipv6-icmp", "89": "ospf", "103": "pim", "112": "vrrp", "132": "sctp", "136": "udplite",
    "icmpv6": "ipv6-icmp", "icmp6": "ipv6-icmp", "any": "all",
}  # fmt: skip


def address(option: str, text: str, version: int) -> int:
    """Return an address as a number.

    Raises
    ------
    WrongWord
        If it is none of this family.
    """
    return _host(option, text, version)[0]


def _host(option: str, text: str, version: int) -> Range:
    pair = _pair(text, version)
    if pair is None:
        is_other = ":" in text if version == 4 else text.count(".") == 3 and ":" not in text
        hint = "; read IPv4 and IPv6 rules one at a time, as two files" if is_other else ""
        raise WrongWord(option, text, f"an IPv{version} address{hint}")
    return pair


@lru_cache(maxsize=1024)  # rules with the same address stand together, and share it
def _pair(text: str, version: int) -> Range | None:
    try:
        value = int.from_bytes(inet_pton(_FAMILIES[version][0], text), "big")
    except (OSError, ValueError):
        return None
    return value, value


def address_ranges(option: str, text: str, version: int) -> tuple[Range, ...] | None:
    """Return what ``-s`` and ``-d`` match: first and last address after the mask; None for a mask with holes."""
    ranges = [address_range(option, part, version) for part in text.split(",")]
    whole = tuple([part for part in ranges if part])
    return whole if len(whole) == len(ranges) else None


def address_range(option: str, text: str, version: int) -> Range | None:
    """Return first and last address after the mask; None for a mask with holes."""
    written, _, mask = text.partition("/")
    value, _ = host = _host(option, written, version)
    bits = _FAMILIES[version][1]
    if not mask or mask == str(bits):
        return host
    if mask.isascii() and mask.isdigit():
        if int(mask[:4]) > bits:
            raise WrongWord(option, text, f"a prefix length from 0 to {bits}")
        rest = (1 << (bits - int(mask))) - 1
    else:
        rest = address(option, mask, version) ^ ((1 << bits) - 1)
    return None if rest & (rest + 1) else (value & ~rest, value | rest)


def number(option: str, text: str, highest: int, what: str) -> int:
    """Return a whole number from 0 to ``highest``, decimal or hexadecimal."""
    match = _NUMBER.fullmatch(text)
    value = int(text, 16 if match[1] else 10) if match else -1
    if not 0 <= value <= highest:
        raise WrongWord(option, text, f"{what} from 0 to {highest}")
    return value


def ports(option: str, text: str) -> tuple[Range, ...]:
    """Return ports and ranges of them: ``80,443,1000:2000``, ``:1024``, ``1024:``."""
    return tuple(port_range(option, part) for part in text.split(","))


@lru_cache(maxsize=65536)
def port_range(option: str, text: str) -> Range:
    """Return first and last port."""
    first, colon, last = text.replace("-", ":", 1).partition(":")
    low = 0 if colon and not first else number(option, first, 65535, "a port")
    high = low if not colon else number(option, last, 65535, "a port") if last else 65535
    if low > high:
        raise WrongWord(option, text, "the lower port first")
    return low, high


def mark(option: str, text: str) -> Range:
    """Return value and mask of a mark; the mask is all bits where none is written."""
    value, slash, mask = text.partition("/")
    words = (value, mask if slash else "0xffffffff")
    low, high = (number(option, word, 0xFFFFFFFF, "a mark") for word in words)
    return low, high


def chance(option: str, text: str) -> int:
    """Return q of a probability text: the kernel holds lround(2**31 * p) (libxt_statistic, iptables 1.8.9)."""
    scaled = float(text) * 2**31 if len(text) < 400 and _CHANCE.fullmatch(text) else -1.0
    if not 0 <= scaled <= 2**31:
        raise WrongWord(option, text, "a probability from 0 to 1")
    return int(scaled) + (scaled % 1 >= 0.5)


@lru_cache(maxsize=1024)
def protocol(option: str, text: str) -> str:
    """Return the lower-case name of a protocol that is written as a name or number; ``all`` for every one."""
    name = text.lower()
    if name.isdigit():
        name = str(number(option, name, 255, "a protocol"))
    if not _PROTOCOL.fullmatch(name):
        raise WrongWord(option, text, "a protocol such as tcp")
    return _PROTOCOLS.get(name, name)


def translation(option: str, text: str, version: int) -> tuple[Range | None, Range | None]:
    """Return the addresses and the ports of ``--to-destination`` or ``--to-source``; None where not changed."""
    match = (text[:1] == ":" and _ONLY_PORTS.fullmatch(text)) or _DNAT[version].fullmatch(text)
    first, last, written = match.group("first", "last", "ports") if match else ("", None, None)
    if not first and (last or not written):
        brackets = ", IPv6 in []" if version == 6 else ""
        raise WrongWord(option, text, f"ADDRESS[-ADDRESS][:PORT[-PORT]]{brackets}")
    low = _host(option, first, version) if first else None
    both = (low[0], address(option, last, version)) if low and last else low
    if both and both[0] > both[1]:
        raise WrongWord(option, text, "the lower address first")
    return both, port_range(option, written) if written else None
