from datetime import date

import pytest

from kubenetlab.ipam.forecast.load import Load, dated_pods, load_of
from kubenetlab.ipam.set_up import SetUp
from tests.builders import cluster, node, pod, service

SET_UP = SetUp(ipam="host-local", pod_cidrs=("10.244.0.0/16",))


@pytest.mark.parametrize(
    ("name", "count"),
    [
        ("pods", 0),
        ("nodes", 0),
        ("services", -1),
        ("pods", 1.5),
        ("nodes", float("nan")),
        ("pods", 10**8),
        ("pods", True),
        ("held_by_others", -1),
    ],
)
def test_load__refuses_counts_that_cannot_be(name, count):
    with pytest.raises(ValueError, match=f"{name} {count}: expected a whole number of"):
        Load(**({"set_up": SET_UP, "pods": 1, "nodes": 1} | {name: count}))


@pytest.mark.parametrize(("name", "value"), [("set_up", "gke"), ("strict_affinity", "no")])
def test_load__names_the_field_that_is_wrong(name, value):
    with pytest.raises(ValueError, match=f"{name} '{value}': expected"):
        Load(**({"set_up": SET_UP, "pods": 1, "nodes": 1} | {name: value}))


def test_load_of__counts_what_takes_addresses():
    value = cluster(
        node("a"),
        pod("shop/a", node_name="a"),
        pod("shop/b", node_name="a", phase="Succeeded"),
        pod("shop/c", node_name="a", host_network=True),
        service("shop/cart", cluster_ip="10.96.0.10"),
        settings={"ipam": "host-local", "cluster_cidr": ("10.244.0.0/16",)},
    )

    load = load_of(value)

    assert (load.pods, load.nodes, load.services) == (1, 1, 1)
    assert load.set_up.pod_cidrs == ("10.244.0.0/16",)


def test_load_of__refuses_a_dump_without_nodes():
    with pytest.raises(ValueError, match="nodes 0: expected"):
        load_of(cluster(pod("shop/a")))


def test_dated_pods__counts_each_snapshot():
    snapshots = [(date(2026, 1, 1), cluster(pod("a/a"))), (date(2026, 2, 1), cluster(pod("a/a"), pod("a/b")))]

    assert dated_pods(snapshots) == [(date(2026, 1, 1), 1.0), (date(2026, 2, 1), 2.0)]
