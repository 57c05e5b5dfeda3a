"""Packs 1,000 clusters of mixed sizes, 3 or 4 ranges each, into 10.0.0.0/8; adds one to them; checks the certificate.

    python benchmarks/bench_planner.py [--clusters 1000] [--runs 5]

Goal: 1,000 clusters in under a second. There is no peer that places ranges of several domains; what limits it is Python
itself, a few dozen integer operations for every free block that a range touches. Every plan is checked by the checker, which
shares no code with the planner.
"""

import argparse
import os
import random
import time
from statistics import median

import netaddr

from kubenetlab.ipam.planner.certificate import certificate
from kubenetlab.ipam.planner.checker import check
from kubenetlab.ipam.planner.packing import pack
from kubenetlab.ipam.planner.problem import Demand, Obstacle

PARENTS = {4: (netaddr.IPNetwork("10.0.0.0/8"),), 6: (netaddr.IPNetwork("fd00::/40"),)}
OBSTACLES = [
    Obstacle("office", netaddr.IPNetwork("10.3.0.0/17")),
    Obstacle("vpn", netaddr.IPNetwork("10.40.0.0/15")),
]
GOAL_S = 1.0


def fleet(n_clusters, version, seed=1, prefix="cluster"):
    """Clusters of mixed sizes: nodes and most pods are routable, Services and every third cluster's pods are not."""
    rng = random.Random(seed)
    longer = 0 if version == 4 else 36
    demands = []
    for number in range(n_clusters):
        name = f"{prefix}-{number:04d}"
        own, routable = frozenset({name}), frozenset({name, "routable"})
        ranges = [("nodes", rng.choice([24, 25, 26]), routable), ("services", rng.choice([20, 22]), own)]
        ranges += [("pods", rng.choice([18, 19, 20, 21]), routable if number % 3 else own)]
        ranges += [("load-balancers", rng.choice([26, 28]), routable)] * (number % 2)
        demands += [
            Demand(f"{name}/{role}", version, length + longer, PARENTS[version], domains)
            for role, length, domains in ranges
        ]
    return demands


def seconds(function, *arguments):
    """Wall time of one call, and what it returned."""
    start_s = time.perf_counter()
    result = function(*arguments)
    return time.perf_counter() - start_s, result


def run(n_clusters):
    """Time every case once."""
    times_s = {}
    for version in (4, 6):
        demands = fleet(n_clusters, version)
        times_s[f"pack, IPv{version}"], placed = seconds(pack, demands, OBSTACLES)
        longer = [demand._replace(stays=placed[demand.name]) for demand in demands]
        longer += fleet(1, version, seed=2, prefix="another")
        times_s[f"add one cluster, IPv{version}"], again = seconds(pack, longer, OBSTACLES)
        assert all(again[name] == network for name, network in placed.items())
        facts = certificate(demands, OBSTACLES, placed, [])
        times_s[f"check the certificate, IPv{version}"], faults = seconds(check, facts)
        assert faults == []
    return len(placed), times_s


def main():
    """Read the arguments and run."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--clusters", type=int, default=1_000)
    parser.add_argument("--runs", type=int, default=5)
    options = parser.parse_args()
    taken = [run(options.clusters) for _ in range(options.runs)]
    print(f"{options.clusters:,} clusters, {taken[0][0]:,} ranges, {os.cpu_count()} cores")
    for case in taken[0][1]:
        goal = f", goal {GOAL_S:.1f} s" if case.startswith("pack") else ""
        print(f"{case:28} median {median(times_s[case] for _, times_s in taken):.3f} s{goal}")


if __name__ == "__main__":
    main()
