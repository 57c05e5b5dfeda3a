"""Columns of text, against ipaddress."""

import ipaddress

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from kubenetlab.errors import AddressError
from kubenetlab.ipam.prefixes.column import Prefixes
from kubenetlab.ipam.prefixes.texts import format_addresses, format_prefixes, parse_interfaces, parse_prefixes
from tests.ipam.prefixes import reference, strategies

GROUPS = st.sampled_from(("", "0", "00", "1", "ffff", "aBcD", "12345", "g"))
LIKE_IPV6 = st.builds(
    "{}{}".format,
    st.lists(GROUPS, max_size=9).map(":".join),
    st.sampled_from(("", ":1.2.3.4", "/64", "/129", "::")),
)
OCTETS = st.sampled_from(("", "0", "00", "7", "07", "255", "256", "1000", "-1", "٣"))
LIKE_IPV4 = st.builds(
    "{}{}".format,
    st.lists(OCTETS, min_size=3, max_size=5).map(".".join),
    st.sampled_from(("", "/", "/8", "/08", "/32", "/33", " ", "/8/8")),
)


@given(strategies.lists())
def test_parse_prefixes__undoes_format_prefixes(some):
    version, networks = some
    column = strategies.column(version, networks)

    parsed = parse_prefixes(format_prefixes(column), version)

    assert parsed.version == version
    assert strategies.texts(parsed) == networks


@given(st.lists(st.integers(0, 2**32 - 1) | st.integers(0, 300)))
def test_format_addresses__writes_as_ipaddress_does(numbers):
    column = Prefixes(4, strategies.words(4, numbers), np.full(len(numbers), 32, np.uint8))

    assert format_addresses(column) == [str(ipaddress.IPv4Address(number)) for number in numbers]


@given(st.lists(st.lists(st.sampled_from((0, 0, 0, 1, 0xABC, 0xFFFF)), min_size=8, max_size=8)))
@example([[0, 0, 1, 0, 0, 0, 0, 1], [1, 0, 0, 1, 0, 0, 1, 1], [0, 1] * 4, [1] + [0] * 7, [0] * 7 + [1]])
def test_format_addresses__writes_ipv6_as_ipaddress_does(rows):
    numbers = [int("".join(f"{group:04x}" for group in groups), 16) for groups in rows]
    column = Prefixes(6, strategies.words(6, numbers), np.full(len(numbers), 128, np.uint8))

    # Python 3.13 writes an IPv4 address in decimal; none of these is one
    assert format_addresses(column) == [str(ipaddress.IPv6Address(number)) for number in numbers]


@given(LIKE_IPV6 | LIKE_IPV4 | st.text(alphabet="0123456789abf:./%\n ", max_size=12))
@example("::")
@example("1:2:3:4:5:6:7::")
@example("1:2:3:4:5:6:7:8::")
@example("::1.2.3.4")
@example("1:2:3:4:5:6:7:1.2.3.4")
@example("1:2:3:4:5:6:1.2.3.4/100")
@example(":1:2:3:4:5:6:7")
@example("1::2::3")
@example(":::")
@example("1:2:3.4.5")
@example("10.0.0.0/")
@example("10.0.0.0/0")
def test_parse_interfaces__reads_and_refuses_what_ipaddress_does(text):
    expected = reference.parsed(text)

    try:
        addresses, networks = parse_interfaces([text])
    except AddressError:
        assert expected is None
    else:
        assert (addresses.addresses()[0], int(networks.prefix_length[0])) == expected
        assert strategies.texts(networks) == [ipaddress.ip_interface(text).network]


def test_parse_prefixes__reads_no_text_as_no_row():
    assert len(parse_prefixes([])) == 0
    assert parse_prefixes([], version=6).version == 6


def test_parse_prefixes__reads_an_address_as_a_prefix_of_one():
    assert parse_prefixes(["10.0.0.7"]).prefix_length.tolist() == [32]


@pytest.mark.parametrize(
    ("texts", "message"),
    [
        (
            ["10.0.0.0/8", "10.0.0.256"],
            r"row 1: found '10\.0\.0\.256', expected an IPv4 address or a range such as 10",
        ),
        (["10.0.0.0/33"], r"row 0: found '10\.0\.0\.0/33', expected a prefix length of 0 to 32"),
        (["fd00::/8", "fd00::/129"], "row 1: found 'fd00::/129', expected a prefix length of 0 to 128"),
        (["10.0.0.0/8", "fd00::/8"], "row 1: found 'fd00::/8', expected an IPv4 address"),
        (
            ["fd00::/8", "10.0.0.0/8"],
            r"row 1: found '10\.0\.0\.0/8', expected an IPv6 address or a range such as fd00",
        ),
        (
            ["10.0.0.0/8", "172.17.0.1/16"],
            r"row 1: '172\.17\.0\.1/16' has host bits, expected 172\.17\.0\.0/16",
        ),
        (["fd00::1/64"], "row 0: 'fd00::1/64' has host bits, expected fd00::/64"),
        (["10.0.0.0/8\n10.0.0.0/8"], "row 0: found '10.0.0.0/8.n10"),
        (["10.0.0.1", "10.0.0.2\n", "10.0.0.3"], "row 1: found '10.0.0.2.n'"),
        (["10.0.0.1", ""], "row 1: found ''"),
        (["10.0.0.1", "caf\u00e9\ud800"], "row 1: found 'caf"),
        (["10.0.0.1", "x" * 1000], "row 1: found 'x{100}', expected"),
        (["10.0.0.1", 7], "row 1: found a int, expected text"),
    ],
)
def test_parse_prefixes__refuses_naming_the_row(texts, message):
    with pytest.raises(AddressError, match=message):
        parse_prefixes(texts)


def test_parse_prefixes__refuses_a_version_that_is_none():
    with pytest.raises(ValueError, match="version is 5, expected 4 or 6"):
        parse_prefixes(["10.0.0.1"], version=5)


@pytest.mark.parametrize("texts", ["10.0.0.0/8", b"10.0.0.0/8", None, 7])
def test_parse_prefixes__refuses_what_are_not_many_texts(texts):
    with pytest.raises(TypeError, match=r"texts is .*, expected a list of texts"):
        parse_prefixes(texts)


@pytest.mark.parametrize("version", [7, 0, "4"])
def test_parse_prefixes__refuses_other_versions(version):
    with pytest.raises(ValueError, match=f"version is '?{version}'?, expected 4 or 6"):
        parse_prefixes(["10.0.0.0/8"], version)
