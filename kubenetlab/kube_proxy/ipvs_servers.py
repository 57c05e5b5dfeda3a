"""The virtual and real servers that kube-proxy makes in ipvs mode.

Source: Kubernetes v1.36.2, pkg/proxy/ipvs/proxier.go (syncProxyRules, syncEndpoint), util/nodeport_addresses.go;
ipvsadm 1.31, ipvsadm.c (print_service_entry). Not modelled: ipsets and the few iptables rules beside them, the device
kube-ipvs0, and real servers of weight 0 that end gracefully.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from kubenetlab.errors import ManifestError, Refusal
from kubenetlab.kube_proxy.proxy_settings import ProxySettings
from kubenetlab.kube_proxy.service_port import ProxiedPort, ProxiedPorts
from kubenetlab.objects.virtual_servers import RealServer, VirtualServer, VirtualServers
from kubenetlab.visible_text import visible

_OPTIONS: Final = {"TCP": "-t", "UDP": "-u", "SCTP": "--sctp-service"}
_SCHEDULER_FLAGS: Final = {"mh": ("mh-port",)}  # kube-proxy hashes the source port too


def virtual_servers(ports: ProxiedPorts, settings: ProxySettings, version: int = 4) -> VirtualServers:
    """Return the virtual servers of one node, sorted by ``IP:port/protocol`` as text.

    Every ClusterIP, external IP and load balancer VIP is one, and every node port on every address of the node that
    nodePortAddresses allow. All weights are 1. Where the policy Local finds no local endpoint, the endpoints of the
    policy Cluster are used: other modes drop there.

    Parameters
    ----------
    ports
        What ``proxied_ports`` returns.
    settings
        Of the node: its addresses, nodePortAddresses and the scheduler.
    version
        4 or 6.
    """
    flags = _SCHEDULER_FLAGS.get(settings.ipvs_scheduler, ())
    chosen_ips = settings.node_port_ips(version)
    node_ips = tuple(map(str, settings.ips(version))) if chosen_ips is None else chosen_ips
    servers = {}
    for proxied in ports:
        service_port, selection = proxied
        for address, port, is_local in _places(proxied, node_ips):
            endpoints = (selection.local if is_local else ()) or selection.cluster
            servers[f"{_bracketed(address)}:{port}/{service_port.protocol}"] = VirtualServer(
                service_port.protocol,
                address,
                port,
                settings.ipvs_scheduler,
                service_port.affinity_s,
                flags,
                tuple(RealServer(e.address, e.port) for e in endpoints),
            )
    return VirtualServers(
        f"kube-proxy on {settings.node_name}", tuple(servers[key] for key in sorted(servers))
    )


def ipvsadm_text(servers: VirtualServers) -> str:
    """Return servers as ``ipvsadm -S -n`` prints them, in their order.

    Raises
    ------
    ManifestError
        If a server has a protocol that is none of TCP, UDP and SCTP.
    """
    for server in servers.servers:
        if server.protocol not in _OPTIONS:
            about, found = (
                f"virtual server {server.address}:{server.port}",
                visible(f"{server.protocol!r:.80}"),
            )
            raise ManifestError(Refusal(servers.source, about, "protocol", found, "TCP, UDP or SCTP"))
    return "".join(f"{line}\n" for server in servers.servers for line in _lines(server))


def _places(proxied: ProxiedPort, node_ips: tuple[str, ...]) -> Iterator[tuple[str, int, bool]]:
    port = proxied.service_port
    yield port.cluster_ip, port.port, port.internal_policy_local
    for address in (*port.external_ips, *port.load_balancer_vips):
        yield address, port.port, port.external_policy_local
    for address in node_ips if port.node_port else ():
        yield address, port.node_port, port.external_policy_local


def _lines(server: VirtualServer) -> Iterator[str]:
    place = f"{_OPTIONS[server.protocol]} {_bracketed(server.address)}:{server.port}"
    persistence = "" if server.persistence_s is None else f" -p {server.persistence_s}"
    flags = f" -b {','.join(server.flags)}" if server.flags else ""
    yield f"-A {place} -s {server.scheduler}{persistence}{flags}"
    for real in server.real_servers:
        forwarding = {"Masq": "-m", "Route": "-g", "Tunnel": "-i"}[real.forwarding]
        yield f"-a {place} -r {_bracketed(real.address)}:{real.port} {forwarding} -w {real.weight}"


def _bracketed(address: str) -> str:
    return f"[{address}]" if ":" in address else address
