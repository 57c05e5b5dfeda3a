"""Queries and answers in a capture of packets: pcap and pcapng, read with dpkt.

Sources: RFC 1035, section 4.1 (messages) and 4.2.2 (the length before each over TCP); dpkt 1.9.8 reads files and layers.
"""

from __future__ import annotations

import io
import struct
from collections import Counter
from collections.abc import Iterator
from ipaddress import ip_address
from typing import Any, NamedTuple

from kubenetlab.errors import UnreadableError
from kubenetlab.objects.dns_message import TYPE_NUMBERS, Rcode
from kubenetlab.objects.name_inventory import Query, QueryLog
from kubenetlab.readers.dns.query_log import MAX_QUERIES, duration_of

#: How a capture begins: pcap in both byte orders, with micro- and nanoseconds, and pcapng.
CAPTURES = tuple(map(bytes.fromhex, ("a1b2c3d4", "d4c3b2a1", "a1b23c4d", "4d3cb2a1", "0a0d0d0a")))
_INSTALL = "expected dpkt to read it: pip install 'kubenetlab[pcap]'"
_RAW_IP = (12, 14, 101, 228, 229)  # of libpcap's link layers
_TYPES = {number: name for name, number in TYPE_NUMBERS.items()}
_RCODES = dict(enumerate(Rcode))
_SAME_S = 60.0  # later, the same port and number are a chance
_TWICE_S = 0.001  # the same packet on another interface; no resolver sends again so soon
#: What dpkt raises for packets that somebody broke on purpose.
_DAMAGE = (ValueError, LookupError, AttributeError, TypeError, ArithmeticError, struct.error, MemoryError)
_NOTES = {
    "orphans": "{:,} answers have no query before them in the capture and are left out",
    "odd": "{:,} packets are damaged or no DNS and are left out",
    "broken": "the capture breaks off: what follows is not read",
}


class _Packet(NamedTuple):
    at_s: float
    source: tuple[str, int]
    destination: tuple[str, int]
    transport: str
    payload: bytes


class _Message(NamedTuple):
    is_answer: bool
    rcode: str
    question: tuple[int, str, str]  # number, name, type


def queries_from_capture(data: bytes, source: str = "-") -> QueryLog:
    """Return the queries of a capture in the order in which they were sent, each with its answer where there is one.

    Looked at are UDP and TCP to and from port 53 over IPv4 and IPv6, on Ethernet (with VLANs), Linux' cooked formats and raw IP. A query
    that is sent again (same client, port, number, name, type) within a minute is one whose ``n_sent`` grows.

    Raises
    ------
    UnreadableError
        If dpkt is missing, the file is damaged at its start, of another link layer, or holds no query or more than 2,000,000.

    Notes
    -----
    Not read: DNS over TLS or HTTPS, other ports, fragments after the first, messages over TCP that begin in the middle of a segment
    after a part of another. Where one packet is on several interfaces, what comes again within a millisecond counts once.
    """
    pairs = _Pairs()
    for packet in _packets(data, source, pairs.n):
        for payload in _payloads(packet):
            pairs.add(packet, _message(payload))
        if len(pairs.queries) > MAX_QUERIES:
            raise UnreadableError(f"{source}: found more queries, expected at most {MAX_QUERIES:,}")
    if not pairs.queries:
        found = f"no query among {pairs.n['packets']:,} packets"
        raise UnreadableError(f"{source}: found {found}, expected queries to port 53 (tcpdump port 53)")
    notes = tuple(text.format(pairs.n[key]) for key, text in _NOTES.items() if pairs.n[key])
    queries = tuple(pairs.queries)
    return QueryLog(queries=queries, source=source, duration_s=duration_of(queries), notes=notes)


class _Pairs:
    """Queries with their answers, as messages come in; ``n`` counts what else there was."""

    def __init__(self) -> None:
        self.queries: list[Query] = []
        self.n: Counter[str] = Counter()
        self._open: dict[tuple[object, ...], int] = {}

    def add(self, packet: _Packet, message: _Message | None) -> None:
        """Take a message: a query, one sent again, or the answer to one."""
        if message is None:
            self.n["odd"] += 1
            return
        client = packet.destination if message.is_answer else packet.source
        key = (client, packet.transport, message.question)
        at = self._open.get(key, len(self.queries))
        query = self.queries[at] if at < len(self.queries) else None
        after_s = max(0.0, packet.at_s - (query.at_s or 0.0)) if query else 0.0
        if message.is_answer and query is None:
            self.n["orphans"] += 1
        elif message.is_answer and query and query.took_s is None:
            self.queries[at] = query._replace(rcode=message.rcode, took_s=after_s)
        elif not message.is_answer and query and after_s < _SAME_S:
            self.queries[at] = query._replace(n_sent=query.n_sent + (after_s >= _TWICE_S))
        elif not message.is_answer:
            self._open[key] = len(self.queries)
            self.queries.append(Query(client[0], *message.question[1:], "", packet.at_s, None, key[1]))


def _payloads(packet: _Packet) -> Iterator[bytes]:
    """Yield the messages of a packet: itself over UDP, over TCP what follows each length."""
    rest = packet.payload
    if packet.transport == "udp":
        yield rest
    while packet.transport == "tcp" and len(rest) > 2:
        end = 2 + int.from_bytes(rest[:2])
        yield rest[2:end]
        rest = rest[end:]


def _message(payload: bytes) -> _Message | None:
    """Read the header and the question of a message; None where it has not exactly one."""
    if len(payload) < 12:
        return None
    number, flags, n_questions = struct.unpack("!3H", payload[:6])
    labels, at = [], 12
    while at < min(len(payload), 268) and 0 < (length := payload[at]) < 64:
        labels.append(payload[at + 1 : at + 1 + length].decode("latin-1").lower() + ".")
        at += 1 + length
    if n_questions != 1 or flags & 0x7800 or payload[at : at + 1] != b"\0" or len(payload) < at + 5:
        return None
    code, rcode = int.from_bytes(payload[at + 1 : at + 3]), flags & 15
    question = number, "".join(labels) or ".", _TYPES.get(code, f"TYPE{code}")
    return _Message(flags >= 0x8000, str(_RCODES.get(rcode, f"RCODE{rcode}")), question)


def _packets(data: bytes, source: str, n: Counter[str]) -> Iterator[_Packet]:
    """Yield the packets of port 53 that have a payload."""
    try:
        import dpkt
    except ImportError:
        raise UnreadableError(f"{source}: found a capture of packets, {_INSTALL}") from None
    damage = (dpkt.Error, *_DAMAGE)
    links = {0: dpkt.loopback.Loopback, 1: dpkt.ethernet.Ethernet, 113: dpkt.sll.SLL, 276: dpkt.sll2.SLL2}
    try:
        reader = dpkt.pcap.UniversalReader(io.BytesIO(data))
        if (link := reader.datalink()) not in (*links, *_RAW_IP):
            raise UnreadableError(f"{source}: found link layer {link}, expected Ethernet, SLL or raw IP")
        for at_s, frame in reader:
            n["packets"] += 1
            raw = dpkt.ip6.IP6 if frame[:1] >= b"\x60" else dpkt.ip.IP
            packet = None
            try:
                packet = _packet(float(at_s), links.get(link, raw)(frame), link in links)
            except damage:
                n["odd"] += 1
            if packet is not None:
                yield packet
    except damage as error:
        if not n["packets"]:
            raise UnreadableError(f"{source}: found damage ({error!s:.60}), expected a capture") from None
        n["broken"] = 1


def _packet(at_s: float, layer: Any, has_link: bool) -> _Packet | None:
    """Find UDP or TCP of port 53 in the layers of a frame."""
    ip = layer.data if has_link else layer
    segment: Any = getattr(ip, "data", None)
    if 53 not in (getattr(segment, "sport", 0), getattr(segment, "dport", 0)) or not segment.data:
        return None
    ends = [(str(ip_address(at)), port) for at, port in ((ip.src, segment.sport), (ip.dst, segment.dport))]
    return _Packet(at_s, ends[0], ends[1], type(segment).__name__.lower(), bytes(segment.data))
