"""``aws ec2 describe-instance-types``: what each EC2 instance type allows a node.

Source: EC2 API reference, InstanceTypeInfo, NetworkInfo and NetworkCardInfo. Of several network cards only the default
one counts, as the AWS VPC CNI uses it.
"""

from __future__ import annotations

import os
from typing import IO, Annotated, Any

import msgspec

from kubenetlab.errors import ManifestError, Refusal, UnreadableError
from kubenetlab.objects.instance_type import InstanceType
from kubenetlab.readers.refused_fields import field_error
from kubenetlab.readers.sources import open_source, unpacked
from kubenetlab.readers.text_encoding import utf8_text

MAX_BYTES = 64 << 20
COMMAND = "aws ec2 describe-instance-types"

_Count = Annotated[int, msgspec.Meta(ge=1, le=1 << 20)]


class _Entry(msgspec.Struct, frozen=True, rename="pascal"):
    """A value of EC2's API; only the fields that are used."""


class _NetworkCard(_Entry, frozen=True):
    network_card_index: int
    maximum_network_interfaces: _Count


class _NetworkInfo(_Entry, frozen=True):
    maximum_network_interfaces: _Count
    ipv4_addresses_per_interface: _Count
    default_network_card_index: int = 0
    network_cards: tuple[_NetworkCard, ...] = ()


class _VCpuInfo(_Entry, frozen=True):
    default_vcpus: _Count | None = msgspec.field(default=None, name="DefaultVCpus")


class InstanceTypeInfo(_Entry, frozen=True):
    """One entry of the listing; only the fields that are used."""

    instance_type: str
    network_info: _NetworkInfo
    hypervisor: str = ""
    bare_metal: bool = False
    v_cpu_info: _VCpuInfo = _VCpuInfo()


def read_instance_types(source: str | os.PathLike[str] | IO[Any]) -> dict[str, InstanceType]:
    """Return the instance types of a listing by name, in the order of their names.

    Parameters
    ----------
    source
        A JSON file that ``aws ec2 describe-instance-types`` wrote, also gzipped; ``-`` for standard input; or an open
        file.

    Raises
    ------
    UnreadableError
        If the source cannot be read, or is no such listing.
    ManifestError
        If a field of an instance type is missing, or is not what the API writes.
    """
    content = open_source(os.fspath(source) if isinstance(source, (str, os.PathLike)) else source)
    try:
        entries = _entries(bytes(utf8_text(unpacked(content.data))))
    except UnreadableError as error:
        raise UnreadableError(f"{content.name}: {error}") from None
    found = [_checked(entry, f"InstanceTypes[{index}]", content.name) for index, entry in enumerate(entries)]
    return {info.instance_type: instance_type(info) for info in sorted(found, key=lambda i: i.instance_type)}


def _entries(text: bytes) -> list[Any]:
    """Return the entries of a listing, or of its part ``InstanceTypes`` (``--query``)."""
    if len(text) > MAX_BYTES:
        raise UnreadableError(f"found {len(text):,} bytes, expected at most {MAX_BYTES:,}")
    try:
        listing = msgspec.json.decode(text)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise UnreadableError(f"found no JSON ({error}), expected the output of {COMMAND}") from None
    entries = listing.get("InstanceTypes") if isinstance(listing, dict) else listing
    if not isinstance(entries, list) or not entries:
        raise UnreadableError(f"found no list InstanceTypes with entries, expected the output of {COMMAND}")
    return entries


def _checked(entry: Any, place: str, file: str) -> InstanceTypeInfo:
    try:
        return msgspec.convert(entry, InstanceTypeInfo)
    except msgspec.ValidationError as error:
        named = entry.get("InstanceType") if isinstance(entry, dict) else None
        name = "".join(c for c in named if c.isprintable())[:80] if isinstance(named, str) else place
        raise ManifestError(Refusal(file, f"InstanceType {name}", *field_error(str(error), entry))) from None


def instance_type(info: InstanceTypeInfo) -> InstanceType:
    """Return what an entry of the listing allows a node."""
    network = info.network_info
    enis_by_card = {
        card.network_card_index: card.maximum_network_interfaces for card in network.network_cards
    }
    return InstanceType(
        enis=enis_by_card.get(network.default_network_card_index, network.maximum_network_interfaces),
        ips_per_eni=network.ipv4_addresses_per_interface,
        vcpus=info.v_cpu_info.default_vcpus,
        supports_prefixes=info.bare_metal or info.hypervisor == "nitro",
    )
