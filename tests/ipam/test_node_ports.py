from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubenetlab.ipam.bands import RangeFullError
from kubenetlab.ipam.node_ports import NodePorts, PortAllocatedError, PortNotInRangeError, limits
from kubenetlab.ipam.set_up import Quantity
from tests.ipam.limit_tables import bounds


@given(st.integers(1, 60_000), st.integers(1, 300), st.integers(0, 2**32))
def test_allocate_next__gives_the_dynamic_band_and_then_the_static_band(first, size, seed):
    ports = NodePorts(f"{first}-{first + size - 1}", seed)
    static = ports.static_band_size

    given = [ports.allocate_next() for _ in range(size)]

    assert sorted(given[: size - static]) == list(range(first + static, first + size))
    assert sorted(given[size - static :]) == list(range(first, first + static))
    assert ports.free == 0


def test_allocate_next__raises_when_full():
    ports = NodePorts("30000-30000")
    ports.allocate_next()

    with pytest.raises(RangeFullError, match="range is full"):
        ports.allocate_next()


def test_release__frees_a_port():
    ports = NodePorts("30000-30000")
    ports.release(ports.allocate(30000))
    ports.release(1)

    assert ports.free == 1


def test_allocate__refuses_a_port_in_use():
    ports = NodePorts()
    ports.allocate(30080)

    with pytest.raises(PortAllocatedError, match="provided port is already allocated"):
        ports.allocate(30080)


@pytest.mark.parametrize("port", [29999, 32768])
def test_allocate__refuses_a_port_outside_the_range(port):
    with pytest.raises(PortNotInRangeError, match=r"The range of valid ports is 30000-32767"):
        NodePorts().allocate(port)


@pytest.mark.parametrize("port_range", ["30000", "0-10", "32767-30000", "1-65536", "a-b"])
def test_node_ports__refuses_what_is_no_range(port_range):
    with pytest.raises(ValueError, match="is not two ports of 1 to 65535 in order"):
        NodePorts(port_range)


# kubernetes, portallocator (calculateRangeOffset), KEP-3668: sizes and their static bands.
@pytest.mark.parametrize(
    ("size", "static"), [(16, 0), (17, 16), (1000, 31), (1024, 32), (2768, 86), (5001, 128)]
)
def test_static_band_size__of_the_documented_sizes(size, static):
    assert NodePorts(f"30000-{30000 + size - 1}").static_band_size == static


# Chi-square: 100 ports of the dynamic band, each as likely; 99 degrees of freedom, 99.9 % quantile 148.2.
def test_allocate_next__is_even_over_the_dynamic_band():
    draws = Counter(NodePorts("30000-30115", seed).allocate_next() for seed in range(2000))

    assert draws.keys() == set(range(30016, 30116))
    assert sum((n - 20) ** 2 / 20 for n in draws.values()) < 148.2


def test_limits__ports_of_the_range():
    assert bounds(limits, node_port_range="30000-31000") == {Quantity.NODE_PORTS: [1001]}


def test_limits__refuse_what_is_no_range():
    with pytest.raises(ValueError, match="is not two ports"):
        bounds(limits, node_port_range="31000-30000")
