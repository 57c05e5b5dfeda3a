from kubenetlab.ipam import kubenet
from kubenetlab.ipam.capacity import capacity
from kubenetlab.ipam.set_up import SetUp
from tests.ipam.limit_tables import NODES, bounds


# azure-aks-docs: kubenet has 400 nodes at most; kubenet_linux.go: the bridge has the first address of the pod CIDR.
def test_kubenet__bridge_has_the_first_address_of_each_pod_cidr():
    node = kubenet.kubenet(["10.244.3.0/24", "fd00::/112"])

    allocations = node.add("a")

    assert [str(allocation.address) for allocation in allocations] == ["10.244.3.2", "fd00::2"]
    assert node.addresses == ("10.244.3.1/24", "fd00::1/112")
    assert "10.244.3.1" not in node.files


def test_aks_limits__nodes():
    assert bounds(kubenet.aks_limits, pod_cidrs=("10.0.0.0/8",))[NODES] == [400, 65_536]


# The 400 routes of a route table are Azure's.
def test_capacity__of_kubenet_outside_aks_has_no_such_limit():
    found = [
        capacity(SetUp(ipam=ipam, pod_cidrs=("10.0.0.0/12",))).frame["n"].iloc[0]
        for ipam in ("kubenet", "azure-kubenet")
    ]

    assert found == [4_096, 400]
