import ast
import copy
import hashlib
import json
import random
import subprocess
import sys
from pathlib import Path

import netaddr
import pytest

from kubenetlab.ipam.planner import checker
from kubenetlab.ipam.planner.certificate import certificate
from kubenetlab.ipam.planner.checker import check, check_plan
from kubenetlab.ipam.planner.packing import ImpossiblePlanError, pack
from kubenetlab.ipam.planner.plan_document import plan_document
from kubenetlab.ipam.planner.problem import EVERYWHERE, Demand, Obstacle
from tests.ipam.planner import brute_force
from tests.ipam.planner.written_requests import cluster, planned


def request():
    """Two clusters of both families, with fixed ranges, several parents, a peer, and obstacles."""
    four = (netaddr.IPNetwork("10.0.0.0/16"), netaddr.IPNetwork("172.16.0.0/20"))
    six = (netaddr.IPNetwork("fd00::/56"),)
    fixed = netaddr.IPNetwork("10.0.64.0/20")
    demands = []
    for name in ("shop", "bank"):
        own, routable = frozenset({name}), frozenset({name, "routable"})
        demands += [
            Demand(
                f"{name}/pods",
                4,
                20,
                four,
                routable,
                fixed if name == "bank" else None,
                None,
                f"{name}: 400 pods",
            ),
            Demand(f"{name}/nodes", 4, 24, four, routable, requirement=f"{name}: 90 nodes"),
            Demand(f"{name}/services", 4, 22, four, own, requirement=f"{name}: 300 Services"),
            Demand(f"{name}/pods-6", 6, 60, six, routable, requirement=f"{name}: dual stack"),
        ]
    demands.append(Demand("bastion", 4, 28, four, frozenset({EVERYWHERE}), requirement="one bastion"))
    obstacles = [
        Obstacle("office", netaddr.IPNetwork("10.0.0.0/19"), requirement="in use: office"),
        Obstacle("vpn", netaddr.IPNetwork("10.0.128.0/18"), frozenset({"routable"}), "vpn"),
        Obstacle("lab", netaddr.IPNetwork("fd00::/62"), requirement="lab"),
    ]
    return demands, obstacles


def inequalities(demands):
    return [
        {"name": d.name, "quantity": "addresses", "needed": 200, "holds": 2**8, "words": "At least a /24."}
        for d in demands
    ]


def valid():
    demands, obstacles = request()
    return certificate(demands, obstacles, pack(demands, obstacles), inequalities(demands))


def sealed(facts):
    """The same facts with a digest that fits, as a forger would make it."""
    rest = {key: value for key, value in facts.items() if key != "sha256"}
    return {**rest, "sha256": hashlib.sha256(json.dumps(rest, sort_keys=True).encode()).hexdigest()}


def leaves(value, path=()):
    """Where every single value and every container stands."""
    yield path
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in items:
        yield from leaves(inner, (*path, key))


def at(value, path):
    for key in path:
        value = value[key]
    return value


def another(rng, value):
    """A value of the same type that is not this one."""
    if isinstance(value, bool | None):
        return "10.0.0.0/24"
    if isinstance(value, int | float):
        return value + rng.choice([-1, 1, 2, 256, -value - 1])
    if isinstance(value, str):
        position = rng.randrange(len(value) + 1)
        return value[:position] + rng.choice("0129abc/.: ") + value[position:]
    return [] if value else ["new"]


def with_changed_value(rng, facts):
    path = rng.choice([path for path in leaves(facts) if path])
    at(facts, path[:-1])[path[-1]] = another(rng, at(facts, path))


def with_removed_part(rng, facts):
    path = rng.choice([path for path in leaves(facts) if path])
    del at(facts, path[:-1])[path[-1]]


def with_doubled_part(rng, facts):
    path = rng.choice([p for p in leaves(facts) if isinstance(at(facts, p), list) and at(facts, p)])
    at(facts, path).append(copy.deepcopy(rng.choice(at(facts, path))))


def with_swapped_parts(rng, facts):
    while True:
        path = rng.choice(
            [p for p in leaves(facts) if isinstance(at(facts, p), list) and len(at(facts, p)) > 1]
        )
        one, other = rng.sample(range(len(at(facts, path))), 2)
        items = at(facts, path)
        if items[one] != items[other]:
            items[one], items[other] = items[other], items[one]
            return


def with_moved_range(rng, facts):
    name = rng.choice(list(facts["ranges"]))
    old = netaddr.IPNetwork(facts["ranges"][name])
    facts["ranges"][name] = str(old.next(rng.choice([-2, -1, 1, 2, 3])))


def with_swapped_ranges(rng, facts):
    one, other = rng.sample(list(facts["ranges"]), 2)
    ranges = facts["ranges"]
    ranges[one], ranges[other] = ranges[other], ranges[one]
    if ranges[one] == ranges[other]:
        del ranges[one]


def with_overlap(rng, facts):
    domain = rng.choice([names for names in facts["apart"].values() if len(names) > 1])
    one, other = rng.sample(domain, 2)
    facts["ranges"][one] = facts["ranges"][other]


def with_host_bits(rng, facts):
    name = rng.choice(list(facts["ranges"]))
    facts["ranges"][name] = facts["ranges"][name].replace("0/", "1/").replace("::/", "::1/")


def with_other_family(rng, facts):
    name = rng.choice([name for name in facts["ranges"] if "6" not in name])
    facts["ranges"][name] = rng.choice(["fd00::/60", "::ffff:10.0.0.0/116"])


def with_range_outside(rng, facts):
    name = rng.choice([name for name in facts["ranges"] if "6" not in name])
    facts["ranges"][name] = "192.168.0.0/" + facts["ranges"][name].rsplit("/")[1]


def with_other_size(rng, facts):
    rng.choice(facts["demands"])["prefix_length"] += rng.choice([-1, 1])


def with_renamed_range(rng, facts):
    name = rng.choice(list(facts["ranges"]))
    facts["ranges"][f"{name}-new"] = facts["ranges"].pop(name)


def with_missing_range(rng, facts):
    del facts["ranges"][rng.choice(list(facts["ranges"]))]


def with_removed_demand(rng, facts):
    facts["demands"].pop(rng.randrange(len(facts["demands"])))


def with_other_fixed_place(rng, facts):
    rng.choice(facts["demands"])["at"] = "10.0.80.0/20"


def with_obstacle_on_a_range(rng, facts):
    name = rng.choice(list(facts["ranges"]))
    facts["obstacles"].append({**facts["obstacles"][0], "network": facts["ranges"][name]})


def with_false_inequality(rng, facts):
    rng.choice(facts["inequalities"])[rng.choice(["left", "right"])] += rng.choice([-300, 300, 57])


def with_inequality_that_says_so_but_is_false(rng, facts):
    rng.choice(facts["inequalities"]).update(left=257, says="257 <= 256: addresses")


def with_other_order(rng, facts):
    rng.choice([names for names in facts["apart"].values() if len(names) > 1]).reverse()


#: Each alone makes a plan wrong, or its facts contradict one another: no digest is needed to see it.
MEANINGFUL = [
    with_moved_range, with_swapped_ranges, with_overlap, with_host_bits, with_other_family, with_range_outside,
    with_other_size, with_renamed_range, with_missing_range, with_removed_demand, with_other_fixed_place,
    with_obstacle_on_a_range, with_false_inequality, with_inequality_that_says_so_but_is_false,
    with_other_order,
]  # fmt: skip
#: Any value of the certificate, also one that only a person reads.
ANYWHERE = [with_changed_value, with_removed_part, with_doubled_part, with_swapped_parts]


def damaged(kinds, seed):
    rng = random.Random(seed)
    facts = copy.deepcopy(VALID)
    kind = kinds[seed % len(kinds)]
    kind(rng, facts)
    assert facts != VALID, kind
    return facts


VALID = valid()


def test_check__a_valid_certificate_holds():
    assert check(VALID) == []


def test_check__a_certificate_read_from_json_holds():
    assert check(json.loads(json.dumps(VALID, indent=2))) == []


def test_check__refuses_1000_of_1000_damaged_plans():
    accepted = [seed for seed in range(1_000) if not check(damaged(MEANINGFUL + ANYWHERE, seed))]

    assert accepted == []


def test_check__refuses_1000_of_1000_plans_whose_forger_made_a_new_digest():
    accepted = [seed for seed in range(1_000) if not check(sealed(damaged(MEANINGFUL, seed)))]

    assert accepted == []


def test_check__refuses_every_single_changed_value():
    rng = random.Random(1)
    accepted = []
    for path in leaves(VALID):
        if path:
            facts = copy.deepcopy(VALID)
            at(facts, path[:-1])[path[-1]] = another(rng, at(facts, path))
            accepted += [path] * (not check(facts))

    assert accepted == []


def test_check__agrees_with_brute_force_on_plans_that_are_wrong_but_consistent():
    n_right = 0
    for seed in range(1_000):
        demands, obstacles = brute_force.random_request(seed, (2, 3))
        rng = random.Random(seed)
        placed = {d.name: brute_force.random_block(rng, d.prefix_length) for d in demands}

        faults = check(certificate(demands, obstacles, placed, []))

        is_right = brute_force.is_a_plan(demands, obstacles, placed)
        assert (faults == []) == is_right, seed
        n_right += is_right
    assert 50 < n_right < 950


def test_check__refuses_a_single_address_that_is_an_obstacle():
    host = netaddr.IPNetwork("10.0.0.7/32")
    demands = [Demand("host", 4, 32, (netaddr.IPNetwork("10.0.0.0/24"),), frozenset("a"))]

    faults = check(certificate(demands, [Obstacle("printer", host)], {"host": host}, []))

    assert faults == ["everywhere: a range meets an obstacle"]


def test_check__accepts_what_pack_returns():
    for seed in range(300):
        demands, obstacles = brute_force.random_request(seed)
        try:
            placed = pack(demands, obstacles)
        except ImpossiblePlanError:
            continue

        assert check(certificate(demands, obstacles, placed, [])) == [], seed


@pytest.mark.parametrize(
    "nonsense", [{}, {"ranges": 5}, {**VALID, "ranges": None}, {**VALID, "demands": [[]]}, []]
)
def test_check__says_that_it_cannot_read_nonsense(nonsense):
    assert "not readable" in check(nonsense)[0]


def a_plan(**fields):
    """The document of a plan whose ranges are those of VALID."""
    rows = [{"name": name, "cluster": "c", "range": text} for name, text in VALID["ranges"].items()]
    settings = [{"cluster": "c", "file": "f", "text": "podSubnet: 10.0.64.0/20, dns 10.0.64.10, v1.2.3"}]
    return sealed(
        {"ranges": rows, "clusters": [{"cluster": "c"}], "settings": settings, "certificate": VALID} | fields
    )


def test_check_plan__refuses_a_plan_that_lists_other_ranges():
    faults = [check_plan(a_plan(ranges=a_plan()["ranges"][n:])) for n in (0, 1)]

    assert faults == [[], ["the plan lists other ranges than its certificate"]]


@pytest.mark.parametrize("text", ["10.0.64.0/19", "192.168.0.0/24", "10.0.63.255", "fd01::/64", "10.0.0.0/8"])
def test_check_plan__refuses_settings_with_a_range_that_is_not_the_clusters(text):
    settings = [{"cluster": "c", "file": "f", "text": f"podSubnet: {text}"}]

    faults = check_plan(a_plan(settings=settings))

    assert faults == [f"c: its settings name {text}, which is in none of its ranges"]


def test_check_plan__refuses_every_single_changed_or_removed_value_of_a_plan():
    document = json.loads(
        json.dumps(
            plan_document(
                planned(cluster("growth: 10%"), cluster("platform: eks, instance_type: m5.2xlarge", "b")), "1"
            )
        )
    )
    rng = random.Random(1)
    accepted = []
    for path in filter(None, leaves(document)):
        changed, shorter = copy.deepcopy(document), copy.deepcopy(document)
        at(changed, path[:-1])[path[-1]] = another(rng, at(document, path))
        del at(shorter, path[:-1])[path[-1]]
        accepted += [path for damaged_plan in (changed, shorter) if not check_plan(damaged_plan)]

    assert check_plan(document) == []
    assert accepted == []


@pytest.mark.parametrize("nonsense", [{}, {"certificate": 3}, {"certificate": VALID, "ranges": None}])
def test_check_plan__says_that_it_cannot_read_nonsense(nonsense):
    assert "not readable" in check_plan(nonsense)[0]


def test_checker__is_a_program_of_less_than_100_lines_that_needs_nothing_but_python(tmp_path):
    path = Path(checker.__file__)
    source = path.read_text(encoding="utf-8")
    plan = tmp_path / "plan.json"
    plan.write_text(json.dumps(a_plan()), encoding="utf-8")

    run = subprocess.run(
        [sys.executable, "-I", "-S", path, plan], capture_output=True, text=True, check=False
    )

    imported = {
        a.name for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Import) for a in node.names
    }
    imported |= {node.module for node in ast.walk(ast.parse(source)) if isinstance(node, ast.ImportFrom)}
    assert {name.split(".")[0] for name in imported} <= sys.stdlib_module_names
    assert len(source.splitlines()) < 100
    assert (run.returncode, run.stderr) == (0, "")


def test_checker__as_a_program_ends_with_1_and_says_why(tmp_path):
    plan = tmp_path / "plan.json"
    plan.write_text(json.dumps(a_plan(ranges=[], settings=[])), encoding="utf-8")

    run = subprocess.run(
        [sys.executable, checker.__file__, plan], capture_output=True, text=True, check=False
    )

    assert (run.returncode, run.stderr) == (1, "the plan lists other ranges than its certificate\n")
