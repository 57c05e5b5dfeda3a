from kubenetlab.ipam.planner.stability import settle
from tests.ipam.planner import brute_force


def n_moved(demands, blocks):
    return sum(d.stays is not None and d.at is None and blocks[d.name].network(4) != d.stays for d in demands)


def test_settle__without_time_finds_a_plan_all_the_same():
    for seed in range(300):
        demands, obstacles = brute_force.random_request(seed, share_of_stays=0.7)

        blocks = settle(demands, obstacles, n_steps=0).blocks

        fewest = brute_force.fewest_moves(demands, obstacles)
        assert (blocks is None) == (fewest is None), seed
        if blocks is not None:
            placed = {name: block.network(4) for name, block in blocks.items()}
            assert brute_force.is_a_plan(demands, obstacles, placed), seed
            assert n_moved(demands, blocks) >= fewest, seed


def test_settle__no_plan_has_fewer_moves():
    for seed in range(1_000, 1_300):
        demands, obstacles = brute_force.random_request(seed, (4, 6), share_of_stays=1)

        blocks = settle(demands, obstacles).blocks

        if blocks is not None:
            assert n_moved(demands, blocks) == brute_force.fewest_moves(demands, obstacles), seed
