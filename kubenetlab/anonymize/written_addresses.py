"""Addresses as texts write them: with lengths and netmasks, with dashes, backwards in names of reverse zones."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

from kubenetlab.objects.address_text import is_address, is_cidr

_OCTET = r"\d{1,3}"
_END = r"(?!\w|\.\d)"
IPV4 = rf"(?<!\w)(?<!\d\.)(?:{_OCTET}\.){{3}}{_OCTET}{_END}(?:/(?:(?:{_OCTET}\.){{3}}{_OCTET}{_END}|\d{{1,2}}\b))?"
IPV6 = r"(?<![\w:.])(?=[0-9A-Fa-f]*:[0-9A-Fa-f]*:)[0-9A-Fa-f:]+(?:(?<=:)\d+(?:\.\d+){3})?(?![\w:])(?:/\d{1,3}\b)?"
DASHED = rf"(?<!\d)(?<!\d-)(?:{_OCTET}-){{3}}{_OCTET}(?!\d)"
REVERSE = (
    rf"\b(?:{_OCTET}\.){{1,4}}[iI][nN]-[aA][dD][dD][rR]\.[aA][rR][pP][aA]\b"
    r"|\b(?:[0-9A-Fa-f]\.){1,32}[iI][pP]6\.[aA][rR][pP][aA]\b"
)
_WRITTEN = re.compile(f"{REVERSE}|{IPV4}|{IPV6}")
_DASHED = re.compile(DASHED)
_QUAD = re.compile(r"\d{1,3}(?:[.-]\d{1,3}){3}", re.ASCII)
_SPAN = re.compile(rf"({IPV4}|{IPV6})\s?-\s?({IPV4}|{IPV6})")


def found(texts: Iterable[str]) -> tuple[list[str], list[str]]:
    """Return every address and every range written in some texts, sorted; whole reverse names are addresses too."""
    matches = {match.group() for text in texts for match in _WRITTEN.finditer(text)}
    reverse = {text for text in matches if text.lower().endswith(".arpa")}
    written = {_with_length(text) for text in matches - reverse}
    dashed = {match.group() for text in texts for match in _DASHED.finditer(text)}
    addresses = {canonical(item.partition("/")[0]) for item in written | dashed} | set(map(_forward, reverse))
    return sorted(filter(is_address, addresses)), sorted(filter(is_cidr, written))


def _forward(reverse: str) -> str:
    """The address of a reverse name; what is no address where the name is a zone."""
    *labels, zone, _ = reverse.lower().split(".")
    if zone == "in-addr":
        return canonical(".".join(reversed(labels)))
    digits = "".join(reversed(labels))
    return str(IPv6Address(int(digits, 16))) if len(digits) == 32 else ""


def _with_length(text: str) -> str:
    """A range with its length for its netmask."""
    address, _, mask = text.partition("/")
    n_bits = mask_length(mask) if "." in mask else None
    return text if n_bits is None else f"{address}/{n_bits}"


def mask_length(mask: str) -> int | None:
    """How many leading bits a netmask has; None for what is none."""
    if not is_address(mask):
        return None
    n_bits = int(ip_address(mask)).bit_count()
    return n_bits if int(ip_address(mask)) == (1 << 32) - (1 << 32 - n_bits) else None


def canonical(text: str) -> str:
    """Return a dotted address without leading zeros and with dots for dashes; other texts as they are.

    >>> canonical("010.0.0.1"), canonical("10-0-0-1"), canonical("fd00::1")
    ('10.0.0.1', '10.0.0.1', 'fd00::1')
    """
    return ".".join(str(int(octet)) for octet in re.split("[.-]", text)) if _QUAD.fullmatch(text) else text


def spans(texts: Iterable[str]) -> Iterator[IPv4Network | IPv6Network]:
    """The smallest ranges that hold a first and a last address written as ``first-last``."""
    for match in (match for text in texts for match in _SPAN.finditer(text)):
        if is_address(match[1]) and is_address(match[2]):
            first, last = ip_address(match[1]), ip_address(match[2])
            length = first.max_prefixlen - (int(first) ^ int(last)).bit_length()
            if first.version == last.version:
                yield ip_network((int(first), length), strict=False)
