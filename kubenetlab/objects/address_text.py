"""Is this text an address or a range, as the API server writes it? Checked once, while an object is decoded."""

import re
from functools import lru_cache
from ipaddress import ip_address, ip_interface, ip_network

_IPV4 = re.compile(r"(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)\.){3}(?:25[0-5]|2[0-4]\d|1?\d?\d)\Z")
_LEADING_ZERO = re.compile(r"(?:^|\.)0\d")


@lru_cache(maxsize=65536)
def is_address(text: str) -> bool:
    """Whether ``text`` is an IPv4 or IPv6 address without a zone and without leading zeros.

    >>> is_address("10.244.3.7"), is_address("010.0.0.1"), is_address("fd00::1"), is_address("fe80::1%eth0")
    (True, False, True, False)
    """
    if _IPV4.match(text) and not _LEADING_ZERO.search(text):
        return True
    try:
        return ":" in text and "%" not in text and bool(ip_address(text).version)
    except ValueError:
        return False


@lru_cache(maxsize=65536)
def is_cidr(text: str) -> bool:
    """Whether ``text`` is a range with a prefix length; host bits are allowed, as in the API.

    >>> is_cidr("10.244.0.0/16"), is_cidr("172.17.0.1/16"), is_cidr("10.244.0.0"), is_cidr("10.0.0.0/255.0.0.0")
    (True, True, False, False)
    """
    address, slash, length = text.partition("/")
    if (
        not slash
        or not (length.isascii() and length.isdigit() and len(length) <= 3)
        or not is_address(address)
    ):
        return False
    return int(length) <= ip_interface(address).max_prefixlen


def has_host_bits(cidr: str) -> bool:
    """Whether a range has address bits beyond its prefix length, as 172.17.0.1/16 has."""
    try:
        ip_network(cidr)
    except ValueError:
        return True
    return False


def check_addresses(**fields: str | tuple[str, ...]) -> None:
    """Raise ``ValueError`` for the first text, named by its field, that is neither empty nor an address."""
    for field, texts in fields.items():
        for text in (texts,) if isinstance(texts, str) else texts:
            if text and not is_address(text):
                raise ValueError(f"{field}: found {text!r}, expected an IP address")


def check_cidrs(**fields: str | tuple[str, ...]) -> None:
    """Raise ``ValueError`` for the first text, named by its field, that is neither empty nor a range."""
    for field, texts in fields.items():
        for text in (texts,) if isinstance(texts, str) else texts:
            if text and not is_cidr(text):
                raise ValueError(f"{field}: found {text!r}, expected a CIDR such as 10.0.0.0/8")


def check_address_range(field: str, text: str) -> None:
    """Raise ``ValueError`` for what is not ``first-last`` of one family in this order."""
    ends = [end.strip() for end in text.split("-", 1)]
    if all(map(is_address, ends)) and len(ends) == 2:
        first, last = map(ip_address, ends)
        if first.version == last.version and int(first) <= int(last):
            return
    raise ValueError(f"{field}: found {text!r}, expected a CIDR or first-last such as 10.0.0.1-10.0.0.9")
