"""Record data/dns/002-lost-packet.pcap: glibc's getaddrinfo against a small server on the loopback interface; no answer to one query.

``unshare --user --map-root-user --net --mount python tests/readers/dns/record_capture.py FILE``: Linux, nothing else is touched.
"""

import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import dpkt

RESOLV_CONF = (
    "search app.svc.cluster.local svc.cluster.local cluster.local\nnameserver 127.0.0.1\noptions ndots:5\n"
)
SERVED = {"web.app.svc.cluster.local.": "10.96.0.20", "www.example.com.": "192.0.2.80"}
LOOKED_UP = ("web", "www.example.com", "web", "slow.example.com.")
LOST = "slow.example.com."  # the first A query for it; the one sent again is answered


def answer(query, lost):
    """The bytes that answer a query, or None for the one that is lost."""
    name, at = "", 12
    while query[at]:
        name += query[at + 1 : at + 1 + query[at]].decode() + "."
        at += 1 + query[at]
    question = query[12 : at + 5]
    is_a = question[-4:-2] == b"\0\1"
    if name == LOST and is_a and not lost:
        lost.append(name)
        return None
    address = {**SERVED, LOST: "192.0.2.81"}.get(name)
    flags = 0x8180 if address else 0x8183
    records = (
        b"\xc0\x0c" + struct.pack("!HHIH", 1, 1, 30, 4) + socket.inet_aton(address)
        if address and is_a
        else b""
    )
    return query[:2] + struct.pack("!5H", flags, 1, bool(records), 0, 0) + question + records


def serve(server):
    """Answer until the socket is closed."""
    lost = []
    while True:
        try:
            query, client = server.recvfrom(4096)
        except OSError:
            return
        if (reply := answer(query, lost)) is not None:
            server.sendto(reply, client)


def capture(link, packets):
    """Keep what comes in on the loopback interface; what goes out there is the same packet."""
    while True:
        try:
            frame, (_, _, direction, *_) = link.recvfrom(65535)
        except OSError:
            return
        if direction != socket.PACKET_OUTGOING:
            packets.append((time.time(), frame))


def main(path):
    """Record into a file."""
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    with tempfile.NamedTemporaryFile("w", suffix=".conf") as file:
        file.write(RESOLV_CONF)
        file.flush()
        subprocess.run(["mount", "--bind", file.name, "/etc/resolv.conf"], check=True)
    packets = []
    link = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
    link.bind(("lo", 0))
    server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    server.bind(("127.0.0.1", 53))
    threading.Thread(target=capture, args=(link, packets), daemon=True).start()
    threading.Thread(target=serve, args=(server,), daemon=True).start()
    for name in LOOKED_UP:
        look_up = f"import socket; socket.getaddrinfo({name!r}, 80, type=socket.SOCK_STREAM)"
        subprocess.run([sys.executable, "-c", look_up], check=True)
        time.sleep(0.2)
    with Path(path).open("wb") as file:
        writer = dpkt.pcap.Writer(file)
        for at_s, frame in packets:
            writer.writepkt(frame, at_s)


if __name__ == "__main__":
    main(sys.argv[1])
