from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubenetlab.load_balancing.paths.metallb import ecmp_loss, metallb_l2_node
from tests.load_balancing.paths import reference

NAMES = st.lists(st.sampled_from("abcdefghij"), min_size=1, unique=True)


def moved(before, after):
    return ecmp_loss(before, after).frame.set_index("method")["moved_exact"].map(Fraction).to_dict()


@pytest.mark.parametrize(("address", "node"), [("10.20.30.1", "iris2"), ("10.20.30.2", "iris1")])
def test_metallb_l2_node__announces_where_metallbs_own_test_does(address, node):
    # MetalLB, speaker/layer2_controller_test.go, TestShouldAnnounce: two Services, endpoints on both nodes
    frame = metallb_l2_node(address, ["iris1", "iris2"]).frame

    assert frame.loc[frame["announces"], "node"].tolist() == [node]


@given(nodes=NAMES, gone=st.data())
def test_metallb_l2_node__the_next_takes_over_and_no_other_order_changes(nodes, gone):
    order = metallb_l2_node("fd00::1", nodes).frame["node"].tolist()
    lost = gone.draw(st.sampled_from(nodes))

    after = [node for node in nodes if node != lost]

    assert sorted(order) == sorted(nodes)
    if after:
        expected = [node for node in order if node != lost]
        assert metallb_l2_node("fd00::1", after).frame["node"].tolist() == expected


def test_metallb_l2_node__takes_an_address_however_it_is_written():
    frames = [metallb_l2_node(a, ["a", "b", "c"]).frame for a in ("fd00::1", "FD00:0:0:0:0:0:0:1")]

    assert frames[0].equals(frames[1])


def test_metallb_l2_node__writes_an_address_that_ipv6_maps_as_go_does():
    # Go, net.IP.String: the IPv4 address in dots; MetalLB hashes that text
    mapped, plain = (metallb_l2_node(a, ["a", "b", "c"]) for a in ("::ffff:1.2.3.4", "1.2.3.4"))

    assert mapped.title == "Nodes for 1.2.3.4"
    assert mapped.frame.equals(plain.frame)


@pytest.mark.parametrize(
    ("address", "nodes", "message"),
    [
        ("10.20.30", ["a"], r"address: found '10\.20\.30', expected IPv4 or IPv6"),
        ("fe80::1%eth0", ["a"], "address: found 'fe80::1%eth0', expected IPv4 or IPv6"),
        ("", ["a"], "address: found ''"),
        (5, ["a"], "address: found 5, expected IPv4 or IPv6"),
        ("10.20.30.1", [], r"nodes: found \[\], expected names, each once"),
        ("10.20.30.1", ["a", "a"], "nodes: found .'a', 'a'., expected names, each once"),
        ("10.20.30.1", "ab", "nodes: found 'ab', expected names"),
    ],
)
def test_metallb_l2_node__refuses_what_is_no_address_and_no_nodes(address, nodes, message):
    with pytest.raises(ValueError, match=message):
        metallb_l2_node(address, nodes)


@given(before=NAMES, after=NAMES)
def test_ecmp_loss__is_exact(before, after):
    share = moved(before, after)

    assert share["modulo"] == reference.moved_modulo(before, after)
    assert share["hash-threshold"] == reference.moved_threshold(before, after)
    assert share["resilient"] <= min(share["modulo"], share["hash-threshold"])


@given(n=st.integers(2, 60), data=st.data())
def test_ecmp_loss__modulo_keeps_one_flow_in_n_whichever_node_leaves(n, data):
    nodes = [f"n{i}" for i in range(n)]
    gone = data.draw(st.sampled_from(nodes))

    share = moved(nodes, [node for node in nodes if node != gone])

    assert share["modulo"] == 1 - Fraction(1, n)
    assert share["resilient"] == Fraction(1, n)


@given(n=st.integers(2, 40), data=st.data())
def test_ecmp_loss__hash_threshold_moves_a_quarter_to_a_half_as_rfc_2992_finds(n, data):
    # RFC 2992 section 3: between 1/4 and 1/2 when a next hop is added, by where it is put; nothing in it is rounded
    nodes = [f"n{i}" for i in range(n)]
    place = data.draw(st.integers(0, n))

    share = moved(nodes, [*nodes[:place], "new", *nodes[place:]])

    assert Fraction(1, 4) <= share["hash-threshold"] <= Fraction(1, 2)


def test_ecmp_loss__nothing_moves_where_nothing_changes():
    assert set(moved(["a", "b", "c"], ["a", "b", "c"]).values()) == {0}


@pytest.mark.parametrize(("before", "after"), [([], ["a"]), (["a"], []), (["a", "a"], ["a"])])
def test_ecmp_loss__refuses_no_nodes_and_nodes_twice(before, after):
    with pytest.raises(ValueError, match="expected names, each once"):
        ecmp_loss(before, after)
