"""Every plan of a tiny request, by trying everything: the addresses of one /24 as bits. Shares nothing with the planner.

A state is what lies where, 256 bits for each domain; the ranges are placed one after the other in every possible way, and
states that are equal are merged. Of several ways to one state the one with the fewest moves counts.
"""

import ipaddress
import random
from functools import cache, reduce
from itertools import combinations, product
from operator import or_

import netaddr

from kubenetlab.ipam.planner.problem import EVERYWHERE, Demand, Obstacle

SPACE = ipaddress.ip_network("10.0.0.0/24")
EVERY_CELL = (1 << 256) - 1
DOMAINS = ("a", "b", "c", EVERYWHERE, "not a")


def cells(network):
    """The addresses of a network, as bits."""
    return _cells(str(network))


@cache
def _cells(text):
    network = ipaddress.ip_network(text)
    return ((1 << network.num_addresses) - 1) << int(network.network_address) - int(SPACE.network_address)


def places(demand):
    """All blocks of the right size in one of the parents."""
    fitting = _places(demand.prefix_length, tuple(map(str, demand.parents)))
    return [block for block in fitting if demand.at is None or str(block) == str(demand.at)]


@cache
def _places(prefix_length, parents):
    inside = [ipaddress.ip_network(parent) for parent in parents]
    blocks = list(SPACE.subnets(new_prefix=prefix_length))
    return [block for block in blocks if any(block.subnet_of(parent) for parent in inside)]


def must_be_apart(one, other):
    """Whether two ranges, or a range and an obstacle, must not overlap."""
    share = (set(one) & set(other)) - {"not a"}
    return EVERYWHERE in {*one, *other} or bool(share) or _are_against(one, other) or _are_against(other, one)


def _are_against(one, other):
    return "not a" in one and "a" in other


def columns(bits, is_used):
    """The bits once in every column of a state that is used."""
    return sum(bits << 256 * n for n, used in enumerate(is_used) if used)


def fewest_moves(demands, obstacles):
    """The fewest ranges of ``stays`` that must move in any plan; None if there is no plan.

    The order of placing does not matter. What no later range must be apart from is forgotten.
    """
    states = {0: 0}
    in_order = sorted(demands, key=lambda demand: (sorted(demand.domains), len(places(demand))))
    for number, demand in enumerate(in_order):
        forbidden = [cells(o.network) for o in obstacles if must_be_apart(o.domains, demand.domains)]
        written = [d in demand.domains for d in DOMAINS] + [True]
        later = [columns(EVERY_CELL, _read(other)) for other in in_order[number + 1 :]]
        remembered = reduce(or_, later, 0)
        after = {}
        for block in places(demand):
            bits = cells(block)
            if any(bits & hole for hole in forbidden):
                continue
            has_moved = demand.stays is not None and demand.at is None and str(block) != str(demand.stays)
            reads, writes = columns(bits, _read(demand)), columns(bits, written)
            for state, moves in states.items():
                if not state & reads:
                    new = (state | writes) & remembered
                    after[new] = min(after.get(new, moves + 1), moves + has_moved)
        states = after
    return min(states.values(), default=None)


def _read(demand):
    reads = [must_be_apart({d}, demand.domains - {EVERYWHERE}) for d in DOMAINS]
    return [*reads, EVERYWHERE in demand.domains]


def is_a_plan(demands, obstacles, placed):
    """Whether every range lies where it may, apart from what it must be apart from."""
    blocks = {name: ipaddress.ip_network(str(network)) for name, network in placed.items()}
    if set(blocks) != {demand.name for demand in demands}:
        return False
    if any(blocks[demand.name] not in places(demand) for demand in demands):
        return False
    ranges = [(demand.domains, blocks[demand.name]) for demand in demands]
    taken = [(o.domains, ipaddress.ip_network(str(o.network))) for o in obstacles]
    pairs = [(one, other) for n, one in enumerate(ranges) for other in ranges[n + 1 :] + taken]
    return not any(must_be_apart(d1, d2) and b1.overlaps(b2) for (d1, b1), (d2, b2) in pairs)


def random_block(rng, *lengths):
    """A random block of the /24."""
    return netaddr.IPNetwork(str(rng.choice(list(SPACE.subnets(new_prefix=rng.choice(lengths))))))


def random_domains(rng):
    """One or two domains, some apart from one of them, seldom none, seldom everywhere."""
    if rng.random() < 0.05:
        return frozenset(rng.choice([(), (EVERYWHERE,)]))
    domains = frozenset(rng.sample(DOMAINS[:3], rng.choice([1, 1, 2])))
    return domains if "a" in domains or rng.random() < 0.5 else domains | {"not a"}


def random_request(seed, n_demands=(3, 7), share_of_stays=0.25):
    """A random request that is often tight: fixed ranges, forbidden holes, several parents, domains, earlier places."""
    rng = random.Random(seed)
    demands = []
    for number in range(rng.randint(*n_demands)):
        length = rng.choice([26, 27, 27, 28])
        parents = tuple(dict.fromkeys(random_block(rng, 24, 24, 25, 26) for _ in range(rng.randint(1, 3))))
        inside = [p for p in parents if p.prefixlen <= length] or [None]
        is_fixed, has_stays = rng.random() < 0.15, rng.random() < share_of_stays
        at = stays = None
        if is_fixed and inside[0]:
            at = rng.choice(list(inside[0].subnet(length)))
        if has_stays and inside[0]:
            stays = rng.choice(list(rng.choice(inside).subnet(length)))
        demands.append(
            Demand(f"range-{number}", 4, length, parents, random_domains(rng), at, stays, f"line {number}")
        )
    obstacles = [
        Obstacle(
            f"hole-{n}",
            random_block(rng, 26, 27, 28, 30),
            random_domains(rng) - {"not a"} or frozenset("a"),
            f"hole {n}",
            rng.random() < 0.3,
        )
        for n in range(rng.randint(0, 4))
    ]
    return demands, obstacles


def relaxed(demand):
    """What may become of a demand that cannot be had as it is, with the addresses given up; None: left out."""
    size = 2 ** (32 - demand.prefix_length)
    if demand.at is not None:
        return [(size, demand._replace(at=None)), (size, None)]
    lengths = range(demand.prefix_length + 1, demand.prefix_length + 5)
    smaller = [(size - 2 ** (32 - n), demand._replace(prefix_length=n)) for n in lengths]
    return [*smaller, (size, None)]


def smallest_relaxation(demands, obstacles, at_most=2):
    """The fewest requirements that must be given up, and then the fewest addresses; None if it takes more of them."""
    options = [relaxed(demand) for demand in demands]
    options += [[] if o.is_law else [(2 ** (32 - o.network.prefixlen), None)] for o in obstacles]
    for n_given_up in range(at_most + 1):
        addresses = [
            sum(change[0] for change in changes)
            for chosen in combinations(range(len(options)), n_given_up)
            for changes in product(*(options[n] for n in chosen))
            if _works(demands, obstacles, dict(zip(chosen, changes, strict=True)))
        ]
        if addresses:
            return n_given_up, min(addresses)
    return None


def _works(demands, obstacles, changes):
    become = [changes[n][1] if n in changes else demand for n, demand in enumerate(demands)]
    left = [o for n, o in enumerate(obstacles, len(demands)) if n not in changes]
    return fewest_moves([demand for demand in become if demand], left) is not None
