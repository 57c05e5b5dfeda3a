"""The ways of connections to a Service of a dump: its real endpoints, nodes, zones, policy and hints."""

from typing import Final

from kubenetlab.cluster import Cluster
from kubenetlab.errors import NotFoundError
from kubenetlab.kube_proxy.proxied_ports import known_release
from kubenetlab.kube_proxy.proxy_settings import ProxySettings
from kubenetlab.kube_proxy.service_port import ServicePort
from kubenetlab.kube_proxy.service_ports import service_ports
from kubenetlab.kube_proxy.slice_endpoints import cluster_slices, endpoints_by_port
from kubenetlab.load_balancing.paths.path_shares import path_shares
from kubenetlab.load_balancing.paths.stages import SendsTo, Stages
from kubenetlab.result import Result
from kubenetlab.visible_text import visible

#: Nodes with this label get nothing from balancers (cloud-provider's service controller, MetalLB).
EXCLUDED: Final = "node.kubernetes.io/exclude-from-external-load-balancers"
CLIENTS: Final = ("outside", "pods")


def service_paths(
    cluster: Cluster,
    service: str,
    *,
    port: str | int = "",
    clients: SendsTo = None,
    balancer_sends_to: SendsTo = None,
) -> Result:
    """Return which share of connections every endpoint of a Service gets, and how much goes to other nodes and zones.

    Parameters
    ----------
    cluster
        The cluster.
    service
        ``namespace/name``, or the name alone where that is unambiguous.
    port
        Name or number of the Service's port; by default its first.
    clients
        ``outside`` (through a balancer to the nodes), ``pods`` (to the ClusterIP, spread over the nodes like the pods of
        the dump, evenly if it has none), or pods with a weight for each node. By default outside where the Service
        can be reached from there.
    balancer_sends_to
        As ``traffic_paths`` takes it; for clients outside.

    Returns
    -------
    A Result as that of ``traffic_paths``: endpoint is ``IP:port``, those not ready have no row unless they are used.

    Raises
    ------
    NotFoundError
        If the dump has no such Service or port, no nodes, or no EndpointSlices and no Endpoints.
    ValueError
        If an argument is none of these.

    Notes
    -----
    What every node uses is what its kube-proxy of the cluster's release would choose, also from endpoints that are
    terminating; hints are those that the slices hold, whatever the Service's trafficDistribution says. Shares are
    those of new clients where the Service has session affinity. Pods that use the balancer's address are not modelled
    (with policy Local kube-proxy sends them to all endpoints).
    """
    proxied = _proxied(cluster, service, port)
    known = CLIENTS if proxied.is_externally_accessible else CLIENTS[1:]
    clients = known[0] if clients is None else clients
    if isinstance(clients, str) and clients not in known:
        expected = f"{' or '.join(known)}, or weights of nodes"
        raise ValueError(visible(f"{proxied.full_name}: clients: found {clients!r:.80}, expected {expected}"))
    stages = _stages(cluster, proxied, clients == "outside")
    if clients == "pods":
        clients = {n: len(cluster.pods_by_node[n]) for n in stages.names} if cluster.pods else "all nodes"
    sends_to = balancer_sends_to if stages.is_outside else clients
    return path_shares(stages, sends_to, f"Ways of connections to {proxied.full_name}")


def _proxied(cluster: Cluster, name: str, port: str | int) -> ServicePort:
    service = cluster.find("services", name)
    ports = service_ports([service], 6 if ":" in service.spec.cluster_ip else 4)
    found = [p for p in ports if port in ("", p.port_name, p.port, str(p.port))]
    if not found or not cluster.has_endpoint_data or not cluster.nodes:
        lacking = "nodes, EndpointSlices or Endpoints" if found else f"ports for kube-proxy {port}".strip()
        raise NotFoundError(visible(f"{service.metadata.full_name}: the dump lacks {lacking}"))
    return found[0]


def _stages(cluster: Cluster, port: ServicePort, is_outside: bool) -> Stages:
    full_name, version = f"{port.namespace}/{port.name}", 6 if ":" in port.cluster_ip else 4
    slices = [value for value in cluster_slices(cluster) if value.service_name == full_name]
    nodes = tuple(
        ProxySettings(node_name=node.metadata.name, node_labels=node.metadata.labels)
        for node in cluster.nodes
        if not (is_outside and EXCLUDED in node.metadata.labels)
    )
    endpoints = endpoints_by_port(slices, ProxySettings(node_name=""), version).get(port[:4], ())
    zones = {node.metadata.name: node.zone for node in cluster.nodes}
    return Stages(port, endpoints, nodes, zones, is_outside, known_release(cluster))
