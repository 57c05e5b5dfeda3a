"""What is this address: the objects that have it, then the ranges that hold it, the narrowest first."""

import ipaddress

import netaddr
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubenetlab.errors import KubenetlabError
from kubenetlab.objects import Endpoint, Endpoints, Ingress, IPAddress, Node, NodeNetworkConfig
from kubenetlab.objects.address_pools import (
    CiliumNode,
    CiliumNodeIpam,
    CiliumNodeSpec,
    CiliumPodIPPool,
    CiliumPodIpPoolSpec,
    CiliumPool,
    CiliumPoolRange,
    CiliumPools,
    IPAddressPool,
    IpAddressPoolSpec,
    IpAddressSpec,
    IPAMBlock,
    IpamBlockSpec,
    IPPool,
    IpPoolSpec,
    NetworkContainer,
    NodeNetworkConfigStatus,
    ServiceCIDR,
    ServiceCidrSpec,
)
from kubenetlab.objects.api_object import ObjectReference
from kubenetlab.objects.node import NodeAddress, NodeStatus
from kubenetlab.objects.routing import IngressStatus
from kubenetlab.objects.service import (
    EndpointAddress,
    EndpointSubset,
    LoadBalancerIngress,
    LoadBalancerStatus,
)
from tests.builders import cluster, endpoint, endpoint_slice, metadata, node, pod, service

RANGES = {
    "cluster_cidr": ("10.244.0.0/16", "fd00::/48"),
    "service_cidr": ("10.96.0.0/12",),
    "node_cidr": None,
}
CLUSTER = cluster(
    node("worker-1", ip="192.168.1.5", pod_cidrs=["10.244.3.0/24", "fd00::3:0/112"]),
    pod("shop/cart-1", ips=["10.244.3.7", "fd00::3:7"]),
    pod("kube-system/proxy", ips=["192.168.1.5"], host_network=True),
    service(cluster_ip="10.96.0.9", external_ips=("192.0.2.9",), addresses=["198.51.100.1"]),
    settings=RANGES,
)


def uses(address):
    return list(CLUSTER.what_is(address).frame.itertuples(index=False, name=None))


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        (
            "10.244.3.7",
            [
                ("10.244.3.7", "pod", "Pod shop/cart-1"),
                ("10.244.3.0/24", "pod range of a node", "Node worker-1"),
                ("10.244.0.0/16", "pod range", "setting cluster_cidr (read)"),
            ],
        ),
        (
            "192.168.1.5",
            [
                ("192.168.1.5", "pod on the host network", "Pod kube-system/proxy"),
                ("192.168.1.5", "node InternalIP", "Node worker-1"),
            ],
        ),
        (
            "10.96.0.9",
            [
                ("10.96.0.9", "ClusterIP", "Service shop/cart"),
                ("10.96.0.0/12", "Service range", "setting service_cidr (read)"),
            ],
        ),
        ("192.0.2.9", [("192.0.2.9", "external IP", "Service shop/cart")]),
        ("198.51.100.1", [("198.51.100.1", "load balancer IP", "Service shop/cart")]),
        ("8.8.8.8", []),
    ],
)
def test_what_is__owners_then_ranges(address, expected):
    assert uses(address) == expected


@pytest.mark.parametrize("address", ["fd00::3:7", "FD00:0:0::3:7", "fd00:0000::0003:0007"])
def test_what_is__reads_every_spelling_of_an_ipv6_address(address):
    assert [use[1] for use in uses(address)] == ["pod", "pod range of a node", "pod range"]


@pytest.mark.parametrize("kind", [str, netaddr.IPAddress, ipaddress.ip_address])
def test_what_is__takes_text_netaddr_and_ipaddress(kind):
    assert uses(kind("10.244.3.7")) == uses("10.244.3.7")


@pytest.mark.parametrize(
    "text", ["cart", "10.244.0.0/33", "010.0.0.1", "", "[10.0.0.1", "10.0.0.1%eth0", None, 5]
)
@pytest.mark.parametrize("error", [ValueError, KubenetlabError])
def test_what_is__refuses_what_is_no_address(text, error):
    with pytest.raises(error, match="is neither an IP address such as"):
        CLUSTER.what_is(text)


@pytest.mark.parametrize(
    "text", [" 10.244.3.7\n", "[10.244.3.7]", "10.244.3.7/32", "::ffff:10.244.3.7", "::ffff:10.244.3.7/128"]
)
def test_what_is__takes_an_address_as_people_copy_it(text):
    assert uses(text) == uses("10.244.3.7")


def test_what_is__the_zone_of_an_ipv6_address_does_not_count():
    assert uses("[fd00::3:7%eth0]") == uses("fd00::3:7")


def test_what_is__of_a_range_tells_what_it_is_what_holds_it_and_what_is_inside():
    value = CLUSTER.with_(
        ip_address_pools=(IPAddressPool(metadata("m/p"), IpAddressPoolSpec(("10.244.3.250-10.244.4.9",))),)
    )

    found = value.what_is("10.244.3.9/24")

    assert found.title == "10.244.3.0/24"
    assert list(found.frame.itertuples(index=False, name=None)) == [
        ("10.244.3.250-10.244.4.9", "load balancer pool", "IPAddressPool m/p", "overlaps it"),
        ("10.244.3.0/24", "pod range of a node", "Node worker-1", "is it"),
        ("10.244.0.0/16", "pod range", "setting cluster_cidr (read)", "holds it"),
        ("10.244.3.7", "pod", "Pod shop/cart-1", "inside it"),
    ]
    assert found.because[1] == "10.244.3.0/24 is it, pod range of a node: Node worker-1"


def test_what_is__of_a_range_lists_a_hundred_things_inside_it():
    value = cluster(*(pod(f"shop/p{i}", ips=[f"10.1.0.{i}"]) for i in range(120)))

    found = value.what_is("10.0.0.0/8")

    assert (len(found.frame), found.title) == (100, "10.0.0.0/8 (the first 100 of 120 entries inside it)")


@given(st.integers(20, 32), st.integers(0, 4095), st.integers(20, 32), st.integers(0, 4095))
def test_what_is__relations_of_ranges_are_those_of_ipaddress(length, number, other_length, other_number):
    asked = ipaddress.ip_network((number, length), strict=False)
    other = ipaddress.ip_network((other_number, other_length), strict=False)
    frame = cluster(node(pod_cidrs=[str(other)])).what_is(str(asked)).frame

    if length == 32:
        assert (len(frame) == 1) == other.supernet_of(asked)
    else:
        holds = "holds it" if other.supernet_of(asked) else "inside it" if other.subnet_of(asked) else None
        assert list(frame["relation"]) == (["is it"] if asked == other else [holds] if holds else [])


ROUTES = [
    ("198.51.100.7", "load balancer IP asked for", "Service a/web"),
    ("198.51.100.9", "load balancer IP", "Ingress a/i"),
    ("10.60.0.1", "endpoint", "EndpointSlice a/ext-1"),
    ("10.60.0.2", "endpoint", "Endpoints a/old"),
    ("10.96.7.7", "reserved ClusterIP for a/gone", "IPAddress 10.96.7.7"),
    ("10.50.0.1", "Cilium pool", "CiliumPodIPPool cp"),
    ("10.0.0.3", "load balancer pool", "IPAddressPool m/p"),
    ("10.0.1.12", "load balancer pool", "IPAddressPool m/p"),
    ("10.70.0.9", "pod range of a node", "NodeNetworkConfig kube-system/n1"),
    ("10.80.0.9", "pod subnet of a node", "NodeNetworkConfig kube-system/n2"),
]
NAMED = cluster(
    service("a/web", load_balancer_ip="198.51.100.7"),
    Ingress(
        metadata("a/i"), status=IngressStatus(LoadBalancerStatus((LoadBalancerIngress("198.51.100.9"),)))
    ),
    endpoint_slice(Endpoint(("10.60.0.1",)), of="a/ext", suffix="1"),
    Endpoints(metadata("a/old"), (EndpointSubset((EndpointAddress("10.60.0.2"),)),)),
    IPAddress(metadata("10.96.7.7"), IpAddressSpec(ObjectReference(namespace="a", name="gone"))),
    CiliumPodIPPool(metadata("cp"), CiliumPodIpPoolSpec(CiliumPoolRange(("10.50.0.0/16",)))),
    IPAddressPool(metadata("m/p"), IpAddressPoolSpec(("10.0.0.0/24", "10.0.1.10-10.0.1.19"))),
    *(
        NodeNetworkConfig(metadata(f"kube-system/{name}"), status=NodeNetworkConfigStatus(1, (container,)))
        for name, container in (
            ("n1", NetworkContainer("overlay", "10.70.0.0/24")),
            ("n2", NetworkContainer("vnet", "10.80.0.4", "10.80.0.0/16")),
        )
    ),
)


@pytest.mark.parametrize(("address", "role", "name"), ROUTES)
def test_what_is__knows_every_object_that_names_an_address(address, role, name):
    rows = NAMED.what_is(address).frame.to_dict("records")

    assert [(row["role"], row["object"]) for row in rows] == [(role, name)]


def test_what_is__leaves_out_endpoints_of_an_address_that_a_pod_holds():
    value = cluster(pod(ips=["10.1.0.5"]), endpoint_slice(endpoint("10.1.0.5")))

    assert list(value.what_is("10.1.0.5").frame["object"]) == ["Pod shop/cart-1"]


def test_what_is__a_finished_pod_comes_after_the_one_that_has_its_address_now():
    value = cluster(
        pod("shop/old", ips=["10.1.0.5"], phase="Succeeded"),
        pod("shop/new", ips=["10.1.0.5"]),
        pod("shop/failed", ips=["10.1.0.5"], phase="Failed"),
    )

    rows = value.what_is("10.1.0.5").frame.to_dict("records")

    assert [(row["role"], row["object"]) for row in rows] == [
        ("pod", "Pod shop/new"),
        ("pod that has finished", "Pod shop/old"),
        ("pod that has finished", "Pod shop/failed"),
    ]


def test_what_is__says_in_words_what_it_found():
    assert CLUSTER.what_is("192.0.2.9").because == ("192.0.2.9 is external IP: Service shop/cart",)
    assert CLUSTER.what_is("8.8.8.8").because == ("no object or range of the dump holds it",)


def test_what_is__knows_ranges_of_calico_cilium_and_service_cidrs():
    ipam = CiliumNodeIpam(("10.1.0.0/24",), CiliumPools((CiliumPool("default", ("10.1.0.0/25",)),)))
    value = cluster(
        IPPool(metadata("p"), IpPoolSpec("10.0.0.0/8")),
        IPAMBlock(metadata("b"), IpamBlockSpec("10.1.0.0/26")),
        CiliumNode(metadata("a"), CiliumNodeSpec(ipam)),
        ServiceCIDR(metadata("k"), ServiceCidrSpec(("10.1.0.0/16",))),
    )

    found = value.what_is("10.1.0.1").frame

    assert list(found["object"]) == [
        "IPAMBlock b",
        "CiliumNode a",
        "CiliumNode a",
        "ServiceCIDR k",
        "IPPool p",
    ]
    assert list(found["range"]) == ["10.1.0.0/26", "10.1.0.0/25", "10.1.0.0/24", "10.1.0.0/16", "10.0.0.0/8"]


def test_what_is__leaves_out_host_names_of_nodes():
    status = NodeStatus(
        addresses=(NodeAddress("Hostname", "worker-1"), NodeAddress("ExternalIP", "192.0.2.1"))
    )
    value = cluster(Node(metadata("worker-1"), status=status))

    assert list(value.what_is("192.0.2.1").frame["role"]) == ["node ExternalIP"]


@given(length=st.integers(0, 32), number=st.integers(0, 2**32 - 1), other=st.integers(0, 2**32 - 1))
def test_what_is__a_range_is_named_exactly_for_the_addresses_it_holds(length, number, other):
    network = ipaddress.ip_network((number, length), strict=False)
    value = cluster(node(pod_cidrs=[str(network)]))

    found = value.what_is(ipaddress.IPv4Address(other)).frame

    assert (len(found) == 1) == (ipaddress.IPv4Address(other) in network)
