import pytest

from kubenetlab.ipam import cilium_eni
from kubenetlab.ipam.instance_types import INSTANCE_TYPES, InstanceType
from tests.ipam.limit_tables import NODES, PODS, PODS_PER_NODE, bounds


# cilium, Documentation "AWS ENI": 8 in advance; the first address of an interface is no pod's.
@pytest.mark.parametrize(
    ("n_pods", "with_prefixes", "expected"),
    [(0, False, (12, 0)), (5, False, (17, 0)), (25, False, (30, 0)), (5, True, (1, 1)), (110, True, (1, 8))],
)
def test_eni_held__addresses_and_prefixes(n_pods, with_prefixes, expected):
    assert cilium_eni.held(INSTANCE_TYPES["m5.large"], n_pods, prefix_delegation=with_prefixes) == expected


@pytest.mark.parametrize(("with_prefixes", "pods", "nodes"), [(False, 25, 8), (True, 430, 1)])
def test_eni_limits__of_a_full_subnet(with_prefixes, pods, nodes):
    found = bounds(
        cilium_eni.limits,
        pod_cidrs=("10.0.0.0/24",),
        node_cidrs=("10.0.0.0/24",),
        instance=INSTANCE_TYPES["m5.large"],
        prefix_delegation=with_prefixes,
    )

    assert found == {PODS_PER_NODE: [pods], NODES: [nodes]}


def test_eni_limits__without_an_instance_type_the_addresses_count():
    assert bounds(cilium_eni.limits, pod_cidrs=("10.0.0.0/24",)) == {PODS: [251], NODES: [251]}
    assert bounds(cilium_eni.limits) == {}
    assert bounds(cilium_eni.limits, instance=InstanceType(3, 10)) == {PODS_PER_NODE: [25]}


def test_eni_held__refuses_negative_numbers():
    with pytest.raises(ValueError, match="n_pods -1 is negative"):
        cilium_eni.held(InstanceType(3, 10), -1)
