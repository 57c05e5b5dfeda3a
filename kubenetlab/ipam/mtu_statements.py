"""What a dump says about MTUs and tunnels, in one form for all network plugins."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from kubenetlab.cluster import Cluster
from kubenetlab.ipam.mtu import MAXIMUM_MTU, MINIMUM_MTU
from kubenetlab.objects import ConfigMap, DaemonSet
from kubenetlab.readers.settings.clues import is_system_namespace
from kubenetlab.result import Origin


class Statement(NamedTuple):
    """An MTU that stands in a dump.

    ``of`` is ``pods``, ``network`` (between the nodes) or the encapsulation of a tunnel's device.
    """

    of: str
    n_bytes: int
    evidence: str


class Tunnel(NamedTuple):
    """Encapsulations that a packet goes through one after the other, and the IP version of the outer header."""

    encapsulations: tuple[str, ...]
    version: int = 4


class MtuSettings(NamedTuple):
    """What a dump says about MTUs.

    Attributes
    ----------
    component
        Whose constants count: a component of `mtu_overheads.OVERHEADS`, ``native``, or ``unknown``.
    tunnels
        The ways between nodes, of which a packet takes one; empty where packets travel as they are.
    origin, evidence
        Where the tunnels come from.
    statements
        The MTUs that stand in the dump.
    default_bytes
        What the plugin gives to pods where nothing is stated, whatever the network would take; None where it finds
        out what fits.
    """

    component: str
    tunnels: tuple[Tunnel, ...]
    origin: Origin
    evidence: str
    statements: tuple[Statement, ...] = ()
    default_bytes: int | None = None


def unknown(evidence: str, statements: Iterable[Statement] = ()) -> MtuSettings:
    """Return the settings of a cluster that does not show how packets travel."""
    return MtuSettings("unknown", (), Origin.UNKNOWN, evidence, tuple(statements))


def stated(of: str, value: object, evidence: str) -> Iterator[Statement]:
    """Yield the statement of a number or text; nothing where it is no MTU, such as 0, which stands for "find out"."""
    text = str(value)
    is_number = text.isascii() and text.isdigit() and len(text) <= 5
    if is_number and MINIMUM_MTU <= int(text) <= MAXIMUM_MTU:
        yield Statement(of, int(text), evidence)


def config_map_named(cluster: Cluster, *names: str) -> ConfigMap | None:
    """Return the first ConfigMap of one of the names in a namespace of the system."""
    return next((c for c in cluster.config_maps if c.metadata.name in names and _is_system(c)), None)


def environment(cluster: Cluster, container: str) -> tuple[dict[str, str], DaemonSet | None]:
    """Return the literal environment of a DaemonSet's container of that name, and the DaemonSet."""
    for daemon_set in cluster.daemon_sets:
        for candidate in daemon_set.spec.template.spec.containers if _is_system(daemon_set) else ():
            if candidate.name == container:
                return {entry.name: entry.value for entry in candidate.env}, daemon_set
    return {}, None


def _is_system(value: ConfigMap | DaemonSet) -> bool:
    return is_system_namespace(value.metadata.namespace)
