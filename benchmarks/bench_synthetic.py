"""Writes a synthetic cluster of 5,000 nodes and 150,000 pods, the largest that Kubernetes is tested with, to a file.

    python benchmarks/bench_synthetic.py [--nodes 5000] [--pods 150000] [--runs 3]

Beside it, in the same run, json.dumps(indent=4) of a sample of the same items, which is the plain way to such a text.
Memory is the peak resident set of a fresh process; the text (about 2.3 GB) goes to a temporary folder and is removed.
"""

import argparse
import itertools
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

from kubenetlab.synthetic import Shape, generate

N_SAMPLE = 4_000


def run_child(n_nodes, n_pods, folder):
    """Make and write one dump here; prints seconds of both steps, bytes of text, bytes of memory."""
    start = time.perf_counter()
    dump = generate(Shape(nodes=n_nodes, pods=n_pods))
    made = time.perf_counter()
    path = dump.write(Path(folder) / "dump.json")
    written = time.perf_counter()
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    print(json.dumps([made - start, written - made, path.stat().st_size, memory]))
    path.unlink()


def measure(n_nodes, n_pods):
    """Make and write one dump in a fresh process."""
    with tempfile.TemporaryDirectory() as folder:
        command = [
            sys.executable,
            __file__,
            "--child",
            folder,
            "--nodes",
            str(n_nodes),
            "--pods",
            str(n_pods),
        ]
        return json.loads(subprocess.run(command, check=True, capture_output=True).stdout)


def json_rate():
    """Bytes a second of json.dumps for items like those."""
    items = list(itertools.islice(generate(Shape(nodes=200, pods=N_SAMPLE)).iter_items(), N_SAMPLE))
    start = time.perf_counter()
    text = json.dumps(items, indent=4, sort_keys=True)
    return len(text) / (time.perf_counter() - start)


def main():
    """Read the arguments and run."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--nodes", type=int, default=5_000)
    parser.add_argument("--pods", type=int, default=150_000)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--child", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        run_child(options.nodes, options.pods, options.child)
        return
    print(f"{options.nodes:,} nodes, {options.pods:,} pods, {os.cpu_count()} cores")
    rates = []
    for number in range(options.runs):
        made, written, size, memory = measure(options.nodes, options.pods)
        ours, peers = size / written, json_rate()
        rates.append((ours, peers))
        print(
            f"run {number + 1}: made {made:5.1f} s, wrote {size / 1e6:,.0f} MB in {written:5.1f} s"
            f" ({ours / 1e6:,.0f} MB/s; json.dumps {peers / 1e6:,.0f} MB/s), peak {memory / 2**20:,.0f} MiB",
            flush=True,
        )
    ratio = median(ours / peers for ours, peers in rates)
    print(f"write / json.dumps, median of {len(rates)}: {ratio:.1f} times as fast")


if __name__ == "__main__":
    main()
