"""What one node remembers of its clients, and so which endpoint each new connection gets. Arrays in, arrays out.

An entry, one client in the list of one endpoint, is known by the number of the connection that set or refreshed it last:
``is_entry`` by connection. ``later`` leads from the oldest connection of a list on, over ones that are no entries any more;
``earlier`` from the latest connection of a client back, over its entries.
"""

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from kubenetlab._jit import kernel

NOTHING = -1
Ints: TypeAlias = NDArray[np.int64]
Floats: TypeAlias = NDArray[np.float64]
Bools: TypeAlias = NDArray[np.bool_]


@kernel
def _oldest(endpoint: int, heads: Ints, later: Ints, is_entry: Bools) -> int:
    """Return the oldest entry of a list that is not empty."""
    while not is_entry[heads[endpoint]]:
        heads[endpoint] = later[heads[endpoint]]
    return int(heads[endpoint])


@kernel
def affinity_choices(
    connections: tuple[Ints, Floats, Ints],
    changes: tuple[Floats, Ints, Bools],
    is_up: Bools,
    rules: tuple[int, float, bool, bool],
    rng: np.random.Generator,
) -> tuple[Ints, Ints, Ints]:
    """Return each connection's endpoint, the endpoint that it was bound to, and the lists' lengths at the end.

    ``connections``: client, time in order, and the endpoint that was taken, `NOTHING` to choose it here. ``changes``: when
    which endpoint comes (True) or goes; ``is_up``, shape (n_endpoints,): which are there at first, changed in place.
    ``rules``: ``capacity`` of a list; ``timeout_s``, at which an entry still binds; ``evicts``: a full list drops its
    oldest entry, and each list that holds the client who asks drops its oldest if that has expired, else a full list takes
    nobody until an entry expires; ``takes_turns``: the free are spread in turn. Endpoints are `NOTHING` where there is none.
    """
    (clients, times_s, taken), (capacity, timeout_s, evicts, takes_turns) = connections, rules
    n, n_endpoints = clients.size, is_up.size
    endpoints, bonds = np.full(n, NOTHING), np.full(n, NOTHING)
    latest, earlier = np.full(clients.max() + 1, NOTHING), np.full(n, NOTHING)
    is_entry, later = np.zeros(n + n_endpoints, dtype=np.bool_), np.full(n + n_endpoints, NOTHING)
    heads = np.arange(n, n + n_endpoints)  # no entries, but before the first of each list
    tails, sizes = heads.copy(), np.zeros(n_endpoints, dtype=np.int64)
    up = np.flatnonzero(is_up)
    turn = change = 0
    for number in range(n):
        client, now_s = clients[number], times_s[number]
        while change < changes[0].size and changes[0][change] <= now_s:
            endpoint = changes[1][change]
            is_entry[:n][endpoints == endpoint] = False
            is_up[endpoint], sizes[endpoint] = changes[2][change], 0
            up = np.flatnonzero(is_up)
            change += 1
        if up.size == 0:
            continue
        # the rules of the Service's chain ask the lists in order, up to the first that binds
        bond, at = n_endpoints, latest[client]
        while at != NOTHING:
            if is_entry[at] and now_s - times_s[at] <= timeout_s:
                bond = min(bond, endpoints[at])
            at = earlier[at]
        at = latest[client]
        while at != NOTHING and evicts:
            if is_entry[at] and endpoints[at] <= bond:
                oldest = _oldest(endpoints[at], heads, later, is_entry)
                if now_s - times_s[oldest] > timeout_s:
                    is_entry[oldest] = False
                    sizes[endpoints[at]] -= 1
            at = earlier[at]
        bonds[number] = bond if bond < n_endpoints else NOTHING
        endpoint = bonds[number] if taken[number] == NOTHING else taken[number]
        if endpoint == NOTHING and takes_turns:
            endpoint = up[turn % up.size]
            turn += 1
        elif endpoint == NOTHING:
            endpoint = up[int(rng.random() * up.size)]
        endpoints[number] = endpoint
        # the rule of the endpoint's chain refreshes or inserts
        newer, at = number, latest[client]
        while at != NOTHING:
            if is_entry[at] and endpoints[at] == endpoint:
                is_entry[at] = False
                sizes[endpoint] -= 1
            elif is_entry[at]:
                earlier[newer] = at
                newer = at
            at = earlier[at]
        latest[client], earlier[newer] = number, NOTHING
        if sizes[endpoint] >= capacity > 0:
            oldest = _oldest(endpoint, heads, later, is_entry)
            if evicts or now_s - times_s[oldest] > timeout_s:
                is_entry[oldest] = False
                sizes[endpoint] -= 1
        if sizes[endpoint] < capacity:
            later[tails[endpoint]] = number
            is_entry[number], tails[endpoint] = True, number
            sizes[endpoint] += 1
    is_listed = is_entry[:n] & (evicts | (times_s[-1] - times_s <= timeout_s))
    return endpoints, bonds, np.bincount(endpoints[is_listed], minlength=n_endpoints)
