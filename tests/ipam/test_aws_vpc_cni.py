import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubenetlab.ipam.aws_vpc_cni import limits, max_pods, recommended_max_pods, warm_addresses, warm_prefixes
from kubenetlab.ipam.instance_types import INSTANCE_TYPES, InstanceType
from kubenetlab.ipam.set_up import SetUp
from tests.ipam.limit_tables import NODES, PODS, PODS_PER_NODE, bounds, words

INSTANCES = st.builds(InstanceType, st.integers(1, 15), st.integers(2, 50))
TARGETS = st.dictionaries(
    st.sampled_from(["warm_ip_target", "minimum_ip_target"]), st.none() | st.integers(0, 100)
)


def test_max_pods__an_instance_with_one_interface_has_none_left_for_custom_networking():
    assert max_pods(InstanceType(1, 4), custom_networking=True) == 2


def test_max_pods__custom_networking_leaves_the_primary_interface_out():
    assert max_pods(INSTANCE_TYPES["m5.large"], custom_networking=True) == 20


@pytest.mark.parametrize(("vcpus", "pods"), [(30, 110), (31, 250)])
def test_recommended_max_pods__limit_by_vcpus(vcpus, pods):
    assert recommended_max_pods(1000, vcpus) == pods


@pytest.mark.parametrize(
    ("name", "pods", "held"), [("t3.small", 0, 4), ("m5.large", 0, 10), ("m5.large", 1, 20)]
)
def test_warm_addresses__subnet_addresses_by_default(name, pods, held):
    assert warm_addresses(INSTANCE_TYPES[name], pods).subnet_addresses == held


def test_warm_prefixes__subnet_addresses():
    assert warm_prefixes(INSTANCE_TYPES["t3.small"], 58).subnet_addresses == 2 + 5 * 16


@pytest.mark.parametrize(("warm", "size"), [(warm_addresses, 1), (warm_prefixes, 16)])
@given(instance=INSTANCES, share=st.floats(0, 1), targets=TARGETS)
def test_warm_pool__holds_the_pods_and_fits_the_instance(warm, size, instance, share, targets):
    slots = instance.enis * instance.slots_per_eni
    pods = int(share * slots * size)

    pool = warm(instance, pods, **targets)

    assert pods <= pool.attached * size
    assert pool.attached <= slots
    assert 1 <= pool.enis <= instance.enis
    assert pool.attached <= pool.enis * instance.slots_per_eni


@pytest.mark.parametrize(
    "call",
    [
        lambda: warm_addresses(INSTANCE_TYPES["m5.large"], -1),
        lambda: warm_addresses(INSTANCE_TYPES["m5.large"], 1, warm_eni_target=-1),
        lambda: warm_addresses(INSTANCE_TYPES["m5.large"], 1, warm_ip_target=-1),
        lambda: warm_prefixes(INSTANCE_TYPES["m5.large"], 1, minimum_ip_target=-1),
        lambda: warm_prefixes(INSTANCE_TYPES["m5.large"], 1, warm_prefix_target=-1),
        lambda: recommended_max_pods(-1, 2),
    ],
)
def test_counts__refuse_negative_numbers(call):
    with pytest.raises(ValueError, match="-1 is negative"):
        call()


M5_LARGE = {"instance": INSTANCE_TYPES["m5.large"]}


# A full m5.large has three interfaces with nine addresses: 30 of the subnet's 251.
def test_limits__nodes_and_pods_share_the_subnets():
    found = bounds(limits, pod_cidrs=("10.0.0.0/24",), node_cidrs=("10.0.0.0/24", "10.0.1.0/24"), **M5_LARGE)

    assert found == {PODS_PER_NODE: [29, 110], NODES: [16]}


# With prefixes an m5.large with 110 pods takes one interface, and ceil(108 / 16) + 1 prefixes.
def test_limits__prefixes_need_aligned_blocks():
    found = bounds(limits, pod_cidrs=("10.0.0.0/24",), prefix_delegation=True, **M5_LARGE)

    assert found == {PODS_PER_NODE: [110, 434], NODES: [1]}
    assert words(limits, pod_cidrs=("10.0.0.0/24",), prefix_delegation=True, **M5_LARGE)[2] == (
        "10.0.0.0/24 has 251 addresses (AWS keeps 5 of a subnet); "
        "a node with 110 pods takes 1 and 8 aligned /28 prefixes."
    )


# Two of eleven pods need no address: nine fill one interface, the second is the warm one.
def test_limits__pods_of_the_host_network_take_no_address():
    assert bounds(limits, pod_cidrs=("10.0.0.0/24",), max_pods=11, **M5_LARGE)[NODES] == [251 // 20]


# facts, custom networking: one interface fewer for pods; the nodes' own subnets hold one address a node.
def test_limits__custom_networking_parts_pods_and_nodes():
    found = bounds(
        limits, pod_cidrs=("100.64.0.0/24",), node_cidrs=("10.0.0.0/28",), custom_networking=True, **M5_LARGE
    )

    assert found == {PODS_PER_NODE: [20, 110], NODES: [11, 12]}


def test_limits__without_an_instance_type_the_addresses_count():
    assert bounds(limits, pod_cidrs=("10.0.0.0/24",)) == {PODS: [251], NODES: [251]}


# EKS with IPv6: every node gets a /80, whose addresses no interface limits; nodes still have IPv4 addresses.
def test_limits__ipv6_gives_each_node_a_prefix():
    found = bounds(limits, pod_cidrs=("fd00::/64",), node_cidrs=("10.0.0.0/24",), max_surge=1, **M5_LARGE)

    assert found == {NODES: [250, 65_535], PODS_PER_NODE: [110]}


def test_limits__refuse_prefixes_on_xen():
    with pytest.raises(ValueError, match="needs an instance type on Nitro"):
        bounds(limits, prefix_delegation=True, instance=INSTANCE_TYPES["m4.large"])


# amazon-vpc-cni-k8s, README: IPv6 needs prefix delegation, so Nitro; a prefix is a /80.
def test_limits__ipv6_is_refused_on_xen():
    with pytest.raises(ValueError, match="needs an instance type on Nitro"):
        bounds(limits, pod_cidrs=("2600::/64",), instance=INSTANCE_TYPES["t2.micro"])


def test_limits__a_subnet_smaller_than_a_prefix_has_none():
    assert bounds(limits, pod_cidrs=("2600::/96",))[NODES] == [0]


def test_limits__say_all_prefixes_of_a_subnet_and_then_the_surge():
    (found,) = limits(SetUp(ipam="aws-vpc-cni", pod_cidrs=("2600::/64",), max_surge=7))

    assert (found.n, found.words) == (
        65_529,
        "2600::/64 has room for 65,536 prefixes of /80, one a node; an upgrade needs room for 7 more.",
    )


def test_limits__custom_networking_with_one_interface_has_no_address_for_a_pod():
    found = bounds(
        limits, pod_cidrs=("100.64.0.0/24",), custom_networking=True, instance=InstanceType(1, 4, 1)
    )

    assert found[PODS] == [0]


# docs/eni-and-ip-target.md: 9 pods fill an interface of m5.large, the warm one holds 9 more; with 2 addresses to spare
# two interfaces hold 11, with 15 at least they hold 15.
@pytest.mark.parametrize(
    ("targets", "taken"),
    [({}, 20), ({"warm_eni_target": 0}, 10), ({"warm_ip_target": 2}, 13), ({"minimum_ip_target": 15}, 17)],
)
def test_limits__nodes_keep_the_warm_targets(targets, taken):
    found = bounds(limits, pod_cidrs=("10.0.0.0/24",), max_pods=11, **M5_LARGE, **targets)

    assert found[NODES] == [251 // taken]


def test_limits__nodes_keep_the_warm_prefixes():
    fields = {"pod_cidrs": ("10.0.0.0/22",), "max_pods": 11, "prefix_delegation": True, **M5_LARGE}

    found = [bounds(limits, warm_prefix_target=n, **fields)[NODES] for n in (0, 1, 3)]

    assert found == [[1019 // 17], [1019 // 33], [1019 // 65]]
