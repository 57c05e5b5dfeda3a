import pytest

from kubenetlab.ipam.node_cidrs import PoolExhaustedError
from kubenetlab.ipam.range_allocator import RangeAllocator


def dual_stack(**fields):
    """Four IPv4 CIDRs and two IPv6 CIDRs."""
    return RangeAllocator(["10.244.0.0/22", "fd00::/63"], **fields)


def given(allocator, node):
    return [str(cidr) for cidr in allocator.allocate(node)]


def test_allocate__takes_one_of_each_set_by_index():
    allocator = dual_stack()

    assert given(allocator, "a") == ["10.244.0.0/24", "fd00::/64"]
    assert given(allocator, "b") == ["10.244.1.0/24", "fd00:0:0:1::/64"]
    assert given(allocator, "a") == ["10.244.0.0/24", "fd00::/64"]


def test_allocate__keeps_the_order_of_the_flag():
    assert given(RangeAllocator(["fd00::/63", "10.244.0.0/22"]), "a") == ["fd00::/64", "10.244.0.0/24"]


# range_allocator.go, AllocateOrOccupyCIDR: the loop returns at the first error and releases nothing.
def test_allocate__loses_the_first_family_at_each_try_until_a_restart():
    allocator = dual_stack(
        pod_cidrs={"a": ["10.244.0.0/24", "fd00::/64"], "b": ["10.244.1.0/24", "fd00:0:0:1::/64"]}
    )
    for index in (1, 1, 0):
        with pytest.raises(
            PoolExhaustedError, match=f"failed to allocate cidr from cluster cidr at idx:{index}"
        ):
            allocator.allocate("c")

    assert allocator.n_leaked == (2, 0)
    allocator.release("a")
    restarted = dual_stack(pod_cidrs={"b": ["10.244.1.0/24", "fd00:0:0:1::/64"]})
    assert [held.allocated for held in allocator.sets] == [3, 1]
    assert [held.allocated for held in restarted.sets] == [1, 1]
    assert restarted.n_leaked == (0, 0)


def test_release__gives_both_families_back():
    allocator = dual_stack()
    allocator.allocate("a")

    allocator.release("a")
    allocator.release("unknown")

    assert [held.allocated for held in allocator.sets] == [0, 0]


def test_range_allocator__keeps_clear_of_service_ranges():
    assert given(dual_stack(service_cidrs=["10.244.0.16/28"]), "a") == ["10.244.1.0/24", "fd00::/64"]


@pytest.mark.parametrize(
    ("pod_cidrs", "message"),
    [
        (["10.9.0.0/24"], r"failed to mark cidr\[10.9.0.0/24\] at idx \[0\] as occupied for node: a: cidr"),
        (["10.244.0.0/24", "fd00::/64", "10.9.0.0/24"], "at index:2 that does not exist in cluster cidrs"),
    ],
)
def test_occupy__refuses_a_node_outside_of_the_ranges(pod_cidrs, message):
    with pytest.raises(ValueError, match=message):
        dual_stack(pod_cidrs={"a": pod_cidrs})


def test_range_allocator__refuses_two_ranges_of_one_family():
    with pytest.raises(ValueError, match="not configured as dual stack"):
        RangeAllocator(["10.244.0.0/16", "10.245.0.0/16"])
