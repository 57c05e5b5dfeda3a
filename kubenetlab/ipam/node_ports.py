"""Which node port a Service gets.

Source: kubernetes, pkg/registry/core/service/portallocator/allocator.go, KEP-3668; the error texts are the component's
own. Basis: *source*; the bands are compared with 8 rows written from the formula (`make golden`,
addressing/nodeport-bands). The random choices are those of a seeded generator here.
"""

import re
from collections.abc import Iterator

import numpy as np

from kubenetlab.errors import KubenetlabError
from kubenetlab.ipam.bands import next_free, static_band_size
from kubenetlab.ipam.set_up import Limit, Quantity, SetUp
from kubenetlab.result import Basis

DEFAULT_RANGE = "30000-32767"


class PortAllocatedError(KubenetlabError):
    """A requested node port is in use."""


class PortNotInRangeError(KubenetlabError, ValueError):
    """A requested node port lies outside the range."""


class NodePorts:
    """The node ports of a cluster.

    Parameters
    ----------
    port_range
        ``--service-node-port-range``, first and last port.
    seed
        Of the random place where the search for a free port starts.

    Attributes
    ----------
    size
        How many ports the range has.
    static_band_size
        How many of them, the lowest, are handed out without being asked for only when the others are gone.

    Raises
    ------
    ValueError
        If ``port_range`` is not two port numbers in order.

    Examples
    --------
    >>> ports = NodePorts("30000-32767", seed=1)
    >>> ports.static, ports.dynamic
    ((30000, 30085), (30086, 32767))
    """

    def __init__(self, port_range: str = DEFAULT_RANGE, seed: int = 0) -> None:
        match = re.fullmatch(r"([0-9]{1,5})-([0-9]{1,5})", port_range)
        self.first, self.last = map(int, match.groups()) if match else (0, 0)
        if not 0 < self.first <= self.last < 1 << 16:
            raise ValueError(f"port_range {port_range!r} is not two ports of 1 to 65535 in order")
        self.size = self.last - self.first + 1
        self.static_band_size = static_band_size(self.size, step=32, most=128)
        self._used: set[int] = set()
        self._generator = np.random.default_rng(seed)

    @property
    def static(self) -> tuple[int, int] | None:
        """First and last port of the static band."""
        return (self.first, self.first + self.static_band_size - 1) if self.static_band_size else None

    @property
    def dynamic(self) -> tuple[int, int]:
        """First and last port of the dynamic band."""
        return self.first + self.static_band_size, self.last

    @property
    def free(self) -> int:
        """How many ports are left."""
        return self.size - len(self._used)

    def allocate(self, port: int) -> int:
        """Hand out a requested port, of whichever band.

        Raises
        ------
        PortNotInRangeError
            If it is outside the range.
        PortAllocatedError
            If it is in use.
        """
        if not self.first <= port <= self.last:
            raise PortNotInRangeError(
                "provided port is not in the valid range. "
                f"The range of valid ports is {self.first}-{self.last}"
            )
        if port in self._used:
            raise PortAllocatedError("provided port is already allocated")
        self._used.add(port)
        return port

    def allocate_next(self) -> int:
        """Hand out any port: of the dynamic band, else of the static band.

        Raises
        ------
        RangeFullError
            If all are in use.
        """
        port = next_free(self.first, self.size, self.static_band_size, self._used, self._generator)
        self._used.add(port)
        return port

    def release(self, port: int) -> None:
        """Take a port back; nothing happens where it is not in use."""
        self._used.discard(port)


def limits(set_up: SetUp) -> Iterator[Limit]:
    """Yield how many node ports there are.

    Raises
    ------
    ValueError
        If the range is not two port numbers in order.

    Examples
    --------
    >>> [(limit.n, limit.words) for limit in limits(SetUp(ipam="unknown"))]
    [(2768, '30000-32767 has 2,768 ports.')]
    """
    n_ports = NodePorts(set_up.node_port_range).size
    yield Limit(
        Quantity.NODE_PORTS,
        n_ports,
        "node ports",
        f"{set_up.node_port_range} has {n_ports:,} ports.",
        Basis.SOURCE,
        "kubernetes, pkg/registry/core/service/portallocator/allocator.go",
    )
