"""Measures on this machine what rules cost, as the model of `kubenetlab.kube_proxy.rule_cost` needs it, beside its own points.

    python benchmarks/bench_rule_cost.py [--services 10 100 300 1000 2000 5000] [--flows 2000] [--seconds 120]

In a new network namespace (root, or a user who may make one) it loads the rules of so many Services with two endpoints
each, as iptables-legacy, iptables-nft and nftables, and times: loading all of them, what a sync writes after one Service
changed, and a UDP packet of a new flow to the Service that stands first and last in KUBE-SERVICES (every packet has a
socket of its own: the time of one without any rules is stated; below 500 Services there is no telling the walk from
noise). Nothing leaves the namespace, which ends with the run.
A size that would not end within --seconds, judged by the size before, is left out, and so is what a tool refuses (to a
user who is not root the kernel gives too little room for many rules at once). The rows at the end can be given to
`first_packet_cost` and `sync_cost` as `measured`.
"""

import argparse
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from itertools import count
from math import nan
from statistics import median

from kubenetlab.kube_proxy.iptables_proxier import IptablesProxier, iptables_save
from kubenetlab.kube_proxy.nftables_proxier import NftablesProxier
from kubenetlab.kube_proxy.proxy_settings import DetectLocalMode, ProxySettings
from kubenetlab.kube_proxy.rule_cost import Measured, first_packet_cost, sync_cost
from kubenetlab.kube_proxy.rule_counts import rule_counts
from kubenetlab.kube_proxy.service_port import NodeEndpoint, ProxiedPort, Selection, ServicePort

SETTINGS = ProxySettings(
    node_name="worker-1",
    node_ips=("192.0.2.1",),
    detect_local_mode=DetectLocalMode.CLUSTER_CIDR,
    detect_local_value="10.0.0.0/8",
    is_nfacct=False,
)
N_JUMPS = 14
N_BATCHES = 20
LEAST_WALK = 500  # Services; a walk past fewer cannot be told from noise
WORST_GROWTH = 3.5  # exponent of the time to load, in the rules, that iptables-nft was seen to reach beyond 1,000 Services
NETWORK = (
    "ip link set lo up",
    "ip link add name knl0 type veth peer name knl1",
    "ip link set knl0 arp off up",
    "ip link set knl1 arp off up",
    "ip route add local 10.255.0.0/24 dev lo",
    "ip route add default dev knl0",
)
EMPTY = "".join(f"*{table}\nCOMMIT\n" for table in ("nat", "filter"))
#: Pods; each measurement takes a new one, so that no flow is an old one.
SOURCES = (f"10.255.0.{number}" for number in count(1))


def service_ports(n_services, n_endpoints=2):
    """UDP service ports."""
    ports = []
    for number in range(n_services):
        ips = [
            f"10.{n >> 16 & 255}.{n >> 8 & 255}.{n & 255}"
            for n in range(2 * number, 2 * number + n_endpoints)
        ]
        ready = tuple(NodeEndpoint(f"{ip}:8080", ip, 8080) for ip in sorted(ips))
        service = ServicePort("bench", f"service-{number}", "", "UDP", address(number), 80)
        ports.append(ProxiedPort(service, Selection(ready, ready, (), ready, bool(ready), True, False)))
    return tuple(ports)


def address(number):
    return f"172.{16 + (number >> 16)}.{number >> 8 & 255}.{number & 255}"


def seconds_of(command, text):
    """Seconds that a program takes with a text on its standard input."""
    start = time.perf_counter()
    subprocess.run(command, input=text, text=True, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - start


def flow_us(*services):
    """Microseconds of a packet of a new flow to each of these Services, in turn; the median of batches."""
    source, ports = next(SOURCES), iter(range(1024, 65536))
    times = {number: [] for number in services}
    for _ in range(N_BATCHES):
        for number, batches in times.items():
            goal = (address(number), 80)
            start = time.perf_counter()
            for _ in range(OPTIONS.flows // N_BATCHES):
                with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one:
                    one.bind((source, next(ports)))
                    one.sendto(b"x", goal)
            batches.append((time.perf_counter() - start) / (OPTIONS.flows // N_BATCHES) * 1e6)
    return [median(batches) for batches in times.values()]


class Iptables:
    """Rules by one of the two iptables tools."""

    def __init__(self, tool):
        self.tool = f"iptables-{tool}"
        self.restore = [f"{self.tool}-restore"]

    def start(self):
        self.proxier = IptablesProxier(SETTINGS)
        seconds_of(self.restore, iptables_save((), SETTINGS))

    def load(self, text):
        return seconds_of([*self.restore, "--noflush", "--counters"], text)

    def stop(self):
        if self.tool == "iptables-nft":
            seconds_of(["nft", "flush", "ruleset"], "")
        else:
            seconds_of(self.restore, EMPTY)


class Nftables:
    """Rules of nftables mode."""

    tool, restore = "nftables", ["nft"]

    def start(self):
        self.proxier = NftablesProxier(SETTINGS)

    def load(self, text):
        return seconds_of(["nft", "-f", "-"], text)

    def stop(self):
        seconds_of(["nft", "flush", "ruleset"], "")


def measure(mode, n_services):
    """One point, as the model takes it."""
    ports = service_ports(n_services)
    mode.start()
    try:
        full_s = mode.load(mode.proxier.sync(ports))
        partial_s = []
        for n_endpoints in (1, 2, 1):
            changed = (*service_ports(1, n_endpoints), *ports[1:])
            partial_s.append(mode.load(mode.proxier.sync(changed, {"bench/service-0"})))
        walked = 0, n_services - 1
        first_us, last_us = flow_us(*walked) if n_services >= LEAST_WALK else (nan, nan)
    finally:
        mode.stop()
    n_rules = (
        int(rule_counts(ports, SETTINGS).frame[["nat_rules", "filter_rules"]].to_numpy().sum()) + N_JUMPS
    )
    return Measured(mode.tool, n_services, n_rules, first_us, last_us, full_s, median(partial_s))


def model(point):
    """The same numbers of the built-in measurement."""
    packet = first_packet_cost(point.n_services, point.n_services).frame.set_index("tool").loc[point.tool]
    sync = sync_cost(point.n_services, point.n_rules).frame.set_index("tool").loc[point.tool]
    return Measured(*point[:3], packet.us_first, packet.us_last, sync.full_s, sync.partial_s)


def row(point):
    per_rule_ns = (point.last_us - point.first_us) / (point.n_services - 1) * 1000
    return f"{point.first_us:7.1f} {point.last_us:7.1f} {per_rule_ns:7.1f} {point.full_s:8.3f} {point.partial_s:8.3f}"


def points(modes, deadline):
    """Measure size by size; print each beside the model's point."""
    titles = "  first    last ns/rule   full s  partial"
    print(
        f"\n{'':33}{'measured here':42} {'built-in measurement':39}\n{'tool':16}Services   rules {titles}   {titles}"
    )
    times = {}
    for n_services in sorted(OPTIONS.services):
        for mode in modes:
            n_before, taken_s = times.get(mode, (n_services, 0.0))
            large, before = max(n_services, 1_000), max(n_before, 1_000)
            worst_s = taken_s * n_services / n_before * (large / before) ** (WORST_GROWTH - 1)
            if worst_s > deadline - time.monotonic():
                print(f"{mode.tool:16}{n_services:8,}  left out: it would take too long, or failed before")
                continue
            try:
                point = measure(mode, n_services)
            except subprocess.CalledProcessError as error:
                print(f"{mode.tool:16}{n_services:8,}  left out: {error.cmd[0]} refused the rules")
                times[mode] = n_services, float("inf")
                continue
            times[mode] = n_services, point.full_s
            print(
                f"{mode.tool:16}{n_services:8,}{point.n_rules:8,} {row(point)}   {row(model(point))}",
                flush=True,
            )
            yield point


def run_inside(outer):
    """Measure in this namespace, which must not be the one that the user started from."""
    if os.readlink("/proc/self/ns/net") == outer:
        sys.exit("this is not a network namespace of its own")
    deadline = time.monotonic() + OPTIONS.seconds
    for command in NETWORK:
        subprocess.run(command.split(), check=True)
    modes = [Iptables("legacy"), Iptables("nft"), Nftables()]
    missing = [mode.tool for mode in modes if not shutil.which(mode.restore[0])]
    print(f"{os.cpu_count()} cores, kernel {os.uname().release}; not here: {', '.join(missing) or 'nothing'}")
    print(f"a packet of a new flow without rules: {flow_us(0)[0]:.1f} us (its socket is in all the times)")
    found = list(points([mode for mode in modes if mode.tool not in missing], deadline))
    print("\nmeasured = (")
    for point in sorted(found, key=lambda one: one.tool):
        print(f"    Measured({point.tool!r}, {point.n_services}, {point.n_rules}, ", end="")
        print(", ".join(f"{value:.4g}" for value in point[3:]) + "),")
    print(")")


def main():
    """Go into a namespace of our own."""
    if OPTIONS.outer:
        run_inside(OPTIONS.outer)
        return 0
    alone = ["unshare", "-n" if os.geteuid() == 0 else "-rn"]
    if not shutil.which("unshare") or subprocess.run([*alone, "true"], check=False).returncode:
        print("no network namespace can be made here: nothing was measured")
        return 0
    outer = os.readlink("/proc/self/ns/net")
    with tempfile.TemporaryDirectory() as folder:  # a lock of our own: the machine's may be closed to us
        environment = os.environ | {"XTABLES_LOCKFILE": f"{folder}/lock"}
        command = [*alone, sys.executable, *sys.argv, "--outer", outer]
        return subprocess.run(command, env=environment, check=False).returncode


def arguments():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--services", type=int, nargs="+", default=[10, 100, 300, 1_000, 2_000, 5_000])
    parser.add_argument("--flows", type=int, default=2_000)
    parser.add_argument("--seconds", type=float, default=120)
    parser.add_argument("--outer", help=argparse.SUPPRESS)
    return parser.parse_args()


if __name__ == "__main__":
    OPTIONS = arguments()
    sys.exit(main())
