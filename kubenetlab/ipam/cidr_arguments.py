"""CIDRs that somebody wrote as an argument or into a plan: host bits are refused, never dropped."""

from __future__ import annotations

import math
from collections.abc import Iterable

import netaddr

from kubenetlab.errors import AddressError
from kubenetlab.objects.address_text import is_cidr

#: Bits of an address by IP version.
ADDRESS_BITS = {4: 32, 6: 128}

_LARGE = 1 << 40


def network_of(cidr: str | netaddr.IPNetwork) -> netaddr.IPNetwork:
    """Return the network of a CIDR.

    Raises
    ------
    AddressError
        If it is no CIDR, or has host bits.

    Examples
    --------
    >>> network_of("10.244.0.0/16")
    IPNetwork('10.244.0.0/16')
    >>> network_of("10.244.0.1/16")
    Traceback (most recent call last):
    kubenetlab.errors.AddressError: 10.244.0.1/16 has host bits set; the network is 10.244.0.0/16
    """
    if isinstance(cidr, str) and not is_cidr(cidr):
        raise AddressError(f"{cidr!r} is not a CIDR such as 10.244.0.0/16")
    network = netaddr.IPNetwork(cidr)
    if network != network.cidr or network.ip != network.network:
        raise AddressError(f"{cidr} has host bits set; the network is {network.cidr}")
    return network


def networks_by_version(cidrs: Iterable[str | netaddr.IPNetwork]) -> dict[int, list[netaddr.IPNetwork]]:
    """Return the networks of each IP version that has some, IPv4 first, each list in the order given.

    Raises
    ------
    AddressError
        As `network_of` does.
    """
    networks = [network_of(cidr) for cidr in cidrs]
    by_version = {version: [n for n in networks if n.version == version] for version in ADDRESS_BITS}
    return {version: found for version, found in by_version.items() if found}


def named(networks: Iterable[netaddr.IPNetwork], one: str = "", several: str = "") -> str:
    """Return networks as a sentence names them, with the verb for one or for several.

    >>> named([network_of("10.0.0.0/8")], "has", "have")
    '10.0.0.0/8 has'
    >>> named(map(network_of, ("10.0.0.0/9", "10.128.0.0/9")), "has", "have")
    '10.0.0.0/9 and 10.128.0.0/9 have'
    """
    *others, last = map(str, networks)
    listed = f"{', '.join(others)} and {last}" if others else last
    return f"{listed} {several if others else one}".rstrip()


def counted(n: int) -> str:
    """Return a number as a sentence writes it: numbers of IPv6 as powers of two.

    >>> counted(65_536), counted(2**64), counted(2**64 - 2)
    ('65,536', '2^64', 'about 2^64')
    """
    if n < _LARGE:
        return f"{n:,}"
    power = round(math.log2(n))
    return f"2^{power}" if n == 1 << power else f"about 2^{power}"
