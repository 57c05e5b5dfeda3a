"""Ranges and modes of a cluster, found in raw items by plain code of our own."""

import json
import re

from tests.findings.brute_force_configuration import (
    config_maps,
    documents,
    flag,
    flags_of,
    k3s_flag,
    kubeadm,
    kubeadm_extra_arg,
)
from tests.findings.brute_force_dump import annotations, each, get, labels, name, namespace, networks
from tests.findings.brute_force_plugins import FLAT, NODE_POD_CIDR, ipam


def configured_cluster_cidr(dump):
    """The cluster CIDRs that some component's configuration states; empty where none does."""
    pools = {
        "calico": lambda: calico_pools(dump),
        "cilium-cluster-pool": lambda: cilium_pools(dump),
        "cilium-multi-pool": lambda: cilium_pools(dump),
        "ovn-kubernetes": lambda: ovn_setting(dump, "cluster-subnets"),
    }
    kind = ipam(dump)
    if kind in FLAT:
        return []
    own = pools[kind]() if kind in pools else []
    return own or stated_cluster_cidr(dump)


def stated_cluster_cidr(dump):
    """First of: controller-manager, kubeadm, kube-proxy's file, kube-proxy's flag, k3s, Flannel."""
    proxy = [d.get("clusterCIDR") for d in documents(dump, "kube-proxy", "kube-proxy-config")]
    flannel = [get(d, "Network") for d in documents(dump, "kube-flannel-cfg")]
    flannel += [get(d, "IPv6Network") for d in documents(dump, "kube-flannel-cfg")]
    candidates = (
        [flag(dump, "kube-controller-manager", "cluster-cidr")],
        [kubeadm(dump, "networking", "podSubnet")],
        proxy,
        [flag(dump, "kube-proxy", "cluster-cidr")],
        [k3s_flag(dump, "cluster-cidr")],
        flannel,
    )
    return next((networks(texts) for texts in candidates if networks(texts)), [])


def calico_pools(dump):
    """CIDRs of the enabled IPPools that workloads may use."""
    pools = [get(p, "spec") or {} for p in dump.by_kind["IPPool"]]
    return networks(
        p.get("cidr")
        for p in pools
        if not p.get("disabled") and "Workload" in (p.get("allowedUses") or ["Workload"])
    )


def cilium_pools(dump):
    """CIDRs of cilium-config's cluster pools and of the CiliumPodIPPools."""
    texts = [
        d.get(f"cluster-pool-ipv{v}-cidr", "") for d in config_maps(dump, "cilium-config") for v in (4, 6)
    ]
    for pool in dump.by_kind["CiliumPodIPPool"]:
        texts += each(pool, "spec", "ipv4", "cidrs") + each(pool, "spec", "ipv6", "cidrs")
    return networks(text.replace(" ", ",") for text in texts)


def ovn_setting(dump, key):
    """A list of ranges in ovnkube-config (``cluster-subnets`` entries may end in ``/hostprefix``)."""
    text = "".join(v for data in config_maps(dump, "ovnkube-config") for v in data.values())
    found = re.search(rf'^{key}\s*=\s*"?([^"\n]*)', text, re.MULTILINE)
    return networks("/".join(part.split("/")[:2]) for part in (found.group(1) if found else "").split(","))


def configured_service_cidr(dump):
    """First of: ServiceCIDR objects, API server, controller-manager, kubeadm, OVN, k3s; empty where none states it."""
    candidates = (
        [c for s in dump.by_kind["ServiceCIDR"] for c in each(s, "spec", "cidrs")],
        [flag(dump, "kube-apiserver", "service-cluster-ip-range")],
        [flag(dump, "kube-controller-manager", "service-cluster-ip-range")],
        [kubeadm(dump, "networking", "serviceSubnet")],
        [str(n) for n in ovn_setting(dump, "service-cidrs")],
        [k3s_flag(dump, "service-cidr")],
    )
    return next((networks(texts) for texts in candidates if networks(texts)), [])


def cluster_ips(dump):
    """ClusterIPs of all Services, headless and absent ones left out."""
    texts = [
        text
        for s in dump.by_kind["Service"]
        for text in [*each(s, "spec", "clusterIPs"), get(s, "spec", "clusterIP")]
        if get(s, "spec", "type") != "ExternalName"
    ]
    return sorted(set(networks(t for t in texts if t not in (None, "", "None"))), key=str)


def node_addresses(dump):
    """InternalIPs of the nodes, as ranges of one address."""
    return networks(
        a.get("address")
        for node in dump.by_kind["Node"]
        for a in each(node, "status", "addresses")
        if a.get("type") == "InternalIP"
    )


def spec_pod_cidrs(node):
    """Node.spec.podCIDRs, else podCIDR."""
    return networks(each(node, "spec", "podCIDRs") or [get(node, "spec", "podCIDR")])


def pod_cidrs_by_node(dump):
    """Node name -> its pod CIDRs, where the detected IPAM keeps them; Node.spec's where no sign of an IPAM is there."""
    kind = ipam(dump)
    in_cilium = {"cilium-cluster-pool": cilium_cidrs, "cilium-multi-pool": multi_pool_cidrs}
    if kind in in_cilium:
        return {name(n): in_cilium[kind](n) for n in dump.by_kind["CiliumNode"]}
    in_nodes = {"ovn-kubernetes": ovn_subnets, "azure-overlay": lambda n: overlay_blocks(dump, n)}
    in_nodes |= dict.fromkeys([*NODE_POD_CIDR, "unknown"], spec_pod_cidrs)
    return {name(n): in_nodes[kind](n) for n in dump.by_kind["Node"]} if kind in in_nodes else {}


def cilium_cidrs(cilium_node):
    """The pod CIDRs that Cilium's operator gave the node."""
    return networks(each(cilium_node, "spec", "ipam", "podCIDRs"))


def multi_pool_cidrs(cilium_node):
    """CIDRs of every pool of which the node has some."""
    pools = each(cilium_node, "spec", "ipam", "pools", "allocated")
    return networks(cidr for pool in pools for cidr in pool.get("cidrs") or [])


def overlay_blocks(dump, node):
    """Azure overlay: ``primaryIP`` of the node's NodeNetworkConfig is its block; else Node.spec.podCIDRs."""
    containers = [
        c
        for n in dump.by_kind["NodeNetworkConfig"]
        if name(n) == name(node)
        for c in each(n, "status", "networkContainers")
    ]
    blocks = networks(c.get("primaryIP") for c in containers if "/" in str(c.get("primaryIP")))
    return blocks or spec_pod_cidrs(node)


def ovn_subnets(node):
    """Ranges in the annotation k8s.ovn.org/node-subnets: a text or a list per network."""
    subnets = json.loads(annotations(node).get("k8s.ovn.org/node-subnets") or "{}").get("default") or []
    return networks([subnets] if isinstance(subnets, str) else subnets)


def proxy_modes(dump):
    """kube-proxy's modes: its ConfigMaps' ``mode`` and its ``--proxy-mode``; none where Cilium replaces it."""
    return set() if is_cilium_instead(dump) else stated_proxy_modes(dump)


def is_cilium_instead(dump):
    """cilium-config says that Cilium does the work of kube-proxy."""
    said = [d.get("kube-proxy-replacement") for d in config_maps(dump, "cilium-config")]
    return not {"true", "strict"}.isdisjoint(said)


def stated_proxy_modes(dump):
    """The ``mode`` of kube-proxy's ConfigMaps, or ``--proxy-mode`` where kube-proxy is shown to run without ``--config``."""
    line = flags_of(dump, "kube-proxy")
    if line and not any(word.partition("=")[0] == "--config" for word in line):
        return {flag(dump, "kube-proxy", "proxy-mode")} - {None, ""}
    return {d.get("mode") for d in documents(dump, "kube-proxy", "kube-proxy-config")} - {None, ""}


def has_no_kube_proxy(dump):
    """Cilium or GKE Dataplane V2 does its work and it does not run, or OVN-Kubernetes does; or k3s was told so."""
    inside = [i for kind in ("Pod", "DaemonSet") for i in dump.by_kind[kind] if namespace(i) == "kube-system"]
    specs = [get(i, "spec", "template", "spec") or get(i, "spec") or {} for i in inside]
    runs = any(c.get("name") == "kube-proxy" for spec in specs for c in each(spec, "containers"))
    is_agent = any(
        "anetd" in (name(i), *(o["name"] for o in each(i, "metadata", "ownerReferences"))) for i in inside
    )
    args = [json.loads(annotations(n).get("k3s.io/node-args") or "[]") for n in dump.by_kind["Node"]]
    is_off = any("--disable-kube-proxy" in line for line in args)
    others = is_cilium_instead(dump) or ipam(dump) == "ovn-kubernetes"
    is_left = others and not stated_proxy_modes(dump)
    return is_off or is_left or (not runs and (is_cilium_instead(dump) or is_agent))


def node_port_range(dump):
    """First and last node port, and whether the dump states them.

    The API server's flag, kubeadm's extra argument, k3s' option, else 30000-32767.
    """
    text = (
        flag(dump, "kube-apiserver", "service-node-port-range")
        or kubeadm_extra_arg(dump, "apiServer", "service-node-port-range")
        or k3s_flag(dump, "service-node-port-range")
    )
    first, sign, last = re.fullmatch(r"(\d+)([-+]?)(\d*)", str(text or "30000-32767")).groups()
    return int(first), int(first) + int(last) if sign == "+" else int(last or first), bool(text)


def dns_services(dump):
    """The cluster's DNS Services: well-known names, or label k8s-app=kube-dns, in the system namespaces."""
    names = {"kube-dns", "coredns", "rke2-coredns-rke2-coredns", "dns-default"}
    return [
        s
        for s in dump.by_kind["Service"]
        if namespace(s) in ("kube-system", "openshift-dns")
        and (name(s) in names or labels(s).get("k8s-app") == "kube-dns")
    ]
