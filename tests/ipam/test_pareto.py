import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kubenetlab.ipam.instance_types import INSTANCE_TYPES
from kubenetlab.ipam.pareto import _CHOICES, pareto_front
from kubenetlab.ipam.set_up import SetUp
from kubenetlab.result import Basis

FLANNEL = {"ipam": "host-local", "pod_cidrs": ("10.244.0.0/16",)}


def points(**fields):
    """Choice -> (nodes, pods per node)."""
    frame = pareto_front(SetUp(**fields)).frame
    return {row.choice: (row.n_nodes, row.n_pods_per_node) for row in frame.itertuples()}


def current(**fields):
    frame = pareto_front(SetUp(**fields)).frame
    return frame.loc[frame["is_current"], "choice"].tolist()


def test_pareto_front__has_every_mask_of_a_node():
    # containernetworking/plugins, host-local: /30 holds 1 pod, /24 253
    found = points(**FLANNEL)

    assert list(found) == [f"/{length}" for length in range(30, 15, -1)]
    assert found["/30"] == (16_384, 1)
    assert found["/24"] == (256, 253)
    assert found["/16"] == (1, 65_533)


def test_pareto_front__ipv6_masks_are_at_most_16_bits_longer():
    found = points(ipam="host-local", pod_cidrs=("fd00::/56",))

    assert list(found) == [f"/{length}" for length in range(72, 55, -1)]
    assert found["/64"] == (256, 2**64 - 2)


def test_pareto_front__calicos_choice_is_the_number_of_blocks():
    found = points(ipam="calico", pod_cidrs=("192.168.0.0/16",))

    assert found["1 block"] == (1_024, 63)
    assert found["2 blocks"] == (512, 127)
    assert len(found) == 20


def test_pareto_front__gkes_choice_is_the_most_pods_of_a_node():
    # GKE, flexible pod CIDR
    found = points(ipam="gke", pod_cidrs=("10.0.0.0/14",))

    assert found == {
        "8 pods": (16_384, 8),
        "16 pods": (8_192, 16),
        "32 pods": (4_096, 32),
        "64 pods": (2_048, 64),
        "110 pods": (1_024, 110),
        "128 pods": (1_024, 128),
        "256 pods": (512, 256),
    }


def test_pareto_front__leaves_out_what_the_component_refuses():
    # flannel, pkg/subnet/config.go: "network must be able to accommodate at least four subnets"; the first is skipped
    found = points(ipam="flannel-etcd", pod_cidrs=("10.0.0.0/16",))

    assert list(found)[-1] == "/18"
    assert found["/18"] == (3, 16_381)


def test_pareto_front__aws_has_no_more_pods_than_interfaces_allow():
    found = points(
        ipam="aws-vpc-cni", node_cidrs=("10.0.0.0/20",), max_pods=58, instance=INSTANCE_TYPES["m5.large"]
    )

    assert max(pods for _, pods in found.values()) == 29


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        (FLANNEL, ["/24"]),
        ({**FLANNEL, "node_cidr_mask_size": 26}, ["/26"]),
        ({**FLANNEL, "node_cidr_mask_size": 15}, []),
        ({"ipam": "ovn-kubernetes", "pod_cidrs": ("10.128.0.0/14",)}, ["/23"]),
        ({"ipam": "host-local", "pod_cidrs": ("fd00::/56",), "node_cidr_mask_size_ipv6": 60}, ["/60"]),
        ({"ipam": "calico", "pod_cidrs": ("192.168.0.0/16",)}, ["2 blocks"]),
        ({"ipam": "calico", "pod_cidrs": ("192.168.0.0/16",), "max_pods": 63}, ["1 block"]),
        ({"ipam": "calico", "pod_cidrs": ("192.168.0.0/16",), "max_pods": 5_000}, ["20 blocks"]),
        ({"ipam": "gke", "pod_cidrs": ("10.0.0.0/14",), "max_pods": 50}, ["50 pods"]),
        (
            {
                "ipam": "aws-vpc-cni",
                "node_cidrs": ("10.0.0.0/20",),
                "max_pods": 58,
                "instance": INSTANCE_TYPES["m5.large"],
            },
            ["29 pods"],
        ),
    ],
)
def test_pareto_front__marks_the_current_choice(fields, expected):
    assert current(**fields) == expected


@settings(max_examples=25)
@given(
    st.integers(12, 24),
    st.sampled_from([(), ("172.16.0.0/22",), ("172.16.0.0/25",)]),
    st.sampled_from(["host-local", "cilium-cluster-pool", "calico", "gke", "azure-overlay"]),
)
def test_pareto_front__best_are_those_that_no_other_beats(length, nodes, ipam):
    set_up = SetUp(ipam=ipam, pod_cidrs=(f"10.0.0.0/{length}",), node_cidrs=nodes)
    if ipam not in _CHOICES:
        return
    frame = pareto_front(set_up).frame
    rows = [(row.n_nodes, row.n_pods_per_node, row.is_best) for row in frame.itertuples()]

    best = [(n, p) for n, p, is_best in rows if is_best]
    assert best == sorted(set(best), key=lambda point: (-point[0], point[1]))
    assert [pods for _, pods in best] == sorted({pods for _, pods in best})
    for n_nodes, n_pods, is_best in rows:
        most = max((p for n, p, _ in rows if n >= n_nodes and (n, p) != (n_nodes, n_pods)), default=0)
        assert is_best == (n_pods > most)


def test_pareto_front__of_two_families_the_tighter_one_counts():
    found = points(ipam="host-local", pod_cidrs=("10.244.0.0/16", "fd00::/60"))

    assert found["/25"] == (16, 125)


def test_pareto_front__says_what_the_current_choice_and_the_best_mask_allow():
    result = pareto_front(SetUp(**FLANNEL))

    assert result.because == (
        "With /24 there is room for 256 nodes of 253 pods.",
        "The most nodes with room for maxPods 110 has /25: 512 nodes of 125 pods.",
    )


# /25 and /24 have room for 256 nodes, of which IPv6 has no more: the one with more pods is better.
def test_pareto_front__recommends_no_choice_that_another_beats():
    result = pareto_front(SetUp(ipam="host-local", pod_cidrs=("10.244.0.0/16", "fd00::/56")))

    assert result.because[-1].endswith("has /24: 256 nodes of 253 pods.")


@pytest.mark.parametrize(
    ("fields", "basis"),
    [
        (FLANNEL, Basis.RAN),
        ({"ipam": "calico", "pod_cidrs": ("192.168.0.0/16",)}, Basis.SOURCE),
        ({"ipam": "gke", "pod_cidrs": ("10.0.0.0/14",)}, Basis.DOCS),
        ({"ipam": "azure-node-subnet", "node_cidrs": ("10.0.0.0/16",)}, Basis.DOCS),
    ],
)
def test_pareto_front__is_as_sure_as_the_limits(fields, basis):
    assert pareto_front(SetUp(**fields)).basis is basis


# The default /24 fits no /25; smaller node CIDRs do.
def test_pareto_front__shows_choices_where_the_default_is_refused():
    assert points(ipam="host-local", pod_cidrs=("10.244.0.0/25",))["/26"] == (2, 61)


def test_pareto_front__leaves_out_what_has_no_room_for_a_pod():
    assert "/30" not in points(ipam="cilium-cluster-pool", pod_cidrs=("10.244.0.0/16",))


def test_pareto_front__is_empty_where_services_take_all():
    services_take_all = SetUp(ipam="host-local", pod_cidrs=("10.96.0.0/20",), service_cidrs=("10.96.0.0/12",))

    frame = pareto_front(services_take_all).frame

    assert frame.empty
    assert pareto_front(services_take_all).because == ("No choice leaves room for a node with a pod.",)
    assert frame.columns.tolist()[-2:] == ["is_best", "is_current"]


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"ipam": "unknown", "pod_cidrs": ("10.0.0.0/8",)}, "ipam unknown offers no choice"),
        ({"ipam": "azure-overlay", "pod_cidrs": ("10.0.0.0/8",)}, "ipam azure-overlay offers no choice"),
        ({"ipam": "cilium-multi-pool", "pod_cidrs": ("10.0.0.0/8",)}, "cilium-multi-pool offers no choice"),
        ({"ipam": "host-local"}, "no range to choose for"),
        ({"ipam": "weave"}, "ipam 'weave' is unknown"),
        ({"ipam": "host-local", "pod_cidrs": ("10.0.0.1/8",)}, "host bits"),
    ],
)
def test_pareto_front__refuses_what_has_no_choice(fields, words):
    with pytest.raises(ValueError, match=words):
        pareto_front(SetUp(**fields))
