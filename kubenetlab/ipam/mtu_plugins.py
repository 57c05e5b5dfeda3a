"""Where each network plugin keeps its MTUs and tunnels."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from kubenetlab.cluster import Cluster
from kubenetlab.ipam.mtu_flannel import flannel
from kubenetlab.ipam.mtu_overheads import OVERHEADS
from kubenetlab.ipam.mtu_statements import (
    MtuSettings,
    Statement,
    Tunnel,
    config_map_named,
    environment,
    stated,
    unknown,
)
from kubenetlab.objects import ConfigMap, IPPool, object_name
from kubenetlab.result import Origin

_MAX_TEXT = 1 << 20
_OVN_MTU = re.compile(r'^[ \t]*mtu[ \t]*=[ \t]*"?(\d{1,5})"?[ \t\r]*$', re.MULTILINE)
#: ovn-kubernetes, go-controller/pkg/config/config.go: Default.MTU. [bytes]
_OVN_DEFAULT_MTU = 1400
_CNI_MTU = re.compile(r'"mtu"\s{0,9}:\s{0,9}(\d{1,5})\b', re.ASCII)
_VERSION = re.compile(r":v(\d{1,3})\.(\d{1,3})\.(\d{1,3})")
_CALICO_DEVICES = {"FELIX_IPINIPMTU": "ipip", "FELIX_VXLANMTU": "vxlan", "FELIX_WIREGUARDMTU": "wireguard"}
#: Cilium takes padding into account since this release (pull request 45940).
_CILIUM_PADS = (1, 19, 5)


def mtu_settings(cluster: Cluster) -> MtuSettings:
    """Return what a dump says about MTUs; the component is ``unknown`` where the plugin's ways are."""
    setting = cluster.settings.get("cni")
    cni = str(setting.value) if setting and setting.value else "unknown"
    read = _PLUGINS.get(cni)
    return read(cluster) if read else unknown(f"the tunnels of network plugin {cni} are not modelled")


def _routed(evidence: str) -> Callable[[Cluster], MtuSettings]:
    return lambda _: MtuSettings("native", (), Origin.INFERRED, evidence)


def _calico(cluster: Cluster) -> MtuSettings:
    """Source: calico, manifests (veth_mtu) and felix int_dataplane.go; pools say which tunnels there are.

    Not modelled: FelixConfiguration, which switches WireGuard on and may state MTUs of its own.
    """
    statements = tuple(_calico_statements(cluster))
    if not cluster.ip_pools:
        return unknown("the dump holds no IPPool, which says how packets travel", statements)
    tunnels = tuple(dict.fromkeys(t for pool in cluster.ip_pools for t in _pool_tunnels(pool)))
    names = ", ".join(object_name(pool) for pool in cluster.ip_pools[:5])
    evidence = f"ipipMode and vxlanMode of {names}"
    return MtuSettings("calico" if tunnels else "native", tunnels, Origin.READ, evidence, statements)


def _pool_tunnels(pool: IPPool) -> Iterator[Tunnel]:
    version = 6 if ":" in pool.spec.cidr else 4
    if pool.spec.vxlan_mode not in ("", "Never"):
        yield Tunnel(("vxlan",), version)
    if version == 4 and pool.spec.ipip_mode not in ("", "Never"):
        yield Tunnel(("ipip",))


def _calico_statements(cluster: Cluster) -> Iterator[Statement]:
    config_map = config_map_named(cluster, "calico-config", "canal-config", "rke2-canal-config")
    if config_map:
        place = object_name(config_map)
        yield from stated("pods", config_map.data.get("veth_mtu"), f"{place} veth_mtu")
        literal = _CNI_MTU.search(config_map.data.get("cni_network_config", "")[:_MAX_TEXT])
        yield from stated("pods", literal and literal[1], f"{place} cni_network_config mtu")
    variables, daemon_set = environment(cluster, "calico-node")
    for name, tunnel in _CALICO_DEVICES.items():
        if daemon_set:
            yield from stated(tunnel, variables.get(name), f"{name} in {object_name(daemon_set)}")


def _canal(cluster: Cluster) -> MtuSettings:
    """Canal: Flannel carries the packets, Calico's plugin sets up the pods."""
    found = flannel(cluster)
    return found._replace(statements=(*found.statements, *_calico_statements(cluster)))


def _cilium(cluster: Cluster) -> MtuSettings:
    """Source: cilium, pkg/option (routing-mode, tunnel-protocol, mtu, enable-wireguard, enable-ipsec)."""
    config_map = config_map_named(cluster, "cilium-config")
    if config_map is None:
        return unknown("the dump holds no ConfigMap cilium-config, which says how packets travel")
    data, place = config_map.data, object_name(config_map)
    statements = tuple(stated("network", data.get("mtu"), f"{place} mtu"))
    names = (*_cilium_tunnel(config_map), *_cilium_encryption(cluster, config_map))
    strange = [name for name in names if ("cilium", name) not in OVERHEADS]
    if strange:
        return unknown(f"{place}: {strange[0]}", statements)
    is_ipv6 = data.get("underlay-protocol") == "ipv6" or data.get("enable-ipv4") == "false"
    tunnels = (Tunnel(names, 6 if is_ipv6 else 4),) if names else ()
    evidence = f"{place}: {' and '.join(names) or 'native routing'}"
    return MtuSettings("cilium" if names else "native", tunnels, Origin.READ, evidence, statements)


def _cilium_tunnel(config_map: ConfigMap) -> Iterator[str]:
    """Yield the tunnel; ``tunnel`` is the option of releases before 1.14. VXLAN is the default."""
    data = config_map.data
    old = data.get("tunnel", "")
    if data.get("routing-mode", "tunnel") != "native" and old != "disabled":
        yield data.get("tunnel-protocol") or old or "vxlan"


def _cilium_encryption(cluster: Cluster, config_map: ConfigMap) -> Iterator[str]:
    if config_map.data.get("enable-wireguard") == "true":
        yield "wireguard-1.19.5" if _cilium_version(cluster) >= _CILIUM_PADS else "wireguard"
    if config_map.data.get("enable-ipsec") == "true":
        yield "ipsec"


def _cilium_version(cluster: Cluster) -> tuple[int, ...]:
    workloads = (c for d in cluster.daemon_sets for c in d.spec.template.spec.containers)
    images = (c.image for c in workloads if c.name == "cilium-agent")
    found = next((match for image in images if (match := _VERSION.search(image))), None)
    return tuple(map(int, found.groups())) if found else (0,)


def _ovn(cluster: Cluster) -> MtuSettings:
    """Source: ovn-kubernetes, node startup: dual stack counts as IPv6, the larger header (requiredMTU)."""
    config_map = config_map_named(cluster, "ovnkube-config")
    line = _OVN_MTU.search(config_map.data.get("ovnkube.conf", "")[:_MAX_TEXT]) if config_map else None
    place = f"{object_name(config_map)} ovnkube.conf mtu" if config_map else ""
    statements = tuple(stated("pods", line and line[1], place))
    tunnels = (Tunnel(("geneve-ovn",), 6 if has_ipv6_pods(cluster) else 4),)
    evidence = "OVN-Kubernetes: Geneve between nodes"
    return MtuSettings("ovn-kubernetes", tunnels, Origin.INFERRED, evidence, statements, _OVN_DEFAULT_MTU)


def _aws(cluster: Cluster) -> MtuSettings:
    """Source: amazon-vpc-cni-k8s, README.md: AWS_VPC_ENI_MTU, and POD_MTU, which is as large where it is not set."""
    variables, daemon_set = environment(cluster, "aws-node")
    statements: list[Statement] = []
    for name, of in (("AWS_VPC_ENI_MTU", "network"), ("POD_MTU", "pods")):
        if daemon_set:
            statements += stated(of, variables.get(name), f"{name} in {object_name(daemon_set)}")
    evidence = "AWS VPC CNI: pods have addresses of the VPC"
    return MtuSettings("native", (), Origin.INFERRED, evidence, tuple(statements))


def has_ipv6_pods(cluster: Cluster) -> bool:
    """Whether pods have IPv6 addresses, or a range to take them from."""
    setting = cluster.settings.get("cluster_cidr")
    values = setting.value if setting and setting.value else ()
    texts = [values] if isinstance(values, str) else map(str, values)
    own = (p for p in cluster.pods if not p.spec.host_network)
    return any(":" in text for text in texts) or any(":" in ip for pod in own for ip in pod.ips)


_PLUGINS: dict[str, Callable[[Cluster], MtuSettings]] = {
    "flannel": flannel,
    "canal": _canal,
    "calico": _calico,
    "cilium": _cilium,
    "ovn-kubernetes": _ovn,
    "aws-vpc-cni": _aws,
    "azure-cni": _routed("Azure CNI: the virtual network carries pods' packets as they are"),
    "gke": _routed("GKE: the VPC carries pods' packets as they are"),
    "kindnet": _routed("kindnet: routes between nodes, no tunnel"),
}
