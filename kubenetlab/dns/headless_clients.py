"""How the clients of a headless Service spread over its endpoints: DNS gives all addresses, the client chooses."""

from __future__ import annotations

from math import ceil

import pandas as pd

from kubenetlab.load_balancing.chance.connection_spread import connection_spread
from kubenetlab.result import Basis, Result

#: What a client does with an answer.
CLIENTS = {
    "first": "takes the first address (most programs; gRPC's pick_first)",
    "random": "takes an address of the answer by chance",
    "all": "keeps a connection to every address of the answer (gRPC's round_robin)",
}
_BECAUSE = (
    "a client keeps the connection that it opened: endpoints that come later get none from it",
    "CoreDNS' plugin loadbalance shuffles every answer, also those from its cache; a cache behind it keeps their order",
)


def headless_spread(
    n_endpoints: int,
    n_clients: int,
    *,
    client: str = "first",
    clients_per_answer: int = 1,
    n_seen: int | None = None,
) -> Result:
    """Return how far apart the connections of a headless Service's endpoints are.

    Parameters
    ----------
    n_endpoints, n_clients
        Endpoints, all ready; clients that look the name up once each. At least 1.
    client
        What a client does with an answer: a name of ``CLIENTS``.
    clients_per_answer
        Clients that get the same answer in the same order: 1 where CoreDNS shuffles for each; more where NodeLocal
        DNSCache or the application keeps an answer; ``n_clients`` where nothing shuffles.
    n_seen
        Addresses that a client sees of an answer: of 200 IPv4 endpoints 29 in 512 bytes, and musl before 1.2.4 does
        not ask again by TCP. None for all.

    Returns
    -------
    A Result; its frame has one row: n_endpoints, n_clients, client, n_connections, n_reachable (endpoints that can get
    one), max_over_mean_mean and max_over_mean_p95 (expected value and quantile of the largest number of connections
    over the mean of all endpoints), idle_endpoints (expected number without a connection).

    Raises
    ------
    ValueError
        If a number is below 1, ``n_seen`` above ``n_endpoints``, or ``client`` unknown.

    Notes
    -----
    With ``all`` and a part of the addresses, max_over_mean is a bound: a client has no two connections to one endpoint.
    With ``first``, clients that share an answer move together; the last group may be smaller.
    Not modelled: sorting by getaddrinfo (RFC 6724, rule 9), which prefers near addresses over the answer's order.

    Examples
    --------
    Three endpoints, six clients that take the first address, shuffled for each; and in one order for all.

    >>> columns = ["n_reachable", "max_over_mean_mean", "idle_endpoints"]
    >>> headless_spread(3, 6).frame[columns].round(3).to_numpy().tolist()
    [[3.0, 1.617, 0.263]]
    >>> headless_spread(3, 6, clients_per_answer=6).frame[columns].round(3).to_numpy().tolist()
    [[1.0, 3.0, 2.0]]
    """
    seen = n_endpoints if n_seen is None else n_seen
    if client not in CLIENTS or min(n_clients, clients_per_answer) < 1 or not 1 <= seen <= n_endpoints:
        found = (n_endpoints, n_clients, client, clients_per_answer, n_seen)
        raise ValueError(
            f"headless_spread: found {found}, expected numbers from 1 on, {', '.join(CLIENTS)}, n_seen <= n_endpoints"
        )
    n_answers = ceil(n_clients / clients_per_answer)
    taken = seen if client == "all" else 1
    reachable = n_endpoints if n_answers > 1 else 1 if client == "first" else seen
    is_even = taken == reachable
    alike = 1 if client == "random" else min(clients_per_answer, n_clients)
    choices = ceil(n_clients / alike)
    worst = (1.0, 1.0) if is_even else _worst(n_clients, alike, taken, reachable)
    idle = 0.0 if is_even else reachable * (1 - taken / reachable) ** choices
    row = {
        "n_endpoints": n_endpoints,
        "n_clients": n_clients,
        "client": client,
        "n_connections": n_clients * taken,
        "n_reachable": reachable,
        "max_over_mean_mean": worst[0] * n_endpoints / reachable,
        "max_over_mean_p95": worst[1] * n_endpoints / reachable,
        "idle_endpoints": idle + n_endpoints - reachable,
    }
    because = (CLIENTS[client], *_BECAUSE)
    title = "Clients of a headless Service"
    return Result(title=title, _frame=pd.DataFrame([row]), because=because, basis=Basis.SOURCE)


def _worst(n_clients: int, alike: int, taken: int, endpoints: int) -> tuple[float, float]:
    """Return mean and 95 % quantile of the largest number of connections over the mean, where ``alike`` clients choose the same.

    A last group of r < k = ``alike`` clients makes the maximum larger, by r, only where it meets one of the endpoints that have the most; with
    one more full group M would grow by 1 there. So E[max] = k E[M_q] + r (E[M_q+1] - E[M_q]), and max <= k j where M_q+1 <= j.
    """
    n_full, rest = divmod(n_clients, alike)

    def most(groups: int) -> tuple[float, float]:
        spread = connection_spread(groups * taken, endpoints).frame.iloc[0]
        mean = groups * taken / endpoints
        return spread["max_over_mean_mean"] * mean, spread["max_over_mean_p95"] * mean

    mean, p95 = most(n_full)
    more_mean, more_p95 = most(n_full + 1) if rest else (mean, p95)
    each = n_clients * taken / endpoints
    largest = alike * mean + rest * (more_mean - mean), min(alike * more_p95, alike * p95 + rest)
    return largest[0] / each, largest[1] / each
