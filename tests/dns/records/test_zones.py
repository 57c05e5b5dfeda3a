"""Names, zones and addresses."""

from ipaddress import ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubenetlab.dns.records.zones import (
    address_of,
    below,
    host_type,
    is_below,
    normalized,
    reverse_name,
    zone_of,
)


@given(st.ip_addresses())
def test_address_of__turns_reverse_name_around(address):
    is_mapped = address.version == 6 and address.ipv4_mapped
    expected = str(address.ipv4_mapped if is_mapped else address)

    assert address_of(reverse_name(str(address))) == expected


@pytest.mark.parametrize(
    "name",
    [
        "10.in-addr.arpa.",
        "01.0.0.10.in-addr.arpa.",
        "256.0.0.10.in-addr.arpa.",
        "0.ip6.arpa.",
        "x.test.",
        ".ip6.arpa.",
    ],
)
def test_address_of__is_empty_for_other_names(name):
    assert address_of(name) == ""


def test_address_of__ignores_labels_beyond_thirty_two():
    # dnsutil.reverse6 takes groups of four from the right
    name = reverse_name("fd00::1")

    assert address_of(f"a.b.{name}") == "fd00::1"


@given(st.ip_addresses(v=4), st.integers(0, 32))
def test_normalized__covers_a_range_with_its_reverse_zones(address, length):
    zones = normalized([f"{address}/{length}"])

    assert zone_of(zones, reverse_name(str(address)))
    assert len(zones) == 2 ** (-length % 8)


@pytest.mark.parametrize(
    ("text", "zone"),
    [
        ("", "."),
        (":53", "."),
        (".", "."),
        ("A.B.:1053", "a.b."),
        ("tls://x", "x."),
        ("fd00::/8", "d.f.ip6.arpa."),
        ("0.0.0.0/0", "in-addr.arpa."),
    ],
)
def test_normalized__reads_a_zone(text, zone):
    assert normalized([text]) == (zone,)


def test_is_below__wants_whole_labels():
    assert is_below("b.", "a.B.")
    assert not is_below("b.", "ab.")
    assert is_below(".", "b.")


def test_below__has_one_dot_below_the_root():
    assert (below(".", "a"), below("b.", "a", "c")) == ("a.", "a.c.b.")


def test_host_type__knows_nothing_of_an_empty_text():
    assert host_type("") == ("", "")
    assert ip_address(host_type("::FFFF:10.0.0.1")[1]).version == 4
