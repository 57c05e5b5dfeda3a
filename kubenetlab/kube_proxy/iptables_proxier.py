"""What kube-proxy gives to ``iptables-restore`` at each sync, and the tables that result.

Source: Kubernetes v1.36.2, pkg/proxy/iptables/proxier.go.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

from kubenetlab.kube_proxy import iptables_frame as frame
from kubenetlab.kube_proxy.iptables_node import iptables_node
from kubenetlab.kube_proxy.iptables_port import PortOnNode
from kubenetlab.kube_proxy.iptables_rule_kinds import FILTER_CAPTURES, NAT_CAPTURES, captures, own_rules
from kubenetlab.kube_proxy.proxy_settings import ProxySettings
from kubenetlab.kube_proxy.service_port import ProxiedPorts
from kubenetlab.kube_proxy.writable_ports import check_ports

LARGE_CLUSTER_ENDPOINTS: Final = (
    1000  # more than these: no comments at endpoints, stale chains stay for a while
)
SYNC_PERIOD_S: Final = 30.0

_Key = tuple[str, str, str, str]  # namespace, name, port name, protocol


class IptablesProxier:
    """A kube-proxy in iptables mode on one node, for one address family: it remembers what it wrote.

    Parameters
    ----------
    settings
        The node and its configuration.
    version
        4 or 6.

    Notes
    -----
    Not modelled: the chains KUBE-PROXY-CANARY and those of the kubelet; the sync after one that failed; the real order
    of Services is random at every sync.

    Examples
    --------
    >>> proxier = IptablesProxier(ProxySettings(node_name="worker-1"))
    >>> proxier.sync(()).count("-A KUBE-"), proxier.save().count("-A ")
    (9, 23)
    """

    def __init__(self, settings: ProxySettings, version: int = 4) -> None:
        self._node = iptables_node(settings, version)
        self._chains_of: dict[_Key, list[str]] = {}
        self._text_of: dict[str, str] = {}  # of service ports' chains, in the order in which they were made
        self._stale: set[str] = set()
        self._shared: dict[str, list[str]] = {}
        self._since_cleanup_s = float("inf")

    def sync(self, ports: ProxiedPorts, changed: Collection[str] | None = None, after_s: float = 0.0) -> str:
        """Return the text for ``iptables-restore --noflush --counters``.

        Parameters
        ----------
        ports
            All service ports, in the order in which they are to be written.
        changed
            Full names (``namespace/name``) of the Services that changed since the last sync; None for a full sync.
            The chains of other Services are left out; those that all share are always written.
        after_s
            Time since the last sync [s]: in a large cluster stale chains are deleted only every 30 s.

        Raises
        ------
        ManifestError
            If a name, protocol or timeout is not one that the API allows.
        """
        check_ports(ports)
        is_large = sum(len(port.selection.everything) for port in ports) > LARGE_CLUSTER_ENDPOINTS
        on_this = [PortOnNode(port, self._node, not is_large) for port in ports]
        filters = frame.filter_head(self._node)
        nat, shared, declared = frame.nat_head(self._node), frame.nat_head(self._node), []
        for port in on_this:
            filters += captures(FILTER_CAPTURES, port)
            captured = captures(NAT_CAPTURES, port)
            shared += captured
            nat += captured
            if self._is_due(port, changed):
                chains, rules = own_rules(port)
                declared += chains
                nat += [text for _, text in rules]
                self._replace(port.key, chains, rules)
        stale = self._delete(on_this, is_large, after_s)
        tail = frame.nat_tail(self._node)
        filters += frame.filter_tail(self._node)
        self._shared = {"filter": filters, "nat": shared + tail}
        nat += [*(f"-X {chain}\n" for chain in stale), *tail]
        firewall = ("KUBE-FIREWALL",) if self._node.has_localhost_node_ports else ()
        return frame.table_text("filter", (*frame.RESTORED["filter"], *firewall), filters) + frame.table_text(
            "nat", (*frame.RESTORED["nat"], *declared, *stale), nat
        )

    def save(self) -> str:
        """Return all tables after the last sync, with the jumps into them, as ``iptables-restore`` reads them."""
        return "".join(map(self._saved, frame.SAVED))

    def _saved(self, table: str) -> str:
        built_in, chains = frame.SAVED[table]
        own = self._text_of if table == "nat" else {}
        shared = frame.by_chain(self._shared.get(table, ()), chains)
        rules = (*frame.jumps(table), *shared, *own.values())
        return frame.table_text(table, (*built_in, *chains, *own), rules)

    def _is_due(self, port: PortOnNode, changed: Collection[str] | None) -> bool:
        """Whether a sync writes the port's own chains."""
        if changed is None or port.key not in self._chains_of:
            return True
        return f"{port.service.namespace}/{port.service.name}" in changed

    def _replace(self, key: _Key, chains: list[str], rules: list[tuple[str, str]]) -> None:
        self._stale.update(self._chains_of.get(key, ()))
        self._stale.difference_update(chains)
        self._chains_of[key] = chains
        texts = dict.fromkeys(chains, "")
        for chain, text in rules:
            texts[chain] += text
        self._text_of.update(texts)

    def _delete(self, ports: list[PortOnNode], is_large: bool, after_s: float) -> list[str]:
        """Forget the ports that are gone, and delete stale chains if it is time to; return them."""
        for key in self._chains_of.keys() - {port.key for port in ports}:
            self._stale.update(self._chains_of.pop(key))
        self._since_cleanup_s += after_s
        if is_large and self._since_cleanup_s <= SYNC_PERIOD_S:
            return []
        stale, self._stale, self._since_cleanup_s = sorted(self._stale), set(), 0.0
        for chain in stale:
            del self._text_of[chain]
        return stale


def iptables_save(ports: ProxiedPorts, settings: ProxySettings, version: int = 4) -> str:
    """Return all rules of a node after one full sync, as ``iptables-restore`` reads them."""
    proxier = IptablesProxier(settings, version)
    proxier.sync(ports)
    return proxier.save()
