"""A plan that was written before: its ranges, and its certificate."""

from __future__ import annotations

import os
from typing import Any

import msgspec
import netaddr

from kubenetlab.errors import UnreadableError
from kubenetlab.readers.plan_request import bounded_source, refused
from kubenetlab.readers.refused_fields import field_error
from kubenetlab.readers.text_encoding import utf8_text

SCHEMA = "kubenetlab/plan/v1"
MAX_PLAN_BYTES = 256 << 20


class PlanFileRange(msgspec.Struct, frozen=True):
    """One range of a plan file."""

    name: str
    range: str


class PlanFile(msgspec.Struct, frozen=True):
    """A plan file, as far as a later plan needs it, and the whole of it as ``document``."""

    schema: str
    ranges: tuple[PlanFileRange, ...]
    certificate: dict[str, Any] = {}
    document: dict[str, Any] = {}

    @property
    def networks(self) -> dict[str, netaddr.IPNetwork]:
        """Ranges by name."""
        return {planned.name: netaddr.IPNetwork(planned.range) for planned in self.ranges}


def read_plan_file(path: str | os.PathLike[str]) -> PlanFile:
    """Read a plan that ``kubenetlab plan -o plan.json`` wrote.

    Raises
    ------
    UnreadableError
        If it cannot be read, is no JSON, above 256 MiB, or no plan.
    ManifestError
        If a field of it is missing or wrong.
    """
    name, data = bounded_source(path, MAX_PLAN_BYTES, "a plan")
    return plan_file(data, name)


def plan_file(data: bytes, name: str = "plan") -> PlanFile:
    """Read a plan from the bytes of its JSON document (see ``read_plan_file``).

    Examples
    --------
    >>> plan_file(b'{"schema": "kubenetlab/plan/v1", "ranges": [{"name": "shop/pods", "range": "10.0.0.0/16"}]}').networks
    {'shop/pods': IPNetwork('10.0.0.0/16')}
    """
    try:
        document = msgspec.json.decode(bytes(utf8_text(data)))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, UnreadableError):
        raise UnreadableError(
            f"{name}: found no JSON, expected a plan (kubenetlab plan REQUEST -o plan.json)"
        ) from None
    schema = document.get("schema") if isinstance(document, dict) else None
    if schema != SCHEMA:
        raise UnreadableError(
            f"{name}: found schema {schema!r:.40}, expected {SCHEMA} (kubenetlab plan REQUEST -o plan.json)"
        )
    try:
        plan = msgspec.convert({**document, "document": document}, PlanFile)
    except msgspec.ValidationError as error:
        wrong = field_error(str(error), document)
        raise refused(name, "the plan", wrong.field, wrong.found, wrong.expected) from None
    _check_ranges(plan, name)
    return plan


def _check_ranges(plan: PlanFile, name: str) -> None:
    for number, planned in enumerate(plan.ranges):
        try:
            network = netaddr.IPNetwork(planned.range)
        except (netaddr.AddrFormatError, ValueError):
            network = None
        if network is None or str(network.cidr) != planned.range:
            raise refused(
                name, "the plan", f"ranges[{number}].range", planned.range, "a range without host bits"
            )
