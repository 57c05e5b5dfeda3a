"""When a node runs out of conntrack entries or ports, and what drops then.

How many are in use is Little's law: rate times how long one connection holds its place. Sources: Linux,
net/netfilter/nf_conntrack_proto_tcp.c (TIME_WAIT 2 min, CLOSE 10 s), nf_conntrack_proto_udp.c (30 s, 120 s for a flow
that is answered and lasts more than 2 s), nf_conntrack_core.c (early_drop, table full), nf_nat_core.c
(nf_nat_l4proto_unique_tuple: source ports from 1024 on map to 1024 to 65535, with and without --random-fully; the search
ends after 248 tries, so a few connections drop before the last port is taken), include/net/tcp.h (TCP_TIMEWAIT_LEN
60 s), sysctl net.ipv4.ip_local_port_range 32768 to 60999; Kubernetes v1.36, cmd/kube-proxy/app/server_linux.go
(getConntrackMax) and PR 137002. The kernel agrees (tests): times, port ranges, what masquerading drops and counts.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Final

from kubenetlab.kube_proxy.releases import LATEST, has_behaviour
from kubenetlab.load_balancing.affinity.modes import check_number
from kubenetlab.result import Basis, Origin, Result, Setting

MASQUERADE_PORTS: Final = 65535 - 1024 + 1
LOCAL_PORTS: Final = 60999 - 32768 + 1
_COUNTS: Final = ("destinations", "source_addresses", "clients", "cores")
_WHAT_DROPS: Final = {
    "conntrack table": "first packets of new connections, unanswered entries: 'nf_conntrack: table full, dropping packet', drop, early_drop",
    "masquerade ports": "first packets of new connections to that destination: insert_failed and drop of conntrack -S; connect() times out",
    "local ports": "nothing is sent: connect() to that destination fails with EADDRNOTAVAIL",
}
_BECAUSE: Final = (
    "a connection that ends without FIN or RST keeps its entry for 24 h: kube-proxy, conntrack.tcpEstablishedTimeout",
    "masquerade ports: kernels with 'snat: evict closing tcp entries' (June 2023) take over those of closed connections",
    "UDP: entries stay 30 s where the mean lifetime is up to 2 s, else 120 s, as if all flows were as long",
    "local ports: TIME_WAIT is on the client's side where the client closes first; taken for all",
)


@dataclass(frozen=True, kw_only=True)
class NodeTraffic:
    """The connections that a node tracks.

    Attributes
    ----------
    connections_per_s
        New connections a second; for the masquerade ports, all are masqueraded.
    lifetime_s
        Mean time from the first packet to the last. UDP flows are all taken to be as long: a mean of 2 s keeps an entry
        30 s longer, one above 2 s 120 s longer; where some are shorter and some longer, ask for each kind.
    udp_share
        Which part of the connections is UDP; the rest is TCP.
    reset_share
        Which part of TCP connections ends with RST instead of FIN.
    destinations
        Different address, port and protocol that the connections go to, evenly; after load balancing.
    source_addresses
        The node's addresses that masquerading takes; usually 1.
    clients
        Different addresses (pods, the node) that open the connections, evenly.
    cores
        Cores of the node.

    Raises
    ------
    ValueError
        If a number is out of its range.
    """

    connections_per_s: float
    lifetime_s: float = 1.0
    udp_share: float = 0.0
    reset_share: float = 0.0
    destinations: int = 1
    source_addresses: int = 1
    clients: int = 1
    cores: int = 4

    def __post_init__(self) -> None:
        for name, value in asdict(self).items():
            most, is_count = 1 if name.endswith("_share") else 10**9, name in _COUNTS
            check_number(name, value, most, is_count, int(is_count))


def conntrack_max(cores: int, release: str = LATEST) -> int:
    """Return the conntrack table's size that kube-proxy sets by default; it only ever raises the kernel's own.

    >>> conntrack_max(2), conntrack_max(64, "1.35"), conntrack_max(64)
    (131072, 2097152, 1048576)

    Raises
    ------
    ValueError
        If that is no number of cores, or no release.
    """
    check_number("cores", cores, 10**9)
    wanted = max(32768 * cores, 131072)
    return min(wanted, 1048576) if has_behaviour(release, "capped conntrack table") else wanted


def node_limits(traffic: NodeTraffic, *, release: str = LATEST, table_size: int | None = None) -> Result:
    """Return what of a node runs out first, at which rate, and what drops then.

    Parameters
    ----------
    traffic
        What the node tracks; taken as steady.
    release
        The release of kube-proxy, which sets the conntrack table's size.
    table_size
        The node's ``net.netfilter.nf_conntrack_max`` where it is known; at least 1 (the kernel's 0, no limit, is refused).

    Returns
    -------
    A Result; its frame has one row a limit (the conntrack table; the masquerade ports and the clients' local ports of one
    destination): limit, capacity, held_s (mean time that a connection holds its place),
    in_use (in the steady state), used_share, runs_out_at_rate_per_s (of the node's new connections),
    seconds_until_full (from empty and at the earliest, when no place comes free before; NaN where it never fills),
    what_drops.

    Raises
    ------
    ValueError
        If the table's size is no whole number from 1 on, or ``release`` is none.

    Examples
    --------
    >>> node_limits(NodeTraffic(connections_per_s=1000)).frame[["limit", "capacity", "in_use", "seconds_until_full"]]
                  limit  capacity    in_use  seconds_until_full
    0   conntrack table    131072  121000.0                 NaN
    1  masquerade ports     64512  121000.0              64.512
    2       local ports     28232   61000.0              28.232
    """
    import pandas as pd

    tcp, fin = 1 - traffic.udp_share, 1 - traffic.reset_share
    udp_s = traffic.udp_share * (120 if traffic.lifetime_s > 2 else 30)
    entry_s = traffic.lifetime_s + udp_s + tcp * (fin * 120 + traffic.reset_share * 10)
    table = conntrack_max(traffic.cores, release) if table_size is None else table_size
    check_number("table_size", table, 2**32)
    part = pd.Series([1, 1 / traffic.destinations, tcp / traffic.destinations])
    frame = pd.DataFrame({"limit": list(_WHAT_DROPS)})
    frame["capacity"] = table, MASQUERADE_PORTS * traffic.source_addresses, LOCAL_PORTS * traffic.clients
    frame["held_s"] = entry_s, entry_s, traffic.lifetime_s + fin * 60
    frame["in_use"] = traffic.connections_per_s * part * frame["held_s"]
    frame["used_share"] = frame["in_use"] / frame["capacity"]
    frame["runs_out_at_rate_per_s"] = frame["capacity"] / (part * frame["held_s"])
    until_full = frame["capacity"] / traffic.connections_per_s / part
    frame["seconds_until_full"] = until_full.where(frame["used_share"] > 1)
    frame["what_drops"] = list(_WHAT_DROPS.values())
    origin = (Origin.DEFAULT, f"kube-proxy {release}") if table_size is None else (Origin.READ, "given")
    known = (Setting("nf_conntrack_max", table, *origin),)
    return Result(title="Node limits", _frame=frame, assumptions=known, because=_BECAUSE, basis=Basis.SOURCE)
