"""What the sections of a report draw on: a cluster, and the results about it, each computed once."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from kubenetlab.cluster import Cluster
from kubenetlab.dns.cluster_dns import cluster_dns
from kubenetlab.findings import Finding, Findings, check, rules
from kubenetlab.ipam.range_use import node_use, range_occupancy, range_use
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
    def services(self) -> Result:
        """The endpoints of every Service, counted."""
        return service_endpoints(self.cluster)

    @cached_property
    def dns(self) -> Result:
        """The facts about the cluster's DNS."""
        return cluster_dns(self.cluster)
