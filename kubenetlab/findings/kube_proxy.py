"""How kube-proxy is run."""

from __future__ import annotations

import re
from collections.abc import Iterator

from kubenetlab.cluster import Cluster
from kubenetlab.findings.finding import Severity
from kubenetlab.findings.known_settings import known
from kubenetlab.findings.registry import Hit, rule

_NFTABLES_STABLE = 33  # minor version of Kubernetes in which mode nftables became stable (KEP-3866)
_ADVICE_BEFORE_NFTABLES = (
    "Plan the change to mode iptables, or to nftables once the cluster runs Kubernetes 1.33, where it is stable; try it "
    "on one node first: ipvs is deprecated since Kubernetes 1.35 and will be removed."
)


@rule(
    "KNL301",
    Severity.MEDIUM,
    title="kube-proxy in ipvs mode",
    advice="Plan the change to mode nftables (or iptables), and try it on one node first: ipvs is deprecated since "
    "Kubernetes 1.35 and will be removed.",
    documentation="https://kubernetes.io/docs/reference/networking/virtual-ips/#proxy-mode-ipvs",
)
def ipvs_mode(cluster: Cluster) -> Iterator[Hit]:
    """Find mode ipvs, deprecated since 1.35."""
    setting = known(cluster, "proxy_mode")
    if setting and setting.value == "ipvs":
        version = known(cluster, "kubernetes_version")
        where = f" (this cluster runs {version.text})" if version else ""
        message = f"kube-proxy runs in mode ipvs, which is deprecated since Kubernetes 1.35{where}."
        evidence = (f"proxy_mode {setting.text}: {setting.evidence}",)
        is_old = version is not None and _minor(version.text) < _NFTABLES_STABLE
        yield Hit("Cluster", message, evidence, advice=_ADVICE_BEFORE_NFTABLES if is_old else "")


def _minor(version: str) -> int:
    """Return the second part of a version: 33 of v1.33.5-gke.1; of a text without one, as if it were new."""
    found = re.match(r"v?1\.(\d+)", version)
    return int(found[1]) if found else _NFTABLES_STABLE
