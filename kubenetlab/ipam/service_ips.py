"""Which ClusterIP a Service gets: the API server's allocators, one for each range of the ServiceCIDR objects.

Source: kubernetes, pkg/registry/core/service/ipallocator/{ipallocator,cidrallocator,interfaces}.go, KEP-3070 (bands),
KEP-1880 (ServiceCIDR); the error texts are the component's own. Basis: *source*; the bands are compared with 34 rows
written from the formula (`make golden`, addressing/service-bands). The random choices are those of a seeded generator
here: the set and the distribution are the component's, the single address is not.
"""

from collections.abc import Iterable, Iterator

import netaddr
import numpy as np

from kubenetlab.errors import KubenetlabError
from kubenetlab.ipam.bands import RangeFullError, next_free, static_band_size
from kubenetlab.ipam.cidr_arguments import counted, named, network_of, networks_by_version
from kubenetlab.ipam.set_up import Limit, Quantity, SetUp
from kubenetlab.result import Basis

#: Shortest prefix of an IPv6 range.
SHORTEST_IPV6_PREFIX = 64

_DNS_INDEX = 10


class AllocatedError(KubenetlabError):
    """A requested ClusterIP is in use."""


class NotInRangeError(KubenetlabError, ValueError):
    """A requested ClusterIP belongs to no Service range."""


Bounds = tuple[netaddr.IPAddress, netaddr.IPAddress]


class ServiceCidr:
    """One Service range and its bands.

    The network address is never used, nor is the last address of an IPv4 range.

    Attributes
    ----------
    usable
        How many addresses Services can get.
    static_band_size
        How many of them, the lowest, are handed out without being asked for only when the others are gone.

    Raises
    ------
    ValueError
        If it is no CIDR or has host bits, or is an IPv6 range larger than a /64.

    Examples
    --------
    >>> cidr = ServiceCidr("10.96.0.0/24")
    >>> cidr.usable, cidr.static_band_size, str(cidr.dynamic[0])
    (254, 16, '10.96.0.17')
    """

    def __init__(self, cidr: str | netaddr.IPNetwork) -> None:
        self.network = network_of(cidr)
        if self.network.version == 6 and self.network.prefixlen < SHORTEST_IPV6_PREFIX:
            raise ValueError(
                f"shortest allowed prefix length for service CIDR is 64, got {self.network.prefixlen}"
            )
        self.usable = max(0, self.network.size - (2 if self.network.version == 4 else 1))
        self.static_band_size = static_band_size(self.network.size, step=16, most=256)

    @property
    def static(self) -> Bounds | None:
        """First and last address of the static band."""
        return self._bounds(0, self.static_band_size)

    @property
    def dynamic(self) -> Bounds | None:
        """First and last address of the dynamic band."""
        return self._bounds(self.static_band_size, self.usable)

    @property
    def kubernetes_service_ip(self) -> netaddr.IPAddress | None:
        """The ClusterIP of default/kubernetes: the first."""
        return self.static[0] if self.static else self.dynamic[0] if self.dynamic else None

    @property
    def dns_ip(self) -> netaddr.IPAddress | None:
        """The ClusterIP that kubeadm and k3s give to cluster DNS: the tenth."""
        return self._address(_DNS_INDEX - 1) if self.usable >= _DNS_INDEX else None

    def __contains__(self, address: netaddr.IPAddress) -> bool:
        """Whether a Service can get an address from this range."""
        return (
            address.version == self.network.version and 0 < int(address) - self.network.first <= self.usable
        )

    def _bounds(self, start: int, stop: int) -> Bounds | None:
        return (self._address(start), self._address(stop - 1)) if start < stop else None

    def _address(self, index: int) -> netaddr.IPAddress:
        return netaddr.IPAddress(self.network.first + 1 + index, self.network.version)


class ServiceIps:
    """The ClusterIPs of one family, handed out from one range or several; ranges may overlap.

    Parameters
    ----------
    cidrs
        The ranges of all ready ServiceCIDR objects that are of one family.
    seed
        Of the random choices: the range (the component walks a Go map, in random order) and where in a band to start.

    Raises
    ------
    ValueError
        If there is no range, or if they are of both families.

    Examples
    --------
    >>> service_ips = ServiceIps(["10.96.0.0/28"], seed=1)
    >>> str(service_ips.allocate("10.96.0.10"))
    '10.96.0.10'
    >>> len({service_ips.allocate_next() for _ in range(13)}), service_ips.free
    (13, 0)
    """

    def __init__(self, cidrs: Iterable[str | netaddr.IPNetwork], seed: int) -> None:
        self.cidrs = tuple(ServiceCidr(cidr) for cidr in cidrs)
        versions = {cidr.network.version for cidr in self.cidrs}
        if len(versions) != 1:
            raise ValueError(
                f"Service ranges of one family expected, got {[str(c.network) for c in self.cidrs]}"
            )
        (self._version,) = versions
        self._used: set[int] = set()
        self._generator = np.random.default_rng(seed)

    def allocate(self, address: str | netaddr.IPAddress) -> netaddr.IPAddress:
        """Hand out a requested address, of whichever band.

        Raises
        ------
        NotInRangeError
            If no range can give it.
        AllocatedError
            If it is in use.
        """
        requested = netaddr.IPAddress(address)
        if not any(requested in cidr for cidr in self.cidrs):
            raise NotInRangeError("the provided network does not match the current range")
        if int(requested) in self._used:
            raise AllocatedError("provided IP is already allocated")
        self._used.add(int(requested))
        return requested

    def allocate_next(self) -> netaddr.IPAddress:
        """Hand out any address: of the dynamic band of a range, else of its static band, else of the next range.

        Raises
        ------
        RangeFullError
            If all ranges are full.
        """
        for index in self._generator.permutation(len(self.cidrs)):
            cidr = self.cidrs[index]
            try:
                number = next_free(
                    cidr.network.first + 1, cidr.usable, cidr.static_band_size, self._used, self._generator
                )
            except RangeFullError:
                continue
            self._used.add(number)
            return netaddr.IPAddress(number, self._version)
        raise RangeFullError("range is full")

    def release(self, address: str | netaddr.IPAddress) -> None:
        """Take an address back; nothing happens where it is not in use."""
        self._used.discard(int(netaddr.IPAddress(address)))

    @property
    def free(self) -> int:
        """How many addresses are left; ranges inside others count once."""
        return _usable(self.cidrs) - len(self._used)


def limits(set_up: SetUp) -> Iterator[Limit]:
    """Yield how many Services of one's own get a ClusterIP: of the first range's family, as default/kubernetes does.

    A Service has one address of that family unless it asks for more (``ipFamilyPolicy: SingleStack`` is the default), so
    ranges of the other family bound only those that do, and the sentence says how many these can be.

    Raises
    ------
    ValueError
        If a range is no CIDR or has host bits, or is an IPv6 range larger than a /64.

    Examples
    --------
    >>> [(limit.n, limit.words) for limit in limits(SetUp(ipam="unknown", service_cidrs=("10.96.0.0/28",)))]
    [(13, '10.96.0.0/28 has 14 addresses for Services, default/kubernetes has one of them.')]
    """
    by_version = networks_by_version(set_up.service_cidrs)
    if not by_version:
        return
    first = by_version.pop(network_of(set_up.service_cidrs[0]).version)
    usable = _usable([ServiceCidr(network) for network in first])
    words = [f"{named(first, 'has', 'have')} {_SHARE[usable > 0].format(counted(usable))}"]
    for others in by_version.values():
        n_others = counted(_usable([ServiceCidr(network) for network in others]))
        words.append(
            f"{named(others, 'has', 'have')} {n_others} for dual-stack Services, which take one of each"
        )
    words += [
        _TOO_LARGE.format(n, _OLD_SHORTEST[n.version])
        for n in first
        if n.prefixlen < _OLD_SHORTEST[n.version]
    ]
    source = "kubernetes, pkg/registry/core/service/ipallocator/ipallocator.go"
    sentence = f"{'; '.join(words)}."
    yield Limit(Quantity.SERVICES, max(0, usable - 1), "Service range", sentence, Basis.SOURCE, source)


#: Shortest prefix that an API server takes which keeps its old allocator too.
_OLD_SHORTEST = {4: 12, 6: 108}
_TOO_LARGE = (
    "{} needs MultiCIDRServiceAllocator and DisableAllocatorDualWrite, without them the API server says: "
    "specified --service-cluster-ip-range is too large; the mask must be >= {}"
)
_SHARE = {
    True: "{} addresses for Services, default/kubernetes has one of them",
    False: "no address for a Service, not even for default/kubernetes",
}


def _usable(cidrs: Iterable[ServiceCidr]) -> int:
    """Return how many addresses ranges have together; those inside others count once."""
    usable = {cidr.network: cidr.usable for cidr in cidrs}
    inside = {network for network in usable for other in usable if network in other and network != other}
    return sum(n for network, n in usable.items() if network not in inside)
