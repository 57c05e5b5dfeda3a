"""Prefix arithmetic on columns beside netaddr, ipaddress, pytricia and py-radix, all in one run.

    python benchmarks/bench_prefixes.py [--size 100000] [--runs 5]

Every run times each of them in turn, so that a busy moment hits all; a ratio is the median over the runs of that run's
two times. Times are processor time of the one thread that all of them use, so that they do not count when others had the
processor. Ours is the median of a few calls in a row, compiled before. Outputs are asserted equal, also those of the
same input written as IPv6, in two forms: inside the first 64 bits, and across the 64th bit; the slower one counts.

Peers start from what they work on: netaddr and ipaddress from lists of their networks (netaddr's free space from an
IPSet), pytricia and py-radix from a table that is filled, and from texts where they are asked. Ours starts from columns
(`Prefixes`), sorts them itself, and looks up a table that is built. "moving" is how often the bytes of our input and output
could be copied in our time, at the bandwidth of a large copy measured here: 1 would be the limit of the memory.
"""

import argparse
import ipaddress
import sys
import time
from dataclasses import dataclass, field
from functools import partial
from statistics import median

import netaddr
import numpy as np
import pytricia
import radix

from kubenetlab.ipam.prefixes.carving import carve
from kubenetlab.ipam.prefixes.column import Prefixes
from kubenetlab.ipam.prefixes.free_space import free_space
from kubenetlab.ipam.prefixes.longest_match import LongestMatch
from kubenetlab.ipam.prefixes.merged import merged
from kubenetlab.ipam.prefixes.overlaps import nearest_ancestors, overlapping_pairs
from kubenetlab.ipam.prefixes.texts import format_prefixes, parse_prefixes
from kubenetlab.ipam.prefixes.words import words_of

SIZE = 100_000
SEED = 1
MOST_IPV6_SHARE = 3.0
TEN = 10 << 24
BASE = 0x20010DB8 << 96  # of the IPv6 forms
SHIFTS = {"first half": 64, "across": 48}  # where the 32 bits of an IPv4 address stand in an IPv6 address


@dataclass
class Task:
    """One row of the table: ours, ours in IPv6, and peers, each a call without arguments.

    ``bytes``: of our input and output, each once. ``as_written``: what makes the outputs comparable.
    """

    name: str
    input: str
    ours: object
    ours_ipv6: list
    peers: dict
    goals: dict
    bytes: int
    limit: str
    times: dict = field(default_factory=dict)


def column(addresses, lengths, shift=None):
    """A column of IPv4 prefixes, or the same in IPv6."""
    lengths = np.asarray(lengths, np.uint8)
    if shift is None:
        return Prefixes(4, (np.asarray(addresses, np.uint32),), lengths)
    return Prefixes(6, ipv6_words(addresses, shift), lengths + np.uint8(96 - shift))


def ipv6_words(addresses, shift):
    """The words of IPv4 addresses moved into IPv6; vectorised, for the large columns."""
    numbers = np.asarray(addresses, np.uint64)
    high, low = (np.uint64(int(word[0])) for word in words_of(6, [BASE]))
    if shift == 64:
        return high | numbers, np.full(numbers.size, low)
    return high | numbers >> np.uint64(64 - shift), numbers << np.uint64(shift)


def ipv4_pairs(prefixes, shift=None):
    """The rows as (address, length) in IPv4, whichever family they are written in."""
    lengths = prefixes.prefix_length.tolist()
    if shift is None:
        return list(zip(prefixes.addresses(), lengths, strict=True))
    return [((a - BASE) >> shift, n - 96 + shift) for a, n in zip(prefixes.addresses(), lengths, strict=True)]


def n_bytes(*columns):
    return sum(word.nbytes for prefixes in columns for word in (*prefixes.words, prefixes.prefix_length))


def nested_prefixes(rng, n, shortest, first, width):
    """Distinct random prefixes down to /28 inside a range, in random order: addresses and lengths."""
    lengths = rng.integers(shortest, 29, 4 * n)
    addresses = (first + rng.integers(0, 1 << width, 4 * n)) >> (32 - lengths) << (32 - lengths)
    _, at = np.unique(addresses << 8 | lengths, return_index=True)
    chosen = rng.permutation(at)[:n]
    return addresses[chosen], lengths[chosen]


def free_space_task(rng, n):
    """Free space of /28 prefixes in 10.0.0.0/8."""
    addresses = TEN + (rng.permutation(1 << 20)[:n] << 4)
    lengths = np.full(n, 28)
    ours = column(addresses, lengths)
    free = free_space("10.0.0.0/8", ours)
    taken = netaddr.IPSet(ours.networks())
    everything = netaddr.IPSet(["10.0.0.0/8"])
    assert [(one.first, one.prefixlen) for one in (everything - taken).iter_cidrs()] == ipv4_pairs(free)
    ipv6 = []
    for shift in SHIFTS.values():
        parent = column([TEN], [8], shift).networks()[0]
        call = partial(free_space, parent, column(addresses, lengths, shift))
        assert ipv4_pairs(call(), shift) == ipv4_pairs(free)
        ipv6.append(call)
    return Task(
        "free space",
        f"{n:,} of /28 in a /8",
        partial(free_space, "10.0.0.0/8", ours),
        ipv6,
        {"netaddr": lambda: list((everything - taken).iter_cidrs())},
        {"netaddr": (900, 1500)},
        n_bytes(ours, free),
        "a branch that cannot be foreseen for each block; the sort",
    )


def merge_task(name, words, goal, addresses, lengths):
    """Merge of prefixes in random order."""
    ours = column(addresses, lengths)
    result = merged(ours)
    theirs = ours.networks()
    standard = [ipaddress.ip_network((a, n)) for a, n in ipv4_pairs(ours)]
    assert [(one.first, one.prefixlen) for one in netaddr.cidr_merge(theirs)] == ipv4_pairs(result)
    collapsed = ipaddress.collapse_addresses(standard)
    assert [(int(one.network_address), one.prefixlen) for one in collapsed] == ipv4_pairs(result)
    ipv6 = []
    for shift in SHIFTS.values():
        call = partial(merged, column(addresses, lengths, shift))
        assert ipv4_pairs(call(), shift) == ipv4_pairs(result)
        ipv6.append(call)
    peers = {
        "netaddr": lambda: netaddr.cidr_merge(theirs),
        "ipaddress": lambda: list(ipaddress.collapse_addresses(standard)),
    }
    return Task(
        name,
        words,
        partial(merged, ours),
        ipv6,
        peers,
        {"netaddr": (goal, goal)},
        n_bytes(ours, result),
        "the sort",
    )


def overlap_task(rng, n):
    """Every pair of overlapping prefixes."""
    addresses, lengths = nested_prefixes(rng, n, 14, TEN, 24)
    ours = column(addresses, lengths)
    texts = format_prefixes(ours)
    trie, tree = pytricia.PyTricia(), radix.Radix()
    for row, text in enumerate(texts):
        trie.insert(text, row)
        tree.add(text).data["row"] = row

    def with_pytricia():
        found = []
        for text in texts:
            around = trie.parent(text)
            while around is not None:
                found.append((around, text))
                around = trie.parent(around)
        return found

    def with_radix():
        return [
            (node.prefix, text)
            for text in texts
            for node in tree.search_covering(text)
            if node.prefix != text
        ]

    pairs = overlapping_pairs(ours)
    found = sorted(
        (texts[a], texts[b]) for a, b in zip(pairs.outer.tolist(), pairs.inner.tolist(), strict=True)
    )
    assert sorted(with_pytricia()) == sorted(with_radix()) == found
    nearest = [texts[row] if row >= 0 else None for row in nearest_ancestors(ours).tolist()]
    assert nearest == [trie.parent(text) for text in texts]
    ipv6 = []
    for shift in SHIFTS.values():
        call = partial(overlapping_pairs, column(addresses, lengths, shift))
        assert np.array_equal(call(), pairs)
        ipv6.append(call)
    return Task(
        "overlap",
        f"{len(texts):,} of /14 to /28 in a /8, {len(found):,} pairs",
        partial(overlapping_pairs, ours),
        ipv6,
        {"pytricia": with_pytricia, "py-radix": with_radix},
        {"pytricia": (50, 50)},
        n_bytes(ours) + pairs.outer.nbytes + pairs.inner.nbytes,
        "the sort",
    )


def lookup_task(rng, n):
    """Longest matches of random addresses in a table."""
    addresses, lengths = nested_prefixes(rng, n, 12, 0, 32)
    ours = column(addresses, lengths)
    trie, tree = pytricia.PyTricia(), radix.Radix()
    for row, text in enumerate(format_prefixes(ours)):
        trie.insert(text, row)
        tree.add(text).data["row"] = row
    numbers = rng.integers(0, 1 << 32, 10 * n).astype(np.uint32)
    texts = [str(netaddr.IPAddress(number)) for number in numbers.tolist()]
    match = LongestMatch(ours)
    rows = match.rows(numbers)
    assert [-1 if row is None else row for row in map(trie.get, texts)] == rows.tolist()
    nodes = map(tree.search_best, texts[:n])
    assert [-1 if node is None else node.data["row"] for node in nodes] == rows[:n].tolist()
    ipv6 = []
    for shift in SHIFTS.values():
        call = partial(LongestMatch(column(addresses, lengths, shift)).rows, *ipv6_words(numbers, shift))
        assert np.array_equal(call(), rows)
        ipv6.append(call)
    return Task(
        "longest match",
        f"{len(texts):,} random addresses in {len(ours):,} of /12 to /28",
        lambda: match.rows(numbers),
        ipv6,
        {
            "pytricia": lambda: list(map(trie.get, texts)),
            "py-radix": lambda: list(map(tree.search_best, texts)),
        },
        {"pytricia": (80, 150)},
        numbers.nbytes + rows.nbytes,
        f"three reads at random places of {(match.n_bytes) / 1e6:.1f} MB, more than the second-level cache",
    )


def parse_task(rng, n):
    """Texts to a column."""
    lengths = rng.integers(8, 33, 2 * n)
    addresses = rng.integers(0, 1 << 32, 2 * n) >> (32 - lengths) << (32 - lengths)
    ours = column(addresses, lengths)
    texts = format_prefixes(ours)
    assert [(one.first, one.prefixlen) for one in map(netaddr.IPNetwork, texts)] == ipv4_pairs(
        parse_prefixes(texts)
    )
    ipv6 = []
    for shift in SHIFTS.values():
        call = partial(parse_prefixes, format_prefixes(column(addresses, lengths, shift)))
        assert ipv4_pairs(call(), shift) == ipv4_pairs(ours)
        ipv6.append(call)
    peers = {
        "netaddr": lambda: [netaddr.IPNetwork(text) for text in texts],
        "ipaddress": lambda: [ipaddress.IPv4Network(text) for text in texts],
    }
    return Task(
        "parse",
        f"{len(texts):,} texts of /8 to /32",
        lambda: parse_prefixes(texts),
        ipv6,
        peers,
        {"netaddr": (40, 40)},
        sum(map(len, texts)) + len(texts) + n_bytes(ours),
        "one byte after the other, and joining the texts",
    )


def carve_task(n):
    """A /8 cut into blocks of /24, or longer ones; no goal was set."""
    length = min(24, 8 + (n - 1).bit_length())
    ours = carve("10.0.0.0/8", length)
    parent = netaddr.IPNetwork("10.0.0.0/8")
    assert [(one.first, one.prefixlen) for one in parent.subnet(length)] == ipv4_pairs(ours)
    parents = {shift: column([TEN], [8], shift).networks()[0] for shift in SHIFTS.values()}
    return Task(
        "carve",
        f"a /8 into {len(ours):,}",
        partial(carve, "10.0.0.0/8", length),
        [partial(carve, wide, length + 96 - shift) for shift, wide in parents.items()],
        {"netaddr": lambda: list(parent.subnet(length))},
        {},
        n_bytes(ours),
        "the memory",
    )


def tasks(n):
    rng = np.random.default_rng(SEED)
    dense = TEN + (rng.permutation(max(n * 21 // 16, 2))[:n] << 7)
    yield free_space_task(rng, n)
    yield merge_task("merge, dense", f"{n:,} of /25, 3 of 4 side by side", 400, dense, np.full(n, 25))
    addresses, lengths = nested_prefixes(rng, n, 14, TEN, 24)
    yield merge_task("merge, nested", f"{len(lengths):,} of /14 to /28 in a /8", 150, addresses, lengths)
    yield overlap_task(rng, n)
    yield lookup_task(rng, n)
    yield parse_task(rng, n)
    yield carve_task(n)


def seconds(call, n_calls=1):
    """Median time of a few calls."""
    times = []
    for _ in range(n_calls):
        start = time.thread_time()
        call()
        times.append(time.thread_time() - start)
    return median(times)


def bandwidth():
    """Bytes a second that a large copy reads and writes."""
    source = np.ones(1 << 23)
    target = np.ones_like(source)
    return 2 * source.nbytes / seconds(lambda: np.copyto(target, source), 9)


def measure(task, n_runs):
    """Time everybody in turn."""
    calls = {
        "ours": task.ours,
        **{f"IPv6 {name}": call for name, call in zip(SHIFTS, task.ours_ipv6, strict=True)},
    }
    for _ in range(n_runs):
        for name, call in (calls | task.peers).items():
            task.times.setdefault(name, []).append(seconds(call, 7 if name in calls else 1))


def ratio(task, some, other):
    return median(a / b for a, b in zip(task.times[some], task.times[other], strict=True))


def report(task, bytes_per_s):
    """Print the rows of one task; whether all goals are reached."""
    ours = median(task.times["ours"])
    print(f"\n{task.name}: {task.input}")
    print(
        f"  ours {ours * 1e3:8.2f} ms; moving {task.bytes / 1e6:.1f} MB once: {task.bytes / bytes_per_s * 1e3:.2f} ms,",
        end="",
    )
    print(f" {ours * bytes_per_s / task.bytes:.0f} times less. Limited by: {task.limit}")
    reached = True
    for peer in task.peers:
        found = ratio(task, peer, "ours")
        goal, aim = task.goals.get(peer, (0, 0))
        reached &= found >= goal
        words = f"goal {goal:,}" + (f", aim {aim:,}" if aim > goal else "") if goal else "no goal"
        verdict = "" if not goal else "reached" if found >= goal else "NOT REACHED"
        print(
            f"  {peer:10} {median(task.times[peer]) * 1e3:8.1f} ms   {found:8,.0f} times ours   {words:22} {verdict}"
        )
    worst = max(SHIFTS, key=lambda name: ratio(task, f"IPv6 {name}", "ours"))
    share = ratio(task, f"IPv6 {worst}", "ours")
    verdict = "reached" if share <= MOST_IPV6_SHARE else "NOT REACHED"
    print(
        f"  {'IPv6':10} {median(task.times[f'IPv6 {worst}']) * 1e3:8.2f} ms   {share:8.2f} times IPv4   goal at most 3         {verdict} ({worst})"
    )
    return reached and share <= MOST_IPV6_SHARE


def main():
    """Read the arguments and run; 1 if a goal is missed at full size."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--size", type=int, default=SIZE, help="prefixes; goals hold for 100,000")
    parser.add_argument("--runs", type=int, default=5)
    arguments = parser.parse_args()
    bytes_per_s = bandwidth()
    print(
        f"median of {arguments.runs} interleaved runs; a large copy moves {bytes_per_s / 1e9:.1f} GB/s, read and written"
    )
    reached = []
    for task in tasks(arguments.size):
        measure(task, arguments.runs)
        reached.append(report(task, bytes_per_s))
    return 0 if all(reached) or arguments.size < SIZE else 1


if __name__ == "__main__":
    sys.exit(main())
