"""Plain-Python twins of kubenetlab.load_balancing.paths: obvious, not fast, in whole numbers and fractions."""

from collections import defaultdict
from fractions import Fraction
from itertools import count, islice
from math import lcm

M64 = 1 << 64


def fill_slots(offset, skip, weight, n_slots):
    """A Maglev table from whole preference lists, as the paper has it; weights by counting what each was promised."""
    n_backends, total = len(offset), sum(weight)
    lists = [iter([(o + j * s) % n_slots for j in range(n_slots)]) for o, s in zip(offset, skip, strict=True)]
    promised = [w / n_backends for w in weight]
    owner = {}
    for turn in range(n_slots):
        turns = ((turn + step) % n_backends for step in count())
        if total >= 2 * n_backends:
            backend = next(b for b in turns if (turn + 1) * weight[b] >= int(promised[b]))
            promised[backend] += total
        else:
            backend = next(turns)
        owner[next(slot for slot in lists[backend] if slot not in owner)] = backend
    return [owner[slot] for slot in range(n_slots)]


def murmur3_x64_128(data, seed):
    """The hash on lists of words, block by block and then the tail, byte by byte."""
    c = (0x87C37B91114253D5, 0x4CF5AD432745937F)
    h = [seed, seed]
    whole = len(data) // 16 * 16
    words = [sum(data[i + j] << 8 * j for j in range(8)) for i in range(0, whole, 8)]
    for k1, k2 in zip(words[::2], words[1::2], strict=True):
        h[0] = (rotl(h[0] ^ rotl(k1 * c[0] % M64, 31) * c[1] % M64, 27) + h[1]) * 5 % M64
        h[0] = (h[0] + 0x52DCE729) % M64
        h[1] = (rotl(h[1] ^ rotl(k2 * c[1] % M64, 33) * c[0] % M64, 31) + h[0]) * 5 % M64
        h[1] = (h[1] + 0x38495AB5) % M64
    tail = data[whole:]
    if len(tail) > 8:
        k2 = sum(byte << 8 * j for j, byte in enumerate(tail[8:]))
        h[1] ^= rotl(k2 * c[1] % M64, 33) * c[0] % M64
    if tail:
        k1 = sum(byte << 8 * j for j, byte in enumerate(tail[:8]))
        h[0] ^= rotl(k1 * c[0] % M64, 31) * c[1] % M64
    h = [part ^ len(data) for part in h]
    h[0] = (h[0] + h[1]) % M64
    h[1] = (h[1] + h[0]) % M64
    h = [finished(part) for part in h]
    first = (h[0] + h[1]) % M64
    return first, (h[1] + first) % M64


def rotl(value, n_bits):
    bits = f"{value:064b}"
    return int(bits[n_bits:] + bits[:n_bits], 2)


def finished(value):
    value = (value ^ value // 2**33) * 0xFF51AFD7ED558CCD % M64
    value = (value ^ value // 2**33) * 0xC4CEB9FE1A85EC53 % M64
    return value ^ value // 2**33


def moved_modulo(before, after):
    """Every hash once, up to where both remainders repeat."""
    period = lcm(len(before), len(after))
    return Fraction(sum(before[h % len(before)] != after[h % len(after)] for h in range(period)), period)


def moved_threshold(before, after):
    """As many hashes as both numbers of regions divide, each looked up in its region."""
    size = len(before) * len(after)
    return Fraction(sum(before[h // len(after)] != after[h // len(before)] for h in range(size)), size)


def weights(pods, zones, is_local, sends_to):
    """Share of every node in a balancer's connections."""
    holders = [node for node in pods if pods[node]]
    if sends_to == "zone by zone":
        by_zone = defaultdict(list)
        for node in holders if is_local else pods:
            by_zone[zones[node]].append(node)
        return {node: Fraction(1, len(by_zone) * len(nodes)) for nodes in by_zone.values() for node in nodes}
    if sends_to == "by endpoint weight":
        return {node: Fraction(pods[node], sum(pods.values())) for node in pods}
    chosen = list(pods) if sends_to == "all nodes" else holders
    return {node: Fraction(1, len(chosen)) for node in chosen}


def walk(pods, zones, way, entering):
    """Every path from a node to an endpoint with its probability: {(node it came by, node, number): part}."""
    every = [(node, number) for node in pods for number in islice(count(1), pods[node])]
    paths = {}
    for came_by, weight in entering.items():
        nearest = [e for e in every if e[0] == came_by]
        in_zone = [e for e in every if zones[e[0]] == zones[came_by]]
        has_zones = all(zones[node] for node, _ in every)
        use = {
            "Local": nearest,
            "PreferSameNode": nearest or (in_zone if has_zones and in_zone else every),
            "PreferSameZone": in_zone if has_zones and in_zone else every,
            "Cluster": every,
        }[way]
        for endpoint in use:
            paths[came_by, *endpoint] = weight / len(use)
    return paths
