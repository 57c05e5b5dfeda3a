"""What ipvs holds: virtual servers and the real servers behind them."""

from typing import NamedTuple


class RealServer(NamedTuple):
    """Where a virtual server sends connections; ``forwarding`` is Masq, Route or Tunnel.

    Connections and packets are None where the listing has none (``ipvsadm -ln`` has connections, ``--stats`` more).
    """

    address: str
    port: int
    weight: int = 1
    forwarding: str = "Masq"
    active_connections: int | None = None
    inactive_connections: int | None = None
    connections: int | None = None  # since it was added, of --stats


class VirtualServer(NamedTuple):
    """An address, protocol and port that ipvs answers.

    ``protocol`` is TCP, UDP or SCTP; ``persistence_s`` the seconds a client stays with its server, None without;
    ``flags`` those of the scheduler as ipvsadm prints them.
    """

    protocol: str
    address: str
    port: int
    scheduler: str = "rr"
    persistence_s: int | None = None
    flags: tuple[str, ...] = ()
    real_servers: tuple[RealServer, ...] = ()


class VirtualServers(NamedTuple):
    """The virtual servers of one node, in the order of the file; ``missing`` says what the text lacks."""

    source: str
    servers: tuple[VirtualServer, ...]
    missing: tuple[str, ...] = ()
