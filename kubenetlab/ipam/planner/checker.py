"""Checks a plan and its certificate without the planner: ``python checker.py plan.json``."""

import json
import re
import sys
from collections.abc import Callable, Iterable, Iterator
from hashlib import sha256
from ipaddress import ip_network
from itertools import groupby, pairwise
from pathlib import Path
from typing import Any


def check(facts: dict[str, Any], *questions: Callable[[dict[str, Any]], Iterator[str]]) -> list[str]:
    """Return what is wrong with a certificate (or with other facts), in words; an empty list if it holds."""
    try:
        faults = [f for ask in questions or (_asked_faults, _apart_faults) for f in ask(facts)]
        whole = json.dumps({k: v for k, v in facts.items() if k != "sha256"}, sort_keys=True).encode()
        return faults + ["it was changed since it was made"] * (facts["sha256"] != sha256(whole).hexdigest())
    except (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError) as error:
        return [f"this is not readable: {type(error).__name__}: {error}"]


def check_plan(plan: dict[str, Any]) -> list[str]:
    """Return what is wrong with a plan: with its certificate, or with anything that it says besides."""
    return check(plan.get("certificate", {})) + check(plan, _listed_faults)


def _listed_faults(plan: dict[str, Any]) -> Iterator[str]:
    """The plan lists the ranges of its certificate, and settings name addresses of their own cluster alone."""
    listed = sorted([row["name"], row["range"]] for row in plan["ranges"])
    is_same = listed == sorted(map(list, plan["certificate"]["ranges"].items()))
    yield from ["the plan lists other ranges than its certificate"] * (not is_same)
    rows_of = groupby(plan["ranges"], lambda row: row["cluster"])
    own = {cluster: [_interval(row["range"]) for row in rows] for cluster, rows in rows_of}
    for cluster, words in ((setting["cluster"], setting["text"]) for setting in plan["settings"]):
        for text in re.findall(r"(?:\d+\.){3}\d+(?:/\d+)?|[\da-f]+:[\da-f:]*/\d+", words):
            version, first, last = _interval(text)
            if not any(v == version and a <= first and last <= b for v, a, b in own.get(cluster, ())):
                yield f"{cluster}: its settings name {text}, which is in none of its ranges"


def _asked_faults(certificate: dict[str, Any]) -> Iterator[str]:
    """Every range asked for is there, once, with its size, in a parent, where it was fixed; the inequalities are true."""
    ranges, demands = certificate["ranges"], certificate["demands"]
    stated = {block["name"]: block for block in certificate["blocks"]}
    if not sorted(ranges) == sorted(stated) == sorted(d["name"] for d in demands):
        yield "the ranges are not those that were asked for, each once"
    for demand in demands:
        name, text, block = demand["name"], ranges[demand["name"]], ip_network(ranges[demand["name"]])
        asked = demand["version"], demand["prefix_length"], demand["at"] or text
        if (block.version, block.prefixlen, str(block)) != asked or str(block) != text:
            yield f"{name}: {text} is not the IPv{asked[0]} /{asked[1]} asked for, or not where it is fixed"
        fact = {"first": int(block[0]), "last": int(block[-1]), "size": block.num_addresses}
        holding = [parent for parent in demand["parents"] if block.subnet_of(ip_network(parent))]  # type: ignore[arg-type]
        if not holding or stated[name] != {"name": name, "range": text, **fact, "parent": holding[0]}:
            yield f"{name}: {text} lies in no parent, or not as stated"
    for fact in certificate["inequalities"]:
        left, sign, right, says, name = map(fact.get, ("left", "relation", "right", "says", "range"))
        is_said = says.startswith(f"{left:d} <= {right:d}: ") and name in ranges
        if sign != "<=" or left > right or not is_said:
            yield f"this does not hold: {says}"


def _apart_faults(certificate: dict[str, Any]) -> Iterator[str]:
    """Ranges that share a domain do not overlap, nor those of ``not X`` and X. Nor does one meet an obstacle."""
    blocks = {name: _interval(text) for name, text in certificate["ranges"].items()}
    pairs = sorted((d, blocks[x["name"]], x["name"]) for x in certificate["demands"] for d in x["domains"])
    members = {d: [name for *_, name in group] for d, group in groupby(pairs, lambda pair: pair[0])}
    alone = members.setdefault("everywhere", [])
    yield from ["the order of the ranges in some domain is not as stated"] * (certificate["apart"] != members)
    shared = {domain[4:]: members.pop(domain) for domain in list(members) if domain.startswith("not ")}
    apart = [(f"{a} and {b} overlap", [a], [b]) for names in members.values() for a, b in pairwise(names)]
    apart += [(f"not {d}: a range meets {d}", names, members.get(d, [])) for d, names in shared.items()]
    rest = [name for name in blocks if name not in alone]
    apart.append(("a range that must be apart from all others is not", alone, rest))
    yield from (fault for fault, a, b in apart if _meet(map(blocks.get, a), map(blocks.get, b)))
    for domain in sorted({domain for hole in certificate["obstacles"] for domain in hole["domains"]}):
        mine = rest if domain == "everywhere" else [*members.get(domain, []), *shared.get(domain, [])]
        holes = [_interval(hole["network"]) for hole in certificate["obstacles"] if domain in hole["domains"]]
        yield from [f"{domain}: a range meets an obstacle"] * _meet(map(blocks.get, alone + mine), holes)


def _meet(some: Iterable[Any], others: Iterable[Any]) -> bool:
    """Whether one of some overlaps one of the others: by address, none starts before those of the other side end."""
    furthest = [(0, 0), (0, 0)]
    for version, first, last, side in sorted([(*i, 0) for i in some] + [(*i, 1) for i in others]):
        if furthest[1 - side] >= (version, first):
            return True
        furthest[side] = max(furthest[side], (version, last))
    return False


def _interval(text: str) -> tuple[int, int, int]:
    return ip_network(text).version, int(ip_network(text)[0]), int(ip_network(text)[-1])


if __name__ == "__main__":
    sys.exit("\n".join(check_plan(json.loads(Path(sys.argv[1]).read_bytes()))) or print("the plan holds"))
