"""KNL208 to KNL210 by brute force."""

import json
import re
from ipaddress import ip_network

from tests.findings.brute_force_configuration import config_maps, words
from tests.findings.brute_force_dump import each, get, holds, name, namespace, networks, object_name, overlap

DEVICES = {"FELIX_IPINIPMTU": "ipipMode", "FELIX_VXLANMTU": "vxlanMode"}
FLANNEL_HEADERS = {"vxlan": 50, "ipip": 20, "wireguard": 60, "udp": 28, "host-gw": 0}


def strange_pod_cidrs(dump):
    """KNL208: a node's i-th pod CIDR is beside the i-th --cluster-cidr of a controller-manager that allocates them."""
    found = set()
    for pod in dump.by_kind["Pod"]:
        for container in each(pod, "spec", "containers") if namespace(pod).startswith("kube-") else []:
            line = words(container)
            flags = dict(w[2:].split("=", 1) for w in line if w.startswith("--") and "=" in w)
            if any(w.endswith("kube-controller-manager") for w in line) and allocates(flags):
                stated = networks([flags.get("cluster-cidr")])
                found |= {object_name(n) for n in dump.by_kind["Node"] if stated and is_strange(n, stated)}
    return found


def allocates(flags):
    kind = flags.get("cidr-allocator-type", "RangeAllocator")
    return flags.get("allocate-node-cidrs") == "true" and kind == "RangeAllocator"


def is_strange(node, stated):
    own = networks(each(node, "spec", "podCIDRs") or [get(node, "spec", "podCIDR")])
    pairs = zip(own, [*stated, *[None] * len(own)], strict=False)
    return any(cluster is None or not overlap(cidr, cluster) for cidr, cluster in pairs)


def full_pools(dump):
    """KNL209: every block of a pool for pods has an address in use, and no pool for all nodes has an empty one."""
    pools = [
        p
        for p in dump.by_kind["IPPool"]
        if not get(p, "spec", "disabled") and "Workload" in (get(p, "spec", "allowedUses") or ["Workload"])
    ]
    full = [p for p in pools if free_blocks(dump, p) == 0]
    helps = [p for p in pools if p not in full and get(p, "spec", "nodeSelector") in (None, "", "all()")]
    versions = {ip_network(get(p, "spec", "cidr")).version for p in helps}
    return {object_name(p) for p in full if ip_network(get(p, "spec", "cidr")).version not in versions}


def free_blocks(dump, pool):
    cidr = ip_network(get(pool, "spec", "cidr"), strict=False)
    size = get(pool, "spec", "blockSize") or (26 if cidr.version == 4 else 122)
    taken = set()
    for block in dump.by_kind["IPAMBlock"]:
        own = ip_network(get(block, "spec", "cidr"))
        in_use = any(entry is not None for entry in each(block, "spec", "allocations"))
        if own.prefixlen == size and holds(cidr, own) and in_use and not get(block, "spec", "deleted"):
            taken.add(own)
    return 2 ** (size - cidr.prefixlen) - len(taken)


def disagreeing_mtus(dump):
    """KNL210: packets of pods, with their headers, are larger than the network or the device takes that is stated."""
    checks = (flannel_mtus, calico_mtus, eks_mtus)
    return {"Cluster"} if any(check(dump) for check in checks) else set()


def flannel_mtus(dump):
    for data in config_maps(dump, "kube-flannel-cfg"):
        backend = json.loads(data.get("net-conf.json") or "{}").get("Backend") or {}
        plugins = json.loads(data.get("cni-conf.json") or "{}").get("plugins") or []
        pods = [get(plugin, "delegate", "mtu") for plugin in plugins if get(plugin, "delegate", "mtu")]
        headers = FLANNEL_HEADERS[backend.get("Type", "udp")]
        if backend.get("MTU") and any(mtu + headers > backend["MTU"] for mtu in pods):
            return True
    return False


def calico_mtus(dump):
    pods = set()
    for data in config_maps(dump, "calico-config"):
        literal = re.search(r'"mtu":\s*(\d+)', data.get("cni_network_config", ""))
        pods |= {
            int(text)
            for text in (data.get("veth_mtu"), literal and literal[1])
            if text not in (None, "0", "")
        }
    env = environment(dump, "calico-node")
    devices = [
        int(env[variable])
        for variable, mode in DEVICES.items()
        if variable in env
        and any(get(p, "spec", mode) not in (None, "", "Never") for p in dump.by_kind["IPPool"])
    ]
    return len(pods) > 1 or any(mtu > device for mtu in pods for device in devices)


def eks_mtus(dump):
    env = environment(dump, "aws-node")
    return int(env.get("POD_MTU", 0)) > int(env.get("AWS_VPC_ENI_MTU", 1 << 20))


def environment(dump, daemon_set):
    """Literal variables of the main container of a DaemonSet."""
    for item in dump.by_kind["DaemonSet"]:
        if name(item) == daemon_set:
            containers = each(item, "spec", "template", "spec", "containers")
            return {e["name"]: e["value"] for c in containers for e in each(c, "env") if "value" in e}
    return {}


RULES = {"KNL208": strange_pod_cidrs, "KNL209": full_pools, "KNL210": disagreeing_mtus}
