"""Which pod ranges a node has depends on the IPAM: the same objects, read in different ways."""

import pytest

from kubenetlab.ipam.node_pod_ranges import FLAT_IPAMS, node_pod_ranges
from kubenetlab.objects.address_pools import (
    CiliumNode,
    CiliumNodeIpam,
    CiliumNodeSpec,
    CiliumPool,
    CiliumPools,
    NetworkContainer,
    NodeNetworkConfig,
    NodeNetworkConfigStatus,
)
from tests.builders import cluster, metadata, node

POOLS = CiliumPools(
    (CiliumPool("default", ("10.2.0.0/27", "10.2.1.0/27")), CiliumPool("blue", ("10.3.0.0/27",)))
)
CONTAINERS = (NetworkContainer(primary_ip="10.4.0.0/24"), NetworkContainer(primary_ip="10.9.9.9"))
OBJECTS = (
    node(
        "a", pod_cidrs=["10.0.0.0/24"], annotations={"k8s.ovn.org/node-subnets": '{"default": "10.5.0.0/23"}'}
    ),
    CiliumNode(metadata("a"), CiliumNodeSpec(CiliumNodeIpam(("10.1.0.0/24",), POOLS))),
    NodeNetworkConfig(
        metadata("kube-system/a"), status=NodeNetworkConfigStatus(network_containers=CONTAINERS)
    ),
)


def texts(ipam, *values):
    found = node_pod_ranges(cluster(*values, settings={"ipam": ipam} if ipam else {}))
    return {name: [r.text for r in ranges] for name, ranges in found.items()}


@pytest.mark.parametrize(
    ("ipam", "expected"),
    [
        ("host-local", ["10.0.0.0/24"]),
        ("cilium-kubernetes", ["10.0.0.0/24"]),
        ("gke", ["10.0.0.0/24"]),
        ("unknown", ["10.0.0.0/24"]),
        ("", ["10.0.0.0/24"]),
        ("cilium-cluster-pool", ["10.1.0.0/24"]),
        ("cilium-multi-pool", ["10.2.0.0/27", "10.2.1.0/27", "10.3.0.0/27"]),
        ("azure-overlay", ["10.4.0.0/24"]),
        ("ovn-kubernetes", ["10.5.0.0/23"]),
    ],
)
def test_node_pod_ranges__reads_the_place_of_the_ipam(ipam, expected):
    assert texts(ipam, *OBJECTS) == {"a": expected}


@pytest.mark.parametrize("ipam", ["calico", *sorted(FLAT_IPAMS)])
def test_node_pod_ranges__are_none_where_nodes_get_addresses_on_demand(ipam):
    assert texts(ipam, *OBJECTS) == {}


def test_node_pod_ranges__of_azure_overlay_fall_back_to_the_node_without_its_config():
    assert texts("azure-overlay", *OBJECTS, node("b", pod_cidrs=["10.0.1.0/24"])) == {
        "a": ["10.4.0.0/24"],
        "b": ["10.0.1.0/24"],
    }
