"""Real connections through the rules of a namespace: pods that ask, endpoints that answer, or do not.

A program that tests run inside a namespace of ours (``Namespace.run``); what to do is JSON on its standard input, what came
of it JSON on its standard output. It makes two more namespaces, for clients and for endpoints, so that every packet passes
the node's rules as that of a pod does. Real sockets, HTTP/1.1.
"""

import asyncio
import ctypes
import json
import os
import socket
import subprocess
import sys
from collections import defaultdict
from contextlib import contextmanager, suppress
from itertools import zip_longest

CLONE_NEWNET = 0x40000000
CONNECT_S = {
    True: 4.0,
    False: 20.0,
}  # then an endpoint is held for dead, where some are; no live one takes that long
AT_ONCE = {True: 256, False: 64}  # connections that are being opened: where some are dead, most of them wait
REQUEST = b"GET / HTTP/1.1\r\nHost: shop\r\n\r\n"
LIBC = ctypes.CDLL(None, use_errno=True)
HOME = os.open("/proc/self/ns/net", os.O_RDONLY)


@contextmanager
def inside(namespace):
    """Act in another network namespace: sockets and programs belong to it."""
    LIBC.setns(namespace, CLONE_NEWNET)
    try:
        yield
    finally:
        LIBC.setns(HOME, CLONE_NEWNET)


def ip(commands):
    subprocess.run(["ip", "-batch", "-"], input=commands.encode(), check=True)


def attached(interface, addresses):
    """A new namespace that has these addresses, behind an interface of the node."""
    LIBC.unshare(CLONE_NEWNET)
    namespace = os.open("/proc/self/ns/net", os.O_RDONLY)
    LIBC.setns(HOME, CLONE_NEWNET)
    pair = "link add {0} address 02:00:00:00:00:02 type veth peer name eth0 address 02:00:00:00:00:02 netns {1}\nlink set {0} arp off up\n"
    ip(pair.format(interface, f"/proc/{os.getpid()}/fd/{namespace}"))
    ip("".join(f"route add {address}/32 dev {interface}\n" for address in addresses))
    with inside(namespace):
        ip("link set lo up\nlink set eth0 arp off up\nroute add default dev eth0\n")
        ip("".join(f"address add {address}/32 dev lo\n" for address in addresses))
    return namespace


def tcp_socket(namespace):
    with inside(namespace):
        one = socket.socket()
    one.setblocking(False)
    return one


async def serve(namespace, endpoint):
    """Answer each request with the endpoint's name."""
    answer = f"HTTP/1.1 200 OK\r\nContent-Length: {len(endpoint)}\r\n\r\n{endpoint}".encode()

    async def talk(reader, writer):
        with suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                await reader.readuntil(b"\r\n\r\n")
                writer.write(answer)
        writer.close()

    host, port = endpoint.split(":")
    listener = tcp_socket(namespace)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind((host, int(port)))
    return await asyncio.start_server(talk, sock=listener, backlog=4096)


async def connect(namespace, client, to, n_requests, within_s):
    """The endpoint that a connection reached, empty where none answered, and the open connection."""
    one, endpoint = tcp_socket(namespace), ""
    one.setsockopt(socket.IPPROTO_IP, 24, 1)  # IP_BIND_ADDRESS_NO_PORT: ports are for each destination
    one.bind((client, 0))
    host, port = to.split(":")
    loop = asyncio.get_running_loop()
    try:
        await asyncio.wait_for(loop.sock_connect(one, (host, int(port))), within_s)
    except TimeoutError:
        return endpoint, one
    for _ in range(n_requests):
        await loop.sock_sendall(one, REQUEST)
        endpoint = (await loop.sock_recv(one, 4096)).rpartition(b"\n")[2].decode()
    return endpoint, one


async def visit(namespace, visits, has_dead, opened):
    """Make the connections of a phase, and count connections and requests by destination and endpoint."""
    counts = {name: defaultdict(lambda: defaultdict(int)) for name in ("connections", "requests")}
    limit = asyncio.Semaphore(AT_ONCE[has_dead])

    async def one_visit(client, to, n_requests, stays):
        async with limit:
            endpoint, one = await connect(namespace, client, to, n_requests, CONNECT_S[has_dead])
        counts["connections"][to][endpoint] += 1
        counts["requests"][to][endpoint] += n_requests if endpoint else 0
        if stays:
            opened.append(one)
        else:
            one.close()

    await asyncio.gather(*(one_visit(*one) for one in visits))
    return counts


def printed(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


async def main(wanted):
    live = wanted["live"]
    endpoints = attached("pods-away", sorted({endpoint.split(":")[0] for endpoint in live}))
    clients = attached("pods-here", sorted({visit[0] for phase in wanted["phases"] for visit in phase}))
    ip("".join(f"route add {address}/32 dev pods-away\n" for address in wanted["dead"]))
    servers = [await serve(endpoints, endpoint) for endpoint in live]
    opened, answers = [], []
    for phase, restore in zip_longest(wanted["phases"], wanted["restores"]):
        if restore:
            subprocess.run(wanted["restore"], input=restore.encode(), check=True)
        counts = await visit(clients, phase, bool(wanted["dead"]), opened)
        told = {"counters": printed(*wanted["save"]), "conntrack": printed("conntrack", "-L")}
        answers.append(told | counts)
    for server in servers:
        server.close()
    json.dump(answers, sys.stdout)


if __name__ == "__main__":
    asyncio.run(main(json.load(sys.stdin)))
    sys.stdout.flush()
    os._exit(0)  # connections that stay open are nobody's any more
