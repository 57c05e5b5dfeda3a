import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubenetlab.ipam.capacity import IPAM_LIMITS, all_limits, capacity
from kubenetlab.ipam.instance_types import INSTANCE_TYPES
from kubenetlab.ipam.scale_limits import TESTED_NODES, TESTED_PODS, TESTED_SCALE
from kubenetlab.ipam.set_up import Quantity, SetUp
from kubenetlab.readers.settings.address_managers import _CILIUM_IPAM, _PLAIN_IPAM
from kubenetlab.result import Basis

EKS = {"ipam": "aws-vpc-cni", "instance": INSTANCE_TYPES["m5.large"]}
BIG = {"ipam": "host-local", "pod_cidrs": ("10.0.0.0/8",), "service_cidrs": ("172.16.0.0/12",)}


def rows(**fields):
    """Quantity -> (n, binds)."""
    frame = capacity(SetUp(**fields)).frame
    return {row.quantity: (row.n, row.binds) for row in frame.itertuples()}


# facts: kube-controller-manager cidr_set.go; cluster-large.md; calico 87c1590 and issue 7382; GKE "VPC-native clusters";
# azure-aks-docs fb060ab; amazon-vpc-cni-k8s eni-max-pods.txt; flannel cdf7605; ovn-kubernetes subnet_allocator.go; KEP-1880
@pytest.mark.parametrize(
    ("fields", "quantity", "expected"),
    [
        ({"ipam": "host-local", "pod_cidrs": ("10.244.0.0/16",)}, "nodes", (256, "cluster CIDR")),
        ({"ipam": "host-local", "pod_cidrs": ("10.244.0.0/16",)}, "pods", (28_160, "cluster CIDR, maxPods")),
        (
            {"ipam": "host-local", "pod_cidrs": ("10.244.0.0/16",), "node_cidr_mask_size": 26},
            "pods per node",
            (61, "node mask"),
        ),
        (
            {
                "ipam": "host-local",
                "pod_cidrs": ("10.244.0.0/16",),
                "node_cidr_mask_size": 25,
                "max_pods": 128,
            },
            "pods per node",
            (125, "IPAM reserve"),
        ),
        (
            {
                "ipam": "host-local",
                "pod_cidrs": ("10.244.0.0/16",),
                "service_cidrs": ("10.244.2.16/28",),
            },
            "nodes",
            (255, "cluster CIDR"),
        ),
        (
            {"ipam": "host-local", "pod_cidrs": ("10.96.0.0/20",), "service_cidrs": ("10.96.0.0/12",)},
            "nodes",
            (0, "cluster CIDR"),
        ),
        ({"ipam": "host-local", "pod_cidrs": ("10.244.0.0/16", "fd00::/60")}, "nodes", (16, "cluster CIDR")),
        (BIG, "nodes", (5_000, TESTED_SCALE)),
        (BIG, "pods", (150_000, TESTED_SCALE)),
        ({"ipam": "flannel-etcd", "pod_cidrs": ("10.244.0.0/16",)}, "nodes", (255, "cluster CIDR")),
        ({"ipam": "calico", "pod_cidrs": ("192.168.0.0/16",)}, "nodes", (512, "pool")),
        ({"ipam": "calico", "pod_cidrs": ("192.168.32.0/20",), "max_pods": 60}, "nodes", (64, "pool")),
        ({"ipam": "ovn-kubernetes", "pod_cidrs": ("10.128.0.0/14",)}, "nodes", (512, "cluster CIDR")),
        (
            {"ipam": "ovn-kubernetes", "pod_cidrs": ("10.128.0.0/14",), "max_pods": 600},
            "pods per node",
            (507, "node mask"),
        ),
        (
            {"ipam": "cilium-cluster-pool", "pod_cidrs": ("10.0.0.0/8",), "max_pods": 300},
            "pods per node",
            (252, "node mask"),
        ),
        ({"ipam": "gke", "pod_cidrs": ("10.4.0.0/20",)}, "nodes", (16, "cluster CIDR")),
        (
            {"ipam": "gke", "pod_cidrs": ("10.4.0.0/14",), "node_cidrs": ("10.0.0.0/24",)},
            "nodes",
            (252, "node subnet"),
        ),
        ({"ipam": "azure-overlay", "pod_cidrs": ("10.244.0.0/16",), "max_pods": 250}, "pods", (64_000,)),
        (
            {"ipam": "azure-node-subnet", "node_cidrs": ("10.224.0.0/24",), "max_pods": 30},
            "nodes",
            (8, "subnet"),
        ),
        ({**EKS}, "pods per node", (29, "ENI")),
        ({**EKS, "pod_cidrs": ("10.0.0.0/24",)}, "nodes", (8, "subnet")),
        ({"ipam": "unknown", "service_cidrs": ("10.96.0.0/28",)}, "Services", (13, "Service range")),
        ({"ipam": "unknown"}, "node ports", (2_768, "node ports")),
        ({"ipam": "unknown", "node_port_range": "30000-30000"}, "node ports", (1, "node ports")),
    ],
)
def test_capacity__worked_examples(fields, quantity, expected):
    assert rows(**fields)[quantity][: len(expected)] == expected


def test_capacity__says_in_one_sentence_which_limit_binds():
    result = capacity(SetUp(ipam="host-local", pod_cidrs=("10.244.0.0/16",), node_cidr_mask_size=26))

    assert result.because[0] == (
        "At most 62,464 pods: 1,024 nodes (cluster CIDR) of 61 pods (node mask). 10.244.0.0/16 holds 1,024 node CIDRs "
        "of /26. A node's /26 has 64 addresses, no pod gets 3 of them: room for 61 pods."
    )


def test_capacity__a_threshold_is_said_to_be_one_and_what_lies_behind_it():
    because = capacity(SetUp(**BIG)).because

    assert because[0] == (
        "At most 150,000 pods: Kubernetes is tested with up to 150,000 pods; more are not forbidden, nobody vouches for them."
    )
    assert because[1].startswith("Without that threshold: 10.0.0.0/8 holds 65,536 node CIDRs of /24")


def test_capacity__says_that_a_node_has_more_pods_than_tested():
    because = capacity(SetUp(ipam="unknown", max_pods=250)).because

    assert because[1] == "maxPods 250 is above the 110 pods of a node that Kubernetes is tested with."


def test_capacity__has_no_such_words_for_as_many_pods_as_tested():
    assert not [words for words in capacity(SetUp(ipam="unknown")).because if "is above" in words]


def test_capacity__what_nothing_bounds_is_missing_and_not_zero():
    row = capacity(SetUp(ipam="unknown")).frame.iloc[3]

    assert (row["quantity"], row["binds"]) == ("Services", "")
    assert row.isna()["n"]
    assert row["sentence"] == "Nothing that is known bounds Services."


def test_capacity__counts_beyond_64_bits():
    assert rows(ipam="unknown", service_cidrs=("fd00::/64",))["Services"][0] == 2**64 - 2


def test_capacity__is_as_sure_as_its_weakest_limit():
    assert capacity(SetUp(ipam="host-local", pod_cidrs=("10.0.0.0/24",))).basis is Basis.SOURCE
    assert capacity(SetUp(ipam="gke", pod_cidrs=("10.0.0.0/20",))).basis is Basis.DOCS


IPAMS = st.sampled_from(sorted(IPAM_LIMITS))
POD_RANGES = st.builds(lambda length: f"10.0.0.0/{length}", st.integers(12, 22))


@given(IPAMS, POD_RANGES, st.integers(10, 250))
def test_capacity__is_the_least_of_all_limits(ipam, cidr, max_pods):
    mask = 24 if ipam in ("azure-overlay",) else None
    set_up = SetUp(ipam=ipam, pod_cidrs=(cidr,), node_cidr_mask_size=mask, max_pods=max_pods)
    limits = all_limits(set_up)

    found = dict(zip(*capacity(set_up).frame[["quantity", "n"]].T.to_numpy(), strict=True))

    for quantity in (Quantity.NODES, Quantity.PODS_PER_NODE, Quantity.NODE_PORTS):
        assert found[quantity] == min(limit.n for limit in limits if limit.quantity == quantity)
    pods = [limit.n for limit in limits if limit.quantity == Quantity.PODS]
    assert found["pods"] == min([*pods, found["nodes"] * found["pods per node"]])
    assert found["nodes"] <= TESTED_NODES
    assert found["pods"] <= TESTED_PODS


@given(IPAMS, POD_RANGES)
def test_capacity__of_two_families_is_never_more_than_of_one(ipam, cidr):
    six = "fd00::/112" if ipam == "cilium-cluster-pool" else "fd00::/60"
    one, both = ({"ipam": ipam, "pod_cidrs": cidrs} for cidrs in ((cidr,), (cidr, six)))

    assert rows(**both)["nodes"][0] <= rows(**one)["nodes"][0]


@given(POD_RANGES)
def test_all_limits__come_by_quantity_and_then_from_the_tightest(cidr):
    limits = all_limits(
        SetUp(ipam="calico", pod_cidrs=(cidr,), service_cidrs=("172.20.0.0/16", "fd00::/112"))
    )

    order = list(Quantity)
    keys = [(order.index(limit.quantity), limit.n) for limit in limits]
    assert keys == sorted(keys)
    assert {limit.quantity for limit in limits} == set(Quantity)


def test_ipam_limits__has_every_ipam_that_the_readers_detect():
    detected = {*_PLAIN_IPAM.values(), *_CILIUM_IPAM.values(), "calico", "unknown"}
    detected |= {"azure-overlay", "azure-pod-subnet", "azure-node-subnet"}

    assert detected <= set(IPAM_LIMITS)


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        (
            {"ipam": "weave"},
            "ipam 'weave' is unknown: known are host-local, kubenet, azure-kubenet, flannel-etcd",
        ),
        ({"max_pods": 0}, "max_pods 0 is below 1"),
        ({"max_surge": -1}, "max_surge -1 is negative"),
        ({"pod_cidrs": ("10.244.0.1/16",)}, "pod_cidrs: 10.244.0.1/16 has host bits set"),
        ({"node_cidrs": ("cart",)}, "node_cidrs: 'cart' is not a CIDR"),
        (
            {"pod_cidrs": ("10.0.0.0/8", "10.244.0.0/16")},
            "pod_cidrs 10.0.0.0/8 and 10.244.0.0/16 overlap",
        ),
        ({"node_cidrs": ("fd00::/64", "fd00::/64")}, "node_cidrs fd00::/64 and fd00::/64 overlap"),
        ({"pod_cidrs": ("10.244.0.0/33",)}, "'10.244.0.0/33' is not a CIDR"),
        ({"service_cidrs": ("10.96.0.1/12",)}, "service_cidrs: 10.96.0.1/12 has host bits set"),
        ({"pod_cidrs": ("10.0.0.0/16",), "node_cidr_mask_size": 33}, "33 is not a prefix length of IPv4"),
        ({"node_port_range": "70000-80000"}, "is not two ports of 1 to 65535 in order"),
    ],
)
def test_all_limits__refuses_what_makes_no_sense(fields, words):
    with pytest.raises(ValueError, match=words):
        all_limits(SetUp(**{"ipam": "host-local", **fields}))
