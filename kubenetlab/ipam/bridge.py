"""Which address a pod gets on a node with the CNI plug-in ``bridge`` and host-local, and which one the bridge takes.

Source: containernetworking/plugins 1.1.1, plugins/main/bridge/bridge.go (calcGateways) and plugins/ipam/host-local.
Basis: *ran* for the addresses of pods (`make golden`, component host-local), *source* for that of the bridge.
"""

from collections.abc import Mapping
from typing import Any

from kubenetlab.ipam.host_local import Allocation, HostLocal
from kubenetlab.ipam.host_local_config import load_config


class Bridge:
    """The network of a CNI configuration of type ``bridge`` on one node.

    With ``isGateway`` the bridge has the gateway's address of every range set, from its first pod on. host-local keeps
    the gateway's address in any case, so a node loses it also where the bridge does not take it.

    Parameters
    ----------
    configuration
        The decoded network configuration, with ``ipam`` for host-local.

    Raises
    ------
    ValueError
        With host-local's own text where it refuses the configuration.

    Examples
    --------
    >>> bridge = Bridge({"type": "bridge", "isGateway": True, "ipam": {"subnet": "10.22.0.0/29"}})
    >>> [str(bridge.add(container)[0]) for container in ("a", "b")], bridge.addresses
    (['10.22.0.2/29', '10.22.0.3/29'], ('10.22.0.1/29',))
    >>> bridge.capacity
    5
    """

    def __init__(self, configuration: Mapping[str, Any]) -> None:
        self._config = load_config(configuration)
        self._is_gateway = bool(configuration.get("isGateway") or configuration.get("isDefaultGateway"))
        self._node = HostLocal()
        self._gateways: dict[str, None] = {}

    def add(self, container_id: str, interface: str = "eth0") -> tuple[Allocation, ...]:
        """Connect a container; return its addresses, one of each range set.

        Raises
        ------
        HostLocalError
            As `HostLocal.add` does.
        """
        allocations = self._node.add(self._config, container_id, interface)
        if self._is_gateway:
            self._gateways |= {f"{a.gateway}/{a.prefix_length}": None for a in allocations}
        return allocations

    def delete(self, container_id: str, interface: str = "eth0") -> None:
        """Free the addresses of a container; unknown containers are no error. The bridge keeps its own."""
        self._node.delete(container_id, interface)

    @property
    def addresses(self) -> tuple[str, ...]:
        """The bridge's own addresses."""
        return tuple(self._gateways)

    @property
    def capacity(self) -> int:
        """Containers that fit."""
        return self._config.capacity

    @property
    def files(self) -> dict[str, str]:
        """The files of host-local's data directory."""
        return self._node.files
