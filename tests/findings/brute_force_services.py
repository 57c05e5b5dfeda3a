"""KNL1xx, KNL302, KNL303, KNL401 to KNL403 and KNL501 by brute force."""

import ipaddress
from collections import Counter, defaultdict
from fractions import Fraction

from tests.findings.brute_force_dump import (
    annotations,
    each,
    get,
    has_host_bits,
    labels,
    name,
    namespace,
    object_name,
    replicas,
    template,
)
from tests.findings.brute_force_plugins import is_openshift
from tests.findings.brute_force_settings import has_no_kube_proxy, node_port_range

TOP_LEVEL_DOMAINS = """
com net org edu gov mil int arpa info biz name pro mobi io dev app ai co me tv cc us uk de fr eu nl be ch at
it es pt pl se no dk fi ie cz ru ua cn jp kr in au nz ca br mx ar za tr xyz online site tech cloud
"""
PUBLIC_TOP_LEVEL_DOMAINS = frozenset(TOP_LEVEL_DOMAINS.split())


def selectorful(service):
    """Whether a Service selects pods: a selector, and not an ExternalName."""
    return bool(get(service, "spec", "selector")) and get(service, "spec", "type") != "ExternalName"


def selector_matches_nothing(dump):
    """KNL101: selector without an unfinished pod and without a workload's template, where the dump can tell."""
    return {
        object_name(s)
        for s in dump.by_kind["Service"]
        if selectorful(s)
        and shows_pods_of(dump, s)
        and not dump.selected_pods(s)
        and not dump.selected_workloads(s)
    }


def shows_pods_of(dump, service):
    """Pods of its namespace or of two namespaces; without any pod: a manifest, and some workload."""
    namespaces = {namespace(p) for p in dump.by_kind["Pod"]}
    if namespaces:
        return namespace(service) in namespaces or len(namespaces) > 1
    return bool(dump.workloads) and is_manifest(service)


def is_manifest(service):
    """Neither a ClusterIP nor a time of creation: written, not deployed."""
    has_address = get(service, "spec", "clusterIP") not in (None, "", "None")
    return not has_address and not get(service, "metadata", "creationTimestamp")


def without_ready_endpoints(dump):
    """KNL102: endpoints but none ready, or pods or wanted pods but no endpoints; needs slices there; not with KNL101."""
    shown = {namespace(e) for kind in ("EndpointSlice", "Endpoints") for e in dump.by_kind[kind]}
    others = [s for s in dump.by_kind["Service"] if get(s, "spec", "type") != "ExternalName"]
    others = [s for s in others if namespace(s) in shown]
    return {object_name(s) for s in others if is_without_ready_endpoints(dump, s)} - selector_matches_nothing(
        dump
    )


def is_without_ready_endpoints(dump, service):
    endpoints = dump.endpoints_of(service)
    if endpoints:
        return not any(ready for *_, ready in endpoints)
    expected = dump.selected_pods(service) or [w for w in dump.selected_workloads(service) if replicas(w) > 0]
    return selectorful(service) and bool(expected)


def missing_named_target_port(dump):
    """KNL103: a named targetPort that no selected pod (else planned pod) has by name and protocol; needs such pods."""
    found = set()
    for service in filter(selectorful, dump.by_kind["Service"]):
        pods = dump.selected_pods(service)
        pods = pods or [template(w) for w in dump.selected_workloads(service) if replicas(w) > 0]
        there = {port for pod in pods for port in container_ports(pod)}
        wanted = {
            (port["targetPort"], port.get("protocol") or "TCP")
            for port in each(service, "spec", "ports")
            if isinstance(port.get("targetPort"), str)
        }
        if pods and wanted - there:
            found.add(object_name(service))
    return found


def container_ports(pod):
    """(name, protocol) of the ports of containers and of init containers that restart always."""
    containers = each(pod, "spec", "containers") + [
        c for c in each(pod, "spec", "initContainers") if c.get("restartPolicy") == "Always"
    ]
    return {(p.get("name"), p.get("protocol") or "TCP") for c in containers for p in each(c, "ports")}


def node_ports(dump):
    """(Service, protocol, node port), once for each place, of NodePort and LoadBalancer Services."""
    return [
        (object_name(s), protocol, number)
        for s in dump.by_kind["Service"]
        if get(s, "spec", "type") in ("NodePort", "LoadBalancer")
        for protocol, number in [
            *[(port.get("protocol") or "TCP", port.get("nodePort")) for port in each(s, "spec", "ports")],
            ("TCP", health_check_node_port(s)),
        ]
        if number
    ]


def health_check_node_port(service):
    """healthCheckNodePort of a LoadBalancer with externalTrafficPolicy Local."""
    spec = service.get("spec") or {}
    is_used = spec.get("type") == "LoadBalancer" and spec.get("externalTrafficPolicy") == "Local"
    return spec.get("healthCheckNodePort") if is_used else None


def clashing_node_ports(dump):
    """KNL104: each of two or more Services with one node port; one Service that has it twice for a protocol."""
    ports = node_ports(dump)
    owners = defaultdict(set)
    for service, _, number in ports:
        owners[number].add(service)
    twice = Counter(ports)
    return {row[0] for row in ports if len(owners[row[2]]) > 1 or twice[row] > 1}


def node_ports_outside_range(dump):
    """KNL105: a node port outside the stated range; outside 30000-32767 of a manifest where none is stated."""
    first, last, is_stated = node_port_range(dump)
    manifests = {object_name(s) for s in dump.by_kind["Service"] if is_manifest(s)}
    outside = {service for service, _, port in node_ports(dump) if not first <= port <= last}
    return outside if is_stated else outside & manifests


def load_balancers_without_address(dump):
    """KNL106: a deployed LoadBalancer (it has a status or a ClusterIP) whose status lists no ingress point."""
    return {
        object_name(s)
        for s in dump.by_kind["Service"]
        if get(s, "spec", "type") == "LoadBalancer"
        and ("status" in s or get(s, "spec", "clusterIP"))
        and not get(s, "status", "loadBalancer", "ingress")
    }


def external_names_that_are_addresses(dump):
    """KNL107: an ExternalName Service whose externalName is an IPv4 or IPv6 address."""
    return {
        object_name(s)
        for s in dump.by_kind["Service"]
        if get(s, "spec", "type") == "ExternalName" and is_address(get(s, "spec", "externalName"))
    }


def is_address(text):
    try:
        return bool(ipaddress.ip_address(text or ""))
    except ValueError:
        return False


def source_ranges_with_host_bits(dump):
    """KNL108: an entry of loadBalancerSourceRanges with bits set beyond its prefix."""
    return {
        object_name(s)
        for s in dump.by_kind["Service"]
        if any(map(has_host_bits, each(s, "spec", "loadBalancerSourceRanges")))
    }


def services_in_default(dump):
    """KNL109: any Service of namespace default but default/kubernetes and, on OpenShift, default/openshift."""
    own = {"kubernetes", "openshift"} if is_openshift(dump) else {"kubernetes"}
    return {
        object_name(s) for s in dump.by_kind["Service"] if namespace(s) == "default" and name(s) not in own
    }


def unequal_local_endpoints(dump):
    """KNL401: Local, NodePort or LoadBalancer (not of pods); nodes with a ready pod differ in how many they have."""
    return {
        object_name(s)
        for s in dump.by_kind["Service"]
        if get(s, "spec", "externalTrafficPolicy") == "Local"
        and get(s, "spec", "type") in ("NodePort", "LoadBalancer")
        and not targets_pods(s)
        and len(set(ready_per_node(dump, s).values())) > 1
    }


def targets_pods(service):
    """A load balancer of AWS that sends to the pods' addresses."""
    start = "service.beta.kubernetes.io/aws-load-balancer-"
    marks = {(f"{start}nlb-target-type", "ip"), (f"{start}type", "nlb-ip")}
    return get(service, "spec", "type") == "LoadBalancer" and bool(marks & annotations(service).items())


def ready_per_node(dump, service):
    """Node name -> number of ready pods there; a pod that is in several slices counts once."""
    pods = defaultdict(set)
    for _, who, node, ready in dump.endpoints_of(service):
        if ready and node:
            pods[node].add(who)
    return {node: len(there) for node, there in pods.items()}


def crowded_zones(dump):
    """KNL402: in-zone traffic; nodes that are no control plane send alike, and some endpoint gets 2/n of that or more."""
    roles = {"node-role.kubernetes.io/control-plane", "node-role.kubernetes.io/master"}
    workers = [n for n in dump.by_kind["Node"] if not roles & set(labels(n))]
    senders = [labels(n).get("topology.kubernetes.io/zone", "") for n in workers]
    return {
        object_name(service)
        for service in dump.by_kind["Service"]
        if get(service, "spec", "trafficDistribution") in ("PreferClose", "PreferSameZone")
        and not has_no_kube_proxy(dump)
        and not is_annotated(service)
        and uses_all_endpoints(service)
        and any(
            is_crowded(senders, ready_hints(dump, service, port, version))
            for version in {ip.version for ip in proxied_addresses(service)}
            for port in each(service, "spec", "ports")
        )
    }


def is_crowded(senders, hints):
    """Whether an endpoint gets twice a fair share; every sender has one connection to give away."""
    obeyed = all(hints)
    load = [Fraction(0)] * len(hints)
    for zone in senders:
        chosen = [i for i, zones in enumerate(hints) if obeyed and zone in zones] or range(len(hints))
        for index in chosen:
            load[index] += Fraction(1, len(chosen))
    return bool(senders) and any(each * len(hints) >= 2 * len(senders) for each in load)


def headless_affinity(dump):
    """KNL403: clusterIP None (and no ExternalName) with session affinity."""
    return {
        object_name(s)
        for s in dump.by_kind["Service"]
        if get(s, "spec", "clusterIP") == "None"
        and get(s, "spec", "type") != "ExternalName"
        and get(s, "spec", "sessionAffinity") == "ClientIP"
    }


def namespaces_like_top_level_domains(dump):
    """KNL501: a namespace whose name is in the list of public top-level domains."""
    return {object_name(n) for n in dump.by_kind["Namespace"] if name(n) in PUBLIC_TOP_LEVEL_DOMAINS}


def clashing_addresses(dump):
    """KNL302: each of two or more Services with a ClusterIP, external IP or ingress IP (not of ipMode Proxy), port and protocol."""
    owners = defaultdict(set)
    for service in () if has_no_kube_proxy(dump) else dump.by_kind["Service"]:
        for address in proxied_addresses(service):
            for port in each(service, "spec", "ports"):
                owners[address, port.get("protocol") or "TCP", port["port"]].add(object_name(service))
    return {service for services in owners.values() if len(services) > 1 for service in services}


def proxied_addresses(service):
    """The addresses that kube-proxy answers for a Service, of the families of its ClusterIPs."""
    spec = service.get("spec") or {}
    own = [
        ipaddress.ip_address(ip)
        for ip in spec.get("clusterIPs") or [spec.get("clusterIP")]
        if ip not in (None, "", "None")
    ]
    ingress = [i for i in each(service, "status", "loadBalancer", "ingress") if i.get("ipMode") != "Proxy"]
    others = [*(spec.get("externalIPs") or []), *(i["ip"] for i in ingress if i.get("ip"))]
    others = [ipaddress.ip_address(ip) for ip in others]
    families = {ip.version for ip in own}
    is_proxied = spec.get("type") != "ExternalName" and "None" not in (spec.get("clusterIP"),)
    return {*own, *(ip for ip in others if ip.version in families)} if is_proxied else set()


def partial_hints(dump):
    """KNL303: hints are asked for, and one missing is why a node with a zone of the others spreads traffic over all."""
    return {
        object_name(service)
        for service in dump.by_kind["Service"]
        if not has_no_kube_proxy(dump)
        and asks_for_hints(service)
        and uses_all_endpoints(service)
        and any(
            is_partly_hinted(dump, service, port, version)
            for version in {ip.version for ip in proxied_addresses(service)}
            for port in each(service, "spec", "ports")
        )
    }


def asks_for_hints(service):
    """A trafficDistribution, or the annotation that Kubernetes had before it."""
    return bool(get(service, "spec", "trafficDistribution")) or is_annotated(service)


def is_annotated(service):
    """The annotation that asks the control plane for hints by the CPUs of zones."""
    given = [
        annotations(service).get(f"service.kubernetes.io/topology-{end}") for end in ("mode", "aware-hints")
    ]
    return any(value not in (None, "", "Disabled", "disabled") for value in given)


def uses_all_endpoints(service):
    """The internal policy is not Local, or somebody comes from outside."""
    outside = proxied_addresses(service) - {
        ipaddress.ip_address(ip)
        for ip in [get(service, "spec", "clusterIP"), *each(service, "spec", "clusterIPs")]
        if ip
    }
    has_node_port = any(port.get("nodePort") for port in each(service, "spec", "ports"))
    is_local = get(service, "spec", "internalTrafficPolicy") == "Local"
    return not is_local or bool(outside) or has_node_port


def is_partly_hinted(dump, service, port, version):
    """Some ready endpoints have zone hints, some none; a node in one of those zones does not go by names of nodes."""
    ready = [
        (each(e, "hints", "forZones"), [hint["name"] for hint in each(e, "hints", "forNodes")])
        for e in ready_endpoints(dump, service, port, version)
    ]
    zones = {hint["name"] for hints, _ in ready for hint in hints}
    by_name = {name for _, names in ready for name in names} if all(names for _, names in ready) else set()
    nodes = [(name(n), labels(n).get("topology.kubernetes.io/zone")) for n in dump.by_kind["Node"]]
    nodes = nodes or [("", zone) for zone in zones]
    spreads = any(zone in zones and node not in by_name for node, zone in nodes)
    return spreads and len({bool(hints) for hints, _ in ready}) == 2


def ready_hints(dump, service, port, version):
    """The zones that each ready endpoint is for; endpoints with one address are one."""
    by_address = {
        e["addresses"][0]: {hint["name"] for hint in each(e, "hints", "forZones")}
        for e in ready_endpoints(dump, service, port, version)
    }
    return list(by_address.values())


def ready_endpoints(dump, service, port, version):
    """The ready endpoints of a port of a Service in one family."""
    return [
        e
        for piece in dump.slices[namespace(service), name(service)]
        if (piece.get("addressType") or "IPv4") == f"IPv{version}"
        and any(
            p.get("port")
            and (p.get("name") or "", p.get("protocol") or "TCP")
            == (port.get("name") or "", port.get("protocol") or "TCP")
            for p in each(piece, "ports")
        )
        for e in each(piece, "endpoints")
        if get(e, "conditions", "ready") is not False
    ]


RULES = {
    "KNL101": selector_matches_nothing,
    "KNL102": without_ready_endpoints,
    "KNL103": missing_named_target_port,
    "KNL104": clashing_node_ports,
    "KNL105": node_ports_outside_range,
    "KNL106": load_balancers_without_address,
    "KNL107": external_names_that_are_addresses,
    "KNL108": source_ranges_with_host_bits,
    "KNL109": services_in_default,
    "KNL302": clashing_addresses,
    "KNL303": partial_hints,
    "KNL401": unequal_local_endpoints,
    "KNL402": crowded_zones,
    "KNL403": headless_affinity,
    "KNL501": namespaces_like_top_level_domains,
}
