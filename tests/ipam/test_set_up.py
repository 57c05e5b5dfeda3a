from dataclasses import fields

import pytest

from kubenetlab.ipam.instance_types import INSTANCE_TYPES
from kubenetlab.ipam.set_up import SetUp


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("ipam", None, "ipam is None, expected text"),
        ("pod_cidrs", "10.244.0.0/16", "pod_cidrs is '10.244.0.0/16', expected a tuple of CIDRs"),
        ("service_cidrs", (7,), r"service_cidrs is \(7,\), expected a tuple of CIDRs"),
        ("node_cidrs", None, "node_cidrs is None, expected a tuple of CIDRs"),
        (
            "node_cidr_mask_size",
            24.0,
            "node_cidr_mask_size is 24.0, expected a whole number of 0 to 128, or None",
        ),
        ("node_cidr_mask_size_ipv6", 129, "node_cidr_mask_size_ipv6 is 129"),
        ("block_size", "26", "block_size is '26'"),
        ("block_size_ipv6", True, "block_size_ipv6 is True"),
        ("max_pods", float("nan"), "max_pods is nan, expected a whole number"),
        ("max_pods", 1.5, "max_pods is 1.5"),
        ("max_surge", float("nan"), "max_surge is nan"),
        ("node_port_range", 30000, "node_port_range is 30000, expected text"),
        ("instance", "m5.large", "instance is 'm5.large', expected an InstanceType"),
        ("prefix_delegation", "true", "prefix_delegation is 'true', expected True or False"),
        ("custom_networking", 1, "custom_networking is 1, expected True or False"),
    ],
)
def test_set_up__refuses_other_types_by_the_field(name, value, words):
    with pytest.raises(ValueError, match=words):
        SetUp(**{"ipam": "gke", name: value})


# Whatever field there is or comes: an object of no use is refused.
@pytest.mark.parametrize("name", [field.name for field in fields(SetUp)])
def test_set_up__checks_every_field(name):
    with pytest.raises(ValueError, match=f"{name} is "):
        SetUp(**{"ipam": "gke", name: object()})


def test_set_up__takes_what_is_right():
    assert (
        SetUp(ipam="aws-vpc-cni", pod_cidrs=("10.0.0.0/16",), instance=INSTANCE_TYPES["m5.large"]).max_pods
        == 110
    )
