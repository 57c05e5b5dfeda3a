"""kubenetlab answers the questions of people who plan and run Kubernetes networks, from files alone."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kubenetlab.cluster import Cluster
    from kubenetlab.errors import KubenetlabError, ManifestError, NotFoundError, UnreadableError
    from kubenetlab.findings import check
    from kubenetlab.ipam.range_use import node_use, range_occupancy, range_use
    from kubenetlab.readers import read_cluster
    from kubenetlab.report import write_report
    from kubenetlab.samples import sample

__version__ = "0.1.0"

#: Module by public name, grouped by subject; a name is imported when it is first used.
_HOMES = {
    # the cluster
    "read_cluster": "kubenetlab.readers",
    "sample": "kubenetlab.samples",
    "Cluster": "kubenetlab.cluster",
    # addresses
    "range_use": "kubenetlab.ipam.range_use",
    "range_occupancy": "kubenetlab.ipam.range_use",
    "node_use": "kubenetlab.ipam.range_use",
    # what is wrong, and all of it as a page
    "check": "kubenetlab.findings",
    "write_report": "kubenetlab.report",
    # errors
    "KubenetlabError": "kubenetlab.errors",
    "ManifestError": "kubenetlab.errors",
    "NotFoundError": "kubenetlab.errors",
    "UnreadableError": "kubenetlab.errors",
}

__all__ = [
    "Cluster",
    "KubenetlabError",
    "ManifestError",
    "NotFoundError",
    "UnreadableError",
    "check",
    "node_use",
    "range_occupancy",
    "range_use",
    "read_cluster",
    "sample",
    "write_report",
]


def __getattr__(name: str) -> object:
    """Resolve a public name on first use (PEP 562), so that importing the package stays cheap."""
    if name not in _HOMES:
        raise AttributeError(f"module 'kubenetlab' has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
