"""KNL2xx and KNL301 by brute force."""

from collections import Counter, defaultdict
from ipaddress import collapse_addresses, ip_network
from itertools import combinations

from tests.findings.brute_force_dump import each, get, holds, name, networks, object_name, overlap
from tests.findings.brute_force_plugins import FLAT, NODE_POD_CIDR, ipam
from tests.findings.brute_force_settings import (
    cluster_ips,
    configured_cluster_cidr,
    configured_service_cidr,
    node_addresses,
    ovn_setting,
    pod_cidrs_by_node,
    proxy_modes,
    spec_pod_cidrs,
    stated_cluster_cidr,
)

LINK_LOCAL = [ip_network("169.254.0.0/16"), ip_network("fe80::/10")]
DOCKER0 = [ip_network("172.17.0.0/16")]
FULL = 0.8


def pod_ranges(dump):
    """The configured cluster CIDRs, else the nodes' own pod CIDRs."""
    return configured_cluster_cidr(dump) or [n for cidrs in pod_cidrs_by_node(dump).values() for n in cidrs]


def service_ranges(dump):
    """The configured Service ranges, else every ClusterIP by itself."""
    return configured_service_cidr(dump) or cluster_ips(dump)


def ranges(dump):
    """Pod, Service and node ranges; nodes stand for themselves: an address of a node is certain, its subnet is not."""
    pods = [] if ipam(dump) in FLAT else pod_ranges(dump)
    return [pods, service_ranges(dump), node_addresses(dump)]


def any_overlap(some, others):
    return any(overlap(one, other) for one in some for other in others)


def overlapping_ranges(dump):
    """KNL201: pod, Service and node ranges share an address, pair by pair (not pods with nodes in a flat network)."""
    return {"Cluster"} if any(any_overlap(*pair) for pair in combinations(ranges(dump), 2)) else set()


def link_local_ranges(dump):
    """KNL202: a pod, Service or node range shares an address with 169.254.0.0/16 or fe80::/10."""
    return {"Cluster"} if any(any_overlap(r, LINK_LOCAL) for r in ranges(dump)) else set()


def docker_ranges(dump):
    """KNL203: a range shares an address with 172.17.0.0/16 and some node's runtime is docker://."""
    runtimes = [get(n, "status", "nodeInfo", "containerRuntimeVersion") or "" for n in dump.by_kind["Node"]]
    docker = any(r.startswith("docker://") for r in runtimes)
    return {"Cluster"} if docker and any(any_overlap(r, DOCKER0) for r in ranges(dump)) else set()


OVN = {
    "v4-join-subnet": "100.64.0.0/16",
    "v6-join-subnet": "fd98::/64",
    "v4-transit-switch-subnet": "100.88.0.0/16",
    "v6-transit-switch-subnet": "fd97::/64",
    "v4-masquerade-subnet": "169.254.169.0/29",
    "v6-masquerade-subnet": "fd69::/125",
}


def ovn_ranges(dump):
    """KNL214: IPAM ovn-kubernetes, and a range shares an address with one of OVN's six networks, as ovnkube.conf has them."""
    own = [n for key, usual in OVN.items() for n in ovn_setting(dump, key) or [ip_network(usual)]]
    is_ovn = ipam(dump) == "ovn-kubernetes"
    return {"Cluster"} if is_ovn and any(any_overlap(r, own) for r in ranges(dump)) else set()


def nodes_without_pod_cidr(dump):
    """KNL204: IPAM host-local, cilium-kubernetes or gke, and a node with neither podCIDR nor podCIDRs."""
    if ipam(dump) not in NODE_POD_CIDR:
        return set()
    return {object_name(n) for n in dump.by_kind["Node"] if not spec_pod_cidrs(n)}


def nodes_with_same_pod_cidr(dump):
    """KNL205: each node whose pod CIDRs, where the IPAM keeps them, share an address with another node's."""
    found = set()
    nodes = [(f"Node {node}", cidr) for node, cidrs in pod_cidrs_by_node(dump).items() for cidr in cidrs]
    by_start = sorted(nodes, key=lambda row: (row[1].version, int(row[1].network_address), row[1].prefixlen))
    open_rows = []
    for node, cidr in by_start:
        open_rows = [row for row in open_rows if overlap(row[1], cidr)]
        for other, _ in open_rows:
            found |= {node, other} if other != node else set()
        open_rows.append((node, cidr))
    return found


def pod_capacity(cidr, kind):
    """Pods that a node's pod CIDR holds, or None where the IPAM has no such number.

    host-local: all but network, gateway, broadcast (IPv6: network, gateway); Cilium: all but first, last, router,
    health; GKE: half; OVN-Kubernetes: all but network, .1, .2, .3, broadcast; Azure overlay: 250 on its /24.
    """
    size = cidr.num_addresses
    numbers = {
        "host-local": size - 3 if cidr.version == 4 else size - 2,
        "cilium-kubernetes": size - 4,
        "cilium-cluster-pool": size - 4,
        "gke": size // 2,
        "ovn-kubernetes": size - 5,
        "azure-overlay": min(250, size - 3),
    }
    return max(0, numbers[kind]) if kind in numbers else None


def nodes_above_capacity(dump):
    """KNL206: status.capacity.pods is above what the node's pod CIDRs of one family hold together."""
    capacities = node_capacities(dump)
    return {
        object_name(n)
        for n in dump.by_kind["Node"]
        if name(n) in capacities and int(get(n, "status", "capacity", "pods") or 0) > capacities[name(n)]
    }


def node_capacities(dump):
    """Node name -> pods that its pod CIDRs hold: of the family with less room; only where the IPAM has a number."""
    kind = ipam(dump)
    found = {}
    for node, cidrs in pod_cidrs_by_node(dump).items():
        room = defaultdict(int)
        for cidr in cidrs:
            room[cidr.version] += pod_capacity(cidr, kind) or 0
        if room and pod_capacity(cidrs[0], kind) is not None:
            found[node] = min(room.values())
    return found


def nearly_full_ranges(dump):
    """KNL207: more than 80 % of a stated Service range, pod range or Calico pool, or of a node's pod CIDR."""
    cluster = any(service_share(dump, cidr) > FULL for cidr in configured_service_cidr(dump))
    kept = stated_cluster_cidr(dump) if ipam(dump) == "azure-node-subnet" else []
    cluster = cluster or any(kept_share(dump, cidr) > FULL for cidr in kept)
    cluster = cluster or any(pod_range_share(dump, cidr) > FULL for cidr in configured_cluster_cidr(dump))
    return ({"Cluster"} if cluster else set()) | nearly_full_nodes(dump)


def service_share(dump, cidr):
    """ClusterIPs and IPAddresses in a range over its usable addresses: without the first, and the last of IPv4."""
    usable = cidr.num_addresses - (2 if cidr.version == 4 else 1)
    taken_ones = {*cluster_ips(dump), *networks(name(a) for a in dump.by_kind["IPAddress"])}
    return sum(holds(cidr, ip) for ip in taken_ones) / max(usable, 1)


def kept_share(dump, cidr):
    """Azure's node subnet: every node keeps an address for itself and for each pod it may have; five are Azure's."""
    kept = sum(
        1 + int(get(n, "status", "capacity", "pods") or 30)
        for n in dump.by_kind["Node"]
        if any(holds(cidr, ip) for ip in addresses_of_node(n))
    )
    return max(kept, pods_inside(dump, cidr)) / max(cidr.num_addresses - 5, 1)


def addresses_of_node(node):
    """InternalIPs of one node."""
    return networks(
        a.get("address") for a in each(node, "status", "addresses") if a.get("type") == "InternalIP"
    )


def pod_range_share(dump, cidr):
    """Share of a pod range that cannot be given again.

    Calico: addresses in use by its blocks. Others: the nodes' pod CIDRs, over the addresses less what Services take
    (whole node blocks). Where the dump has neither: addresses of pods.
    """
    if ipam(dump) == "calico":
        blocks = [b for b in dump.by_kind["IPAMBlock"] if holds(cidr, *networks([get(b, "spec", "cidr")]))]
        in_use = sum(a is not None for b in blocks for a in each(b, "spec", "allocations"))
        return (in_use if blocks else pods_inside(dump, cidr)) / cidr.num_addresses
    inside = {b for cidrs in pod_cidrs_by_node(dump).values() for b in cidrs if holds(cidr, b)}
    blocks = list(collapse_addresses(inside))
    if not blocks:
        return pods_inside(dump, cidr) / cidr.num_addresses
    block = min(b.num_addresses for b in inside)
    lost = {part for s in services_avoided(dump) if overlap(cidr, s) for part in touched(cidr, s, block)}
    n_lost = sum(part.num_addresses for part in collapse_addresses(lost))
    return sum(b.num_addresses for b in blocks) / max(cidr.num_addresses - n_lost, 1)


def services_avoided(dump):
    """Service ranges that node blocks keep clear of: of kube-controller-manager's flag; other IPAMs do not look."""
    if ipam(dump) not in (*NODE_POD_CIDR, "unknown"):
        return []
    of_flag = [
        c for s in dump.by_kind["ServiceCIDR"] if name(s) == "kubernetes" for c in each(s, "spec", "cidrs")
    ]
    return networks(of_flag) or configured_service_cidr(dump)


def pods_inside(dump, cidr):
    """How many addresses of a range unfinished pods have that are not on the host's network."""
    return len({ip for pod in own_address_pods(dump) for ip in pod_addresses(pod) if holds(cidr, ip)})


def touched(cidr, service_cidr, block):
    """The blocks of a cluster CIDR that a Service range touches: the whole of it, or the block or blocks around the range."""
    if not holds(cidr, service_cidr) or service_cidr == cidr:
        return [cidr]
    length = cidr.max_prefixlen - block.bit_length() + 1
    return [service_cidr if service_cidr.prefixlen <= length else service_cidr.supernet(new_prefix=length)]


def nearly_full_nodes(dump):
    """Nodes whose pods with an address of their own number over 80 % of the usable addresses of its pod CIDRs.

    GKE's nodes have two addresses a pod, so that a node which is full of pods has used half of them.
    """
    pods = Counter(get(pod, "spec", "nodeName") for pod in own_address_pods(dump))
    per_pod = 2 if ipam(dump) == "gke" else 1
    names = {name(n) for n in dump.by_kind["Node"]}
    return {
        f"Node {node}"
        for node, capacity in node_capacities(dump).items()
        if node in names and pods[node] > FULL * capacity * per_pod
    }


def own_address_pods(dump):
    """Unfinished pods that are not on the host's network."""
    return [p for pods in dump.pods.values() for p in pods if not get(p, "spec", "hostNetwork")]


def pod_addresses(pod):
    """A pod's addresses, of both families."""
    return set(networks([*(e.get("ip") for e in each(pod, "status", "podIPs")), get(pod, "status", "podIP")]))


def ipvs(dump):
    """KNL301: kube-proxy's mode is ipvs, in its configuration or on its command line."""
    return {"Cluster"} if "ipvs" in proxy_modes(dump) else set()


RULES = {
    "KNL201": overlapping_ranges,
    "KNL202": link_local_ranges,
    "KNL203": docker_ranges,
    "KNL204": nodes_without_pod_cidr,
    "KNL205": nodes_with_same_pod_cidr,
    "KNL206": nodes_above_capacity,
    "KNL207": nearly_full_ranges,
    "KNL214": ovn_ranges,
    "KNL301": ipvs,
}
