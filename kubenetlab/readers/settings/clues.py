"""A clue: what one place in a dump says about one setting, checked before it counts."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from ipaddress import ip_network
from typing import Any, NamedTuple, TypeAlias

from kubenetlab.objects.address_text import is_address, is_cidr
from kubenetlab.result import Origin


class Clue(NamedTuple):
    """A setting's value as one place gives it; ``evidence`` names the place."""

    setting: str
    value: Any
    evidence: str
    origin: Origin = Origin.READ


Clues: TypeAlias = "Iterator[Clue | str]"  # a text is a note: something found that could not be used

_SYSTEM_NAMESPACES = ("kube-", "openshift-", "calico-", "cilium", "ovn-", "weave")
_VERSION = re.compile(r"v?(\d+\.\d+(?:\.\d+)?)")
_PORTS = re.compile(r"(\d{1,5})(?:([+-])(\d{1,5}))?")
_MAX_DIGITS = 10
_DOMAIN = re.compile(r"[a-z0-9]([a-z0-9.-]*[a-z0-9])?", re.IGNORECASE)
_PROXY_MODES = {"iptables": "iptables", "nftables": "nftables", "ipvs": "ipvs", "none": "none", "": None}


def cidrs(value: Any) -> tuple[str, ...]:
    """Return ranges from text (separated by commas or spaces) or a list, as network addresses.

    Raises
    ------
    ValueError
        If one of them is no range.

    Examples
    --------
    >>> cidrs("10.244.0.0/16,fd00:10:244::/56")
    ('10.244.0.0/16', 'fd00:10:244::/56')
    """
    texts = re.split(r"[\s,]+", str(value).strip()) if not isinstance(value, list | tuple) else list(value)
    for text in texts:
        if not (isinstance(text, str) and is_cidr(text)):
            raise ValueError("CIDRs such as 10.0.0.0/8")
    return tuple(dict.fromkeys(str(ip_network(text, strict=False)) for text in texts))


def _number(value: Any) -> int:
    """Return a 32-bit number, or -1 where text or value is none."""
    text = str(value)
    is_number = text.isascii() and text.isdigit() and len(text) <= _MAX_DIGITS and int(text) < 2**31
    return int(text) if is_number else -1


def _prefix_length(value: Any) -> int:
    if not 0 < _number(value) <= 128:
        raise ValueError("a prefix length from 1 to 128")
    return _number(value)


def _address(value: Any) -> str:
    text = value[0] if isinstance(value, list) and value else value
    if not (isinstance(text, str) and is_address(text)):
        raise ValueError("an IP address")
    return text


def _port_range(value: Any) -> str:
    """``first-last``, ``first+more`` or one port (k8s.io/apimachinery pkg/util/net/port_range.go)."""
    ports = _PORTS.fullmatch(str(value).strip())
    first = int(ports[1]) if ports else 0
    last = first if not (ports and ports[2]) else int(ports[3])
    last = min(first + last, 65535) if ports and ports[2] == "+" else last
    if not 0 < first <= last <= 65535:
        raise ValueError("a port range such as 30000-32767")
    return f"{first}-{last}"


def _domain(value: Any) -> str:
    text = str(value).strip().rstrip(".")
    if not _DOMAIN.fullmatch(text):
        raise ValueError("a domain such as cluster.local")
    return text


def _proxy_mode(value: Any) -> str:
    mode = _PROXY_MODES.get(str(value).strip().lower())
    if mode is None:
        raise ValueError("iptables, nftables or ipvs")
    return mode


def _version(value: Any) -> str:
    version = _VERSION.match(str(value))
    if not version:
        raise ValueError("a version such as v1.31.2")
    return version[1]


def _count(value: Any) -> int:
    if _number(value) <= 0:
        raise ValueError("a number above 0")
    return _number(value)


CHECKS: dict[str, Callable[[Any], Any]] = {
    "cluster_cidr": cidrs,
    "service_cidr": cidrs,
    "node_cidr": cidrs,
    "vpc_subnets": cidrs,
    "node_cidr_mask_size": _prefix_length,
    "node_cidr_mask_size_ipv6": _prefix_length,
    "node_port_range": _port_range,
    "cluster_domain": _domain,
    "cluster_dns": _address,
    "proxy_mode": _proxy_mode,
    "kubernetes_version": _version,
    "max_pods": _count,
}


def checked(clue: Clue) -> Clue | str:
    """Return a clue with its value in its one form, or a note if the value breaks the setting's rule.

    >>> checked(Clue("cluster_cidr", "10.244.0.0/33", "a flag"))
    "a flag: found '10.244.0.0/33', expected CIDRs such as 10.0.0.0/8; ignored"
    """
    check = CHECKS.get(clue.setting)
    try:
        return clue._replace(value=check(clue.value)) if check else clue
    except ValueError as error:
        return f"{clue.evidence}: found {str(clue.value)[:80]!r}, expected {error}; ignored"


def is_system_namespace(name: str) -> bool:
    """Whether a namespace holds components of the cluster; a component elsewhere belongs to a nested cluster.

    >>> is_system_namespace("kube-system"), is_system_namespace("openshift-dns"), is_system_namespace("shop")
    (True, True, False)
    """
    return name.startswith(_SYSTEM_NAMESPACES)


def smallest_ranges(texts: list[str]) -> tuple[str, ...]:
    """Return, for each address family, the smallest range that holds all addresses and ranges given.

    >>> smallest_ranges(["10.244.0.0/24", "10.244.3.0/24", "fd00::1"])
    ('10.244.0.0/22', 'fd00::1/128')
    """
    networks = [ip_network(text, strict=False) for text in dict.fromkeys(texts)]
    found = []
    for version in (4, 6):
        family: list[Any] = [network for network in networks if network.version == version]
        if family:
            holding = min(family, key=lambda network: network.network_address)
            last = max(network.broadcast_address for network in family)
            while last not in holding:
                holding = holding.supernet()
            found.append(str(holding))
    return tuple(found)
