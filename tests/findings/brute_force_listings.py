"""KNL211 to KNL213 by brute force: address by address."""

from collections import Counter, defaultdict
from ipaddress import ip_address, ip_network

from tests.findings.brute_force_addresses import FULL, own_address_pods, pod_range_share, service_share
from tests.findings.brute_force_allocation import environment
from tests.findings.brute_force_dump import each, get, name, namespace
from tests.findings.brute_force_plugins import FLAT, ipam
from tests.findings.brute_force_settings import (
    configured_cluster_cidr,
    configured_service_cidr,
    node_addresses,
)


def short_subnets(dump):
    """KNL211: a subnet of this cluster's network is over 80 % used, or has addresses but no /28 for prefixes."""
    rows = {
        (network, subnet, cidr): (hosted(dump, cidr), used) for network, subnet, cidr, used in subnets(dump)
    }
    weight = Counter()
    for (network, _, _), (n_hosted, _) in rows.items():
        weight[network] += n_hosted
    ours = [network for network, n in weight.items() if n == max(weight.values())]
    return {
        f"Subnet {subnet}"
        for (network, subnet, cidr), (n_hosted, used) in rows.items()
        if n_hosted and ours == [network] and used is not None and is_short(dump, subnet, cidr, used)
    }


def is_short(dump, subnet, cidr, used):
    """Whether a subnet has no prefix left, or no KNL207 and few addresses."""
    usable = cidr.num_addresses - 5
    if wants_prefixes(dump, cidr) and used < usable and free_prefixes(dump, subnet, cidr, used) == 0:
        return True
    told = [c for c in configured_cluster_cidr(dump) if pod_range_share(dump, c) > FULL]
    told += [c for c in configured_service_cidr(dump) if service_share(dump, c) > FULL]
    return usable > 0 and used / usable > FULL and cidr not in told


def subnets(dump):
    """(network, name, range, addresses in use or None) of the listings of AWS and Azure."""
    for listing in dump.by_kind["CloudListing"]:
        for one in each(listing, "document", "Subnets"):
            cidr, left = ip_network(one["CidrBlock"]), one.get("AvailableIpAddressCount")
            known = interfaces(dump)
            used = len(taken(dump, one["SubnetId"], cidr)) if left is None and known else None
            yield (
                one.get("VpcId"),
                one["SubnetId"],
                cidr,
                used if left is None else cidr.num_addresses - 5 - left,
            )
        if "addressPrefix" in listing["document"]:
            parts, n_used = listing["document"]["id"].split("/"), listing["document"].get("ipConfigurations")
            used = None if n_used is None else len(n_used)
            yield parts[-3], parts[-1], ip_network(listing["document"]["addressPrefix"]), used


def interfaces(dump):
    return [i for one in dump.by_kind["CloudListing"] for i in each(one, "document", "NetworkInterfaces")]


def taken(dump, subnet, cidr):
    """Every address of a subnet that an interface has, by itself or in a prefix."""
    found = set()
    for interface in interfaces(dump):
        if interface["SubnetId"] == subnet:
            found |= {ip_address(a["PrivateIpAddress"]) for a in each(interface, "PrivateIpAddresses")}
            for prefix in each(interface, "Ipv4Prefixes"):
                found |= set(ip_network(prefix["Ipv4Prefix"]))
    return {address for address in found if address in cidr}


def free_prefixes(dump, subnet, cidr, used):
    """Aligned runs of 16 addresses that nobody has; None where the interfaces are not all listed."""
    held, addresses = taken(dump, subnet, cidr), list(cidr)
    if not interfaces(dump) or len(held) < used:
        return None
    held |= {*addresses[:4], addresses[-1]}
    runs = [addresses[start : start + 16] for start in range(0, len(addresses), 16)]
    return sum(len(run) == 16 and not held & set(run) for run in runs)


def wants_prefixes(dump, cidr):
    env = environment(dump, "aws-node")
    is_on = env.get("ENABLE_PREFIX_DELEGATION") == "true" and env.get("ENABLE_IPv6") != "true"
    is_for_pods = env.get("AWS_VPC_K8S_CNI_CUSTOM_NETWORK_CFG") != "true" or pods_inside(dump, cidr)
    return ipam(dump) == "aws-vpc-cni" and is_on and is_for_pods


def hosted(dump, cidr):
    """Nodes of the dump with an address in a range, and pods where they have addresses of subnets."""
    nodes = {n.network_address for n in node_addresses(dump)}
    return sum(n in cidr for n in nodes) + (pods_inside(dump, cidr) if ipam(dump) in FLAT else 0)


def pods_inside(dump, cidr):
    return len({ip for pod in own_address_pods(dump) for ip in addresses_of(pod) if ip in cidr})


def addresses_of(pod):
    texts = [get(pod, "status", "podIP"), *(entry.get("ip") for entry in each(pod, "status", "podIPs"))]
    return {ip_address(text) for text in texts if text}


def leaks(dump):
    """KNL212: more files with addresses of the pod CIDR that no pod of the node has than pods that are starting."""
    if len({namespace(p) for p in dump.by_kind["Pod"]}) < 2:
        return set()
    if ipam(dump) not in ("host-local", "gke", "unknown"):
        return set()
    files = files_by_node(dump)
    return {f"Node {node}" for node, networks in files.items() if n_leaked(dump, node, networks) > 0}


def files_by_node(dump):
    """Node name -> address -> network, by where most addresses of a directory are."""
    found = defaultdict(dict)
    for listing in dump.by_kind["HostLocalListing"]:
        addresses = [ip_address(text) for text in listing["addresses"]]
        votes = Counter(name(n) for n in dump.by_kind["Node"] for a in addresses if in_pod_cidrs(n, a))
        for node, _ in votes.most_common(1):
            found[node] = dict.fromkeys(addresses, listing["network"]) | found[node]
    return found


def in_pod_cidrs(node, address):
    return any(address in ip_network(c) for c in each(node, "spec", "podCIDRs") if c)


def n_leaked(dump, node, files):
    """Addresses of the scarcer family that are lost for certain."""
    pods = [p for p in own_address_pods(dump) if get(p, "spec", "nodeName") == node]
    held = {ip for pod in pods for ip in addresses_of(pod)}
    own = next(n for n in dump.by_kind["Node"] if name(n) == node)
    leaked = [a for a in files if a not in held and in_pod_cidrs(own, a)]
    live = {files[a] for a in files if a in held}
    if not any(in_pod_cidrs(own, a) for a in held) and not live and ipam(dump) != "unknown":
        networks = {files[a] for a in leaked}
        live = networks if len(networks) == 1 else set()
    lost = Counter(a.version for a in leaked if files[a] in live)
    return max(lost.values(), default=0) - sum(not addresses_of(p) for p in pods)


def gone_nodes(dump):
    """KNL213: a Calico block has affinity to a node that is not in the dump, nor has a pod; another block's node is."""
    nodes = {name(node) for node in dump.by_kind["Node"]}
    busy = {get(pod, "spec", "nodeName") for pods in dump.pods.values() for pod in pods}
    affinities = [
        get(block, "spec", "affinity") or ""
        for block in dump.by_kind["IPAMBlock"]
        if not get(block, "spec", "deleted")
    ]
    owners = {text.removeprefix("host:") for text in affinities if text.startswith("host:")}
    is_sure = ipam(dump) == "calico" and bool(owners & nodes)
    return {"Cluster"} if is_sure and owners - nodes - busy else set()


RULES = {"KNL211": short_subnets, "KNL212": leaks, "KNL213": gone_nodes}
