"""What the sections of a report draw on: a cluster, and the results about it, each computed once."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import pandas as pd

from kubenetlab.cluster import Cluster
from kubenetlab.dns.cluster_dns import cluster_dns
from kubenetlab.findings import Finding, Findings, check, rules
from kubenetlab.ipam.cloud_subnets import subnet_use
from kubenetlab.ipam.cluster_mtu import cluster_mtu
from kubenetlab.ipam.pareto import pareto_front
from kubenetlab.ipam.pinned_blocks import pinned_blocks
from kubenetlab.ipam.range_use import node_use, range_occupancy, range_use
from kubenetlab.ipam.set_up_of_cluster import cluster_capacity, set_up_of
from kubenetlab.kube_proxy.endpoint_counts import service_endpoints
from kubenetlab.result import Result


@dataclass(frozen=True, eq=False)
class Evidence:
    """A cluster and the seed of everything random about it."""

    cluster: Cluster
    seed: int

    @cached_property
    def findings(self) -> Findings:
        """All findings, the most severe first."""
        return check(self.cluster)

    @cached_property
    def findings_by_code(self) -> dict[str, list[Finding]]:
        """Findings by code, the most severe codes first."""
        by_code: dict[str, list[Finding]] = {}
        for finding in self.findings:
            by_code.setdefault(finding.code, []).append(finding)
        return by_code

    @cached_property
    def title_by_code(self) -> dict[str, str]:
        """What the findings of a code are called."""
        frame = rules().frame
        return dict(zip(frame["code"], frame["title"], strict=True))

    @cached_property
    def ranges(self) -> Result:
        """How full each range is."""
        return range_use(self.cluster)

    @cached_property
    def occupancy(self) -> Result:
        """Where in each range the used addresses lie."""
        return range_occupancy(self.cluster)

    @cached_property
    def nodes(self) -> Result:
        """How full each node is."""
        return node_use(self.cluster)

    @cached_property
    def subnets(self) -> Result:
        """How full the cloud's subnets are, as far as its listings were read."""
        return subnet_use(self.cluster)

    @property
    def subnets_in_use(self) -> pd.DataFrame:
        """Rows of ``subnets`` that hold nodes or pods and whose use is known, the fullest first."""
        frame = self.subnets.frame.dropna(subset=["used_share"])
        held = frame[(frame["n_nodes"] > 0) | (frame["n_pods"] > 0)]
        return held.sort_values("used_share", ascending=False, kind="stable")

    @cached_property
    def blocks(self) -> Result:
        """What holds each Calico block."""
        return pinned_blocks(self.cluster)

    @cached_property
    def capacity(self) -> Result:
        """How many nodes, pods and Services there is room for, and what binds."""
        return cluster_capacity(self.cluster)

    @cached_property
    def node_sizes(self) -> Result | None:
        """Nodes against pods of a node; None where the ranges are unknown or the IPAM offers no choice."""
        try:
            return pareto_front(set_up_of(self.cluster))
        except ValueError:
            return None

    @cached_property
    def mtu(self) -> Result:
        """The pod MTU and what it follows from."""
        return cluster_mtu(self.cluster)

    @cached_property
    def services(self) -> Result:
        """The endpoints of every Service, counted."""
        return service_endpoints(self.cluster)

    @cached_property
    def dns(self) -> Result:
        """The facts about the cluster's DNS."""
        return cluster_dns(self.cluster)
