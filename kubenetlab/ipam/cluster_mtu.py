"""The pod MTU of a cluster: what its dump states, what follows from its tunnels, and where the two disagree."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations
from typing import NamedTuple

import pandas as pd

from kubenetlab.cluster import Cluster
from kubenetlab.ipam.mtu import (
    ETHERNET_MTU,
    IPV6_MINIMUM_MTU,
    MINIMUM_MTU,
    UNDERLAY_MTU,
    header_bytes,
    overhead_bytes,
    tcp_mss,
)
from kubenetlab.ipam.mtu_overheads import OVERHEADS
from kubenetlab.ipam.mtu_plugins import has_ipv6_pods, mtu_settings
from kubenetlab.ipam.mtu_statements import MtuSettings, Statement
from kubenetlab.result import Basis, Origin, Result, Setting

_COLUMNS = ["quantity", "n_bytes", "origin", "evidence"]


class Disagreement(NamedTuple):
    """MTUs of a dump that cannot all be right: one sentence, and the places with their values."""

    words: str
    evidence: tuple[str, ...]


def cluster_mtu(cluster: Cluster) -> Result:
    """Return the pod MTU of a cluster and what it follows from.

    Returns
    -------
    A Result; its frame has five rows, quantity (``network MTU``, ``overhead``, ``pod MTU``, ``TCP MSS over IPv4``,
    ``TCP MSS over IPv6``), n_bytes (missing where unknown), origin (read, inferred, default or unknown) and evidence.
    ``because`` lists the MTUs that the dump states, and where they disagree.

    Notes
    -----
    Where the dump states none, the network's MTU follows from that of pods, or is the cloud's default, or Ethernet's
    1,500 bytes. Not modelled: MTUs that a plugin finds out on the node, and FelixConfiguration.
    """
    found = mtu_settings(cluster)
    network, overhead = _network(cluster, found), _overhead(found)
    pods = _pods(found, network, overhead)
    rows = [network, overhead, pods, *(_mss(pods, version) for version in (4, 6))]
    frame = pd.DataFrame([(r.name, r.value, str(r.origin), r.evidence) for r in rows], columns=_COLUMNS)
    frame = frame.astype({"quantity": "str", "n_bytes": "Int64", "origin": "str", "evidence": "str"})
    because = (
        *(f"{s.evidence}: {s.n_bytes:,} bytes ({_OF.get(s.of, s.of)})" for s in found.statements),
        *(disagreement.words for disagreement in disagreements(cluster)),
    )
    settings = [cluster.settings[name] for name in ("cni", "cloud") if name in cluster.settings]
    title = f"Pod MTU: {pods.value:,} bytes" if pods.value else "Pod MTU: unknown"
    return Result(
        title=title, _frame=frame, assumptions=(*settings, network), because=because, basis=_basis(found)
    )


def _basis(found: MtuSettings) -> Basis:
    """Return how far the overheads of a cluster's tunnels were checked; that some routes have none is documented only."""
    used = [
        OVERHEADS.get((found.component, name)) for tunnel in found.tunnels for name in tunnel.encapsulations
    ]
    is_docs = not used or any(overhead is None or overhead.basis is Basis.DOCS for overhead in used)
    return Basis.DOCS if is_docs else Basis.SOURCE


_OF = {"pods": "of pods", "network": "of the network between nodes"}


def _stated(found: MtuSettings, of: str) -> Statement | None:
    return next((s for s in found.statements if s.of == of), None)


def _network(cluster: Cluster, found: MtuSettings) -> Setting:
    stated, pods = _stated(found, "network"), _stated(found, "pods")
    if stated:
        return Setting("network MTU", stated.n_bytes, Origin.READ, stated.evidence)
    if pods:
        evidence = "what the largest packet of a pod has with its headers, if that fits; the dump states none"
        return Setting("network MTU", pods.n_bytes + _headers(found), Origin.INFERRED, evidence)
    cloud = cluster.settings.get("cloud")
    name = str(cloud.value) if cloud and cloud.value in UNDERLAY_MTU else ""
    evidence = f"the default of {name}'s virtual networks" if name else "Ethernet's"
    n_bytes = UNDERLAY_MTU.get(name, ETHERNET_MTU)
    return Setting("network MTU", n_bytes, Origin.DEFAULT, f"{evidence}; the dump states none")


def _headers(found: MtuSettings) -> int:
    """Return what headers add at most, as far as it is known."""
    added = (header_bytes(found.component, t.encapsulations, t.version) for t in found.tunnels)
    return max((n_bytes for n_bytes in added if n_bytes is not None), default=0)


def _overhead(found: MtuSettings) -> Setting:
    if found.component == "unknown":
        return Setting("overhead", None, Origin.UNKNOWN, found.evidence)
    taken = [overhead_bytes(found.component, t.encapsulations, version=t.version) for t in found.tunnels]
    return Setting("overhead", max(taken, default=0), found.origin, found.evidence)


def _pods(found: MtuSettings, network: Setting, overhead: Setting) -> Setting:
    stated = _stated(found, "pods")
    if stated:
        return Setting("pod MTU", stated.n_bytes, Origin.READ, stated.evidence)
    if overhead.value is None:
        return Setting("pod MTU", None, Origin.UNKNOWN, overhead.evidence)
    return _default(found, network, overhead) or _derived(network, overhead)


def _default(found: MtuSettings, network: Setting, overhead: Setting) -> Setting | None:
    """Return what the plugin gives to pods whatever the network takes; None where it looks at the network."""
    if found.default_bytes is None:
        return None
    most = f"{network.value - overhead.value:,} would fit the network's {network.value:,}"
    words = f"the default of {found.component}; the dump states none ({most})"
    return Setting("pod MTU", found.default_bytes, Origin.DEFAULT, words)


def _derived(network: Setting, overhead: Setting) -> Setting:
    if network.value - overhead.value < MINIMUM_MTU:
        words = f"{overhead.value} bytes of headers leave none of the network's {network.value} to pods"
        return Setting("pod MTU", None, Origin.UNKNOWN, words)
    origin = Origin.DEFAULT if network.origin is Origin.DEFAULT else Origin.INFERRED
    less = f"less {overhead.value} of headers" if overhead.value else "without headers of a tunnel"
    words = f"{network.value:,} bytes of the network {less}"
    return Setting("pod MTU", network.value - overhead.value, origin, words)


def _mss(pods: Setting, version: int) -> Setting:
    name = f"TCP MSS over IPv{version}"
    if pods.value is None:
        return Setting(name, None, Origin.UNKNOWN, pods.evidence)
    if version == 6 and pods.value < IPV6_MINIMUM_MTU:
        return Setting(name, None, Origin.UNKNOWN, f"IPv6 needs an MTU of {IPV6_MINIMUM_MTU:,} bytes")
    return Setting(name, tcp_mss(pods.value, version), pods.origin, "pod MTU less IP and TCP header")


def disagreements(cluster: Cluster) -> Iterator[Disagreement]:
    """Yield where the MTUs that a dump states cannot all be right.

    Two places give pods different MTUs; packets of pods do not fit the network or a tunnel's device with their
    headers; pods have IPv6 and an MTU below 1,280 bytes. What the dump does not state is not guessed.
    """
    found = mtu_settings(cluster)
    by = {of: [s for s in found.statements if s.of == of] for of in ("pods", "network")}
    for one, other in combinations(by["pods"], 2):
        if one.n_bytes != other.n_bytes:
            words = f"Pods get an MTU of {one.n_bytes:,} bytes by {one.evidence} and of {other.n_bytes:,} by {other.evidence}."
            yield Disagreement(words, _places(one, other))
    for pods in by["pods"]:
        yield from _too_large(found, pods, by["network"])
        yield from _wider_than_device(found, pods)
    yield from _too_small_for_ipv6(cluster, found)


def _places(*statements: Statement) -> tuple[str, ...]:
    return tuple(f"{s.evidence}: {s.n_bytes}" for s in statements)


def _too_large(found: MtuSettings, pods: Statement, networks: list[Statement]) -> Iterator[Disagreement]:
    most = _headers(found)
    for network in networks if found.component != "unknown" else ():
        if pods.n_bytes + most > network.n_bytes:
            headers = f" and {most} of headers" if most else ""
            words = f"A packet of a pod has up to {pods.n_bytes:,} bytes{headers}, the network takes {network.n_bytes:,}."
            yield Disagreement(words, _places(pods, network))


def _wider_than_device(found: MtuSettings, pods: Statement) -> Iterator[Disagreement]:
    used = {name for tunnel in found.tunnels for name in tunnel.encapsulations}
    for device in found.statements:
        if device.of in used and device.n_bytes < pods.n_bytes:
            words = f"A packet of a pod has up to {pods.n_bytes:,} bytes, the {device.of} device takes {device.n_bytes:,}."
            yield Disagreement(words, _places(pods, device))


def _too_small_for_ipv6(cluster: Cluster, found: MtuSettings) -> Iterator[Disagreement]:
    pods = _pods(found, _network(cluster, found), _overhead(found))
    if pods.value is not None and pods.value < IPV6_MINIMUM_MTU and has_ipv6_pods(cluster):
        words = f"Pods have IPv6, which needs an MTU of {IPV6_MINIMUM_MTU:,} bytes, and get {pods.value:,}."
        yield Disagreement(words, tuple(_places(*(s for s in found.statements if s.of in _OF))))
