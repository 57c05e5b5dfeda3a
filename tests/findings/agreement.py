"""Synthetic clusters against the findings and the brute force: what was planted, found and confirmed, by code."""

import json
import random
from collections import Counter
from itertools import cycle, islice
from typing import NamedTuple

from kubenetlab.findings import Severity, check
from kubenetlab.readers import read_bytes
from kubenetlab.synthetic import NEIGHBOURS, PLATFORMS, synthetic_dump
from tests.findings.brute_force import brute_force
from tests.findings.listings import read_items
from tests.findings.planted_listings import PLANT

N_CLUSTERS = 200
#: Codes that no synthetic dump has planted: they need listings or a node that is gone (`listed` plants these), or OVN's networks.
LISTED_CODES = frozenset({"KNL211", "KNL212", "KNL213", "KNL214"})
DUAL_STACK = tuple(name for name, platform in PLATFORMS.items() if platform.pod_cidr6)


class Checked(NamedTuple):
    """One cluster: the call that made it, and (code, object) of what was planted, found, and found by brute force."""

    call: dict
    planted: frozenset
    found: frozenset
    confirmed: frozenset
    above_info: frozenset


def checked(**call):
    """Make a cluster, read it from its text, apply the rules; and apply the brute force to the same text."""
    dump = synthetic_dump(fat=False, **call)
    findings = list(check(dump.cluster()))
    return Checked(
        call,
        frozenset((planted.code, planted.object) for planted in dump.planted),
        frozenset((finding.code, finding.object) for finding in findings),
        frozenset(brute_force(json.loads(dump.json())["items"])),
        frozenset((f.code, f.object) for f in findings if f.severity > Severity.INFO),
    )


def random_clusters():
    """Check clusters of all platforms in turn, with a few random faults each, some of them dual stack."""
    for seed, platform in enumerate(islice(cycle(PLATFORMS), N_CLUSTERS)):
        size = {"nodes": 4 + seed % 5, "pods": 50 + seed % 30}
        dual_stack = platform in DUAL_STACK and seed % 3 == 0
        yield checked(seed=seed, platform=platform, faults="random", dual_stack=dual_stack, **size)


def neighbour_cases():
    """(code, name of the neighbour, platform) of every harmless neighbour and a platform where it can be."""
    return [
        (name.partition("-")[0], name, platform)
        for name, neighbour in NEIGHBOURS.items()
        for platform in neighbour.platforms
    ]


def table(clusters):
    """Return precision and recall by code as lines of text."""
    planted, recalled, found, confirmed = (Counter() for _ in range(4))
    for one in clusters:
        planted.update(code for code, _ in one.planted)
        recalled.update(code for code, _ in one.planted & one.found)
        found.update(code for code, _ in one.found)
        confirmed.update(code for code, _ in one.found & one.confirmed)
    lines = [f"{'code':8}{'planted':>8}{'recall':>8}{'found':>8}{'precision':>11}"]
    for code in sorted(planted | found):
        recall = f"{recalled[code] / planted[code]:8.3f}" if planted[code] else f"{'-':>8}"
        precision = f"{confirmed[code] / found[code]:11.3f}" if found[code] else f"{'-':>11}"
        lines.append(f"{code:8}{planted[code]:8}{recall}{found[code]:8}{precision}")
    return lines


def tight(platform, prefix_length):
    """A dump with a small pod range and most pods on one node: found, and found by brute force."""
    dump = synthetic_dump(seed=prefix_length, platform=platform, nodes=4, pods=40, fat=False)
    text, cidr = bytes(dump.json()).decode(), PLATFORMS[platform].pod_cidr
    if cidr:
        text = text.replace(cidr, f"{cidr.partition('/')[0]}/{prefix_length}")
    items = json.loads(text)["items"]
    pods = [item for item in items if item["kind"] == "Pod" and not item["spec"].get("hostNetwork")]
    full = next(item["metadata"]["name"] for item in items if item["kind"] == "Node")
    for pod in pods:
        pod["spec"]["nodeName"] = full
    for number in range(8 * prefix_length):
        items.append(pods[0] | {"metadata": pods[0]["metadata"] | {"name": f"crowd-{number}"}})
    found = check(read_bytes("tight", json.dumps({"kind": "List", "items": items}).encode()))
    return {(f.code, f.object) for f in found}, brute_force(items)


def partial(seed):
    """A dump of which some kinds, or some objects of any kind, are missing: found, and found by brute force."""
    rng = random.Random(seed)
    platform = list(PLATFORMS)[seed % len(PLATFORMS)]
    items = json.loads(synthetic_dump(seed=seed, platform=platform, faults="random", fat=False).json())[
        "items"
    ]
    kinds = sorted({item["kind"] for item in items})
    missing = rng.sample(kinds, rng.randint(1, len(kinds) - 1)) if seed % 2 else []
    share = 1 if missing else 0.6
    kept = [item for item in items if item["kind"] not in missing and rng.random() < share]
    found = check(read_bytes("partial", json.dumps({"kind": "List", "items": kept}).encode()))
    return {(f.code, f.object) for f in found}, brute_force(kept)


def listed(seed, platform):
    """A healthy cluster with random listings, or without a node: what of LISTED_CODES was planted, found, confirmed."""
    call = {"seed": seed, "platform": platform, "nodes": 6, "pods": 60}
    items = json.loads(synthetic_dump(fat=False, **call).json())["items"]
    planted = PLANT[platform](random.Random(seed), items)
    findings = check(read_items(items), codes=sorted(LISTED_CODES))
    found = frozenset((finding.code, finding.object) for finding in findings)
    confirmed = frozenset(one for one in brute_force(items) if one[0] in LISTED_CODES)
    return Checked(call, frozenset(planted), found, confirmed, found)
