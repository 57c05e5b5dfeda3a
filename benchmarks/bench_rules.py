"""Writes the iptables rules of 10,000 Services with 10 endpoints each, reads them back, and shares connections out.

    python benchmarks/bench_rules.py [--services 10000] [--endpoints 10] [--runs 3]

Every run is a fresh process: the restore text of a full sync and the text of iptables-save, then reading that text from a
file, then the exact share of every endpoint of every Service; also what a sync writes after one Service changed. Times
are processor time of the one thread, so that other work on the machine does not count. Memory is the peak resident set
of the process after each step, input and results of earlier steps included. The same runs with 1,000 to 20,000 Services
say how the times grow.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

N_SERVICES, N_ENDPOINTS = 10_000, 10
GOALS_S = {"write": 3.0, "read": 3.0, "shares": 1.0}
GROWTH = (1_000, 2_000, 5_000, 10_000, 20_000)


def service_ports(n_services, n_endpoints):
    """Service ports with their endpoints, a fifth with a node port, a tenth with affinity."""
    from kubenetlab.kube_proxy.service_port import NodeEndpoint, ProxiedPort, Selection, ServicePort

    ports = []
    for number in range(n_services):
        first = number * n_endpoints
        ips = sorted(
            f"10.{n >> 16 & 255}.{n >> 8 & 255}.{n & 255}" for n in range(first, first + n_endpoints)
        )
        ready = tuple(NodeEndpoint(f"{ip}:8080", ip, 8080) for ip in ips)
        address = f"172.{16 + (number >> 16)}.{number >> 8 & 255}.{number & 255}"
        service = ServicePort(
            f"team-{number % 100}",
            f"service-{number}",
            "http",
            "TCP",
            address,
            80,
            node_port=0 if number % 5 or number >= 13_000 else 30_000 + number // 5,
            affinity_s=None if number % 10 != 1 else 10_800,
        )
        ports.append(ProxiedPort(service, Selection(ready, ready, (), ready, bool(ready), True, False)))
    return tuple(ports)


def timed(function, *arguments):
    """Seconds, and what the function returned."""
    start = time.thread_time()
    answer = function(*arguments)
    return time.thread_time() - start, answer


def peak_bytes():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def write(proxier, ports):
    """The restore text of a full sync, and what iptables-save prints then."""
    proxier.sync(ports)
    return proxier.save()


def read_back(text):
    """Seconds to read the text from a file, and the rules."""
    from kubenetlab.readers.rules import read_rules, rules_from_text

    rules_from_text("*nat\nCOMMIT\n")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "iptables-save"
        path.write_text(text, encoding="utf-8")
        return timed(read_rules, path)


def run_child(n_services, n_endpoints):
    """Measure here; prints step by step seconds and bytes, and how large it all is."""
    import pandas  # noqa: F401  imports are not counted

    from kubenetlab.kube_proxy.iptables_proxier import IptablesProxier
    from kubenetlab.kube_proxy.proxy_settings import DetectLocalMode, ProxySettings
    from kubenetlab.load_balancing.shares import rule_shares

    mode = DetectLocalMode.CLUSTER_CIDR
    settings = ProxySettings(node_name="worker-1", detect_local_mode=mode, detect_local_value="10.0.0.0/8")
    ports = service_ports(n_services, n_endpoints)
    steps, proxier = {"input": (0.0, peak_bytes())}, IptablesProxier(settings)
    seconds, text = timed(write, proxier, ports)
    steps["write"] = seconds, peak_bytes()
    steps["one change"] = timed(proxier.sync, ports, {"team-0/service-0"})[0], peak_bytes()
    seconds, rules = read_back(text)
    steps["read"] = seconds, peak_bytes()
    seconds, shares = timed(rule_shares, rules)
    steps["shares"] = seconds, peak_bytes()
    frame = shares.frame
    first = frame.loc[frame["destination"].str.startswith("172.16.0.0:80"), "share"]
    assert len(frame) >= n_services * n_endpoints, f"{len(frame)} shares"
    assert abs(first.sum() - 1) < 1e-6, f"{first.sum()} of the first Service's connections"
    print(json.dumps({"steps": steps, "rules": text.count("\n-A "), "bytes": len(text), "rows": len(frame)}))


def measure(n_services, n_endpoints):
    """Run in a fresh process."""
    command = [
        sys.executable,
        __file__,
        "--child",
        "--services",
        str(n_services),
        "--endpoints",
        str(n_endpoints),
    ]
    return json.loads(subprocess.run(command, check=True, capture_output=True).stdout)


def compare(n_services, n_endpoints, n_runs):
    """Print the steps at full size; whether all goals are reached."""
    runs = [measure(n_services, n_endpoints) for _ in range(n_runs)]
    size = runs[0]
    print(
        f"{n_services:,} Services x {n_endpoints} endpoints: {size['rules']:,} rules, {size['bytes'] / 1e6:,.0f} MB,"
    )
    print(f"{size['rows']:,} shares; {os.cpu_count()} cores, median of {n_runs} runs")
    reached = True
    for step in size["steps"]:
        seconds = median(run["steps"][step][0] for run in runs)
        memory = median(run["steps"][step][1] for run in runs)
        goal = GOALS_S.get(step)
        verdict = "" if goal is None else f"goal {goal} s: {'reached' if seconds <= goal else 'NOT REACHED'}"
        reached &= goal is None or seconds <= goal
        print(f"  {step:10} {seconds:6.2f} s   peak {memory / 2**20:6,.0f} MiB   {verdict}", flush=True)
    return reached


def growth(n_endpoints):
    """Print seconds and memory for sizes from 1,000 to 20,000."""
    print(
        "\nServices"
        + "".join(f"{step:>12}" for step in ("write s", "one change", "read s", "shares s", "peak MiB"))
    )
    for n_services in GROWTH:
        steps = measure(n_services, n_endpoints)["steps"]
        times = (f"{steps[step][0]:12.3f}" for step in ("write", "one change", "read", "shares"))
        print(f"{n_services:8,}{''.join(times)}{steps['shares'][1] / 2**20:12,.0f}", flush=True)


def main():
    """Read the arguments and run; 1 if a goal is missed at full size."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--services", type=int, default=N_SERVICES)
    parser.add_argument("--endpoints", type=int, default=N_ENDPOINTS)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--child", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        run_child(options.services, options.endpoints)
        return 0
    reached = compare(options.services, options.endpoints, options.runs)
    if options.services < N_SERVICES:
        return 0
    growth(options.endpoints)
    return 0 if reached else 1


if __name__ == "__main__":
    sys.exit(main())
