import numpy as np
import pytest
from scipy.stats import binom

from kubenetlab.load_balancing.affinity.client_connections import ClientConnections, client_sequence
from kubenetlab.load_balancing.affinity.modes import memory_of
from kubenetlab.load_balancing.affinity.retention import ClientReturns, affinity_retention, remembered
from kubenetlab.load_balancing.affinity.simulated_affinity import affinity_choices
from kubenetlab.result import Basis


def row(n_clients, n_endpoints, mode="iptables", **returns):
    return affinity_retention(n_clients, n_endpoints, mode=mode, returns=ClientReturns(**returns)).frame.iloc[
        0
    ]


def simulated_bound_share(n_clients, n_endpoints, returns, mode="iptables", capacity=None):
    """Share of the later half of many connections that were bound; time is counted in connections."""
    n = max(200_000, 40 * n_clients)
    order = "cyclic" if returns.is_cyclic else "zipf"
    clients = client_sequence(n_clients, n, order=order, skew=returns.skew)
    timeout_s = min(1e17, returns.timeout_s * returns.connections_per_s)
    gaps_s = np.ones(n) if returns.is_cyclic else np.random.default_rng(3).exponential(size=n)
    story = ClientConnections(clients, np.cumsum(gaps_s), n_endpoints, timeout_s=timeout_s)
    return (affinity_choices(story, mode, capacity=capacity)[1][n // 2 :] >= 0).mean()


def error(n_clients, n_endpoints, mode="iptables", capacity=None, **returns):
    """How far the closed form lies above the exact simulation."""
    returned = ClientReturns(**returns)
    formula, _ = remembered(memory_of(mode, capacity), n_clients, n_endpoints, returned)
    return formula - simulated_bound_share(n_clients, n_endpoints, returned, mode, capacity)


@pytest.mark.parametrize(("n_clients", "moved"), [(250, 0.100), (300, 0.167), (400, 0.250), (800, 0.375)])
def test_affinity_retention__is_the_share_of_listed_clients(n_clients, moved):
    found = row(n_clients, 2)

    assert found.moved_share == pytest.approx((1 - min(1, 200 / n_clients)) / 2)
    assert found.moved_share == pytest.approx(moved, abs=5e-4)
    assert found.method == "exact"


@pytest.mark.jit_only
@pytest.mark.parametrize("n_endpoints", [2, 5, 20])
@pytest.mark.parametrize("load", [0.8, 1.1, 1.5, 4])
def test_affinity_retention__equally_busy_clients_are_bound_as_simulated(n_endpoints, load):
    assert abs(error(int(100 * n_endpoints * load), n_endpoints)) < 0.006  # 4 sigma of 100,000, correlated


@pytest.mark.jit_only
@pytest.mark.parametrize("n_endpoints", [2, 5, 20])
@pytest.mark.parametrize("load", [1.2, 2, 10])
@pytest.mark.parametrize("skew", [0.6, 1.0, 1.4])
def test_affinity_retention__skewed_clients_are_bound_as_simulated(n_endpoints, load, skew):
    assert abs(error(int(100 * n_endpoints * load), n_endpoints, skew=skew)) < 0.003


@pytest.mark.jit_only
@pytest.mark.parametrize(("n_clients", "n_endpoints"), [(100, 2), (750, 5), (2_500, 5), (4_000, 20)])
@pytest.mark.parametrize("skew", [0.0, 1.0])
@pytest.mark.parametrize("timeout", [0.1, 0.5, 1, 3])
def test_affinity_retention__timeouts_bind_as_simulated(n_clients, n_endpoints, skew, timeout):
    returns = {"skew": skew, "timeout_s": timeout * n_clients, "connections_per_s": 1.0}

    assert abs(error(n_clients, n_endpoints, **returns)) < 0.01


@pytest.mark.jit_only
@pytest.mark.parametrize("skew", [0.0, 1.0])
@pytest.mark.parametrize("timeout", [0.1, 1, 10])
def test_affinity_retention__full_sets_of_nftables_bind_about_as_simulated(skew, timeout):
    returns = {"skew": skew, "timeout_s": timeout * 2_500, "connections_per_s": 1.0}

    assert abs(error(2_500, 5, mode="nftables", capacity=100, **returns)) < 0.04


@pytest.mark.jit_only
@pytest.mark.parametrize(
    ("n_endpoints", "n_clients"),
    [
        (2, 180),
        (2, 200),
        (2, 202),
        (2, 203),
        (2, 205),
        (2, 220),
        (2, 250),
        (10, 1000),
        (10, 1010),
        (10, 1100),
        (60, 6200),
        (120, 12_300),
    ],
)
def test_affinity_retention__a_fixed_order_binds_as_simulated(n_endpoints, n_clients):
    assert abs(error(n_clients, n_endpoints, is_cyclic=True)) < 0.006


@pytest.mark.parametrize("mode", ["nftables", "ipvs"])
def test_affinity_retention__a_fixed_order_harms_iptables_alone(mode):
    assert row(10_000, 2, mode, is_cyclic=True).kept_share == 1
    assert row(10_000, 2, is_cyclic=True).kept_share == pytest.approx(0.5)


def test_affinity_retention__a_fixed_order_beyond_the_timeout_leaves_chance():
    assert row(100, 4, is_cyclic=True, connections_per_s=1, timeout_s=99).kept_share == 0.25
    assert row(100, 4, is_cyclic=True, connections_per_s=1, timeout_s=100).kept_share == 1


@pytest.mark.jit_only
@pytest.mark.parametrize(("n_nodes", "skew"), [(2, 0.0), (5, 0.0), (2, 0.7), (5, 0.7)])
def test_affinity_retention__clients_that_change_nodes_are_kept_as_simulated(n_nodes, skew):
    n, n_clients, n_endpoints, shares, bound = 400_000, 1_000, 3, [], []
    for seed in range(4):
        clients = client_sequence(n_clients, n, order="zipf", skew=skew, seed=seed)
        nodes, endpoints = np.random.default_rng(seed).integers(n_nodes, size=n), np.empty((2, n), int)
        for node in range(n_nodes):
            at = np.flatnonzero(nodes == node)
            story = ClientConnections(clients[at], at, n_endpoints, timeout_s=1e9)
            endpoints[:, at] = affinity_choices(story, seed=100 * seed + node)[:2]
        order = np.argsort(clients, kind="stable")
        is_late_return = (np.diff(clients[order]) == 0) & (order[1:] > n // 2)
        shares.append((np.diff(endpoints[0, order]) == 0)[is_late_return].mean())
        bound.append((endpoints[1, n // 2 :] >= 0).mean())

    found = row(n_clients, n_endpoints, n_nodes=n_nodes, keeps_node=False, skew=skew)

    # the busiest clients have the same endpoint on two nodes or not, and that stays: few draws decide
    assert found.kept_share == pytest.approx(np.mean(shares), abs=0.004 if not skew else 0.03)
    assert found.bound_share == pytest.approx(np.mean(bound), abs=0.002)


def test_affinity_retention__memory_decides_for_all_who_change_nodes_that_know_them_all():
    found = row(150, 2, n_nodes=3, keeps_node=False)

    # its last endpoint is one of three nodes' that is remembered, and one of two by chance else
    assert found.bound_share == 1
    assert found.kept_share == pytest.approx(1 / 3 + 2 / 3 / 2)


def on_hashed_nodes(clients, n_endpoints, n_nodes, seed):
    """Share of the later half of connections that were bound, where each client is on any node, but stays there."""
    nodes = np.random.default_rng(seed).integers(n_nodes, size=clients.max() + 1)[clients]
    bonds = np.empty(clients.size, int)
    for node in range(n_nodes):
        at = np.flatnonzero(nodes == node)
        story = ClientConnections(clients[at], at, n_endpoints, timeout_s=1e9)
        bonds[at] = affinity_choices(story, seed=100 * seed + node)[1]
    return (bonds[clients.size // 2 :] >= 0).mean()


@pytest.mark.jit_only
@pytest.mark.parametrize(
    ("n_clients", "n_endpoints", "n_nodes"), [(2_000, 2, 10), (1_500, 5, 3), (10_500, 2, 50), (1_800, 2, 10)]
)
@pytest.mark.parametrize(("order", "skew"), [("uniform", 0.0), ("cyclic", 0.0), ("zipf", 0.6)])
def test_affinity_retention__clients_hashed_to_nodes_are_bound_as_simulated(
    n_clients, n_endpoints, n_nodes, order, skew
):
    n = 40 * n_clients
    stories = [client_sequence(n_clients, n, order=order, skew=skew, seed=seed) for seed in range(20)]

    shares = [on_hashed_nodes(story, n_endpoints, n_nodes, seed) for seed, story in enumerate(stories)]

    found = row(n_clients, n_endpoints, n_nodes=n_nodes, is_cyclic=order == "cyclic", skew=skew)

    # 40 rounds are a little short for lists to settle
    assert abs(found.bound_share - np.mean(shares)) < 0.001 + 4 * np.std(shares, ddof=1) / 20**0.5


@pytest.mark.parametrize(("n_clients", "n_nodes"), [(1_500, 3), (2_000, 10), (30, 40), (500, 500), (3, 2)])
@pytest.mark.parametrize("capacity", [100, 1])
def test_affinity_retention__hashed_clients_are_the_mean_over_the_loads_of_a_node(
    n_clients, n_nodes, capacity
):
    loads = np.arange(n_clients + 1)
    listed = binom.pmf(loads, n_clients, 1 / n_nodes) @ np.minimum(loads, 2 * capacity) * n_nodes / n_clients

    returns = ClientReturns(n_nodes=n_nodes)
    found = affinity_retention(n_clients, 2, mode="iptables", capacity=capacity, returns=returns).frame.iloc[
        0
    ]

    assert found.bound_share == pytest.approx(listed, abs=1e-5)
    assert found.method == "exact, clients hashed to nodes"
    assert found.capacity == 2 * capacity * n_nodes


def test_affinity_retention__says_that_hashed_clients_are_forgotten_before_all_lists_are_full():
    result = affinity_retention(1_500, 5, mode="iptables", returns=ClientReturns(n_nodes=3))

    assert result.frame.kept_share[0] < 0.99
    assert (
        "hashed to more nodes (unevenly: some are forgotten before all lists are full)" in result.because[-1]
    )


def test_affinity_retention__more_endpoints_keep_fewer_up_to_the_root_that_is_said():
    kept = [row(2_000, n_endpoints).kept_share for n_endpoints in range(2, 21)]

    assert kept[:4] == sorted(kept[:4], reverse=True)  # the root of 2,000/100 is 4.5
    assert kept[3:] == sorted(kept[3:])
    because = affinity_retention(2_000, 2, mode="iptables").because
    assert "the kept share falls until there are sqrt(N/100) endpoints" in because[-2]


@pytest.mark.parametrize(
    ("returns", "basis"),
    [
        ({}, "ran"),
        ({"n_nodes": 3}, "source"),
        ({"skew": 1.0}, "source"),
        ({"is_cyclic": True}, "source"),
        ({"connections_per_s": 1.0}, "source"),
        ({"n_nodes": 3, "keeps_node": False}, "source"),
    ],
)
def test_affinity_retention__ran_only_where_the_kernel_was_compared(returns, basis):
    modes = ["iptables", "nftables", "none"]

    result = affinity_retention(500, 2, mode=modes, returns=ClientReturns(**returns))

    assert str(result.basis) == basis


@pytest.mark.parametrize("returns", [{"skew": 1.0}, {"skew": 1.0, "n_nodes": 4}, {"is_cyclic": True}])
def test_affinity_retention__without_memory_none_is_bound(returns):
    assert row(500, 4, "none", **returns)[["bound_share", "kept_share"]].tolist() == [0, 0.25]


def test_affinity_retention__never_rises_with_clients():
    frame = affinity_retention(
        [10, 100, 400, 500, 600, 2_000, 10**6], 5, returns=ClientReturns(skew=0.9)
    ).frame

    for _, rows in frame.groupby("mode"):
        assert (rows.kept_share.diff().dropna() <= 1e-12).all()


def test_affinity_retention__sets_modes_side_by_side():
    result = affinity_retention(1_000, 2)

    frame = result.frame.set_index("mode")
    assert frame.kept_share.to_dict() == pytest.approx(
        {"iptables": 0.6, "nftables": 1, "ipvs": 1, "none": 0.5}
    )
    assert frame.capacity.tolist()[:2] == [200, 131_070]
    assert frame.capacity.isna().tolist() == [False, False, True, False]
    assert (frame.kept_share + frame.moved_share == 1).all()
    assert result.basis is Basis.SOURCE
    assert "cookie" in result.because[-1]


def test_affinity_retention__a_larger_list_keeps_more():
    frame = affinity_retention(1_000, 2, mode="iptables", capacity=400).frame

    assert frame.bound_share.tolist() == [0.8]
    assert affinity_retention(1_000, 2, mode="iptables").basis is Basis.RAN


def test_affinity_retention__takes_numbers_of_numpy():
    frame = affinity_retention(np.int64(400), 2, mode="iptables").frame

    assert frame.equals(affinity_retention(np.array([400]), 2, mode="iptables").frame)
    assert frame.bound_share.tolist() == [0.5]


def test_affinity_retention__one_endpoint_keeps_everybody():
    assert (affinity_retention([1, 100, 5_000], 1).frame.kept_share == 1).all()


@pytest.mark.parametrize("skew", [3.0, 10.0])
def test_affinity_retention__takes_extreme_skews(skew):
    assert 0.99 < row(100_000, 3, skew=skew).kept_share <= 1


@pytest.mark.parametrize(
    ("n_clients", "n_endpoints", "message"),
    [
        (0, 2, "n_clients is 0"),
        (5, 0, "n_endpoints is 0"),
        ([5, 2.5], 2, r"n_clients is 2\.5"),
        ([], 2, "the number of n_clients and modes is 0"),
        pytest.param(10**400, 2, "n_clients is 1000000000", id="beyond floats"),
        (True, 2, "n_clients is True"),
        ("5", 2, "n_clients is 5, expected a whole number"),
    ],
)
def test_affinity_retention__refuses_bad_numbers(n_clients, n_endpoints, message):
    with pytest.raises(ValueError, match=message):
        affinity_retention(n_clients, n_endpoints)


@pytest.mark.parametrize(
    ("returns", "message"),
    [
        ({"n_nodes": 0}, "n_nodes is 0"),
        ({"connections_per_s": 0}, "connections_per_s is 0"),
        ({"timeout_s": float("nan")}, "timeout_s is nan"),
        ({"is_cyclic": True, "keeps_node": False}, "keeps_node is False, expected True where is_cyclic is"),
    ],
)
def test_client_returns__refuses_bad_numbers(returns, message):
    with pytest.raises(ValueError, match=message):
        ClientReturns(**returns)
