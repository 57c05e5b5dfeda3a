"""A request for a plan of addresses: a YAML document in, checked values out, or one error that names the place."""

from __future__ import annotations

import hashlib
import os
import re
from difflib import get_close_matches
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias, TypeVar

import msgspec

from kubenetlab.errors import ManifestError, Refusal, UnreadableError
from kubenetlab.readers.refused_fields import field_error
from kubenetlab.readers.sources import STDIN, open_source, unpacked
from kubenetlab.readers.text_encoding import utf8_text
from kubenetlab.readers.yaml_documents import yaml_documents

MAX_CLUSTERS = 5_000
MAX_RANGES = 100_000
MAX_REQUEST_BYTES = 8 << 20

_UNKNOWN = re.compile(r"Object contains unknown field `(.*?)`( - at `\$(.*)`)?", re.DOTALL)
#: How a whole number of more digits than Python keeps exactly is read.
_HUGE = re.compile(r"-?\d(\.\d+)?e\+\d+")
_MAX_SHOWN = 60
_MAX_PLACE = 80  # the word cluster and the longest name
_MAX_KNOWN = 20

Ranges: TypeAlias = str | tuple[str, ...]
Rate: TypeAlias = str | float | tuple[str | float, ...]
Value = TypeVar("Value")


class Shared(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What ``defaults`` may say for all clusters, and each cluster for itself; None means: not said here.

    Attributes
    ----------
    platform, cloud, cni, ipam
        ``eks``, or its cloud ``aws``; the CNI plugin and who gives pods their addresses, where the platform leaves a choice.
    nodes, pods_per_node, services
        Counts now.
    growth
        A year: ``20%``, 0.2, or two of them as the lower and the upper bound. Nodes and Services grow; pods per node stay.
    horizon_years
        How long the ranges must last.
    max_surge
        Nodes that an upgrade adds for a while: a number, or a share such as ``10%``.
    head_room
        Share that must be left on top of what the upper bound needs.
    zones
        Zones with subnets of their own (EKS).
    families
        ``[ipv4]``, ``[ipv6]`` or both; ``dual_stack: true`` is short for both.
    max_pods, node_cidr_mask_size, node_cidr_mask_size_ipv6, block_size
        The kubelet's ``maxPods``, the prefix lengths of a node's pod CIDR, and of a Calico block.
    instance_type, prefix_delegation, custom_networking
        EC2 instance type of the nodes, and settings of the AWS VPC CNI.
    routable_pods
        Whether pods' addresses are routed outside the cluster.
    container_runtime
        ``docker`` where nodes run it: then docker0's range is in the way.
    mesh
        A name: clusters of one mesh reach one another's pods, so all their ranges are apart.
    """

    platform: str | None = None
    cloud: str | None = None
    cni: str | None = None
    ipam: str | None = None
    nodes: int | None = None
    pods_per_node: int | None = None
    services: int | None = None
    growth: Rate | None = None
    horizon_years: float | None = None
    max_surge: int | str | None = None
    head_room: str | float | None = None
    zones: int | None = None
    families: tuple[str, ...] | None = None
    dual_stack: bool | None = None
    max_pods: int | None = None
    node_cidr_mask_size: int | None = None
    node_cidr_mask_size_ipv6: int | None = None
    block_size: int | None = None
    instance_type: str | None = None
    prefix_delegation: bool | None = None
    custom_networking: bool | None = None
    routable_pods: bool | None = None
    container_runtime: str | None = None
    mesh: str | None = None


class ClusterRequest(Shared, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One cluster: its name, ranges that it has already, and the clusters that it must reach."""

    name: str
    pod_cidr: Ranges = ()
    service_cidr: Ranges = ()
    node_cidr: Ranges = ()
    peers: str | tuple[str, ...] = ()


class Parents(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where ranges may lie, by what they are for; the first of a list is filled first."""

    pods: Ranges = ()
    services: Ranges = ()
    nodes: Ranges = ()
    routable: Ranges = ()


class NamedRange(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A range that is in the way and what it is, or a CSV file of them in NetBox's format."""

    range: str = ""
    name: str = ""
    netbox: str = ""


class PlanRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A request as it stands in its file.

    ``as_of`` is the day of the counts, for dates instead of years; ``instance_types`` a JSON file of
    ``aws ec2 describe-instance-types``, for the types that kubenetlab does not know.
    """

    clusters: tuple[ClusterRequest, ...]
    defaults: Shared = msgspec.field(default_factory=Shared)
    parents: Parents | tuple[str, ...] = msgspec.field(default_factory=Parents)
    forbidden: tuple[str | NamedRange, ...] = ()
    reserved: tuple[str | NamedRange, ...] = ()
    in_use: tuple[str | NamedRange, ...] = ()
    as_of: str = ""
    instance_types: str = ""


class RequestFile(NamedTuple):
    """A request, the name of its file for messages, the folder that its file names start from, and its SHA-256."""

    request: PlanRequest
    name: str
    folder: Path
    sha256: str

    @property
    def files(self) -> tuple[Path, ...]:
        """The files that the request names."""
        entries = (*self.request.forbidden, *self.request.reserved, *self.request.in_use)
        names = (entry.netbox for entry in entries if isinstance(entry, NamedRange))
        return tuple(self.folder / name for name in (*names, self.request.instance_types) if name)


def read_plan_request(path: str | os.PathLike[str]) -> RequestFile:
    """Read a request from a YAML (or JSON) file, also gzipped; ``-`` is standard input.

    Raises
    ------
    UnreadableError
        If it cannot be read, is no YAML, above 8 MiB, or not exactly one document.
    ManifestError
        If a field is unknown, missing or of the wrong type; the message names file, cluster, field, found, expected.
    """
    name, data = bounded_source(path, MAX_REQUEST_BYTES, "a request for a plan")
    return plan_request(data, name, Path() if os.fspath(path) == STDIN else Path(path).parent)


def bounded_source(path: str | os.PathLike[str], max_bytes: int, expected: str) -> tuple[str, bytes]:
    """Return the name and the bytes of a file that is small, such as ``a plan``.

    Raises
    ------
    UnreadableError
        If it cannot be read, or is too large.
    ValueError
        If it is no path.
    """
    if not isinstance(path, str | os.PathLike):
        raise ValueError(f"{path!r:.60} is no path: expected the name of a file with {expected}")
    content = open_source(os.fspath(path))
    try:
        data = unpacked(content.data)
    except UnreadableError as error:
        raise UnreadableError(f"{content.name}: {error}") from None
    if len(data) > max_bytes:
        raise UnreadableError(
            f"{content.name}: found {len(data):,} bytes, expected {expected} of at most {max_bytes:,}"
        )
    return content.name, bytes(data)


def plan_request(data: bytes, name: str = "request", folder: Path | None = None) -> RequestFile:
    """Read a request from the bytes of a YAML document (see ``read_plan_request``).

    Examples
    --------
    >>> plan_request(b"clusters: [{name: shop, nodes: 3}]").request.clusters[0].nodes
    3
    """
    document = _document(data, name)
    request = _decoded(document, PlanRequest, name)
    _check(request, name)
    return RequestFile(request, name, folder or Path(), hashlib.sha256(data).hexdigest())


def refused(file: str, place: str, field: str, found: object, expected: str) -> ManifestError:
    """Return the error for a value of a request: ``place`` is ``cluster prod``, ``defaults``, ``parents`` or ``the request``."""
    text = str(found)
    about = "about " if _HUGE.fullmatch(text) else ""
    return ManifestError(Refusal(file, _short(place, _MAX_PLACE), field, about + _short(text), expected))


def _short(text: str, longest: int = _MAX_SHOWN) -> str:
    return text if len(text) <= longest else text[: longest - 1] + "…"


def suggestion(word: str, known: list[str]) -> str:
    """Return what a misspelt word should be: the nearest known one, and all where they are few.

    >>> suggestion("gek", ["eks", "gke"])
    'gke? one of eks, gke'
    """
    near = get_close_matches(word.lower(), known, 1, 0.5)
    more = f" … ({len(known) - _MAX_KNOWN:,} more)" if len(known) > _MAX_KNOWN else ""
    return (f"{near[0]}? " if near else "") + "one of " + ", ".join(known[:_MAX_KNOWN]) + more


def _document(data: bytes, name: str) -> Any:
    try:
        documents = list(yaml_documents(utf8_text(data)))
    except UnreadableError as error:
        raise UnreadableError(f"{name}: {str(error).partition(';')[0]}") from None
    if len(documents) != 1 or not isinstance(documents[0], dict):
        found = f"{len(documents)} YAML documents" if len(documents) != 1 else "no map"
        raise UnreadableError(f"{name}: found {found}, expected one map with clusters and parents")
    return documents[0]


def _decoded(document: Any, kind: type[Value], name: str) -> Value:
    try:
        return msgspec.convert(document, kind)
    except msgspec.ValidationError as error:
        unknown = _UNKNOWN.fullmatch(str(error))
        if unknown:
            raise _unknown_field(document, unknown[1], unknown[3] or "", name) from None
        wrong = field_error(str(error), document)
        place, field = _placed(document, wrong.field)
        raise refused(name, place, field, wrong.found, wrong.expected) from None


def _unknown_field(document: Any, field: str, path: str, name: str) -> ManifestError:
    place, whole = _placed(document, f"{path}.{field}".lstrip("."))
    kind = next((kind for start, kind in _KINDS if path.startswith(start)), PlanRequest)
    known = [entry for entry in kind.__struct_fields__ if entry != "name" or kind is not Shared]
    near = get_close_matches(field.lower(), known, 1, 0.5)
    expected = f"{near[0]} (did you mean that?)" if near else f"one of {', '.join(known)}"
    return refused(name, place, whole, "an unknown field", expected)


_KINDS: tuple[tuple[str, type[msgspec.Struct]], ...] = (
    (".clusters", ClusterRequest),
    (".defaults", Shared),
    (".parents", Parents),
    (".forbidden", NamedRange),
    (".reserved", NamedRange),
    (".in_use", NamedRange),
)
_CLUSTER = re.compile(r"clusters\[(\d+)\]\.?(.*)", re.DOTALL)


def _placed(document: Any, path: str) -> tuple[str, str]:
    """Return the words for a place of the document, and the path that is left below it."""
    at = _CLUSTER.fullmatch(path)
    if at is None or not at[2]:
        head, _, rest = path.partition(".")
        return ("defaults", rest) if head == "defaults" and rest else ("the request", path)
    number = int(at[1])
    cluster = document["clusters"][number] if isinstance(document.get("clusters"), list) else None
    name = cluster.get("name") if isinstance(cluster, dict) else None
    return f"cluster {name if isinstance(name, str) and name else number + 1}", at[2]


def _check(request: PlanRequest, name: str) -> None:
    if not 1 <= len(request.clusters) <= MAX_CLUSTERS:
        raise refused(
            name, "the request", "clusters", f"{len(request.clusters):,}", f"1 to {MAX_CLUSTERS:,} clusters"
        )
    for number, cluster in enumerate(request.clusters, start=1):
        if not cluster.name.strip():
            raise refused(name, f"cluster {number}", "name", repr(cluster.name), "a name")
    for field in ("forbidden", "reserved", "in_use"):
        entries = getattr(request, field)
        if len(entries) > MAX_RANGES:
            raise refused(name, "the request", field, f"{len(entries):,} ranges", f"at most {MAX_RANGES:,}")
