import netaddr
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubenetlab.ipam.allocator_trace import allocator_differences, trace_allocator
from kubenetlab.ipam.traced_allocators import ALLOCATORS


@given(allocator=st.sampled_from(sorted(ALLOCATORS)), seed=st.integers(0, 2**32), n_steps=st.integers(1, 60))
def test_trace_allocator__gives_nobody_what_another_has(allocator, seed, n_steps):
    trace = trace_allocator(allocator, n_steps, seed)

    held = {}
    for row in trace.frame.itertuples():
        if row.event == "goes":
            assert held.pop(row.owner) == row.cidr
        elif row.cidr:
            assert row.cidr not in held.values()
            held[row.owner] = row.cidr
        assert row.n_in_use == len(held)


@pytest.mark.parametrize("allocator", ALLOCATORS)
def test_trace_allocator__gives_cells_of_its_space(allocator):
    trace = trace_allocator(allocator, 30)

    cidrs = [netaddr.IPNetwork(cidr) for cidr in trace.frame["cidr"] if cidr]
    assert {cidr.prefixlen for cidr in cidrs} == {trace.cell_prefix_length}
    assert all(cidr in netaddr.IPNetwork(trace.space) for cidr in cidrs)


def test_trace_allocator__refuses_in_the_components_words_when_full():
    trace = trace_allocator("CNI host-local", 60)

    refused = trace.frame.query("event == 'comes' and cidr == ''")["why"].tolist()
    assert refused
    assert set(refused) == {
        "Refused: failed to allocate for range 0: no IP addresses available in range set: 10.244.3.1-10.244.3.14"
    }


def test_trace_allocator__host_local_reuses_a_freed_address_last():
    frame = trace_allocator("CNI host-local", 14, seed=3).frame

    assert "goes" in set(frame["event"])
    comes = frame.query("event == 'comes'")["cidr"]
    assert comes.is_unique


def test_trace_allocator__ovn_counts_the_third_byte_first():
    cidrs = trace_allocator("OVN-Kubernetes", 4).frame["cidr"]

    assert cidrs.tolist() == ["10.128.0.0/26", "10.128.1.0/26", "10.128.2.0/26", "10.128.3.0/26"]


def test_trace_allocator__is_the_same_for_the_same_seed():
    one, other = (trace_allocator("Service ClusterIPs", 30, seed=5).frame for _ in range(2))

    assert one.equals(other)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("pigeonhole",), "allocator 'pigeonhole' is none of kube-con"),
        (("Calico", 0), "n_steps 0 is below 1"),
    ],
)
def test_trace_allocator__refuses(arguments, message):
    with pytest.raises(ValueError, match=message):
        trace_allocator(*arguments)


def test_allocator_differences__says_how_many_each_gives():
    frame = allocator_differences().frame.set_index("allocator")

    assert frame[["n_cells", "n_given"]].T.to_dict("list") == {
        "kube-controller-manager": [16, 16],
        "CNI host-local": [16, 13],
        "Calico": [64, 64],
        "Flannel with etcd": [16, 15],
        "OVN-Kubernetes": [16, 16],
        "Service ClusterIPs": [64, 62],
    }


def test_allocator_differences__next_fit_does_not_give_a_released_range_again_at_once():
    row = allocator_differences().frame.set_index("allocator").loc["kube-controller-manager"]

    assert row[["second", "fourth"]].tolist() == ["10.244.1.0/24", "10.244.3.0/24"]


# subnet_allocator.go: the default 10.128.0.0/14 with /23 rotates too, though a /23 is larger than a byte.
def test_allocator_differences__says_when_ovn_rotates_bits():
    rule = allocator_differences().frame.set_index("allocator").loc["OVN-Kubernetes", "rule"]

    assert "no whole number of bytes and the subnet's number crosses into another byte" in rule
