"""One cluster of a plan as those see it who write its settings."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any, NamedTuple

import netaddr
import yaml

from kubenetlab.ipam.planner.cluster_needs import ClusterNeeds
from kubenetlab.ipam.planner.platforms import PODS, SERVICES
from kubenetlab.ipam.planner.sizes import node_mask, node_mask_ipv6

#: Text that YAML readers other than PyYAML take for a number or a truth value: ``1e3``, ``0o17``, ``y``.
_NO_TEXT = re.compile(r"[-+.]?\d[\d_.:]*([eE][-+]?\d+)?|0[box][\da-fA-F_]+|[yYnN]")
_DNS_OFFSET = 10  # kubeadm, k3s, kind, EKS, AKS: the tenth address of the Service range


class SettingsText(NamedTuple):
    """A text to type or to save: for which cluster and tool, under which file name, and the text."""

    cluster: str
    tool: str
    file: str
    text: str


class PlannedCluster(NamedTuple):
    """A cluster, and its ranges by role, each in the order of its families."""

    needs: ClusterNeeds
    ranges: Mapping[str, tuple[netaddr.IPNetwork, ...]]

    @property
    def name(self) -> str:
        """The cluster's name."""
        return self.needs.name

    @property
    def node_masks(self) -> dict[int, int]:
        """Prefix lengths of a node's pod CIDR by family, for the families that have pod ranges."""
        masks = {4: node_mask(self.needs), 6: node_mask_ipv6(self.needs)}
        return {n.version: mask for n in self.ranges.get(PODS, ()) if (mask := masks[n.version]) is not None}

    def texts(self, role: str) -> list[str]:
        """Return the ranges of a role as text."""
        return [str(network) for network in self.ranges.get(role, ())]

    def joined(self, role: str) -> str:
        """Return the ranges of a role with commas, as flags take them."""
        return ",".join(self.texts(role))

    @property
    def pod_subnets(self) -> str:
        """The pods' ranges with commas, the first of each family: more, kubeadm, kind and k3s refuse."""
        first = {network.version: str(network) for network in reversed(self.ranges.get(PODS, ()))}
        return ",".join(text for text in self.texts(PODS) if text in first.values())

    @property
    def cluster_dns(self) -> str:
        """The address of DNS: the tenth of the first Service range, or the second of one that is shorter."""
        network = self.ranges[SERVICES][0]
        return str(network[_DNS_OFFSET if network.size > _DNS_OFFSET + 1 else 2])

    def text(self, tool: str, file: str, text: str) -> SettingsText:
        """Return a text of this cluster."""
        return SettingsText(self.name, tool, file, text)


class _Dumper(yaml.SafeDumper):
    """YAML that every reader takes for the same: text of several lines as a block, what looks like a number in quotes."""


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    style = "|" if "\n" in text else "'" if _NO_TEXT.fullmatch(text) else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, _text)


def yaml_text(*documents: Mapping[str, Any]) -> str:
    """Return YAML documents as people write them.

    >>> print(yaml_text({"networking": {"podSubnet": "10.0.0.0/16"}}), end="")
    networking:
      podSubnet: 10.0.0.0/16
    >>> print(yaml_text({"name": "1e3"}), end="")
    name: '1e3'
    """
    return "---\n".join(
        yaml.dump(document, Dumper=_Dumper, sort_keys=False, default_flow_style=False, width=1_000)
        for document in documents
    )


def json_text(document: Mapping[str, Any]) -> str:
    """Return a JSON document as people write it."""
    return json.dumps(document, indent=2) + "\n"
