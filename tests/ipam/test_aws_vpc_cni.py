import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubenetlab.ipam.aws_vpc_cni import (
    INSTANCE_TYPES,
    InstanceType,
    max_pods,
    recommended_max_pods,
    warm_addresses,
    warm_prefixes,
)

INSTANCES = st.builds(InstanceType, st.integers(1, 15), st.integers(2, 50))
TARGETS = st.dictionaries(
    st.sampled_from(["warm_ip_target", "minimum_ip_target"]), st.none() | st.integers(0, 100)
)


# amazon-vpc-cni-k8s, misc/eni-max-pods.txt
@pytest.mark.parametrize(
    ("name", "pods", "with_prefixes"),
    [("t3.nano", 4, 34), ("t3.small", 11, 146), ("m5.large", 29, 434), ("m5.4xlarge", 234, 3714),
     ("p4d.24xlarge", 737, 11_762), ("m7g.medium", 8, 98)],
)  # fmt: skip
def test_max_pods__worked_examples(name, pods, with_prefixes):
    instance = INSTANCE_TYPES[name]

    assert (max_pods(instance), max_pods(instance, prefix_delegation=True)) == (pods, with_prefixes)


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
