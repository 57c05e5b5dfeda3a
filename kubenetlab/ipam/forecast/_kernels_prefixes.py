"""Interfaces and /28 prefixes in a subnet, where single addresses break what prefixes need. Twin: tests/ipam/forecast/reference.py."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from kubenetlab._jit import kernel

Ints = NDArray[np.int64]

PREFIX = 16  # addresses of a /28
NO_ADDRESS, NO_PREFIX = -1, -2  # instead of a /28
N_TRIES = 64

# Columns of the load of a day.
NODES, PODS, LEAVING = range(3)
# Places in Subnet.counts.
N_NODES, N_FREE, N_WHOLE, REFUSAL, FREE_THEN, LEAST_FREE = range(6)
N_COUNTS = 6


class Subnet(NamedTuple):
    """The /28s of the subnets and what nodes have of them."""

    used: Ints  # addresses in use of each /28; all 16 where it is a prefix
    prefixes: Ints  # [slot, i]: /28s that are prefixes of a node
    n_prefixes: Ints
    interfaces: Ints  # [slot, i]: /28s that hold the primary addresses of a node
    n_interfaces: Ints
    live: Ints  # slots: of the nodes, the oldest first, then of none
    wanted: Ints  # prefixes that a node wants, by its pods
    slots: Ints  # one number: prefixes of an interface
    counts: Ints


@kernel
def take_single(rng: np.random.Generator, subnet: Subnet) -> int:
    """/28 of a free address, each free address with the same probability, or NO_ADDRESS."""
    n_whole = subnet.used.size
    if subnet.counts[N_FREE] == 0:
        return NO_ADDRESS
    for _ in range(N_TRIES):
        address = int(rng.random() * (n_whole * PREFIX))
        if address % PREFIX >= subnet.used[address // PREFIX]:
            return hold(subnet, address // PREFIX, 1)
    start = int(rng.random() * n_whole)
    while subnet.used[start] == PREFIX:
        start = (start + 1) % n_whole
    return hold(subnet, start, 1)


@kernel
def take_prefix(rng: np.random.Generator, subnet: Subnet) -> int:
    """/28 without any address in use, or NO_PREFIX."""
    if subnet.counts[N_WHOLE] == 0:
        return NO_PREFIX
    start = int(rng.random() * subnet.used.size)
    while subnet.used[start] != 0:
        start = (start + 1) % subnet.used.size
    return hold(subnet, start, PREFIX)


@kernel
def hold(subnet: Subnet, block: int, n_addresses: int) -> int:
    """Mark addresses of a /28 as in use."""
    subnet.counts[N_WHOLE] -= subnet.used[block] == 0
    subnet.counts[N_FREE] -= n_addresses
    subnet.counts[LEAST_FREE] = min(subnet.counts[LEAST_FREE], subnet.counts[N_FREE])
    subnet.used[block] += n_addresses
    return block


@kernel
def free(subnet: Subnet, block: int, n_addresses: int) -> None:
    """Mark addresses of a /28 as free."""
    subnet.used[block] -= n_addresses
    subnet.counts[N_FREE] += n_addresses
    subnet.counts[N_WHOLE] += subnet.used[block] == 0


@kernel
def note_refusal(subnet: Subnet, code: int) -> None:
    """Keep the first refusal: its code, and the addresses that were free then."""
    if subnet.counts[REFUSAL] == 0:
        subnet.counts[REFUSAL] = code
        subnet.counts[FREE_THEN] = subnet.counts[N_FREE]


@kernel
def attach(rng: np.random.Generator, subnet: Subnet, slot: int) -> int:
    """Attach an interface: the /28 of its address, or NO_ADDRESS."""
    block = take_single(rng, subnet)
    if block >= 0:
        subnet.interfaces[slot, subnet.n_interfaces[slot]] = block
        subnet.n_interfaces[slot] += 1
    return block


@kernel
def join(rng: np.random.Generator, subnet: Subnet) -> bool:
    """Add a node with its first interface; whether there was an address for it."""
    counts = subnet.counts
    slot = subnet.live[counts[N_NODES]]
    subnet.n_prefixes[slot] = 0
    subnet.n_interfaces[slot] = 0
    code = attach(rng, subnet, slot)
    if code < 0:
        note_refusal(subnet, code)
        return False
    counts[N_NODES] += 1
    return True


@kernel
def leave(subnet: Subnet, place: int) -> None:
    """Take the node at a place of the list away, with all that it has."""
    counts = subnet.counts
    slot = subnet.live[place]
    for prefix in range(subnet.n_prefixes[slot]):
        free(subnet, subnet.prefixes[slot, prefix], PREFIX)
    for interface in range(subnet.n_interfaces[slot]):
        free(subnet, subnet.interfaces[slot, interface], 1)
    counts[N_NODES] -= 1
    for later in range(place, counts[N_NODES]):
        subnet.live[later] = subnet.live[later + 1]
    subnet.live[counts[N_NODES]] = slot


@kernel
def grow(rng: np.random.Generator, subnet: Subnet, slot: int, n_pods: int) -> None:
    """Attach prefixes, and interfaces for them, until a node has what it wants for its pods, or nothing is left."""
    n_pods = min(n_pods, subnet.wanted.size - 1)
    while subnet.n_prefixes[slot] < subnet.wanted[n_pods]:
        code = 0
        if subnet.n_prefixes[slot] == subnet.n_interfaces[slot] * subnet.slots[0]:
            code = attach(rng, subnet, slot)
        if code >= 0:
            code = take_prefix(rng, subnet)
        if code < 0:
            if subnet.n_prefixes[slot] * PREFIX < n_pods:
                note_refusal(subnet, code)
            return
        subnet.prefixes[slot, subnet.n_prefixes[slot]] = code
        subnet.n_prefixes[slot] += 1


@kernel
def grow_all(rng: np.random.Generator, subnet: Subnet, n_pods: int) -> None:
    """Spread pods evenly and let every node attach what it wants."""
    n_nodes, live, n_prefixes, wanted = subnet.counts[N_NODES], subnet.live, subnet.n_prefixes, subnet.wanted
    for place in range(n_nodes):  # none where no node got an address
        own = n_pods // n_nodes + (1 if place < n_pods % n_nodes else 0)
        if n_prefixes[live[place]] < wanted[min(own, wanted.size - 1)]:
            grow(rng, subnet, live[place], own)


@kernel
def play_prefixes(rng: np.random.Generator, subnet: Subnet, load: Ints, surge: Ints, use: Ints) -> int:
    """Play every day: nodes join, prefixes follow the pods, nodes go, nodes are replaced. First day of a refusal, or -1.

    ``surge[day]``: nodes that may join before old ones go; ``use[day]``: addresses that are gone at most on that day.
    """
    counts = subnet.counts
    n_addresses = subnet.used.size * PREFIX
    first_day = -1
    for day in range(load.shape[0]):
        counts[LEAST_FREE] = counts[N_FREE]
        while counts[N_NODES] < load[day, NODES] and join(rng, subnet):
            pass
        grow_all(rng, subnet, load[day, PODS])
        while counts[N_NODES] > load[day, NODES]:
            leave(subnet, counts[N_NODES] - 1)
        n_leaving = load[day, LEAVING]
        while n_leaving > 0:
            n_joined = 0
            while n_joined < min(surge[day], n_leaving) and join(rng, subnet):
                n_joined += 1
            if n_joined == 0:
                break
            for _ in range(n_joined):
                leave(subnet, 0)
            grow_all(rng, subnet, load[day, PODS])
            n_leaving -= n_joined
        use[day] = n_addresses - counts[LEAST_FREE]
        if first_day < 0 and counts[REFUSAL] != 0:
            first_day = day
    return first_day
