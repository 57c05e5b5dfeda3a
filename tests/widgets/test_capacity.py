import re

import pytest

from kubenetlab.ipam.forecast.growth import DAYS_PER_YEAR, Growth
from kubenetlab.widgets import capacity_planner


def sentence(planner):
    return re.search(r"<figcaption>(.*)</figcaption>", planner.picture_html)[1]


def test_capacity_planner__says_which_limit_binds():
    text = sentence(capacity_planner())

    assert text.startswith("At most 28,160 pods: 256 nodes (cluster CIDR) of 110 pods (maxPods).")


def test_capacity_planner__says_when_the_nodes_no_longer_fit():
    planner = capacity_planner(nodes=64)
    planner.controls["growth"].value = 100

    years = float(re.search(r"after ([\d.]+) years", sentence(planner))[1])

    assert 64 * Growth(1, 1).factor(years * DAYS_PER_YEAR) == pytest.approx(257, rel=0.05)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"nodes": 257}, "The 257 nodes of today are more than the 256 there is room for (cluster CIDR)."),
        ({"growth": 0}, "Without growth the 60 nodes of today always fit into the 256 there is room for."),
        ({"ipam": "calico"}, "512"),
        ({"cluster_mask": 24, "node_mask": 20}, "mask size of cluster CIDR must be less than or equal to"),
    ],
)
def test_capacity_planner__answers_a_change(changes, words):
    planner = capacity_planner()

    for name, value in changes.items():
        planner.controls[name].value = value

    assert words in sentence(planner)


@pytest.mark.parametrize(
    "ipam", ["host-local", "cilium-cluster-pool", "ovn-kubernetes", "flannel-etcd", "calico"]
)
def test_capacity_planner__draws_the_front_of_every_ipam(ipam):
    planner = capacity_planner()

    planner.controls["ipam"].value = ipam

    assert 'alt="Nodes against pods per node, ' in planner.picture_html


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"cluster_mask": 30}, "Cluster CIDR mask 30: a number of 8 to 24 expected"),
        ({"nodes": 5001}, "Nodes today 5001: a number of 1 to 5,000 expected"),
    ],
)
def test_capacity_planner__refuses(arguments, message):
    with pytest.raises(ValueError, match=message):
        capacity_planner(**arguments)
