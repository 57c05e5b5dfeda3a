"""Whose a chain is: names of chains checked against what they are made of, and hashes undone by trying.

Source: as ``chain_names``; a hash has 80 bits, so the first match is the only one.
"""

from __future__ import annotations

import re
from base64 import b32decode
from collections.abc import Iterable
from hashlib import sha256
from ipaddress import ip_network
from typing import Final

from kubenetlab.kube_proxy.chain_names import (
    IPTABLES_PREFIXES,
    NFTABLES_PREFIXES,
    chain_hash,
    nftables_base,
)

MAX_ADDRESSES: Final = 1 << 20
_MAX_TRIES: Final = 1 << 22  # addresses x ports: a few seconds
_OF_ENDPOINTS: Final = ("KUBE-SEP-", "endpoint-", "affinity-")
_SEP: Final = re.compile("KUBE-SEP-([A-Z2-7]{16})")


def chain_names_of(service_port: str, protocol: str, endpoint: str = "") -> tuple[str, ...]:
    """Return every name that kube-proxy gives to chains and sets of a service port, or of one of its endpoints.

    Parameters
    ----------
    service_port
        ``namespace/name:port``, without ``:port`` for an unnamed one.
    protocol
        ``TCP``, ``UDP`` or ``SCTP``, in any case.
    endpoint
        ``IP:port`` (IPv6 as ``[IP]:port``), empty for the chains of the service port.

    Examples
    --------
    >>> "KUBE-SVC-NPX46M4PTMTKRN6Y" in chain_names_of("default/kubernetes:https", "TCP")
    True
    """
    namespace, _, rest = service_port.partition("/")
    name, _, port_name = rest.partition(":")
    ends = (
        (IPTABLES_PREFIXES, chain_hash(service_port, protocol, endpoint)),
        (NFTABLES_PREFIXES, nftables_base(namespace, name, protocol, port_name, endpoint)),
    )
    is_wanted = bool(endpoint)
    return tuple(p + end for prefixes, end in ends for p in prefixes if (p in _OF_ENDPOINTS) == is_wanted)


def endpoint_of(chain: str, service_port: str, protocol: str, cidr: str, ports: Iterable[int]) -> str | None:
    """Return the ``IP:port`` inside a range that a KUBE-SEP chain is named after; None where none is.

    Parameters
    ----------
    chain
        The name, such as KUBE-SEP-SXIVWICOYRO3J4NJ.
    service_port, protocol
        As for ``chain_names_of``.
    cidr
        Where to look: at most 2**20 addresses.
    ports
        The ports to try.

    Raises
    ------
    ValueError
        If ``chain`` is no such name, or there is too much to try.

    Examples
    --------
    >>> endpoint_of("KUBE-SEP-SXIVWICOYRO3J4NJ", "ns1/svc1:p80", "TCP", "10.180.0.0/24", [8080, 80])
    '10.180.0.1:80'
    """
    found, network, ports = _SEP.fullmatch(chain), ip_network(cidr), tuple(ports)
    if not found:
        raise ValueError(f"{chain!r:.80}: expected KUBE-SEP- and 16 characters A to Z, 2 to 7")
    if network.num_addresses > MAX_ADDRESSES or network.num_addresses * len(ports) > _MAX_TRIES:
        tried = f"{cidr} has {network.num_addresses:,} addresses, with {len(ports)} ports each"
        raise ValueError(f"{tried}; at most {MAX_ADDRESSES:,} addresses and {_MAX_TRIES:,} pairs are tried")
    wanted, start = b32decode(found[1]), sha256(f"{service_port}{protocol.lower()}".encode())
    form = "[{}]:{}" if network.version == 6 else "{}:{}"
    for address in network:
        for port in ports:
            candidate = start.copy()
            candidate.update(form.format(address, port).encode())
            if candidate.digest()[:10] == wanted:
                return form.format(address, port)
    return None
