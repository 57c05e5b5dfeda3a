from decimal import ROUND_HALF_UP, Decimal
from ipaddress import IPv6Network, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubenetlab.readers.rules import iptables_values as values
from kubenetlab.readers.rules.iptables_words import WrongWord


@given(n=st.integers(1, 100_000), digits=st.sampled_from([5, 10, 11]))
def test_chance__rounds_half_away_from_zero(n, digits):
    text = f"{1 / n:.{digits}f}"

    assert values.chance("--probability", text) == int(
        (Decimal(float(text)) * 2**31).to_integral_value(ROUND_HALF_UP)
    )


@given(q=st.integers(0, 2**31))
def test_chance__of_what_iptables_save_prints_is_what_the_kernel_holds(q):
    assert values.chance("--probability", f"{q / 2**31:.11f}") == q


@given(address=st.integers(0, 2**32 - 1), length=st.integers(0, 32))
def test_address_ranges__agree_with_ipaddress(address, length):
    network = ip_network((address, length), strict=False)
    text = f"{ip_network((address, 32)).network_address}/{length}"

    assert values.address_ranges("-s", text, 4) == ((int(network[0]), int(network[-1])),)
    assert values.address_ranges("-s", text.replace(f"/{length}", f"/{network.netmask}"), 4) == (
        (int(network[0]), int(network[-1])),
    )


@given(address=st.integers(0, 2**128 - 1), length=st.integers(0, 128))
def test_address_ranges__of_ipv6_agree_with_ipaddress(address, length):
    network = IPv6Network((address, length), strict=False)

    assert values.address_ranges("-s", str(network), 6) == ((int(network[0]), int(network[-1])),)


def test_address_ranges__a_list_with_a_mask_with_holes_is_not_understood():
    assert values.address_ranges("-s", "10.0.0.1,10.0.0.1/255.0.255.0", 4) is None


@pytest.mark.parametrize("text", ["-1", "+1", "1_0", "0x", "٣", " 1", "1e3", "", "01", "9" * 30])
def test_number__refuses_other_ways_to_write_one(text):
    with pytest.raises(WrongWord, match="expected a thing from 0 to 1000"):
        values.number("--x", text, 1000, "a thing")


def test_protocol__has_one_name_for_each():
    assert [values.protocol("-p", text) for text in ("6", "TCP", "icmp6", "58", "0", "253")] == [
        "tcp", "tcp", "ipv6-icmp", "ipv6-icmp", "all", "253",
    ]  # fmt: skip
