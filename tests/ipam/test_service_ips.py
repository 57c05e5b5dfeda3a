from collections import Counter
from itertools import pairwise

import netaddr
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubenetlab.ipam.bands import RangeFullError
from kubenetlab.ipam.service_ips import AllocatedError, NotInRangeError, ServiceCidr, ServiceIps

CIDRS = st.builds("10.96.0.0/{}".format, st.integers(12, 32)) | st.builds(
    "fd00::/{}".format, st.integers(64, 128)
)


@given(CIDRS)
def test_service_cidr__bands_tile_the_usable_addresses(cidr):
    service_cidr = ServiceCidr(cidr)
    bands = [band for band in (service_cidr.static, service_cidr.dynamic) if band]

    sizes = [int(last) - int(first) + 1 for first, last in bands]

    assert sum(sizes) == service_cidr.usable
    assert all(int(upper[0]) == int(lower[1]) + 1 for lower, upper in pairwise(bands))
    assert all(address in service_cidr for band in bands for address in band)


@given(st.integers(24, 32), st.integers(0, 2**32))
def test_allocate_next__gives_every_usable_address_once(prefix_length, seed):
    service_ips = ServiceIps([f"10.96.0.0/{prefix_length}"], seed)
    usable = service_ips.free

    addresses = [service_ips.allocate_next() for _ in range(usable)]

    assert len(set(addresses)) == usable
    assert all(address in service_ips.cidrs[0] for address in addresses)
    with pytest.raises(RangeFullError, match="range is full"):
        service_ips.allocate_next()


# kubernetes, ipallocator_test.go: a /25 gives 110 addresses of the dynamic band, then the 16 of the static band.
def test_allocate_next__takes_the_static_band_last():
    service_ips = ServiceIps(["192.168.1.0/25"], seed=3)

    numbers = [int(service_ips.allocate_next()) & 0xFF for _ in range(126)]

    assert sorted(numbers[:110]) == list(range(17, 127))
    assert sorted(numbers[110:]) == list(range(1, 17))


def test_allocate_next__starts_anywhere_in_the_dynamic_band():
    counts = Counter(str(ServiceIps(["10.0.0.0/28"], seed).allocate_next()) for seed in range(2800))

    assert len(counts) == 14
    assert all(abs(count - 200) < 4 * (200 * 13 / 14) ** 0.5 for count in counts.values())


def test_allocate_next__goes_on_in_another_range():
    service_ips = ServiceIps(["10.0.0.0/30", "10.1.0.0/30"], seed=1)

    addresses = {str(service_ips.allocate_next()) for _ in range(4)}

    assert addresses == {"10.0.0.1", "10.0.0.2", "10.1.0.1", "10.1.0.2"}


# kubernetes.io, "Extend Service IP ranges": 10.96.0.0/28 extended by 10.96.0.0/24.
def test_free__counts_overlapping_ranges_once():
    service_ips = ServiceIps(["10.96.0.0/28", "10.96.0.0/24"], seed=1)
    service_ips.allocate("10.96.0.15")

    assert service_ips.free == 253


@pytest.mark.parametrize(
    ("cidr", "free"),
    [("192.168.1.0/24", 254), ("10.0.0.0/15", 131_070), ("192.168.1.240/30", 2), ("10.0.0.1/32", 0)],
)
def test_free__worked_examples(cidr, free):  # kubernetes, ipallocator_test.go
    assert ServiceIps([cidr], seed=0).free == free


def test_allocate_next__same_seed_same_addresses():
    one, other = (ServiceIps(["fd00::/64"], seed=5) for _ in range(2))

    assert [one.allocate_next() for _ in range(9)] == [other.allocate_next() for _ in range(9)]


def test_release__frees_an_address():
    service_ips = ServiceIps(["10.0.0.0/30"], seed=1)
    service_ips.allocate("10.0.0.1")

    service_ips.release("10.0.0.1")
    service_ips.release("10.0.0.2")

    assert service_ips.free == 2
    assert service_ips.allocate("10.0.0.1") == netaddr.IPAddress("10.0.0.1")


@pytest.mark.parametrize("address", ["10.0.0.0", "10.0.0.255", "10.0.1.1", "::1"])
def test_allocate__refuses_addresses_of_no_range(address):
    with pytest.raises(NotInRangeError, match="the provided network does not match the current range"):
        ServiceIps(["10.0.0.0/24"], seed=1).allocate(address)


def test_allocate__refuses_an_address_in_use():
    service_ips = ServiceIps(["10.0.0.0/24"], seed=1)
    service_ips.allocate("10.0.0.10")

    with pytest.raises(AllocatedError, match="provided IP is already allocated"):
        service_ips.allocate("10.0.0.10")


def test_service_cidr__refuses_a_large_ipv6_range():
    with pytest.raises(ValueError, match="shortest allowed prefix length for service CIDR is 64, got 48"):
        ServiceCidr("2001:db8:1::/48")


@pytest.mark.parametrize("cidrs", [[], ["10.0.0.0/24", "fd00::/112"]])
def test_service_ips__refuses_no_range_and_two_families(cidrs):
    with pytest.raises(ValueError, match="Service ranges of one family expected"):
        ServiceIps(cidrs, seed=1)
