"""What a node's kube-proxy must write for this cluster, whom that refuses, what it costs, and what changed since."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import pandas as pd

from kubenetlab.charts.wording import count_text, plural
from kubenetlab.cluster import Cluster
from kubenetlab.kube_proxy.iptables_proxier import LARGE_CLUSTER_ENDPOINTS
from kubenetlab.kube_proxy.ipvs_servers import virtual_servers
from kubenetlab.kube_proxy.node_settings import proxy_settings
from kubenetlab.kube_proxy.proxied_ports import known_release, proxied_ports
from kubenetlab.kube_proxy.proxy_settings import ProxySettings
from kubenetlab.kube_proxy.releases import LATEST, has_behaviour, releases
from kubenetlab.kube_proxy.rule_cost import MEASURED, MEASURED_ON, Measured, first_packet_cost, sync_cost
from kubenetlab.kube_proxy.rule_counts import rule_counts
from kubenetlab.kube_proxy.service_port import ProxiedPort, ProxiedPorts
from kubenetlab.report.evidence import Evidence
from kubenetlab.report.section import Column, Section, Table, TextBlock, table
from kubenetlab.result import Origin, Setting

_LISTED = {
    ("iptables", 4): "iptables-save",
    ("iptables", 6): "ip6tables-save",
    ("nftables", 4): "nft list table ip kube-proxy",
    ("nftables", 6): "nft list table ip6 kube-proxy",
}
_CONTROL_PLANE = {"node-role.kubernetes.io/control-plane", "node-role.kubernetes.io/master"}
_PATIENCE_S = 1  # kube-proxy waits as long between two syncs (minSyncPeriod of its configuration)
_NO_RULE = "capped conntrack table"  # changed in kube-proxy, and no rule shows it
_COSTS_NOTE = (
    f"Times were measured with two endpoints a Service on {MEASURED_ON}, a flow by its first UDP packet; other "
    "machines need other times, and busy ones up to five times as long for the walk of iptables-nft."
)
_REFUSED_COLUMNS = {
    "service_port": Column("Service port"),
    "to": Column("Traffic to", kind="code"),
    "why": Column("Are", kind="code"),
}
_COST_COLUMNS = {
    "tool": Column("Loaded by", kind="code"),
    "walk_s": Column("New flow past all Services", kind="code"),
    "full_s": Column("All rules loaded", kind="code"),
    "partial_s": Column("One Service changed", kind="code"),
}


def rules(evidence: Evidence) -> Section | None:
    """Return the section on rules; None where the cluster has no Services, no nodes, or no kube-proxy."""
    cluster, setting = evidence.cluster, evidence.cluster.settings.get("proxy_mode")
    if not (cluster.services and cluster.nodes and setting and setting.value in _SIZES):
        return None
    mode, node = str(setting.value), _worker(cluster)
    settings = proxy_settings(cluster, node)
    version = 6 if all(":" in ip for ip in settings.node_ips) else 4
    ports = proxied_ports(cluster, settings, version)
    if not ports:
        return None
    n_rules = int(rule_counts(ports, settings, version).frame[["nat_rules", "filter_rules"]].to_numpy().sum())
    size = _SIZES[mode](ports, settings, n_rules, version)
    return Section(
        anchor="rules",
        title="Rules",
        sentences=(f"{_origin(setting)} {size}", *_judged(mode, ports, n_rules)),
        tables=(*_refused(mode, ports, node), _costs(len(ports), n_rules), *_behind(cluster)),
        texts=_commands(mode, version, node),
        notes=(_COSTS_NOTE,),
    )


def _worker(cluster: Cluster) -> str:
    """Return the first node by name that is no control plane, if there is one."""
    return min((not _CONTROL_PLANE.isdisjoint(n.metadata.labels), n.metadata.name) for n in cluster.nodes)[1]


def _origin(mode: Setting) -> str:
    assumed = ", which is assumed" if mode.origin is Origin.DEFAULT else ""
    return f"kube-proxy runs in mode {mode.value}{assumed}."


def _iptables_size(ports: ProxiedPorts, settings: ProxySettings, n_rules: int, version: int) -> str:
    return (
        f"Node {settings.node_name} has {plural(n_rules, 'rule')} for {plural(len(ports), 'service port')}. A new "
        "connection passes those of KUBE-SERVICES one after the other; kube-proxy writes them in a random order."
    )


def _nftables_size(ports: ProxiedPorts, settings: ProxySettings, n_rules: int, version: int) -> str:
    n_endpoints = sum(len(port.selection.reachable) for port in ports)
    return (
        f"For {plural(len(ports), 'service port')} with {plural(n_endpoints, 'endpoint')} it fills maps, in which a new "
        "connection is looked up at once, however many Services there are."
    )


def _ipvs_size(ports: ProxiedPorts, settings: ProxySettings, n_rules: int, version: int) -> str:
    servers = virtual_servers(ports, settings, version).servers
    n_real = sum(len(server.real_servers) for server in servers)
    return (
        f"For {plural(len(ports), 'service port')} Node {settings.node_name} has {plural(len(servers), 'virtual server')} "
        f"with {plural(n_real, 'real server')}."
    )


_SIZES = {"iptables": _iptables_size, "nftables": _nftables_size, "ipvs": _ipvs_size}


def _judged(mode: str, ports: ProxiedPorts, n_rules: int) -> Iterator[str]:
    """Yield whether so many rules are a problem, and what kube-proxy does about very many."""
    if mode != "iptables":
        return
    times = sync_cost(len(ports), n_rules).frame.set_index("tool")
    full_s, partial_s = times["full_s"]["iptables-nft"], times["partial_s"]["iptables-nft"]
    if full_s <= _PATIENCE_S:
        yield (
            f"That is no problem: iptables-nft loads them all in about {_time(full_s)}, and what a change of one "
            f"Service rewrites in about {_time(partial_s)}. Their number is no reason for another mode."
        )
    else:
        yield (
            f"That is many: to load them takes longer than the {_PATIENCE_S} s that kube-proxy waits between two syncs. "
            "Mode nftables loads them faster and looks Services up; it needs Linux 5.13 or newer."
        )
    n_endpoints = sum(len(port.selection.everything) for port in ports)
    if n_endpoints > LARGE_CLUSTER_ENDPOINTS:
        yield (
            f"With {count_text(n_endpoints)} endpoints, more than {count_text(LARGE_CLUSTER_ENDPOINTS)}, kube-proxy saves "
            "time: rules of endpoints have no comments, and chains of endpoints that are gone stay for up to half a "
            "minute."
        )


def _refused(mode: str, ports: ProxiedPorts, node_name: str) -> tuple[Table, ...]:
    """Return what rules answer with a refusal, or not at all, if anything; where nobody has an endpoint first."""
    rows = [(port.service_port.full_name, *found) for port in ports if (found := _refusal(port))]
    if mode == "ipvs" or not rows:
        return ()
    rows.sort(key=lambda row: row[-1], reverse=True)
    frame = pd.DataFrame(rows, columns=list(_REFUSED_COLUMNS))
    listed_by = f"kubenetlab rules write SOURCE --node {node_name}"
    return (table(f"What Node {node_name} refuses or drops", frame, _REFUSED_COLUMNS, listed_by),)


def _refusal(port: ProxiedPort) -> tuple[str, str] | None:
    service = port.service_port
    outside = (service.external_ips, "external IP"), (service.load_balancer_vips, "load balancer")
    names = [name for found, name in (*outside, (service.node_port, "node port")) if found]
    to = ["ClusterIP"] * (not port.has_internal) + names * (not port.has_external)
    if not to:
        return None
    is_local = port.selection.has_any
    return ", ".join(to), "dropped: policy Local, no endpoint here" if is_local else "refused: no endpoint"


def _time(seconds: float) -> str:
    """Write a time that is known to one or two digits; nothing for one that is not known."""
    if pd.isna(seconds):
        return ""
    factor, unit = (1, "s") if seconds >= 0.1 else (1e3, "ms") if seconds >= 1e-3 else (1e6, "µs")
    return f"{float(f'{seconds * factor:.2g}'):g} {unit}"


def _costs(n_ports: int, n_rules: int) -> Table:
    """Return times by what loads the rules, and with which sizes they were measured."""
    packets, syncs = first_packet_cost(1, n_ports).frame, sync_cost(n_ports, n_rules).frame
    walks = (packets["us_last"] - packets["us_first"]) / 1e6
    rows = list(
        zip(
            syncs["tool"],
            *(map(_time, times) for times in (walks, syncs["full_s"], syncs["partial_s"])),
            strict=True,
        )
    )
    walked = _measured({p: p.n_services for p in MEASURED if p.first_us > 0}, n_ports, "Services")
    loaded = _measured({p: p.n_rules for p in MEASURED}, n_rules, "rules")
    changed = _measured({p: p.n_services for p in MEASURED}, n_ports, "Services")
    frame = pd.DataFrame([*rows, ("measured with", walked, loaded, changed)], columns=list(_COST_COLUMNS))
    return table(f"Estimated times for {plural(n_rules, 'rule')}", frame, _COST_COLUMNS)


def _measured(sizes: Mapping[Measured, int], n: int, what: str) -> str:
    """Write from which size to which every tool was measured, and where this one lies outside."""
    largest = {point.tool: size for point, size in sorted(sizes.items(), key=lambda pair: pair[1])}
    low, high = min(sizes.values()), min(largest.values())
    hint = "; here fewer" if n < low else "; here more" if n > high else ""
    return f"{low:,} to {high:,} {what}{hint}"


def _behind(cluster: Cluster) -> tuple[Table, ...]:
    """Return what the cluster's release does not do yet, if anything."""
    release, changes = known_release(cluster), releases().frame
    is_newer = [n != _NO_RULE and not has_behaviour(release, n) for n in changes["behaviour"]]
    if not any(is_newer):
        return ()
    columns = {
        "since": Column("Release", kind="word"),
        "now": Column("From then on"),
        "before": Column(f"In this cluster ({release})"),
    }
    return (table(f"What kube-proxy {LATEST} does differently", changes[is_newer], columns),)


def _commands(mode: str, version: int, node_name: str) -> tuple[TextBlock, ...]:
    family = " --family ipv6" if version == 6 else ""
    listed = _LISTED.get((mode, version), "ipvsadm -S -n")
    write = f"kubenetlab rules write SOURCE --node {node_name}{family}"
    compare = f"ssh {node_name} sudo {listed} | kubenetlab rules drift SOURCE - --node {node_name}"
    caption = f"To see the rules that Node {node_name} must have, and how those that it has differ"
    return (TextBlock(caption, f"{write}\n{compare}"),)
