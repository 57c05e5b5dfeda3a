import netaddr
import pytest

from kubenetlab.ipam.planner.changes import changed, changes_of_demand, changes_of_obstacle
from kubenetlab.ipam.planner.packing import ImpossiblePlanError, pack
from kubenetlab.ipam.planner.problem import Demand, Obstacle
from kubenetlab.ipam.planner.relaxation import smallest_relaxation
from tests.ipam.planner import brute_force

TINY = (netaddr.IPNetwork("10.0.0.0/24"),)
DOMAIN = frozenset({"routable"})


def demand(name, length, **fields):
    return Demand(
        name, 4, length, **{"parents": TINY, "domains": DOMAIN, "requirement": f"line {name}", **fields}
    )


def obstacle(name, network, *, is_law=False):
    return Obstacle(name, netaddr.IPNetwork(network), requirement=f"line {name}", is_law=is_law)


def impossible(demands, obstacles):
    with pytest.raises(ImpossiblePlanError) as caught:
        pack(demands, obstacles)
    return caught.value


def impossible_requests(n_seeds, n_demands):
    for seed in range(n_seeds):
        demands, obstacles = brute_force.random_request(seed, n_demands)
        if brute_force.fewest_moves(demands, obstacles) is None:
            yield seed, demands, obstacles


def test_in_the_way__no_plan_with_these_requirements_but_one_without_any_of_them():
    for seed, demands, obstacles in impossible_requests(400, (3, 7)):
        in_the_way = impossible(demands, obstacles).in_the_way

        def has_plan(texts, demands=demands, obstacles=obstacles):
            kept = [d for d in demands if d.requirement in texts]
            return (
                brute_force.fewest_moves(kept, [o for o in obstacles if o.requirement in texts]) is not None
            )

        assert not has_plan(in_the_way), seed
        assert all(has_plan(set(in_the_way) - {text}) for text in in_the_way), seed


def test_smallest_relaxation__fewest_requirements_then_fewest_addresses_as_by_brute_force():
    for seed, demands, obstacles in impossible_requests(300, (2, 5)):
        relaxation = impossible(demands, obstacles).relaxation

        expected = brute_force.smallest_relaxation(demands, obstacles)
        found = len(relaxation.changes), relaxation.addresses
        assert relaxation.is_smallest, seed
        assert found == expected if expected else found[0] > 2, seed


def test_smallest_relaxation__its_plan_is_one_of_the_changed_request():
    for seed, demands, obstacles in impossible_requests(300, (3, 7)):
        relaxation = impossible(demands, obstacles).relaxation

        names = [item.name for item in (*demands, *obstacles)]
        changes = {names.index(change.name): change for change in relaxation.changes}
        assert brute_force.is_a_plan(*changed(demands, obstacles, changes), relaxation.plan), seed


def test_smallest_relaxation__prefers_one_requirement_of_many_addresses_to_two_of_few():
    fixed = [
        demand("a", 27, at=netaddr.IPNetwork("10.0.0.0/27")),
        demand("b", 27, at=netaddr.IPNetwork("10.0.0.32/27")),
    ]

    relaxation = impossible(fixed, [obstacle("hole", "10.0.0.0/25")]).relaxation

    assert str(relaxation) == "allow ranges in 10.0.0.0/25 (hole)"


def test_smallest_relaxation__never_relaxes_a_law():
    fixed = [
        demand("a", 27, at=netaddr.IPNetwork("10.0.0.0/27")),
        demand("b", 27, at=netaddr.IPNetwork("10.0.0.32/27")),
    ]

    relaxation = impossible(fixed, [obstacle("law", "10.0.0.0/25", is_law=True)]).relaxation

    assert (
        str(relaxation) == "let a lie elsewhere than at 10.0.0.0/27; let b lie elsewhere than at 10.0.0.32/27"
    )
    assert {name: str(network) for name, network in relaxation.plan.items()} == {
        "a": "10.0.0.128/27",
        "b": "10.0.0.160/27",
    }


def test_smallest_relaxation__makes_a_range_smaller_by_as_little_as_works():
    law = obstacle("law", "10.0.0.64/28", is_law=True)

    relaxation = impossible([demand("a", 24)], [law]).relaxation

    assert (str(relaxation), relaxation.addresses) == ("make a a /25 instead of a /24", 128)


def test_smallest_relaxation__leaves_a_small_range_out_before_it_halves_a_large_one():
    demands = [demand("half", 25), demand("rest", 25), demand("more", 27)]

    relaxation = impossible(demands, []).relaxation

    assert (str(relaxation), relaxation.addresses) == ("leave out more (a /27)", 32)


def test_smallest_relaxation__of_many_ranges_of_one_kind():
    demands = [demand(f"node-{n:03}", 28) for n in range(20)]

    relaxation = smallest_relaxation(demands, [])

    assert (len(relaxation.changes), relaxation.addresses, relaxation.is_smallest) == (4, 64, True)


def test_smallest_relaxation__of_a_fleet_far_too_large_says_that_it_may_not_be_the_smallest():
    parents = (netaddr.IPNetwork("10.0.0.0/16"),)
    demands = [
        demand(f"{n}/{role}", 20 + n % 5, parents=parents, domains=frozenset({f"{n}", role, "routable"}))
        for n in range(30)
        for role in ("pods", "nodes")
    ]

    relaxation = smallest_relaxation(demands, [])

    assert not relaxation.is_smallest
    assert set(relaxation.plan) == {d.name for d in demands} - {change.name for change in relaxation.changes}


def test_smallest_relaxation__without_time_gives_up_the_largest_and_says_so():
    for seed, demands, obstacles in impossible_requests(200, (3, 7)):
        relaxation = smallest_relaxation(demands, obstacles, n_steps=0)

        names = [item.name for item in (*demands, *obstacles)]
        changes = {names.index(change.name): change for change in relaxation.changes}
        assert brute_force.is_a_plan(*changed(demands, obstacles, changes), relaxation.plan), seed
        assert not relaxation.is_smallest


def test_smallest_relaxation__keeps_whom_it_can_where_they_were():
    kept = demand("kept", 25, stays=netaddr.IPNetwork("10.0.0.128/25"))

    relaxation = impossible([kept, demand("new", 25), demand("more", 27)], []).relaxation

    assert str(relaxation.plan["kept"]) == "10.0.0.128/25"


def test_smallest_relaxation__refuses_a_request_that_needs_none():
    with pytest.raises(ValueError, match="needs no relaxation"):
        smallest_relaxation([demand("a", 28)], [])


def test_changes_of_demand__smaller_by_up_to_4_bits_then_left_out():
    changes = changes_of_demand(demand("a", 24))

    assert [change.words for change in changes[::4]] == [
        "make a a /25 instead of a /24",
        "leave out a (a /24)",
    ]
    assert [change.addresses for change in changes] == [128, 192, 224, 240, 256]


def test_changes_of_obstacle__a_law_has_none():
    assert changes_of_obstacle(obstacle("loopback", "127.0.0.0/8", is_law=True)) == []


def test_impossible_plan_error__names_five_requirements_and_counts_the_rest():
    demands = [demand(str(n), 27) for n in range(9)]

    error = impossible(demands, [])

    assert str(error) == (
        "no plan fulfils these requirements together: line 0; line 1; line 2; line 3; line 4; and 4 more"
    )


def test_impossible_plan_error__equal_texts_are_one_requirement():
    demands = [demand(str(n), 27, requirement="nine clusters") for n in range(9)]

    error = impossible(demands, [])

    assert error.in_the_way == ("nine clusters",)
