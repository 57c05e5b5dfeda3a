"""How large a pod's packets may be: pod MTU and TCP MSS for every encapsulation that a network plugin offers.

Pod MTU = MTU of the network between the nodes - what the plugin takes off for its headers (`mtu_overheads`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

import pandas as pd

from kubenetlab.ipam.mtu_overheads import COMBINATIONS, NATIVE, OVERHEADS, WIRE_BYTES
from kubenetlab.result import Basis, Result

#: Smallest MTU that a link with IPv6 may have (RFC 8200, section 5); Linux switches IPv6 off below it.
IPV6_MINIMUM_MTU = 1280
#: Smallest MTU of a link with IPv4 (RFC 791, section 3.2), and the largest that a packet's length field can say.
MINIMUM_MTU, MAXIMUM_MTU = 68, 65535
#: Bytes of an IP header without options and of a TCP header without options.
IP_HEADER_BYTES = {4: 20, 6: 40}
TCP_HEADER_BYTES = 20
#: MTU of the network between the nodes where nothing says otherwise, by cloud; Ethernet's elsewhere.
UNDERLAY_MTU = {"aws": 9001, "gcp": 1460, "azure": 1500}
ETHERNET_MTU = 1500
#: Auth key length of IPsec that Cilium's 77 bytes are for. [bytes]
_CILIUM_AUTH_KEY_BYTES = 16

# How overheads of encapsulations that are on at one time add up. Felix takes the smallest MTU of those that are on;
# in Cilium a packet goes through the tunnel and then through the encryption; the others have one at a time.
_COMBINED: dict[str, Callable[[Iterable[int]], int]] = {"calico": max, "cilium": sum}
_ONE = frozenset({"flannel", "ovn-kubernetes"})

_COLUMNS = [
    "component", "encapsulation", "pod_mtu_bytes", "overhead_bytes", "tcp_mss_ipv4_bytes", "tcp_mss_ipv6_bytes",
    "underlay_share", "fits", "source",
]  # fmt: skip


def encapsulating(names: Iterable[str]) -> list[str]:
    """Return the names that stand for an encapsulation: without ``native``, ``host-gw`` and the like."""
    return [name for name in names if name not in NATIVE]


def overhead_bytes(
    component: str, encapsulations: Sequence[str], *, version: int = 4, auth_key_bytes: int = 16
) -> int:
    """Return what a component takes off the MTU for the encapsulations that are on.

    Parameters
    ----------
    component
        ``calico``, ``cilium``, ``flannel`` or ``ovn-kubernetes``; any other where nothing is encapsulated.
    encapsulations
        Names of `OVERHEADS`; ``native``, ``host-gw``, ``bgp`` and ``none`` stand for none.
    version
        IP version of the packets between nodes, 4 or 6.
    auth_key_bytes
        Length of the auth key of Cilium's IPsec. [bytes]

    Raises
    ------
    ValueError
        If the component has no such encapsulation for this IP version, or not at one time with the others.

    Examples
    --------
    >>> overhead_bytes("cilium", ["vxlan", "wireguard"]), overhead_bytes("calico", ["vxlan", "wireguard"])
    (130, 60)
    """
    names = encapsulating(encapsulations)
    if len(names) > 1 and component in _ONE:
        raise ValueError(f"{component} has one encapsulation at a time, not {', '.join(names)}")
    found = [_overhead(component, name, version) for name in names]
    if component == "cilium" and "ipsec" in names:
        found.append(auth_key_bytes - _CILIUM_AUTH_KEY_BYTES)
    return _COMBINED.get(component, sum)(found or [0])


def _overhead(component: str, name: str, version: int) -> int:
    known = OVERHEADS.get((component, name))
    if known is None:
        offered = ", ".join(other for owner, other in OVERHEADS if owner == component) or "none"
        raise ValueError(f"{component} has no encapsulation {name!r}: known are {offered}")
    n_bytes = {4: known.ipv4, 6: known.ipv6}.get(version)
    if n_bytes is None:
        raise ValueError(f"{component} has no {name} over IPv{version}")
    return n_bytes


def pod_mtu(
    underlay_mtu: int,
    component: str = "native",
    encapsulations: Sequence[str] = (),
    *,
    version: int = 4,
    auth_key_bytes: int = 16,
) -> int:
    """Return the MTU that a component gives to pods, in bytes.

    Parameters
    ----------
    underlay_mtu
        MTU of the network between the nodes. [bytes]
    component, encapsulations, version, auth_key_bytes
        As for `overhead_bytes`.

    Raises
    ------
    ValueError
        If an MTU is below 68 or above 65,535 bytes, or as `overhead_bytes` does.

    Examples
    --------
    >>> pod_mtu(1500, "calico", ["vxlan"]), pod_mtu(9001, "flannel", ["vxlan"]), pod_mtu(1500)
    (1450, 8951, 1500)
    """
    taken = overhead_bytes(component, encapsulations, version=version, auth_key_bytes=auth_key_bytes)
    if not MINIMUM_MTU <= underlay_mtu <= MAXIMUM_MTU:
        raise ValueError(f"underlay_mtu {underlay_mtu} is not from {MINIMUM_MTU} to {MAXIMUM_MTU} bytes")
    if underlay_mtu - taken < MINIMUM_MTU:
        raise ValueError(
            f"an MTU of {underlay_mtu} bytes leaves {underlay_mtu - taken} of them to pods, {taken} are headers"
        )
    return underlay_mtu - taken


def tcp_mss(mtu: int, version: int = 4) -> int:
    """Return the largest TCP segment that fits into a packet: the MTU less IP and TCP header, in bytes.

    >>> tcp_mss(1500), tcp_mss(1500, version=6)
    (1460, 1440)
    """
    return mtu - IP_HEADER_BYTES[version] - TCP_HEADER_BYTES


def header_bytes(component: str, encapsulations: Sequence[str], version: int = 4) -> int | None:
    """Return what the headers between nodes add to a pod's packet, in bytes; None where that depends on keys."""
    added = [WIRE_BYTES.get(name, {}).get(version) for name in encapsulating(encapsulations)]
    known = [n_bytes for n_bytes in added if n_bytes is not None]
    return _COMBINED.get(component, sum)(known or [0]) if len(known) == len(added) else None


def mtu_table(underlay_mtu: int = ETHERNET_MTU, *, version: int = 4) -> Result:
    """Return pod MTU and TCP MSS for every encapsulation and combination.

    Parameters
    ----------
    underlay_mtu
        MTU of the network between the nodes. [bytes]
    version
        IP version of the packets between nodes, 4 or 6.

    Returns
    -------
    A Result; its frame has one row a combination: component, encapsulation (joined by ``+``), pod_mtu_bytes,
    overhead_bytes, tcp_mss_ipv4_bytes, tcp_mss_ipv6_bytes (missing where the MTU is too small for IPv6),
    underlay_share (pod MTU over the network's, 0 to 1), fits (whether the largest packet fits the network with its
    headers; missing where their size depends on keys), source. Combinations that a component has not for this IP version are
    left out.

    Raises
    ------
    ValueError
        If the MTU is too small for one of them, or ``version`` is neither 4 nor 6.
    """
    if version not in IP_HEADER_BYTES:
        raise ValueError(f"version {version} is neither 4 nor 6")
    offered = [
        (component, names)
        for component, names in COMBINATIONS
        if all(_is_offered(component, name, version) for name in names)
    ]
    rows = [_row(underlay_mtu, component, names, version) for component, names in offered]
    types = {
        "pod_mtu_bytes": "int64",
        "overhead_bytes": "int64",
        "tcp_mss_ipv6_bytes": "Int64",
        "fits": "boolean",
    }
    frame = pd.DataFrame(rows, columns=_COLUMNS).astype(types)
    title = f"Pod MTU on a network of {underlay_mtu:,} bytes over IPv{version}"
    used = {(component, name) for component, names in offered for name in encapsulating(names)}
    is_docs = any(OVERHEADS[key].basis is Basis.DOCS for key in used)
    return Result(title=title, _frame=frame, basis=Basis.DOCS if is_docs else Basis.SOURCE)


def _is_offered(component: str, name: str, version: int) -> bool:
    known = OVERHEADS.get((component, name))
    return name in NATIVE or (known is not None and {4: known.ipv4, 6: known.ipv6}[version] is not None)


def _row(underlay_mtu: int, component: str, names: tuple[str, ...], version: int) -> tuple[object, ...]:
    mtu = pod_mtu(underlay_mtu, component, names, version=version)
    added = header_bytes(component, names, version)
    known = [OVERHEADS[component, name] for name in names if name not in NATIVE]
    return (
        component,
        "+".join(names),
        mtu,
        underlay_mtu - mtu,
        tcp_mss(mtu),
        tcp_mss(mtu, 6) if mtu >= IPV6_MINIMUM_MTU else None,
        mtu / underlay_mtu,
        None if added is None else mtu + added <= underlay_mtu,
        "; ".join(dict.fromkeys(overhead.source for overhead in known)),
    )
