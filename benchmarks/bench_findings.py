"""Checks a synthetic cluster of 5,000 nodes, 150,000 pods and 10,000 Services; then with one selector for all.

    python benchmarks/bench_findings.py [--nodes 5000] [--pods 150000] [--services 10000] [--runs 3]

Services beyond those that the generator makes are copies under other names, without endpoints. In the second cluster
one namespace holds everything, and every Service selects every pod and has no endpoint: the worst case for matching.
Each run checks a Cluster without any index that an earlier check left.
"""

import argparse
import os
import time
from itertools import chain, cycle, islice
from statistics import median

import msgspec

from kubenetlab.findings import check
from kubenetlab.synthetic import Shape, generate

SHARED = {"app": "shared"}


def about(value, **fields):
    """Return an object with other fields in its metadata."""
    return msgspec.structs.replace(value, metadata=msgspec.structs.replace(value.metadata, **fields))


def with_services(cluster, n_services):
    """Return the cluster with that many Services: the first of its own, then copies of them."""
    copies = (
        about(service, name=f"{service.metadata.name}-{number}")
        for number, service in enumerate(cycle(cluster.services))
    )
    return cluster.with_(services=tuple(islice(chain(cluster.services, copies), n_services)))


def with_one_selector(cluster):
    """Return the cluster with all pods and Services in one namespace, and every selector the same."""
    pods = tuple(about(p, namespace="shop", labels=p.metadata.labels | SHARED) for p in cluster.pods)
    services = tuple(
        msgspec.structs.replace(
            about(s, namespace="shop"), spec=msgspec.structs.replace(s.spec, selector=SHARED)
        )
        for s in cluster.services
    )
    slices = tuple(about(s, namespace="shop") for s in cluster.endpoint_slices[:1])
    return cluster.with_(pods=pods, services=services, endpoint_slices=slices)


def measure(cluster):
    """Seconds of one check, and how many findings there are."""
    fresh = cluster.with_()
    start = time.perf_counter()
    findings = check(fresh)
    return time.perf_counter() - start, len(findings)


def main():
    """Read the arguments and run."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--nodes", type=int, default=5_000)
    parser.add_argument("--pods", type=int, default=150_000)
    parser.add_argument("--services", type=int, default=10_000)
    parser.add_argument("--runs", type=int, default=3)
    options = parser.parse_args()
    shape = Shape(nodes=options.nodes, pods=options.pods, fat=False)
    cluster = with_services(generate(shape).cluster(), options.services)
    clusters = {"own selectors": cluster, "one selector for all": with_one_selector(cluster)}
    print(f"{cluster!r}, {os.cpu_count()} cores")
    seconds = {name: [] for name in clusters}
    for number in range(options.runs):
        for name, value in clusters.items():
            taken, n_findings = measure(value)
            seconds[name].append(taken)
            print(f"run {number + 1} {name:21} {taken:6.2f} s, {n_findings:,} findings", flush=True)
    for name, taken in seconds.items():
        print(f"{name:21} median {median(taken):.2f} s")


if __name__ == "__main__":
    main()
