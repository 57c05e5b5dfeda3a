"""How many nodes the subnets of the nodes hold: every network keeps some addresses of a subnet for itself."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import netaddr

from kubenetlab.ipam.cidr_arguments import counted, named, networks_by_version
from kubenetlab.ipam.node_cidr_limits import after_surge
from kubenetlab.ipam.set_up import Limit, Quantity, SetUp
from kubenetlab.result import Basis


@dataclass(frozen=True, slots=True)
class Network:
    """How many addresses of every subnet no host gets, and why."""

    words: str
    n_reserved: int
    basis: Basis
    source: str

    def usable(self, subnets: Iterable[netaddr.IPNetwork]) -> int:
        """Return how many addresses of subnets can be given to somebody."""
        return sum(max(0, subnet.size - self.n_reserved) for subnet in subnets)


AWS = Network(
    "AWS keeps 5 of a subnet",
    5,
    Basis.DOCS,
    "AWS, EC2 API CreateSubnet: the first four addresses and the last of every subnet",
)
AZURE = Network(
    "Azure keeps 5 of a subnet",
    5,
    Basis.DOCS,
    "azure-aks-docs fb060ab, IP address planning: the first four and the last of every subnet",
)
GOOGLE = Network(
    "Google keeps 4 of a subnet",
    4,
    Basis.DOCS,
    "Google Cloud, subnets: network, gateway, second-to-last and broadcast address",
)
#: A network of no cloud.
PLAIN = Network(
    "the first and the last are no host's",
    2,
    Basis.DOCS,
    "RFC 1122, section 3.2.1.3: neither the network nor the broadcast address is a host's",
)


def node_subnet_limits(set_up: SetUp, network: Network = PLAIN) -> Iterator[Limit]:
    """Yield how many nodes have an address, for each family that the nodes' subnets have; none where no subnet is known.

    Raises
    ------
    AddressError
        If a subnet is no CIDR or has host bits.
    """
    for subnets in networks_by_version(set_up.node_cidrs).values():
        usable = network.usable(subnets)
        n_nodes, surge = after_surge(usable, set_up)
        words = (
            f"{named(subnets, 'has', 'have')} {counted(usable)} addresses for nodes ({network.words}){surge}."
        )
        yield Limit(Quantity.NODES, n_nodes, "node subnet", words, network.basis, network.source)
