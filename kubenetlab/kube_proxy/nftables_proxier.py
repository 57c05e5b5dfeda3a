"""What kube-proxy writes in nftables mode, sync by sync, to the byte.

Source: Kubernetes v1.36.2, pkg/proxy/nftables/proxier.go; checked against recordings of the real program.
"""

from __future__ import annotations

from collections.abc import Collection

from kubenetlab.kube_proxy.nftables_base_chains import ELEMENT_CONTAINERS, write_base_chains
from kubenetlab.kube_proxy.nftables_node import nftables_node
from kubenetlab.kube_proxy.nftables_ports import write_port
from kubenetlab.kube_proxy.nftables_table import NftablesTable
from kubenetlab.kube_proxy.proxy_settings import ProxySettings
from kubenetlab.kube_proxy.service_port import ProxiedPorts
from kubenetlab.kube_proxy.writable_ports import check_ports


class NftablesProxier:
    """The table of one node and address family as kube-proxy keeps it, beginning with an empty kernel.

    Parameters
    ----------
    settings
        The node's.
    version
        Address family, 4 or 6.

    Raises
    ------
    ValueError
        If ``version`` is neither.

    Notes
    -----
    Not modelled: chains that became empty are deleted by a separate transaction a second later, which here
    never comes; the real order of Services is random.
    """

    def __init__(self, settings: ProxySettings, version: int = 4) -> None:
        self._node = nftables_node(settings, version)
        self._table = NftablesTable(f"{self._node.ip} kube-proxy", "rules for kube-proxy")
        self._is_first = True

    def sync(self, ports: ProxiedPorts, changed: Collection[str] | None = None) -> str:
        """Return the transaction that brings the table to ``ports``; empty where nothing is to say.

        Parameters
        ----------
        ports
            All service ports of the family, with what the node selected, in the order to write them.
        changed
            Services (``namespace/name``) whose ports or EndpointSlices changed since the last sync; None for a
            full sync, which writes everything again.

        Raises
        ------
        ManifestError
            If a name, protocol or timeout is not one that the API allows.
        """
        check_ports(ports)
        if changed is None or self._is_first:
            write_base_chains(self._table, self._node, is_first=self._is_first)
        for proxied in ports:
            port = proxied.service_port
            self._table.is_rewriting = (
                changed is None or self._is_first or f"{port.namespace}/{port.name}" in changed
            )
            write_port(self._table, self._node, proxied)
        self._table.is_rewriting = True
        self._table.sweep(ELEMENT_CONTAINERS, "affinity-")
        self._is_first = False
        return self._table.commit()

    def dump(self) -> str:
        """Return the table after the last sync as ``add`` commands, for ``nft -f`` and for comparison."""
        return self._table.dump()


def nftables_dump(ports: ProxiedPorts, settings: ProxySettings, version: int = 4) -> str:
    """Return the table that a first sync of ``ports`` makes, as ``add`` commands."""
    proxier = NftablesProxier(settings, version)
    proxier.sync(ports)
    return proxier.dump()
