"""Reads a dump of about 512 MB with json.load and with read_cluster, in turn, each in a fresh process.

    python benchmarks/bench_read.py [DUMP] [--runs 5] [--pods 39000]

Without DUMP a synthetic one of 39,000 pods is written to a temporary folder. Memory is the peak resident set of
the whole process: for read_cluster it counts every page of the mapped file.
"""

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

N_PODS = 39_000
PODS_PER_NODE = 30
MOST_TIME_SHARE = 0.45
MOST_MEMORY_SHARE = 0.5


def read_with_json(dump):
    """Load the text with the standard library."""
    with open(dump, encoding="utf-8") as file:
        return len(json.load(file)["items"])


def read_with_kubenetlab(dump):
    """Read a Cluster: decoded, checked, with settings and provenance."""
    from kubenetlab.readers import read_cluster

    return len(read_cluster(dump).pods)


READERS = {"json.load": read_with_json, "read_cluster": read_with_kubenetlab}


def measure(reader, dump):
    """Run one reader in a fresh process; seconds and bytes."""
    run = subprocess.run([sys.executable, __file__, dump, "--child", reader], check=True, capture_output=True)
    return json.loads(run.stdout)


def run_child(reader, dump):
    """Measure a reader here; imports are not counted."""
    import kubenetlab.readers  # noqa: F401

    start = time.perf_counter()
    READERS[reader](dump)
    seconds = time.perf_counter() - start
    print(json.dumps([seconds, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024]))


def write_dump(folder, n_pods):
    """Write a synthetic dump of fat pods."""
    from kubenetlab.synthetic import Shape, generate

    print(f"writing a dump of {n_pods:,} pods ...", flush=True)
    shape = Shape(nodes=max(1, n_pods // PODS_PER_NODE), pods=n_pods)
    return str(generate(shape).write(Path(folder) / "dump.json"))


def compare(dump, n_runs):
    """Print each run and the two shares; whether both are within the bounds."""
    print(f"{dump}: {Path(dump).stat().st_size / 2**20:,.0f} MiB")
    runs = {name: [] for name in READERS}
    for number in range(n_runs):
        for name, measured in runs.items():
            measured.append(measure(name, dump))
            print(
                f"run {number + 1} {name:12} {measured[-1][0]:6.2f} s {measured[-1][1] / 2**20:7,.0f} MiB",
                flush=True,
            )
    shares = [
        median(a[i] / b[i] for a, b in zip(runs["read_cluster"], runs["json.load"], strict=True))
        for i in (0, 1)
    ]
    print(f"read_cluster / json.load, medians: time {shares[0]:.3f} (bound {MOST_TIME_SHARE}), ", end="")
    print(f"peak memory {shares[1]:.3f} (bound {MOST_MEMORY_SHARE})")
    return shares[0] <= MOST_TIME_SHARE and shares[1] <= MOST_MEMORY_SHARE


def main():
    """Read the arguments and run."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("dump", nargs="?")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--pods", type=int, default=N_PODS)
    parser.add_argument("--child", choices=READERS, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.child:
        run_child(arguments.child, arguments.dump)
        return 0
    with tempfile.TemporaryDirectory() as folder:
        return 0 if compare(arguments.dump or write_dump(folder, arguments.pods), arguments.runs) else 1


if __name__ == "__main__":
    sys.exit(main())
