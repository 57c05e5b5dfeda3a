"""Forecasts 20 clusters of all kinds for two years with 500 replicates each, on 2 processes; beside it the plain allocators.

    python benchmarks/bench_forecast.py [--days 730] [--replicates 500] [--workers 2]

Goal: under a minute on 2 cores. The peer is the same model in plain Python on CalicoIpam (tests/ipam/forecast), event by
event, for one small replicate; both must see the first refusal on the same day. What limits it: Calico's clusters, whose
pods come and go one by one; a row says how many nanoseconds one pod event takes.
"""

import argparse
import os
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from multiprocessing import get_context
from pathlib import Path
from statistics import median

sys.path.insert(0, str(Path(__file__).parent.parent))

import numpy as np

from kubenetlab.ipam.forecast import _kernels_blocks as kernels
from kubenetlab.ipam.forecast.churn import Churn
from kubenetlab.ipam.forecast.events import Story, draw_events
from kubenetlab.ipam.forecast.growth import Growth
from kubenetlab.ipam.forecast.load import Load
from kubenetlab.ipam.forecast.run_out import forecast
from kubenetlab.ipam.forecast.runs import Runs
from kubenetlab.ipam.instance_types import INSTANCE_TYPES
from kubenetlab.ipam.set_up import SetUp
from tests.ipam.forecast import reference

GOAL_S = 60
GROWTH, CHURN = Growth(0.2, 0.4), Churn()
M5 = INSTANCE_TYPES["m5.xlarge"]
KINDS = (
    SetUp(ipam="host-local", pod_cidrs=("10.244.0.0/17",), max_surge=2),
    SetUp(ipam="calico", pod_cidrs=("192.168.0.0/19",), max_surge=2),
    SetUp(ipam="aws-vpc-cni", pod_cidrs=("10.0.0.0/19",), instance=M5, max_pods=58, max_surge=2),
    SetUp(ipam="aws-vpc-cni", pod_cidrs=("10.0.0.0/19",), instance=M5, prefix_delegation=True, max_surge=2),
    SetUp(ipam="gke", pod_cidrs=("10.0.0.0/17",), max_surge=1),
    SetUp(ipam="azure-pod-subnet", pod_cidrs=("10.241.0.0/19",), max_surge=1),
    SetUp(ipam="azure-overlay", pod_cidrs=("10.244.0.0/17",), max_surge=1),
    SetUp(ipam="cilium-cluster-pool", pod_cidrs=("10.0.0.0/18", "10.1.0.0/18"), max_surge=2),
    SetUp(ipam="ovn-kubernetes", pod_cidrs=("10.128.0.0/16",), max_surge=2),
    SetUp(ipam="calico", pod_cidrs=("172.16.0.0/18",), max_surge=2),
)


def clusters(n_clusters=20):
    """Every kind twice: 1,500 and 3,000 pods, 30 a node."""
    sizes = (1500, 3000)
    return [
        Load(set_up=KINDS[i % len(KINDS)], pods=(pods := sizes[i // len(KINDS) % 2]), nodes=pods // 30)
        for i in range(n_clusters)
    ]


def run_all(loads, runs, executor):
    """Forecast every cluster; seconds of each."""
    seconds = []
    for load in loads:
        start = time.perf_counter()
        found = forecast(load, GROWTH, CHURN, runs, executor=executor)
        seconds.append(time.perf_counter() - start)
        name = f"{load.set_up.ipam}, {load.pods:,} pods"
        print(f"{name:34} {seconds[-1]:6.2f} s  refused by half: day {found.refused_by(0.5)}", flush=True)
    return seconds


def cpu_seconds(_):
    """A worker and the processor time that it has used."""
    time.sleep(0.05)  # so that every worker answers
    return os.getpid(), time.process_time()


def compare(n_days=60, n_runs=5):
    """One Calico replicate in the kernel and on the plain classes: the ratio of the times, and the days compared."""
    set_up = SetUp(ipam="calico", pod_cidrs=("10.0.0.0/24",), block_size=28, max_pods=40, max_surge=1)
    load = Load(set_up=set_up, pods=165, nodes=7, strict_affinity=True)
    runs = Runs(n_days=n_days, n_replicates=1, seed=1)
    forecast(load, GROWTH, CHURN, runs)
    pairs = [(timed(play_here, load, runs), timed(play_plainly, load, n_days)) for _ in range(n_runs)]
    assert len({day for pair in pairs for _, day in pair}) == 1, "the plain allocators see another day"
    return median(plain / ours for (ours, _), (plain, _) in pairs), pairs[0][0][1]


def timed(function, *arguments):
    """Seconds of a call, and its answer."""
    start = time.perf_counter()
    answer = function(*arguments)
    return time.perf_counter() - start, answer


def play_here(load, runs):
    """First day of a refusal, by the library; with everything around the kernel."""
    days = forecast(load, GROWTH, CHURN, runs).first_refusals["day"].dropna().tolist()
    return int(days[0]) if days else -1


def play_plainly(load, n_days):
    """The same by CalicoIpam, event by event."""
    rng = np.random.default_rng(np.random.SeedSequence(1, spawn_key=(0,)))
    events = draw_events(Story(load, GROWTH, CHURN, n_days), rng)
    twin = reference.CalicoCluster(rng, [("10.0.0.0/24", 28)], strict=True, max_pods=40)
    return reference.play_blocks(twin, events.days, int(events.peak_nodes.max()) + 1, 1)[1]


def pod_events(load, n_days):
    """How many pods start or end in one replicate, about."""
    events = draw_events(Story(load, GROWTH, CHURN, n_days), np.random.default_rng(1)).days
    updated = events[:, kernels.UPDATES] * (events[:, kernels.WORKLOAD] + events[:, kernels.SURGE])
    return int(events[:, [kernels.ARRIVALS, kernels.DEPARTURES]].sum() + 2 * updated.sum())


def main():
    """Read the arguments and run."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--days", type=int, default=730)
    parser.add_argument("--replicates", type=int, default=500)
    parser.add_argument("--workers", type=int, default=2)
    arguments = parser.parse_args()
    runs = Runs(n_days=arguments.days, n_replicates=arguments.replicates, seed=1)
    loads = clusters()
    with ProcessPoolExecutor(arguments.workers, mp_context=get_context("spawn")) as executor:
        for load in loads[: len(KINDS)]:  # kernels are compiled or read from the cache
            forecast(load, GROWTH, CHURN, replace(runs, n_days=1, n_replicates=80), executor=executor)
        before = list(executor.map(cpu_seconds, range(8 * arguments.workers)))
        seconds = run_all(loads, runs, executor)
        after = list(executor.map(cpu_seconds, range(8 * arguments.workers)))
    total = sum(seconds)
    cpu = sum(dict(after).values()) - sum(dict(before).values())
    ratio, day = compare()
    calico = next(i for i, load in reversed(list(enumerate(loads))) if load.set_up.ipam == "calico")
    per_event = (
        seconds[calico] * arguments.workers / runs.n_replicates / pod_events(loads[calico], runs.n_days)
    )
    print(
        f"{len(loads)} clusters, {runs.n_days} days, {runs.n_replicates} replicates, {arguments.workers} processes, {os.cpu_count()} cores"
    )
    print(
        f"goal {GOAL_S} s, measured {total:.1f} s, {cpu:.1f} s of processor time in the workers; a pod event of Calico's takes {per_event * 1e9:.0f} ns"
    )
    print(
        f"plain allocators, event by event: {ratio:,.0f} times as long, first refusal on the same day ({day})"
    )
    return 0 if total <= GOAL_S or arguments.days * arguments.replicates > 365_000 else 1


if __name__ == "__main__":
    sys.exit(main())
