"""The networks that OVN-Kubernetes keeps for itself in every cluster: join, transit and masquerade.

Source: ovn-kubernetes, go-controller/pkg/config/config.go (defaults, and the options that move them:
``v4-join-subnet``, ``v4-transit-switch-subnet``, ``v4-masquerade-subnet`` and those of IPv6). Basis: *source*. Clusters
of newer releases have wider masquerade ranges of link-local addresses; the narrow ones lie in them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from kubenetlab.cluster import Cluster
from kubenetlab.ipam.ranges import Range, range_of
from kubenetlab.objects.address_text import is_cidr
from kubenetlab.readers.settings.clues import is_system_namespace

#: Networks by name and IP version.
DEFAULTS: dict[tuple[str, int], str] = {
    ("join", 4): "100.64.0.0/16",
    ("join", 6): "fd98::/64",
    ("transit", 4): "100.88.0.0/16",
    ("transit", 6): "fd97::/64",
    ("masquerade", 4): "169.254.169.0/29",
    ("masquerade", 6): "fd69::/125",
}

_MAX_TEXT = 1 << 20
_CONFIG_MAPS = ("ovnkube-config", "ovnkube-script-lib")
# An option of ovnkube.conf or of a command line, or the variable that the images' script makes an option of.
_STATED = re.compile(
    r"""v([46])[-_](join|transit|masquerade)(?:[-_]switch)?[-_]subnet["']?[ \t]{0,8}[= \t][ \t]{0,8}["']?([0-9a-f.:]{2,45}/\d{1,3})""",
    re.IGNORECASE | re.ASCII,
)


def own_networks(cluster: Cluster) -> list[Range]:
    """Return the networks of both families, those that the dump states in place of the defaults."""
    found = dict(DEFAULTS)
    for text in _texts(cluster):
        for line in text[:_MAX_TEXT].splitlines():
            if line.lstrip()[:1] not in ("#", ";"):
                found |= {(name.lower(), int(version)): cidr for version, name, cidr in _valid(line)}
    return [range_of(cidr, f"OVN-Kubernetes' {name} network") for (name, _), cidr in found.items()]


def _valid(line: str) -> Iterator[tuple[str, str, str]]:
    for found in _STATED.finditer(line):
        version, name, cidr = found[1], found[2], found[3]
        if is_cidr(cidr) and (":" in cidr) is (version == "6"):
            yield version, name, cidr


def _texts(cluster: Cluster) -> Iterator[str]:
    for config_map in cluster.config_maps:
        if config_map.metadata.name in _CONFIG_MAPS and is_system_namespace(config_map.metadata.namespace):
            yield from config_map.data.values()
    for workload in (*cluster.daemon_sets, *cluster.deployments):
        if workload.metadata.name.startswith("ovnkube"):
            for container in workload.spec.template.spec.containers:
                yield " ".join(container.command_line)
                yield "\n".join(f"{entry.name}={entry.value}" for entry in container.env)
