import json

import pytest

from kubenetlab.ipam.forecast.churn import NO_CHURN
from kubenetlab.ipam.forecast.growth import Growth
from kubenetlab.ipam.forecast.load import Load
from kubenetlab.ipam.forecast.neighbours import with_neighbours
from kubenetlab.ipam.forecast.run_out import forecast_of
from kubenetlab.ipam.forecast.runs import Runs
from kubenetlab.ipam.instance_types import INSTANCE_TYPES
from kubenetlab.ipam.set_up import SetUp
from kubenetlab.readers import read_bytes

LARGE = INSTANCE_TYPES["m5.large"]


def listed(*free, n_nodes=2):
    """A dump of some nodes with the AWS VPC CNI, with a listing of a /24 for each number of free addresses."""
    subnets = [
        {
            "SubnetId": f"subnet-{i}",
            "VpcId": "vpc-1",
            "CidrBlock": f"10.0.{i}.0/24",
            "AvailableIpAddressCount": n,
        }
        for i, n in enumerate(free)
    ]
    nodes = [
        {
            "kind": "Node",
            "apiVersion": "v1",
            "metadata": {"name": f"n{i}", "labels": {"node.kubernetes.io/instance-type": "m5.large"}},
            "spec": {"providerID": f"aws:///eu-west-1a/i-{i}"},
            "status": {"addresses": [{"type": "InternalIP", "address": f"10.0.0.{10 + i}"}]},
        }
        for i in range(n_nodes)
    ]
    aws_node = {
        "kind": "Pod",
        "apiVersion": "v1",
        "metadata": {"name": "aws-node-1", "namespace": "kube-system"},
        "spec": {"nodeName": "n0", "hostNetwork": True, "containers": [{"name": "aws-node"}]},
        "status": {"phase": "Running"},
    }
    pod = {
        "kind": "Pod",
        "apiVersion": "v1",
        "metadata": {"name": "a", "namespace": "shop"},
        "spec": {"nodeName": "n0", "containers": []},
        "status": {"phase": "Running", "podIP": "10.0.0.50"},
    }
    documents = [*nodes, aws_node, pod, *([{"Subnets": subnets}] if subnets else [])]
    return read_bytes("x", "\n".join(map(json.dumps, documents)).encode())


def load(*pod_cidrs, ipam="aws-vpc-cni", **fields):
    set_up = SetUp(**{"ipam": ipam, "pod_cidrs": pod_cidrs, "instance": LARGE} | fields)
    return Load(set_up=set_up, pods=2, nodes=2)


def test_with_neighbours__counts_what_is_in_use_less_what_the_nodes_take():
    # A node with a pod keeps a second interface: 20 addresses. 251 - 100 = 151 are in use.
    found, words = with_neighbours(listed(100), load("10.0.0.0/24"))

    assert found.held_by_others == 151 - 40
    assert words == (
        "151 of 251 addresses of the subnets are in use today; this cluster's nodes take 40, so others hold 111, and keep "
        "them."
    )


def test_with_neighbours__a_node_with_prefixes_takes_sixteens_and_an_interface():
    found, words = with_neighbours(listed(100), load("10.0.0.0/24", prefix_delegation=True))

    assert found.held_by_others == 151 - 2 * (2 * 16 + 1)
    assert words.endswith("they break as few /28s as can be.")


def test_with_neighbours__others_hold_nothing_where_less_is_in_use_than_the_model_takes():
    found, _ = with_neighbours(listed(249), load("10.0.0.0/24"))

    assert found.held_by_others == 0


@pytest.mark.parametrize(
    ("listing", "given", "words"),
    [
        ((100,), load("10.0.0.0/24", "10.0.9.0/24"), "The use of only 1 of 2 subnets is listed"),
        ((), load("10.0.0.0/24"), "is not counted: no listing tells how full they are"),
        (
            (100,),
            load("10.4.0.0/14", ipam="gke", node_cidrs=("10.0.0.0/24",)),
            "is not counted: 151 of 251 addresses are in use there today",
        ),
    ],
)
def test_with_neighbours__says_what_is_not_counted(listing, given, words):
    found, told = with_neighbours(listed(*listing), given)

    assert words in told
    assert found.held_by_others == (111 if "only" in words else 0)


def test_with_neighbours__says_nothing_of_a_cluster_without_subnets():
    given = load("10.244.0.0/16", ipam="host-local")

    assert with_neighbours(listed(), given) == (given, "")


def test_forecast_of__runs_out_sooner_where_others_fill_the_subnet():
    runs = Runs(n_days=2000, n_replicates=1, seed=1)

    days = []
    for free in (211, 60, 0):
        found = forecast_of(listed(free), Growth(1, 1), NO_CHURN, runs)
        days.append(found.refused_by(1))
        assert "addresses of the subnets are in use today" in found.because[1]

    assert days[0] > days[1] > days[2] > 0
