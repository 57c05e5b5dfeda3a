"""Maglev tables beside the same in plain Python, both from backends' names: hashes, preference lists and all.

    python benchmarks/bench_maglev.py [--runs 3]

In every run each of the two fills the same tables in turn; times are the medians over the runs, ours is compiled before. The
tables are asserted equal. Weighted backends have weights from 1 to 5.
"""

import argparse
import os
import time
from itertools import accumulate, repeat
from statistics import median

from kubenetlab.load_balancing.paths.maglev import maglev_table
from kubenetlab.load_balancing.paths.murmur3 import murmur3_x64_128

HASH_SEED = 0x24B7EF82
SIZES = ((16_381, 100), (16_381, 600), (65_521, 100), (65_521, 600))


def backends(n_backends, is_weighted):
    """Names as Cilium makes them, and weights."""
    numbers = range(n_backends)
    names = (f"[10.244.{n // 250}.{n % 250 + 1}:8080/TCP,State:active]" for n in numbers)
    return {name: 1 + n % 5 if is_weighted else 1 for n, name in enumerate(names)}


def python_table(weights, n_slots):
    """The number of the backend of every slot, in the order of names."""
    names, n_backends, total = sorted(weights), len(weights), sum(weights.values())
    weight, due = [weights[name] for name in names], [weights[name] / n_backends for name in names]
    hashes = [murmur3_x64_128(name.encode(), HASH_SEED) for name in names]
    places = [
        accumulate(
            repeat(h2 % (n_slots - 1) + 1), lambda at, step: (at + step) % n_slots, initial=h1 % n_slots
        )
        for h1, h2 in hashes
    ]
    slots, is_weighted = [None] * n_slots, total >= 2 * n_backends
    for turn in range(n_slots):
        backend = turn % n_backends
        while is_weighted and (turn + 1) * weight[backend] < int(due[backend]):
            backend = (backend + 1) % n_backends
        due[backend] += total
        slots[next(place for place in places[backend] if slots[place] is None)] = names[backend]
    return slots


def timed(function, *arguments):
    """Seconds, and what the function returned."""
    start = time.perf_counter()
    answer = function(*arguments)
    return time.perf_counter() - start, answer


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--runs", type=int, default=3)
    options = parser.parse_args()
    maglev_table(backends(3, True), 251)
    print(
        f"{os.cpu_count()} cores; milliseconds for one table\n{'slots':>7} backends weights     ours   Python  faster"
    )
    for n_slots, n_backends in SIZES:
        for is_weighted in (False, True):
            weights, ours_s, python_s = backends(n_backends, is_weighted), [], []
            for _ in range(options.runs):
                seconds, table = timed(maglev_table, weights, n_slots)
                ours_s.append(seconds)
                seconds, expected = timed(python_table, weights, n_slots)
                python_s.append(seconds)
            names = list(weights)
            assert [names[backend] for backend in table] == expected
            ours, python = median(ours_s), median(python_s)
            print(f"{n_slots:7,} {n_backends:8} {'1 to 5' if is_weighted else 'equal':>7}", end="")
            print(f" {ours * 1e3:8.1f} {python * 1e3:8.1f} {python / ours:6.0f}x")


if __name__ == "__main__":
    main()
