"""First packets of connections as bytes, and what a captured packet says of its flow.

Every packet carries the number of its flow where no translation touches it: TCP's sequence number, the payload of a UDP
datagram. An answer that refuses a flow carries it, too.
"""

from __future__ import annotations

import struct
from typing import NamedTuple

PROTOCOL_NUMBERS = {"tcp": 6, "udp": 17}
_NUMBER_AT = {6: 4, 17: 8}  # offset in the transport header
_UNREACHABLE = {1: 3, 58: 1}  # the type of "destination unreachable" in ICMP and ICMPv6
_RST = 0x04


class Flow(NamedTuple):
    """The first packet of a connection; addresses as integers, ``number`` from 1 to 2**32 - 2."""

    version: int
    protocol: str
    source: int
    source_port: int
    destination: int
    destination_port: int
    number: int


class Seen(NamedTuple):
    """A captured packet: of which flow, and whether it refuses it (then the rest is empty)."""

    number: int
    is_refusal: bool
    source: int = 0
    destination: int = 0
    destination_port: int = 0


def packet_bytes(flow: Flow) -> bytes:
    """Return the IP packet of a flow's first packet, with right checksums: conntrack takes no other."""
    size = 4 if flow.version == 4 else 16
    addresses = flow.source.to_bytes(size, "big") + flow.destination.to_bytes(size, "big")
    number = PROTOCOL_NUMBERS[flow.protocol]
    body = (_tcp if flow.protocol == "tcp" else _udp)(flow, addresses)
    if flow.version == 6:
        return struct.pack("!IHBB", 6 << 28, len(body), number, 64) + addresses + body
    head = struct.pack("!BBHHHBB", 0x45, 0, 20 + len(body), flow.number & 0xFFFF, 0x4000, 64, number)
    return head + struct.pack("!H", _checksum(head + addresses)) + addresses + body


def _tcp(flow: Flow, addresses: bytes) -> bytes:
    ports = struct.pack(
        "!HHIIBBH", flow.source_port, flow.destination_port, flow.number, 0, 0x50, 0x02, 64240
    )
    return ports + struct.pack("!HH", _checksum(addresses + b"\0\6\0\x14" + ports), 0)


def _udp(flow: Flow, addresses: bytes) -> bytes:
    ports = struct.pack("!HHH", flow.source_port, flow.destination_port, 12)
    payload = flow.number.to_bytes(4, "big")
    checksum = _checksum(addresses + b"\0\x11\0\x0c" + ports + payload) or 0xFFFF
    return ports + struct.pack("!H", checksum) + payload


def _checksum(data: bytes) -> int:
    total: int = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return total ^ 0xFFFF


def seen_in(packet: bytes) -> Seen | None:
    """Return what a captured IP packet says; None if it belongs to no flow of ours."""
    try:
        return _seen_in(packet)
    except (struct.error, IndexError):
        return None


def _seen_in(packet: bytes) -> Seen | None:
    size, at = (4, (packet[0] & 15) * 4) if packet[0] >> 4 == 4 else (16, 40)
    protocol = packet[9 if size == 4 else 6]
    if packet[at] == _UNREACHABLE.get(protocol):
        inner = _seen_in(packet[at + 8 :])
        return inner and Seen(inner.number, True)
    if protocol not in _NUMBER_AT:
        return None
    body, first = packet[at:], 12 if size == 4 else 8
    if protocol == 6 and body[13] & _RST:  # a reset acknowledges the number
        return Seen(struct.unpack_from("!I", body, 8)[0] - 1, True)
    number = struct.unpack_from("!I", body, _NUMBER_AT[protocol])[0]
    fields = (packet[first : first + size], packet[first + size : first + 2 * size], body[2:4])
    return Seen(number, False, *(int.from_bytes(field, "big") for field in fields))
