"""How Go 1.27 without cgo and c-ares 1.34 ask for one candidate: each type on its own.

Sources: Go net/dnsclient_unix.go, tryOneName; c-ares ares_getaddrinfo.c and ares_process.c.
"""

from __future__ import annotations

from collections import Counter
from typing import NamedTuple

from kubenetlab.dns.resolvers.exchanges import NEVER, Asked, Exchanges, Question

#: What ends the questions of one type, and as what; anything else is asked again.
_GO = dict.fromkeys(("NXDOMAIN", "NODATA", "CNAME"), "no such host") | {"OK": ""}
_CARES = {"OK": "", "CNAME": "ENODATA", "NODATA": "ENODATA", "NXDOMAIN": "ENOTFOUND", "FORMERR": "EFORMERR"}
_CARES_NEXT = ("ARES_ENOTFOUND", "ARES_ENODATA")
_CARES_NEXT_LABEL = (*_CARES_NEXT, "ARES_ESERVFAIL", "ARES_EREFUSED")


class _Tried(NamedTuple):
    """How the questions of one type ended: the last one, when, after how many."""

    last: Asked
    end_s: float
    turns: int
    is_late: bool


def ask_with_go(exchanges: Exchanges, name: str, types: tuple[str, ...]) -> str:
    """Return what a candidate leads to: any address is enough, everything else goes on with the next candidate.

    The two goroutines race: the newer one (AAAA) begins, and of two that end at once it is first where ``chance`` is
    below a half. The error is the last one of the name itself, else the first of all.
    """
    begin_s, tried, is_single = exchanges.now_s, list[_Tried](), exchanges.is_single_request
    for type in types if is_single else types[::-1]:
        exchanges.now_s = exchanges.now_s if is_single else begin_s
        tried.append(_ask(exchanges, (name, type), _GO))
    in_order = tried[::-1] if exchanges.chance >= 0.5 and not is_single else tried
    for one in sorted(in_order, key=lambda one: one.end_s):
        exchanges.now_s = one.end_s
        if error := _go_error(one):
            exchanges.error = error if exchanges.is_as_is else exchanges.error or error
    exchanges.addresses = _addresses(tried)
    return "next"


def _go_error(tried: _Tried) -> str:
    server, transport, source = tried.last.sent.server, tried.last.sent.transport, tried.last.sent.source
    port = f"[{server}]:53" if ":" in server else f"{server}:53"
    late = f"read {transport} {source}->{port}: i/o timeout"
    text = late if tried.is_late else _GO.get(tried.last.outcome, "server misbehaving")
    return text and f" on {port}: {text}"


def ask_with_cares(exchanges: Exchanges, name: str, types: tuple[str, ...]) -> str:
    """Return what a candidate leads to: an address is enough, else the answer that came last decides (host_callback).

    An A that was found lets AAAA not be asked again, with the first candidate only (measured). A lookup that goes on
    to its end reports ENODATA where any candidate had it.
    """
    begin_s, tried = exchanges.now_s, list[_Tried]()
    for type in types:
        exchanges.now_s, is_enough = begin_s, _addresses(tried) and not exchanges.candidate
        tried.append(_ask(exchanges, (name, type), _CARES, tried[0].end_s if is_enough else NEVER))
    exchanges.now_s, exchanges.addresses = max(one.end_s for one in tried), _addresses(tried)
    last = max(tried, key=lambda one: (one.end_s, one.turns, one is tried[-1]))
    error = f"ARES_{'ETIMEOUT' if last.is_late else _CARES.get(last.last.outcome, f'E{last.last.outcome}')}"
    if error not in (_CARES_NEXT_LABEL if name.count(".") == 1 else _CARES_NEXT):
        return exchanges.end(error)
    exchanges.errors.append(error)
    exchanges.error = "ARES_ENODATA" if "ARES_ENODATA" in exchanges.errors else error
    return "next"


def _addresses(tried: list[_Tried]) -> tuple[str, ...]:
    return tuple(address for one in tried if not one.is_late for address in one.last.addresses)


def _ask(exchanges: Exchanges, question: Question, ends: dict[str, str], enough_s: float = NEVER) -> _Tried:
    """Ask until an answer is final; c-ares asks the server that failed least, and from ``enough_s`` on never again."""
    is_go = ends is _GO
    servers = [server for _, server in exchanges.servers()]
    failures = Counter[str]() if is_go else exchanges.failures
    transport, turns, downgrades = exchanges.transport, 0, 0 if is_go else 1
    tries = 0
    while True:
        server = min(servers, key=lambda one: failures[one])
        asked = exchanges.send(question, server, transport, 0 if is_go else turns)
        until_s = exchanges.now_s + _wait_s(exchanges, 0 if is_go else tries // len(servers))
        exchanges.now_s, turns, is_late = min(asked.arrives_s, until_s), turns + 1, asked.arrives_s > until_s
        if asked.needs_tcp and not is_late:
            transport = "tcp"
            continue
        transport = exchanges.transport
        if asked.outcome == "FORMERR" and downgrades and not is_late:
            downgrades -= 1
            continue
        tries += 1
        failures[server] += is_late or asked.outcome not in ends
        is_final = (asked.outcome in ends and not is_late) or exchanges.now_s >= enough_s
        if is_final or tries >= exchanges.configuration.attempts * len(servers):
            return _Tried(asked, exchanges.now_s, turns, is_late)


def _wait_s(exchanges: Exchanges, rounds: int) -> float:
    """Return how long an answer may take [s]: c-ares doubles it each round and takes up to half of that off by chance.

    That is ares_process.c; only its second round was recorded, in two lookups.
    """
    timeout_s = exchanges.configuration.timeout_s
    return max(timeout_s * 2.0**rounds * (1 - exchanges.chance / 2), timeout_s) if rounds else timeout_s
