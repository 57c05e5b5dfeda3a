"""The DNS servers of a dump: CoreDNS and NodeLocal DNSCache, from their ConfigMaps, and the addresses they answer on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from kubenetlab.cluster import Cluster
from kubenetlab.dns.cluster_dns import (
    DNS_NAMES,
    NODE_LOCAL,
    cluster_domain,
    corefiles,
    dns_addresses,
    dns_service,
)
from kubenetlab.dns.corefile.core_dns import CoreDns
from kubenetlab.objects.corefile import Corefile, Directive
from kubenetlab.objects.dns_message import Ask, Upstream
from kubenetlab.readers.corefile import corefile_from_text, corefile_of_config_map
from kubenetlab.result import Origin, Setting

__all__ = [
    "ASSUMED_DNS",
    "CLUSTER_DNS",
    "ClusterServers",
    "cluster_domain",
    "cluster_servers",
    "node_local_corefile",
]

CLUSTER_DNS = "__PILLAR__CLUSTER__DNS__"  # node-cache puts the address of kube-dns-upstream there
_LOCAL_DNS, _DNS_SERVER = "__PILLAR__LOCAL__DNS__", "__PILLAR__DNS__SERVER__"  # as its manifest binds them
_LINK_LOCAL = "169.254.20.10"
ASSUMED_DNS = "10.96.0.10"  # kubeadm's, for a dump that shows none
_KUBE_DNS = ("kube-dns", "kube-dns-upstream")
_KUBEADM = (
    ".:53 {{\n errors\n health {{\n  lameduck 5s\n }}\n ready\n kubernetes {domain} in-addr.arpa ip6.arpa {{\n"
    "  pods insecure\n  fallthrough in-addr.arpa ip6.arpa\n  ttl 30\n }}\n prometheus :9153\n"
    " forward . /etc/resolv.conf {{\n  max_concurrent 1000\n }}\n cache 30 {{\n  disable success {domain}\n"
    "  disable denial {domain}\n }}\n loop\n reload\n loadbalance\n}}\n"
)
#: What counts here of nodelocaldns.yaml.
_NODE_LOCAL_MANIFEST = (
    "{domain}:53 {{\n cache {{\n success 9984 30\n denial 9984 5\n }}\n forward . __PILLAR__CLUSTER__DNS__\n}}\n"
    "in-addr.arpa:53 ip6.arpa:53 {{\n cache 30\n forward . __PILLAR__CLUSTER__DNS__\n}}\n"
    ".:53 {{\n cache 30\n forward . __PILLAR__UPSTREAM__SERVERS__\n}}\n"
)


class ClusterServers(NamedTuple):
    """A cluster's servers: CoreDNS, what answers by address, where the Corefile stood, and NodeLocal DNSCache's Corefile."""

    core_dns: CoreDns
    by_address: Mapping[str, Ask]
    setting: Setting
    node_local: Corefile | None = None

    @property
    def assumptions(self) -> tuple[Setting, ...]:
        """Where the Corefile stood; what is assumed of its imports, and of CoreDNS' own resolv.conf, which autopath reads."""
        why = "CoreDNS' own resolv.conf, where autopath goes on, is in no dump: taken to search nothing"
        own = Setting("own_search", (), Origin.DEFAULT, why)
        missing = self.core_dns.corefile.missing
        imports = Setting("imports", missing, Origin.DEFAULT, "no such file is known: taken to be none")
        has_autopath = bool(_all(self.core_dns.corefile, "autopath"))
        return self.setting, *[own] * has_autopath, *[imports] * bool(missing)


def cluster_servers(
    cluster: Cluster, corefile: Corefile | None = None, upstream: Upstream | None = None
) -> ClusterServers:
    """Return the DNS servers of a cluster.

    The Corefile is that of the ConfigMap with a plugin kubernetes, else kubeadm's as an assumption; a given one without that
    plugin (NodeLocal DNSCache's, say) stands before it, and asks it at the cluster's DNS addresses. NodeLocal DNSCache
    runs where the dump has its ConfigMap: it answers on the addresses that its Corefile binds, also on that of kube-dns,
    and asks CoreDNS there. Files beside a Corefile in its ConfigMap stand in ``/etc/coredns``.

    References
    ----------
    .. [1] kubernetes, cmd/kubeadm/app/phases/addons/dns/manifests.go.
    .. [2] kubernetes/dns, cmd/node-cache; nodelocaldns.yaml, node-cache 1.26.4.
    """
    data = {found.metadata.full_name: found.data for found in cluster.config_maps}
    caches = [corefile_of_config_map(name, data) for name in dict(corefiles(cluster)) if _is_cache(name)]
    is_before = corefile is not None and not _all(corefile, "kubernetes")
    named = _config_map(cluster)
    setting = Setting("corefile", "kubeadm", Origin.DEFAULT, "no ConfigMap of this dump holds one")
    if corefile and not is_before:
        own = corefile
    else:
        own = corefile_of_config_map(named, data) if named else _kubeadm(cluster)
    if corefile or named:
        where = "given" if corefile else f"ConfigMap {named}"
        setting = Setting("corefile", (corefile or own).source, Origin.READ, where)
    files = {f"/etc/coredns/{file}": text for file, text in data.get(named, {}).items()}
    loops = dict.fromkeys(_addresses(cluster), lambda sent: None)  # whoever forwards to himself has no answer
    core_dns = CoreDns(own, cluster, upstream=upstream, files=files, servers=loops)
    if corefile and is_before:
        behind = dict.fromkeys((*_addresses(cluster), CLUSTER_DNS), core_dns.ask)
        core_dns = CoreDns(corefile, cluster, upstream=upstream, files=files, servers=behind)
    by_address: dict[str, Ask] = dict.fromkeys(_addresses(cluster), core_dns.ask)
    for cache in caches:
        servers = {**by_address, CLUSTER_DNS: core_dns.ask}
        ask = CoreDns(cache, cluster, upstream=upstream, servers=servers).ask
        stands_for = {_LOCAL_DNS: (_LINK_LOCAL,), _DNS_SERVER: tuple(by_address)}
        binds = [ip for directive in _all(cache, "bind") for ip in directive.args]
        by_address |= dict.fromkeys([ip for bind in binds for ip in stands_for.get(bind, (bind,))], ask)
    return ClusterServers(core_dns, by_address, setting, next(iter(caches), None))


def _is_cache(config_map: str) -> bool:
    return config_map.endswith(NODE_LOCAL)


def _config_map(cluster: Cluster) -> str:
    """Return the name of the ConfigMap with CoreDNS' Corefile: it has a plugin kubernetes, or a name that says so."""
    texts = {name: text for name, text in corefiles(cluster) if not _is_cache(name)}
    return next((name for name, text in texts.items() if "kubernetes" in text or name in DNS_NAMES), "")


def _all(corefile: Corefile, name: str) -> list[Directive]:
    """Return a plugin's lines in all server blocks."""
    return [one for block in corefile.blocks for one in block.directives if one.name == name]


def _kubeadm(cluster: Cluster) -> Corefile:
    return corefile_from_text(_KUBEADM.format(domain=cluster_domain(cluster)), "kubeadm")


def node_local_corefile(cluster: Cluster) -> Corefile:
    """Return the Corefile of NodeLocal DNSCache's manifest for a cluster."""
    return corefile_from_text(_NODE_LOCAL_MANIFEST.format(domain=cluster_domain(cluster)))


def _addresses(cluster: Cluster) -> list[str]:
    service = dns_service(cluster)
    selector = service.spec.selector if service else {}
    served = [
        s
        for s in cluster.services
        if s is service or s.metadata.name in _KUBE_DNS or (selector and s.spec.selector == selector)
    ]
    return [*dns_addresses(cluster), *(ip for s in served for ip in s.cluster_ips)] or [ASSUMED_DNS]
