"""The process that makes the network namespace, lives in it and dies with its parent; started by ``namespace.py``.

It acts only in a namespace that it made itself and proves that before its first step. Everything goes when it ends: the
namespace has no name, its programs are killed with it, and no interface leads out of it.
"""

from __future__ import annotations

import ctypes
import fcntl
import os
import select
import shutil
import signal
import socket
import struct
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from kubenetlab.errors import KubenetlabError
from kubenetlab.kernel.messages import NOT_HERE, receive, send

_LIBC = ctypes.CDLL(None, use_errno=True)
_CLONE_NEWUSER, _CLONE_NEWNET, _PR_SET_PDEATHSIG = 0x10000000, 0x40000000, 1
_SIOCGIFFLAGS, _IFF_UP = 0x8913, 1
_BATCH = 32  # packets between two looks at what arrived; their copies fit into a receive buffer of the default size
_QUIET_S = 0.02  # nothing arrived for so long: the packets have taken their way
_PACKAGES = {"ip": "iproute2", "nft": "nftables", "conntrack": "conntrack", "nfacct": "nfacct"}
_MAX_ERROR = 500  # characters of a program's complaint
_ETHERNET = 14  # bytes of its header


def namespace_id() -> int:
    """Return the inode of this process's network namespace."""
    return Path("/proc/self/ns/net").stat().st_ino


def die_with_parent() -> None:
    """Ask the kernel to kill this process when its parent ends, however that ends."""
    _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def enter_namespace() -> None:
    """Move this process into a new network namespace: as root, else as root of a new user namespace."""
    uid, gid = os.geteuid(), os.getegid()
    if _LIBC.unshare(_CLONE_NEWNET) == 0:
        return
    try:
        if _LIBC.unshare(_CLONE_NEWNET | _CLONE_NEWUSER):
            raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
        for name, text in (("setgroups", "deny"), ("uid_map", f"0 {uid} 1"), ("gid_map", f"0 {gid} 1")):
            Path("/proc/self", name).write_text(text, "utf-8")
    except OSError as error:
        raise KubenetlabError(
            f"the kernel refuses a network namespace ({error.strerror}): run as root, or allow user namespaces "
            "(sysctl user.max_user_namespaces; in a container: --privileged)"
        ) from None


def prove_own_namespace(outside: int) -> None:
    """Refuse to act anywhere but in a namespace that is new: not ``outside``, no interface up, no route, no rule.

    Raises
    ------
    KubenetlabError
        If anything shows that somebody else uses this namespace.
    """
    found = "the machine's own network namespace" if namespace_id() == outside else _sign_of_use()
    if found:
        raise KubenetlabError(f"found {found}, expected a new network namespace: nothing was done")


def _sign_of_use() -> str:
    if up := [name for _, name in socket.if_nameindex() if _is_up(name)]:
        return f"interface {up[0]} up"
    if len(Path("/proc/self/net/route").read_text("utf-8").splitlines()) > 1:
        return "a route"
    has_nft = shutil.which("nft") is not None
    return "rules" if has_nft and subprocess.check_output(["nft", "list", "ruleset"]).strip() else ""


def _is_up(interface: str) -> bool:
    request = struct.pack("16sh14x", interface.encode(), 0)
    with socket.socket() as any_socket:
        return bool(struct.unpack("16xh14x", fcntl.ioctl(any_socket, _SIOCGIFFLAGS, request))[0] & _IFF_UP)


class Worker:
    """Does what it is asked, one request after the other; every public method is a request."""

    def __init__(self) -> None:
        self._lock = os.memfd_create("xtables.lock")  # not the machine's, /run/xtables.lock: that is root's
        self._wires: dict[str, socket.socket] = {}

    def run(self, command: list[str], text: str) -> str:
        """Run a program to its end and return what it printed."""
        settings = {"LC_ALL": "C", "XTABLES_LOCKFILE": f"/proc/self/fd/{self._lock}"}
        done = subprocess.run(
            command, input=text.encode(), capture_output=True, check=False,
            env=os.environ | settings, preexec_fn=die_with_parent, pass_fds=[self._lock],
        )  # fmt: skip
        if done.returncode:
            said = " ".join(done.stderr.decode(errors="replace").split())
            raise KubenetlabError(said[:_MAX_ERROR] or f"{command[0]} failed")
        return done.stdout.decode(errors="replace")

    def write(self, path: str, value: str) -> None:
        """Write a kernel setting of the namespace, below /proc/sys/net."""
        Path("/proc/sys/net", path).write_text(value, "utf-8")

    def listen(self, interfaces: list[str], ether_type: int) -> None:
        """Capture what arrives at interfaces."""
        for name in interfaces:
            wire = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ether_type))
            self._wires[name] = wire
            wire.bind((name, ether_type))
            wire.setblocking(False)

    def feed(self, interface: str, packets: list[bytes]) -> list[bytes]:
        """Send frames into an interface, or packets from the node itself; return the packets that arrived anywhere."""
        post = self._wires[interface].send if interface else _node_sender(packets)
        seen: list[bytes] = []
        for start in range(0, len(packets), _BATCH):
            for packet in packets[start : start + _BATCH]:
                with suppress(OSError):  # the output hook dropped it, or a buffer is full: it is sent again
                    post(packet)
            seen += self._arrived(0)
        return seen + self._arrived(_QUIET_S)

    def _arrived(self, wait_s: float) -> list[bytes]:
        packets = []
        while ready := select.select(list(self._wires.values()), [], [], wait_s)[0]:
            for wire in ready:
                with suppress(BlockingIOError):
                    while True:
                        packets.append(wire.recv(2048)[_ETHERNET:])
        return packets


def _node_sender(packets: list[bytes]) -> Callable[[bytes], int]:
    is_4 = packets[0][0] >> 4 == 4
    family, span = (socket.AF_INET, slice(16, 20)) if is_4 else (socket.AF_INET6, slice(24, 40))
    node = socket.socket(family, socket.SOCK_RAW, socket.IPPROTO_RAW)
    return lambda packet: node.sendto(packet, (socket.inet_ntop(family, packet[span]), 0))


def main(outside: int, parent: int) -> None:
    """Make the namespace, prove it, then serve requests from standard input until it closes."""
    requests, answers = sys.stdin.buffer, sys.stdout.buffer
    try:
        enter_namespace()
        die_with_parent()
        prove_own_namespace(outside)
        processors = sorted(os.sched_getaffinity(0))
        os.sched_setaffinity(
            0, {processors[os.getpid() % len(processors)]}
        )  # on one, packets keep their order
    except (KubenetlabError, OSError) as error:
        send(answers, str(error), None)
        return
    send(answers, "", namespace_id())
    worker = Worker()
    while os.getppid() == parent and (request := receive(requests)):
        try:
            send(answers, "", getattr(worker, request[0])(*request[1:]))
        except FileNotFoundError as error:
            package = _PACKAGES.get(str(error.filename), "iptables")
            send(answers, f"{error.filename}{NOT_HERE}: install {package}", None)
        except (KubenetlabError, OSError) as error:
            send(answers, str(error), None)


if __name__ == "__main__":
    with suppress(BrokenPipeError):  # the parent has gone
        main(int(sys.argv[1]), int(sys.argv[2]))
    os._exit(0)  # without another try to write what nobody reads
