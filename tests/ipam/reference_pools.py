"""Plain-Python twins of kubenetlab.ipam's _kernels_buddy and _kernels_node_cidrs: they look at every block."""


class Buddy:
    """Blocks are (order, start); the pool is the block (max_order, 0)."""

    def __init__(self, max_order):
        self.max_order = max_order
        self.used = set()

    def is_free(self, order, start):
        """Whether no block in use shares a unit with this one."""
        return all(start + 2**order <= s or s + 2**o <= start for o, s in self.used)

    def free_blocks(self):
        """The free aligned blocks that lie in no larger free one, in the order of their starts."""
        aligned = [
            (order, start)
            for order in range(self.max_order + 1)
            for start in range(0, 2**self.max_order, 2**order)
            if self.is_free(order, start)
        ]
        return sorted(
            (
                (order, start)
                for order, start in aligned
                if (order + 1, start >> order + 1 << order + 1) not in aligned
            ),
            key=lambda block: block[1],
        )

    def allocate(self, order, policy, draw):
        fitting = sorted(block for block in self.free_blocks() if block[0] >= order)
        if not fitting:
            return -1
        chosen = {
            "best-fit": fitting[0],
            "first-fit": min(fitting, key=lambda block: block[1]),
            "worst-fit": min(fitting, key=lambda block: (-block[0], block[1])),
            "random-fit": fitting[int(draw * len(fitting))],
        }[policy]
        self.used.add((order, chosen[1]))
        return chosen[1]

    def reserve(self, order, start):
        if not self.is_free(order, start):
            return -1
        self.used.add((order, start))
        return start

    def run(self, operations, places, policy, draws):
        """Return where each block that was allocated or released begins, or -1."""
        starts = []
        for operation, place, draw in zip(operations, places, draws, strict=True):
            if operation < 0:
                starts.append(starts[-1 - operation])
                self.used.discard((operations[-1 - operation], starts[-1]))
            elif place >= 0:
                starts.append(self.reserve(operation, place))
            else:
                starts.append(self.allocate(operation, policy, draw))
        return starts


def run_node_cidrs(used, cursor, n_indices, operations):
    """Return the indices, the set of those in use, the cursor and what the latest allocation skipped."""
    indices, n_skipped = [], 0
    for operation in operations:
        round_trip = [*range(cursor, n_indices), *range(cursor)]
        free = [index for index in round_trip if index not in used]
        if operation >= 0:
            indices.append(operation)
            used = used - {operation}
        elif free:
            indices.append(free[0])
            used = used | {free[0]}
            n_skipped = round_trip.index(free[0])
            cursor = (free[0] + 1) % n_indices
        else:
            indices.append(-1)
    return indices, used, cursor, n_skipped
