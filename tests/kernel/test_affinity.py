"""Session affinity in the real kernel against the model, connection by connection.

Where a node remembers a client its choice is forced, and must be the model's. Where it does not, chance decides: the
choices must be even by a chi-square test, and fall on a client's last endpoint no oftener than on another; each at one in a
million, so that chance alone fails less than one of 10,000 runs of all these tests.
"""

import numpy as np
import pytest
from scipy.stats import binomtest, chisquare

from kubenetlab import iptables_save, nftables_dump
from kubenetlab.kernel.replay import Connection, replay
from kubenetlab.load_balancing.affinity.client_connections import ClientConnections, client_sequence
from kubenetlab.load_balancing.affinity.simulated_affinity import replay_affinity
from tests.kernel.nodes import SETTINGS, proxied, where

pytestmark = pytest.mark.requires("kernel")

LEVEL = 1e-6
TOOLS = ["iptables-nft", "iptables-legacy", "nft"]
SET_SIZE = 100  # of kube-proxy's nftables mode it is 65,535; so many clients would take too long


def sticky_rules(n_endpoints, tool, timeout_s):
    """The endpoints of a Service with session affinity, and its rules as kube-proxy writes them."""
    addresses = [f"10.244.2.{10 + i}" for i in range(n_endpoints)]
    port = proxied("shop/cart", "10.96.0.20", addresses, affinity_s=timeout_s)
    text = (nftables_dump if tool == "nft" else iptables_save)((port,), SETTINGS)
    return where(port), text.replace("flags dynamic,timeout ;", f"size {SET_SIZE} ; flags dynamic,timeout ;")


def taken(connections, tool):
    """The number of the endpoint that each connection got in the kernel."""
    endpoints, rules = sticky_rules(connections.n_endpoints, tool, connections.timeout_s)
    addresses = [f"10.244.{8 + client // 250}.{client % 250}" for client in connections.clients]
    asked = [
        Connection(address, "10.96.0.20:80/tcp", at_s)
        for address, at_s in zip(addresses, connections.times_s.tolist(), strict=True)
    ]
    return np.array([endpoints.index(endpoint) for endpoint in replay(rules, asked, tool=tool).endpoints])


def bound(connections, got, tool, capacity=None):
    """The endpoint that each connection was bound to by the model, given those that the kernel took; -1: it was free."""
    mode, capacity = ("nftables", SET_SIZE) if tool == "nft" else ("iptables", capacity)
    return replay_affinity(connections, got, mode, capacity=capacity)


def last_endpoints(clients, got):
    """The endpoint of each client's connection before; -1 for the first."""
    last, found = {}, []
    for client, endpoint in zip(clients, got, strict=True):
        found.append(last.get(client, -1))
        last[client] = endpoint
    return np.array(found)


@pytest.mark.parametrize("order", ["cyclic", "shuffled rounds", "uniform", "zipf"])
@pytest.mark.parametrize(("n_endpoints", "n_clients"), [(2, 120), (3, 450)])
@pytest.mark.parametrize(
    "tool", ["iptables-nft", *(pytest.param(tool, marks=pytest.mark.jit_only) for tool in TOOLS[1:])]
)
def test_replay_affinity__is_what_the_kernel_does(tool, n_endpoints, n_clients, order):
    clients = client_sequence(n_clients, 4 * n_clients, order=order)
    connections = ClientConnections(clients, np.zeros(clients.size), n_endpoints)

    got = taken(connections, tool)

    bonds = bound(connections, got, tool)
    is_free = bonds < 0
    comes_again = is_free & (last_endpoints(clients, got) >= 0)
    n_again, n_kept = comes_again.sum(), (got == last_endpoints(clients, got))[comes_again].sum()
    np.testing.assert_array_equal(got[~is_free], bonds[~is_free])
    assert chisquare(np.bincount(got[is_free], minlength=n_endpoints)).pvalue > LEVEL
    assert not n_again or binomtest(n_kept, n_again, 1 / n_endpoints).pvalue > LEVEL


@pytest.mark.parametrize("tool", TOOLS[:2])
def test_replay_affinity__with_lists_a_little_longer_is_not_what_the_kernel_does(tool):
    clients = client_sequence(450, 4500, order="uniform")
    connections = ClientConnections(clients, np.zeros(clients.size), 3)

    got = taken(connections, tool)

    bonds = bound(connections, got, tool, capacity=105)
    assert (got != bonds)[bonds >= 0].any()  # about 70 are: none, once in 10**30


@pytest.mark.parametrize("tool", [TOOLS[0], pytest.param(TOOLS[1], marks=pytest.mark.jit_only), TOOLS[2]])
def test_replay_affinity__forgets_after_the_timeout_and_each_connection_starts_it_again(tool):
    returning, silent = np.arange(45), np.arange(45, 90)
    # the clock is the kernel's: each wave may be two seconds late, or sooner after the one before, on a busy machine
    waves = [(0.0, (returning, silent)), (4.0, (returning,)), (8.0, (returning, silent))]
    clients = np.concatenate([part for _, parts in waves for part in parts])
    times_s = np.concatenate([np.full(part.size, at_s) for at_s, parts in waves for part in parts])
    connections = ClientConnections(clients, times_s, 3, timeout_s=6)

    got = taken(connections, tool)

    bonds = bound(connections, got, tool)
    wants_free = (times_s == 0) | ((times_s == 8) & (clients >= 45))
    np.testing.assert_array_equal(bonds < 0, wants_free)
    np.testing.assert_array_equal(got[~wants_free], bonds[~wants_free])
    assert (
        got[wants_free][-45:] != got[45:90]
    ).any()  # all 45 by chance on their old endpoint: once in 10**21
