"""Random listings for synthetic clusters: subnets, host-local's directories, nodes that are gone. Changes items in place."""

from ipaddress import ip_network

from tests.findings.brute_force_dump import each, get, name
from tests.findings.brute_force_listing_builders import aws_interface, aws_subnet, host_local


def subnets(rng, items):
    """A listing of the /24 of each node: some full, some scattered, some with prefixes; returns the full ones."""
    addresses = [a for item in items if item["kind"] == "Node" for a in each(item, "status", "addresses")]
    texts = {a["address"] for a in addresses if a["type"] == "InternalIP"}
    wants_prefixes = rng.random() < 0.5
    for item in items if wants_prefixes else ():
        if item["kind"] == "DaemonSet" and name(item) == "aws-node":
            env = item["spec"]["template"]["spec"]["containers"][0].setdefault("env", [])
            env.append({"name": "ENABLE_PREFIX_DELEGATION", "value": "true"})
    planted = set()
    for cidr in sorted({ip_network(f"{text}/24", strict=False) for text in texts}):
        subnet = f"subnet-{cidr.network_address}"
        held = rng.sample(list(cidr)[4:-1], rng.choice([3, 40, 120, 230]))
        n_left = 251 - len(held)
        items.append(aws_subnet(n_left, str(cidr), subnet=subnet))
        if rng.random() < 0.7:
            items.append(aws_interface(*map(str, held), subnet=subnet))
        planted |= {("KNL211", f"Subnet {subnet}")} if len(held) == 230 else set()
    if rng.random() < 0.3:
        items.append(aws_subnet(0, "10.99.0.0/24", subnet="unused"))
    return planted


def directories(rng, items):
    """A directory of each node, with some files of containers that are gone; returns the nodes with many."""
    planted = set()
    leaks = rng.random() < 0.7
    for node in [item for item in items if item["kind"] == "Node"]:
        pods = [i for i in items if i["kind"] == "Pod" and get(i, "spec", "nodeName") == name(node)]
        running = [
            p for p in pods if get(p, "status", "phase") == "Running" and not get(p, "spec", "hostNetwork")
        ]
        texts = {get(p, "status", "podIP") for p in running} - {None}
        free = [str(a) for a in list(ip_network(node["spec"]["podCIDR"]))[200:240]]
        lost = rng.sample(free, rng.choice([0, 0, 1, 20])) if leaks else []
        items.append(host_local(*sorted(texts), *lost))
        if rng.random() < 0.3:
            items.append(host_local("10.99.0.7", "10.99.0.8", network="second"))
        planted |= {("KNL212", f"Node {name(node)}")} if len(lost) == 20 and texts else set()
    return planted


def departed(rng, items):
    """Take a node away, and perhaps its pods."""
    if rng.random() < 0.3:
        return set()
    gone = rng.choice([name(item) for item in items if item["kind"] == "Node"])
    takes_pods = rng.random() < 0.7
    owns = any(get(item, "spec", "affinity") == f"host:{gone}" for item in items)
    for item in [*items]:
        is_pod = item["kind"] == "Pod" and get(item, "spec", "nodeName") == gone
        if (item["kind"] == "Node" and name(item) == gone) or (is_pod and takes_pods):
            items.remove(item)
    return {("KNL213", "Cluster")} if takes_pods and owns else set()


PLANT = {"eks": subnets, "kubeadm-flannel": directories, "kubeadm-calico": departed}
