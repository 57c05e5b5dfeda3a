"""Data that comes with kubenetlab: sample clusters, requests for a plan, rules and names that are looked up, and the notebooks."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from kubenetlab.errors import NotFoundError

if TYPE_CHECKING:
    from kubenetlab.cluster import Cluster
    from kubenetlab.objects.packet_rules import RuleSet
    from kubenetlab.objects.virtual_servers import VirtualServers

#: Sample by name: its file in ``data/`` and what it is.
SAMPLES = {
    "shop": ("shop.json", "a small cluster that runs an online shop"),
    "platform": ("platform.json.gz", "a middle-sized cluster, about a hundred nodes"),
}
#: Request for a plan by name: its file in ``data/`` and what it is.
SAMPLE_REQUESTS = {
    "one-cluster": ("plans/one-cluster.yaml", "one cluster on one's own machines"),
    "fleet": ("plans/fleet.yaml", "eleven clusters on three clouds and on one's own machines"),
    "fleet-next-year": ("plans/fleet-next-year.yaml", "the same fleet and one more cluster"),
    "impossible": ("plans/impossible.yaml", "three clusters in a parent that has room for two"),
}
#: Rules of a node by name: their file in ``data/`` and what they are.
SAMPLE_RULES = {
    "statistic-example": (
        "rules/000-statistic-example.rules",
        "three pods, two of them with a chance of 0.3",
    ),
    "two-endpoints": (
        "rules/001-two-endpoints.rules",
        "a Service with two endpoints, one with a slip of the pen",
    ),
    "counted-connections": (
        "rules/002-counted-connections.rules",
        "two Services, and what the kernel counted",
    ),
    "node-after-a-day": (
        "rules/003-node-after-a-day.rules",
        "thirteen Services after a day, and what the kernel counted",
    ),
}
#: Names that pods look up, by name: their file in ``data/`` and what they are.
SAMPLE_NAMES = {
    "shop": ("dns/000-shop-names.yaml", "an inventory: what the pods of the sample cluster shop look up"),
    "shop-log": ("dns/001-shop-queries.log", "a minute of CoreDNS' query log, of three of these pods"),
    "lost-packet": ("dns/002-lost-packet.pcap", "a capture of four lookups, of which one loses a packet"),
}

_PACKAGE = Path(__file__).parent


def shipped_folder(name: str) -> Path:
    """Return the folder ``data`` or ``notebooks``: inside an installed package, or beside it in a clone.

    Raises
    ------
    NotFoundError
        If the installation lacks it.
    """
    for folder in (_PACKAGE / f"_{name}", _PACKAGE.parent / name):
        if folder.is_dir():
            return folder
    raise NotFoundError(f"this installation of kubenetlab lacks its folder {name}; install it again")


def sample_path(name: str) -> Path:
    """Return the file of a sample cluster.

    Raises
    ------
    NotFoundError
        If there is no sample of that name.
    """
    return _listed(name, SAMPLES, "sample")


def sample_request(name: str) -> Path:
    """Return the file of a sample request for a plan: ``one-cluster``, ``fleet``, ``fleet-next-year``, ``impossible``.

    Raises
    ------
    NotFoundError
        If there is no request of that name.

    Examples
    --------
    >>> sample_request("fleet").name
    'fleet.yaml'
    """
    return _listed(name, SAMPLE_REQUESTS, "sample request")


def sample_rules(name: str) -> RuleSet | VirtualServers:
    """Read rules that come with kubenetlab: one of the names of ``SAMPLE_RULES``.

    Raises
    ------
    NotFoundError
        If there are no rules of that name.

    Examples
    --------
    >>> sample_rules("two-endpoints").source
    '001-two-endpoints.rules'
    """
    path = _listed(name, SAMPLE_RULES, "sample of rules")
    from kubenetlab.readers.rules import rules_from_text

    return rules_from_text(path.read_text("utf-8"), path.name)


def sample_names(name: str) -> Path:
    """Return a file for ``read_names``: ``shop`` (an inventory), ``shop-log`` (a query log) or ``lost-packet`` (a capture).

    Raises
    ------
    NotFoundError
        If there are no names of that name.

    Examples
    --------
    >>> sample_names("lost-packet").name
    '002-lost-packet.pcap'
    """
    return _listed(name, SAMPLE_NAMES, "sample of names")


def _listed(name: str, files: Mapping[str, tuple[str, str]], what: str) -> Path:
    if name not in files:
        raise NotFoundError(f"there is no {what} {name!r}; there are {', '.join(files)}")
    return shipped_folder("data") / files[name][0]


def sample(name: str, strict: bool = False) -> Cluster:
    """Read a sample cluster: ``shop`` (small) or ``platform`` (middle-sized); ``strict`` as in ``read_cluster``.

    Its provenance names the file without the folder, so that results are the same on every machine.

    Raises
    ------
    NotFoundError
        If there is no sample of that name.

    Examples
    --------
    >>> len(sample("shop").nodes)
    5
    """
    path = sample_path(name)
    from kubenetlab.readers import read_bytes

    return read_bytes(path.name, path.read_bytes(), strict)
