import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubenetlab.ipam import cilium_cluster_pool
from kubenetlab.ipam.cilium_cluster_pool import ClusterPool
from kubenetlab.ipam.node_cidrs import PoolExhaustedError
from tests.ipam.limit_tables import NODES, PODS_PER_NODE, bounds, n_until

DUAL = ["10.0.0.0/22", "fd00::/118"]


def texts(cidrs):
    return [str(cidr) for cidr in cidrs]


# cilium, podcidr.go (allocateFirstFreeCIDR): the first range that is not full; a range that was full and has room
# again comes first again.
def test_cluster_pool__uses_the_ranges_in_their_order():
    pool = ClusterPool(["10.9.0.0/23", "10.0.0.0/16"])
    given_out = [texts(pool.allocate(node))[0] for node in "abc"]

    pool.release("b")

    assert given_out == ["10.9.0.0/24", "10.9.1.0/24", "10.0.0.0/24"]
    assert texts(pool.allocate("d")) == ["10.9.1.0/24"]


def test_cluster_pool__a_node_keeps_its_cidrs():
    pool = ClusterPool(DUAL)

    assert texts(pool.allocate("a")) == texts(pool.allocate("a")) == ["10.0.0.0/24", "fd00::/120"]


def test_cluster_pool__nothing_is_handed_out_where_a_family_is_full():
    pool = ClusterPool(["10.0.0.0/16", "fd00::/119"])
    pool.allocate("a")
    pool.allocate("b")

    with pytest.raises(PoolExhaustedError, match="fd00::/119: no node CIDR of /120 is left"):
        pool.allocate("c")

    pool.release("a")
    assert (pool.free, texts(pool.allocate("d"))) == (1, ["10.0.3.0/24", "fd00::/120"])


def test_cluster_pool__skips_what_nodes_have_already():
    pool = ClusterPool(["10.0.0.0/22"])
    pool.occupy("old", ["10.0.0.0/24", "10.0.1.0/24"])

    assert (texts(pool.allocate("new")), pool.free) == (["10.0.2.0/24"], 1)


@given(st.integers(16, 24), st.integers(18, 24), st.integers(24, 26))
def test_cluster_pool_limits__are_what_the_operator_hands_out(one, other, mask_size):
    ranges = (f"10.0.0.0/{one}", f"10.9.0.0/{other}")
    pool = ClusterPool(ranges, {4: mask_size})

    n = n_until(PoolExhaustedError, pool.allocate)

    found = bounds(cilium_cluster_pool.limits, pod_cidrs=ranges, node_cidr_mask_size=mask_size)
    assert (found[NODES], found[PODS_PER_NODE]) == ([n], [2 ** (32 - mask_size) - 4])


# facts: Cilium's default 10.0.0.0/8 in /24; fd00::/104 in /120; Cilium does not look at Service ranges.
@pytest.mark.parametrize(("pods", "n"), [("10.0.0.0/8", 65_536), ("fd00::/104", 65_536)])
def test_cluster_pool_limits__defaults(pods, n):
    found = bounds(cilium_cluster_pool.limits, pod_cidrs=(pods,), service_cidrs=("10.96.0.0/12",))

    assert found == {NODES: [n], PODS_PER_NODE: [252]}


# cilium, cidralloc.go: ErrCIDRCollision.
def test_cluster_pool__refuses_ranges_that_overlap():
    with pytest.raises(ValueError, match=r"requested CIDR 10.0.128.0/17 collides with 10.0.0.0/16"):
        ClusterPool(["10.0.128.0/17", "10.0.0.0/16"])


def test_cluster_pool__refuses_host_bits():
    with pytest.raises(ValueError, match=r"10.0.0.1/16 has host bits set"):
        ClusterPool(["10.0.0.1/16"])


# podcidr.go, allocateNext: what was taken of one family is given back when the other has none.
def test_cluster_pool__refused_nodes_leave_nothing_behind():
    pool = ClusterPool(["10.0.0.0/22", "fd00::/119"])
    pool.allocate("a")
    pool.allocate("b")
    for node in "cde":
        with pytest.raises(PoolExhaustedError, match="fd00"):
            pool.allocate(node)

    pool.release("b")

    assert len(pool.allocate("f")) == 2
