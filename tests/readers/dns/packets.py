"""Captures of DNS, put together with dpkt: what a test needs to say of a packet, and nothing else."""

import io
import socket
import struct

import dpkt


def message(name="web.app.svc.cluster.local.", type_=1, *, number=7, rcode=None, n_questions=1):
    """The bytes of a query, or with an rcode of its answer."""
    labels = (
        b"".join(bytes([len(label)]) + label.encode("latin-1") for label in name.split(".") if label) + b"\0"
    )
    flags = 0x0100 if rcode is None else 0x8180 | rcode
    return struct.pack("!6H", number, flags, n_questions, 0, 0, 0) + labels + struct.pack("!2H", type_, 1)


def packet(data, is_answer=False, transport="udp", **ends):
    """IP around it, from or to port 53; ``ends``: client, server, port."""
    ends = {"client": "10.244.1.5", "server": "10.96.0.10", "port": 40000, **ends}
    client, server, port = ends["client"], ends["server"], ends["port"]
    ends = ((server, 53), (client, port)) if is_answer else ((client, port), (server, 53))
    (source, sport), (destination, dport) = ends
    if transport == "udp":
        segment = dpkt.udp.UDP(sport=sport, dport=dport, data=data, ulen=8 + len(data))
    else:
        segment = dpkt.tcp.TCP(sport=sport, dport=dport, data=data)
    family = socket.AF_INET6 if ":" in client else socket.AF_INET
    source, destination = (socket.inet_pton(family, address) for address in (source, destination))
    p = 17 if transport == "udp" else 6
    if family == socket.AF_INET6:
        return bytes(dpkt.ip6.IP6(src=source, dst=destination, nxt=p, plen=len(bytes(segment)), data=segment))
    return bytes(dpkt.ip.IP(src=source, dst=destination, p=p, len=20 + len(bytes(segment)), data=segment))


def ethernet(ip, vlan=False):
    """A frame around IP."""
    kind = b"\x86\xdd" if ip[0] >> 4 == 6 else b"\x08\x00"
    return b"\1" * 12 + (b"\x81\x00\x00\x05" if vlan else b"") + kind + ip


def sll(ip):
    """Linux' cooked header around IP."""
    return struct.pack("!3H8sH", 0, 1, 6, b"\1" * 6, 0x86DD if ip[0] >> 4 == 6 else 0x0800) + ip


def sll2(ip):
    """Linux' second cooked header around IP."""
    return struct.pack("!2HiH2B8s", 0x0800, 0, 3, 1, 0, 6, b"\1" * 6) + ip


def pcap(*frames, link=1, times=None, nano=False):
    """A pcap file; one packet every 10 ms unless times are given."""
    file = io.BytesIO()
    writer = dpkt.pcap.Writer(file, linktype=link, nano=nano)
    for number, frame in enumerate(frames):
        writer.writepkt(frame, 1_700_000_000 + (times[number] if times else number / 100))
    return file.getvalue()


def pcapng(*frames, link=1):
    """A pcapng file; one packet every 10 ms."""
    file = io.BytesIO()
    writer = dpkt.pcapng.Writer(file, linktype=link)
    for number, frame in enumerate(frames):
        writer.writepkt(frame, 1_700_000_000 + number / 100)
    return file.getvalue()


def pair(**ends):
    """A query and its answer."""
    return packet(message(), **ends), packet(message(rcode=0), is_answer=True, **ends)
