from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubenetlab.anonymize.addresses import FIXED, KEPT, Addresses
from kubenetlab.anonymize.written_addresses import canonical, found


def networks(kind, bits):
    def network(value, length):
        return kind((value, length), strict=False)

    return st.builds(network, st.integers(0, 2**bits - 1), st.integers(0, bits))


@st.composite
def inside(draw, network):
    """A range inside a range."""
    length = draw(st.integers(network.prefixlen, network.max_prefixlen))
    host = draw(st.integers(0, 2 ** (network.max_prefixlen - network.prefixlen) - 1))
    return type(network)((int(network.network_address) + host, length), strict=False)


anything = networks(IPv4Network, 32) | networks(IPv6Network, 128)
nested = anything.flatmap(lambda network: st.tuples(st.just(network), inside(network)))
unrelated = st.tuples(networks(IPv4Network, 32), networks(IPv4Network, 32))
pairs = nested | unrelated | nested.map(lambda pair: pair[::-1])
keys = st.binary(min_size=1, max_size=64)


@given(pair=pairs, rigid=st.lists(anything, max_size=3), key=keys, grain=st.booleans())
def test_addresses__keep_the_containment_of_every_pair_of_ranges(pair, rigid, key, grain):
    addresses = Addresses(key, rigid, grain=grain)

    first, second = (ip_network(addresses.cidr(str(network))) for network in pair)

    assert first.subnet_of(second) == pair[0].subnet_of(pair[1])
    assert second.subnet_of(first) == pair[1].subnet_of(pair[0])
    assert first.overlaps(second) == pair[0].overlaps(pair[1])


@given(network=anything, rigid=st.lists(anything, max_size=3), key=keys)
def test_addresses__keep_the_size_of_a_range(network, rigid, key):
    assert ip_network(Addresses(key, rigid).cidr(str(network))).num_addresses == network.num_addresses


@given(values=st.sets(st.integers(0, 2**32 - 1), min_size=2, max_size=2), key=keys)
def test_addresses__give_two_addresses_two_replacements(values, key):
    addresses = Addresses(key, grain=False)

    assert len({addresses.address(str(ip_address(value))) for value in values}) == 2


@pytest.mark.parametrize("range_", [*FIXED, *KEPT, "0.0.0.0/0", "::/0"])
@given(key=keys)
def test_addresses__leave_fixed_ranges_where_they_are(range_, key):
    assert Addresses(key, grain=False).cidr(range_) == range_


@pytest.mark.parametrize(
    "address", ["127.0.0.1", "127.0.0.53", "::1", "0.0.0.0", "169.254.169.254", "224.0.0.1"]
)
def test_addresses__leave_addresses_that_every_machine_has(address):
    assert Addresses(b"key", grain=False).address(address) == address


@given(host=st.integers(0, 2**16 - 1), key=keys)
def test_addresses__keep_the_place_in_a_rigid_range(host, key):
    addresses = Addresses(key, [IPv4Network("10.244.0.0/16")])

    image = ip_address(addresses.address(str(IPv4Network("10.244.0.0/16")[host])))

    assert int(image) & 0xFFFF == host


@pytest.mark.parametrize("cidr", ["172.17.0.1/16", "10.0.0.1/8", "fd00::1/64", "10.96.0.10/30", "0.0.0.1/0"])
@given(key=keys)
def test_cidr__keeps_host_bits_host_bits(cidr, key):
    image = Addresses(key, grain=False).cidr(cidr)

    with pytest.raises(ValueError, match="has host bits set"):
        ip_network(image)


TEXTS = [
    "10.244.0.0/16 10.244.1.5 10.244.1.51 10.244.11.5 10.96.0.0/12 10.96.0.1 10.96.0.10 192.168.1.7 192.168.1.70",
    "node ip-10-0-1-12 and fd00:10:244::/56 [fd00:10:244::5]:80 172.18.0.2-172.18.0.20 10.0.0.0/8 203.0.113.7",
]


@given(key=keys)
def test_hiding__writes_no_original_address(key):
    originals, _ = found(TEXTS)
    addresses = Addresses.hiding(key, TEXTS)

    output = " ".join(addresses.address(text) for text in originals if text != "10.0.0.0")

    assert not [text for text in originals if text in output and text != "10.0.0.0"]


@given(key=keys)
def test_hiding__keeps_pods_in_the_place_they_had_in_their_range(key):
    addresses = Addresses.hiding(key, TEXTS)

    assert addresses.address("10.244.1.5").endswith(".1.5")
    assert addresses.cidr("10.244.0.0/16") != "10.244.0.0/16"


@given(key=keys)
def test_hiding__keeps_the_order_of_a_written_span(key):
    addresses = Addresses.hiding(key, TEXTS)

    first, last = (int(ip_address(addresses.address(a))) for a in ("172.18.0.2", "172.18.0.20"))

    assert last - first == 18


def test_reused__names_what_cannot_be_hidden():
    full = [f"10.0.0.{last}" for last in range(256)]

    assert set(Addresses(b"key", [IPv4Network("10.0.0.0/8")]).reused(full)) == set(full) - {"10.0.0.0"}


def test_hiding__gives_up_on_a_block_that_is_full(monkeypatch):
    monkeypatch.setattr("kubenetlab.anonymize.addresses._TRIES", 1)
    full = [f"172.17.{third}.{last}" for third in range(256) for last in range(0, 256, 16)]

    assert Addresses.hiding(b"key", full).reused(full)


@pytest.mark.parametrize(
    ("text", "expected"),
    [("010.0.0.1", "10.0.0.1"), ("10-244-3-7", "10.244.3.7"), ("fd00::1", "fd00::1"), ("web-1", "web-1")],
)
def test_canonical__is_the_plain_form(text, expected):
    assert canonical(text) == expected


def test_found__sees_addresses_in_urls_brackets_and_names():
    text = "https://10.0.1.2:8443/x [fd00::5]:80 ip-10-0-1-12.ec2.internal app.10.0.0.9.nip.io 12:30:45 v1.2.3 10.1.0.0/16"

    assert found([text])[0] == ["10.0.0.9", "10.0.1.12", "10.0.1.2", "10.1.0.0", "fd00::5"]


@pytest.mark.parametrize("address", ["10.77.0.5", "2001:db8::5"])
def test_reverse_zone__is_the_reversed_replacement(address):
    addresses = Addresses(b"key", grain=False)

    reverse = addresses.reverse_zone(ip_address(address).reverse_pointer)

    assert reverse == ip_address(addresses.address(address)).reverse_pointer


@pytest.mark.parametrize("text", ["5.0.77.10.in-addr.arpa", "5.0.77.10.IN-ADDR.ARPA"])
def test_found__finds_the_address_of_a_reverse_name(text):
    assert found([text])[0] == ["10.77.0.5"]


def test_found__takes_a_netmask_for_a_length():
    assert found(["10.77.0.0/255.255.0.0", "10.78.0.0/255.0.255.0"])[1] == ["10.77.0.0/16"]
