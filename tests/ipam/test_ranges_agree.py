"""Laws between modules: how full ranges are and what capacity says agree on what a range holds."""

import pytest

from kubenetlab.ipam.calico_pools import IpPool
from kubenetlab.ipam.capacity import all_limits
from kubenetlab.ipam.range_use import range_use
from kubenetlab.ipam.set_up import Quantity
from kubenetlab.ipam.set_up_of_cluster import set_up_of
from kubenetlab.synthetic import PLATFORMS, synthetic_dump
from tests.builders import cluster, node, service

CASES = [
    (name, is_dual)
    for name, p in PLATFORMS.items()
    for is_dual in (False, True)
    if p.pod_cidr6 or not is_dual
]
SERVICES = ("10.96.0.0/12", "10.244.240.0/20", "10.244.7.16/28", "10.244.0.0/15")
IPAMS = ("host-local", "cilium-kubernetes", "cilium-cluster-pool", "ovn-kubernetes", "gke", "azure-overlay")


def node_counts(value):
    """Node CIDRs of each family of a cluster's pod ranges, as capacity has them."""
    names = ("cluster CIDR", "subnet")
    return [n for q, n, name, *_ in all_limits(set_up_of(value)) if q is Quantity.NODES and name in names]


@pytest.mark.parametrize(("platform", "is_dual"), CASES)
def test_range_use__has_as_many_parts_as_capacity_has_nodes(platform, is_dual):
    value = synthetic_dump(seed=3, platform=platform, fat=False, dual_stack=is_dual).cluster()
    frame = range_use(value).frame
    parts = frame[(frame["role"] == "pod range") & frame["n_parts"].notna()]

    if "calico" in platform:
        expected = [IpPool(text).n_blocks for text in parts["range"]]
    else:
        expected = node_counts(value) if len(parts) else []

    assert sorted(parts["n_parts"]) == sorted(expected)
    assert (frame["n_free"].dropna() >= 0).all()


@pytest.mark.parametrize("ipam", IPAMS)
@pytest.mark.parametrize("services", SERVICES)
@pytest.mark.parametrize("pods", ["10.244.0.0/16", "10.244.240.0/20"])
def test_range_use__agrees_with_capacity_where_services_touch_the_pod_range(ipam, services, pods):
    settings = {"ipam": ipam, "cluster_cidr": (pods,), "service_cidr": (services,), "node_cidr_mask_size": 24}
    value = cluster(node("a", pod_cidrs=("10.244.241.0/24",)), service("shop/a"), settings=settings)

    use = range_use(value).frame.iloc[0]

    (n_nodes,) = node_counts(value)
    assert use["n_usable"] == 256 * n_nodes
    assert use.isna()["n_parts"] or use["n_parts"] == n_nodes
    assert use.isna()["n_free"] or use["n_free"] >= 0


@pytest.mark.parametrize("platform", ["eks", "aks-node-subnet"])
def test_range_use__azures_node_subnet_keeps_five_and_an_address_for_every_pod_to_come(platform):
    value = synthetic_dump(seed=3, platform=platform, fat=False).cluster()

    frame = range_use(value).frame
    pods = frame[frame["role"] == "pod range"]

    if platform == "eks":
        assert pods.empty
    else:
        assert pods[["n_usable", "n_used", "n_held"]].to_numpy().tolist() == [[65531, 5 * 31, 43]]
        assert pods["largest_free"].isna().all()  # which addresses the nodes keep, nobody says
