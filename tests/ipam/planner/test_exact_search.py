import netaddr
import pytest

from kubenetlab.ipam.planner.blocks import Block
from kubenetlab.ipam.planner.exact_search import Budget, OutOfBudgetError, Search
from kubenetlab.ipam.planner.problem import Demand

FIRST = int(netaddr.IPAddress("10.0.0.0"))
PARENTS = (netaddr.IPNetwork("10.0.0.0/25"), netaddr.IPNetwork("10.0.0.128/25"))
ROUTABLE = frozenset({"routable"})


def demand(name, length, parents=PARENTS, domains=ROUTABLE):
    return Demand(name, 4, length, parents, domains)


def places(demands, taken=(), n_steps=1_000):
    found = Search(demands, list(taken), Budget(n_steps)).run()
    return found and {name: (block.first - FIRST, block.length) for name, block in found.items()}


def test_run__the_best_liked_parent_then_the_smallest_block_then_the_lowest_address():
    hole = (Block(FIRST + 64, 27), ROUTABLE)

    found = places([demand("a", 27), demand("b", 27), demand("c", 26)], [hole])

    assert found == {"c": (0, 26), "a": (96, 27), "b": (128, 27)}


def test_run__finds_the_place_that_largest_first_gives_away():
    either, first = demand("either", 25), demand("first", 26, PARENTS[:1])

    assert places([either, first]) == {"either": (128, 25), "first": (0, 26)}


def test_run__proves_that_three_halves_are_too_much():
    assert places([demand(name, 25) for name in "abc"]) is None


def test_run__raises_once_the_budget_is_spent():
    with pytest.raises(OutOfBudgetError):
        places([demand(str(n), 28, domains=frozenset({str(n % 3), str(n % 2)})) for n in range(9)], n_steps=3)
