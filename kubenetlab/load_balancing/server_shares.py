"""Shares of the real servers behind ipvs' virtual servers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from kubenetlab.errors import NotFoundError
from kubenetlab.objects.virtual_servers import RealServer, VirtualServer, VirtualServers
from kubenetlab.result import Basis, Result

IN_TURN: Final = ("rr", "wrr")
BY_LOAD: Final = ("lc", "wlc", "sed", "nq")
EQUAL: Final = ("rr", "lc")  # schedulers that look at no weight but 0
TURN_SAID: Final = "{0.scheduler} takes real servers in turn: the shares are those of many connections"
LOAD_SAID: Final = (
    "{0.scheduler} chooses by load: the shares are those in the long run, if connections last alike"
)
ELSE_SAID: Final = "{0.scheduler} chooses by address or by where clients went before: no share is known"
SAID: Final = dict.fromkeys(IN_TURN, TURN_SAID) | dict.fromkeys(BY_LOAD, LOAD_SAID)


def server_shares(servers: VirtualServers, columns: tuple[str, ...], to: str | None) -> Result:
    """Return a row for each real server with the columns of ``rule_shares``."""
    import pandas as pd

    found = [server for server in servers.servers if to is None or _text(server).lower() == to.lower()]
    if to is not None and not found:
        raise NotFoundError(f"{servers.source}: no virtual server answers {to}")
    rows = [row for server in found for row in _rows(server)]
    because = dict.fromkeys(SAID.get(server.scheduler, ELSE_SAID).format(server) for server in found)
    if any(server.persistence_s for server in found):
        because["persistent: a client keeps its real server; the shares are those of new clients"] = None
    idle = [
        place_text(real.address, real.port)
        for server in found
        for real in server.real_servers
        if not real.weight
    ]
    if idle:
        because[f"weight 0, so no new connections: {', '.join(dict.fromkeys(idle))}"] = None
    frame = pd.DataFrame([[row.get(name, "") for name in columns] for row in rows], columns=list(columns))
    title = f"Shares of the real servers in {servers.source}" + (f" for {to}" if to else "")
    return Result(title=title, _frame=frame, because=(*servers.missing, *because), basis=Basis.SOURCE)


def _text(server: VirtualServer) -> str:
    return f"{place_text(server.address, server.port)}/{server.protocol.upper()}"


def place_text(address: str, port: int) -> str:
    """Return ``IP:port``, IPv6 in brackets."""
    return f"[{address}]:{port}" if ":" in address else f"{address}:{port}"


def _rows(server: VirtualServer) -> Iterator[dict[str, Any]]:
    head = {"destination": _text(server), "relative_difference": float("nan")}
    used = [real for real in server.real_servers if real.weight > 0]
    total = sum(_weight(server, real) for real in used)
    if not used:
        yield head | {"share": 1.0, "share_exact": "1/1", "fair_share": float("nan"), "fate": "rejected"}
    is_known = server.scheduler in SAID or len(used) == 1
    for real in used:
        weight = _weight(server, real)
        yield head | {
            "endpoint": place_text(real.address, real.port),
            "share": weight / total if is_known else float("nan"),
            "share_exact": f"{weight}/{total}" if is_known else "",
            "fair_share": 1 / len(used),
            "relative_difference": (weight * len(used) - total) / total if is_known else float("nan"),
            "fate": "delivered",
        }


def _weight(server: VirtualServer, real: RealServer) -> int:
    return 1 if server.scheduler in EQUAL else real.weight
