"""What `limits` functions yield, in a form that tests compare."""

from contextlib import suppress

from kubenetlab.ipam.set_up import Quantity, SetUp

NODES, PODS_PER_NODE, PODS = Quantity.NODES, Quantity.PODS_PER_NODE, Quantity.PODS


def bounds(limits, **fields):
    """The bounds by quantity, tightest first."""
    found = {}
    for limit in limits(SetUp(**{"ipam": "any", **fields})):
        found.setdefault(limit.quantity, []).append(limit.n)
    return {quantity: sorted(numbers) for quantity, numbers in found.items()}


def words(limits, **fields):
    return [limit.words for limit in limits(SetUp(**{"ipam": "any", **fields}))]


def n_until(error, step):
    """How many nodes a step succeeds for before it raises an error."""
    n = 0
    with suppress(error):
        while True:
            step(f"node-{n}")
            n += 1
    return n
