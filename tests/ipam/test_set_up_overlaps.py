import pytest

from kubenetlab.ipam.capacity import capacity
from kubenetlab.ipam.set_up import SetUp
from kubenetlab.ipam.set_up_overlaps import overlap_words


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        (
            {"ipam": "host-local", "pod_cidrs": ("10.0.0.0/16",), "node_cidrs": ("10.0.1.0/24",)},
            "10.0.0.0/16 of pods and 10.0.1.0/24 of nodes overlap: ",
        ),
        (
            {"ipam": "azure-overlay", "node_cidrs": ("10.0.1.0/24",), "service_cidrs": ("10.0.0.0/16",)},
            "10.0.0.0/16 of Services and 10.0.1.0/24 of nodes overlap: ",
        ),
        (
            {"ipam": "calico", "pod_cidrs": ("10.0.0.0/8",), "service_cidrs": ("10.96.0.0/12",)},
            "10.0.0.0/8 of pods and 10.96.0.0/12 of Services overlap: ",
        ),
        (
            {"ipam": "azure-overlay", "service_cidrs": ("172.30.0.0/16",)},
            "172.30.0.0/16 of Services overlaps 172.30.0.0/16, which AKS forbids.",
        ),
        (
            {"ipam": "azure-node-subnet", "node_cidrs": ("172.30.0.0/15",)},
            "172.30.0.0/15 of nodes overlaps 172.30.0.0/16 and 172.31.0.0/16, which AKS forbids.",
        ),
    ],
)
def test_capacity__says_which_ranges_are_in_the_way_of_each_other(fields, words):
    assert capacity(SetUp(**fields)).because[1].startswith(words)


@pytest.mark.parametrize(
    "fields",
    [
        {"ipam": "aws-vpc-cni", "pod_cidrs": ("10.0.0.0/24",), "node_cidrs": ("10.0.0.0/24",)},
        {"ipam": "host-local", "pod_cidrs": ("10.0.0.0/16",), "service_cidrs": ("10.0.240.0/20",)},
        {"ipam": "calico", "pod_cidrs": ("10.0.0.0/16",), "service_cidrs": ("172.30.0.0/16",)},
    ],
)
def test_overlap_words__says_nothing_where_it_is_by_design(fields):
    assert not list(overlap_words(SetUp(**fields)))
