from collections import Counter
from itertools import pairwise

import netaddr
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubenetlab.ipam.bands import RangeFullError
from kubenetlab.ipam.service_ips import AllocatedError, NotInRangeError, ServiceCidr, ServiceIps, limits
from kubenetlab.ipam.set_up import Quantity
from tests.ipam.limit_tables import bounds, words

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


# kubernetes, ipallocator.go (calculateRangeOffset); KEP-3070: usable, static and dynamic band.
@pytest.mark.parametrize(
    ("cidr", "usable", "static", "dynamic"),
    [
        ("10.96.0.0/28", 14, None, ("10.96.0.1", "10.96.0.14")),
        ("10.96.0.0/27", 30, ("10.96.0.1", "10.96.0.16"), ("10.96.0.17", "10.96.0.30")),
        ("10.96.0.0/24", 254, ("10.96.0.1", "10.96.0.16"), ("10.96.0.17", "10.96.0.254")),
        ("10.96.0.0/20", 4094, ("10.96.0.1", "10.96.1.0"), ("10.96.1.1", "10.96.15.254")),
        ("10.96.0.0/16", 65_534, ("10.96.0.1", "10.96.1.0"), ("10.96.1.1", "10.96.255.254")),
        ("10.96.0.0/12", 1_048_574, ("10.96.0.1", "10.96.1.0"), ("10.96.1.1", "10.111.255.254")),
        ("fd00::/112", 65_535, ("fd00::1", "fd00::100"), ("fd00::101", "fd00::ffff")),
    ],
)
def test_service_cidr__bands_of_the_documented_sizes(cidr, usable, static, dynamic):
    service_cidr = ServiceCidr(cidr)

    bands = [band and tuple(map(str, band)) for band in (service_cidr.static, service_cidr.dynamic)]

    assert (service_cidr.usable, *bands) == (usable, static, dynamic)


# kubernetes, ipallocator_test.go: free addresses.
@pytest.mark.parametrize(
    ("cidr", "free"),
    [("192.168.1.0/24", 254), ("10.0.0.0/15", 131_070), ("192.168.1.0/32", 0), ("192.168.1.240/30", 2)],
)
def test_free__upstream_test_values(cidr, free):
    assert ServiceIps([cidr], seed=0).free == free


# Chi-square: 238 addresses of the dynamic band of a /24, each as likely; 237 degrees of freedom, 99.9 % quantile 310.5.
def test_allocate_next__is_even_over_the_dynamic_band():
    draws = Counter(int(ServiceIps(["10.0.0.0/24"], seed).allocate_next()) & 0xFF for seed in range(4760))

    assert draws.keys() == set(range(17, 255))
    assert sum((n - 20) ** 2 / 20 for n in draws.values()) < 310.5


# KEP-1880, website task: a /28 has 13 addresses for Services of one's own; a /24 added around it holds it.
@pytest.mark.parametrize(
    ("services", "n"),
    [
        (("10.96.0.0/28",), [13]),
        (("10.96.0.0/28", "10.96.0.0/24"), [253]),
        (("10.96.0.0/12", "fd00::/112"), [1_048_573]),
        (("10.96.0.0/16", "fd00:1::/124"), [65_533]),
        (("fd00:1::/124", "10.96.0.0/16"), [14]),
        (("10.96.0.0/31",), [0]),
        (("10.96.0.0/32",), [0]),
        ((), None),
    ],
)
def test_limits__services(services, n):
    assert bounds(limits, service_cidrs=services).get(Quantity.SERVICES) == n


@pytest.mark.parametrize(
    ("cidr", "message"),
    [
        ("10.96.0.1/12", "10.96.0.1/12 has host bits set"),
        ("fd00::/48", "shortest allowed prefix length"),
        ("x", "is not a CIDR"),
    ],
)
def test_service_cidr__refuses_what_is_no_service_range(cidr, message):
    with pytest.raises(ValueError, match=message):
        ServiceCidr(cidr)


# kubernetes, controlplane/controller/kubernetesservice: default/kubernetes is SingleStack; so is a Service by default.
@pytest.mark.parametrize(
    ("services", "sentence"),
    [
        (
            ("10.96.0.0/16", "fd00:1::/124"),
            "10.96.0.0/16 has 65,534 addresses for Services, default/kubernetes has one of them; "
            "fd00:1::/124 has 15 for dual-stack Services, which take one of each.",
        ),
        (("10.96.0.0/32",), "10.96.0.0/32 has no address for a Service, not even for default/kubernetes."),
    ],
)
def test_limits__say_what_the_ranges_hold(services, sentence):
    assert words(limits, service_cidrs=services) == [sentence]


# kubernetes, cmd/kube-apiserver/app/options/validation.go
@pytest.mark.parametrize(("cidr", "mask"), [("10.0.0.0/8", 12), ("fd00::/107", 108)])
def test_limits__say_that_older_api_servers_refuse_a_large_range(cidr, mask):
    (found,) = words(limits, service_cidrs=(cidr,))

    assert f"is too large; the mask must be >= {mask}" in found
    assert "is too large" not in words(limits, service_cidrs=(f"{cidr.split('/')[0]}/{mask}",))[0]
