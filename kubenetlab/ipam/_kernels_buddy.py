"""Buddy allocation of aligned blocks: 64-ary trees of bitmaps of what is free. Arrays in, arrays out.

A block of order k is 2^k units long and starts at a multiple of that; its start is counted in units. Blocks of all orders
are numbered as nodes of a binary tree: 1 is the whole pool, 2n and 2n + 1 are the halves of n. The state is four arrays,
changed in place, and where the levels begin:

``free``: bits by node, 64 to a word, of the free blocks that are not the lowest of their order; behind them, level by level,
which words of the level below are not zero (``level_starts`` says where each level begins). ``used``: bits by node of the blocks in use.
``lowest``, ``n_free``, shape (n_orders,): start of the lowest free block of each order or `NOWHERE`, and their number.

`run` is one long function because a call that the compiler does not inline costs more than an operation.
"""

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from kubenetlab._jit import kernel

#: Most orders above 0: 2^26 units are 32 MiB of bits.
MAX_ORDER = 26
NOWHERE = np.iinfo(np.int64).max
#: Where the policy chooses.
ANYWHERE = -1
FIRST_FIT, BEST_FIT, WORST_FIT, RANDOM_FIT = range(4)

_ZERO, _ONE = np.uint64(0), np.uint64(1)
_Words: TypeAlias = NDArray[np.uint64]
_Integers: TypeAlias = NDArray[np.int64]
_LevelStarts: TypeAlias = tuple[int, int, int, int, int]
State: TypeAlias = tuple[_Words, _Words, _Integers, _Integers, _LevelStarts]


def new_state(max_order: int) -> State:
    """State of a pool of 2^max_order units that are one free block."""
    n_words = [max(1, 2 << max_order >> 6 * level) for level in range(1, 6)]
    first, second, third, fourth, fifth = (sum(n_words[:level]) for level in range(5))
    lowest, n_free = np.full(max_order + 1, NOWHERE), np.zeros(max_order + 1, np.int64)
    lowest[max_order], n_free[max_order] = 0, 1
    free, used = np.zeros(sum(n_words), np.uint64), np.zeros(n_words[0], np.uint64)
    return free, used, lowest, n_free, (first, second, third, fourth, fifth)


def is_used(state: State, order: int, start: int) -> bool:
    """Whether a block is in use, as this very block."""
    _, used, lowest, _, _ = state
    node = (start >> order) + (1 << (lowest.size - 1 - order))
    return bool(int(used[node >> 6]) >> (node & 63) & 1)


def free_blocks(state: State) -> tuple[_Integers, _Integers]:
    """Orders and starts of the free blocks."""
    free, used, lowest, _, _ = state
    orders, starts = _blocks(free[: used.size], lowest.size - 1)
    has_lowest = np.flatnonzero(lowest != NOWHERE)
    return np.append(orders, has_lowest), np.append(starts, lowest[has_lowest])


def used_blocks(state: State) -> tuple[_Integers, _Integers]:
    """Orders and starts of the blocks in use."""
    return _blocks(state[1], state[2].size - 1)


def _blocks(words: _Words, max_order: int) -> tuple[_Integers, _Integers]:
    """Orders and starts of the nodes whose bits are set."""
    at = np.flatnonzero(words)
    bits = np.unpackbits(words[at].astype("<u8").view(np.uint8), bitorder="little").reshape(-1, 64)
    rows, columns = np.nonzero(bits)
    nodes = 64 * at[rows] + columns
    depths = np.frexp(nodes)[1].astype(np.int64) - 1
    orders = max_order - depths
    return orders, (nodes - (1 << depths)) << orders


@kernel
def _bit(number: int) -> np.uint64:
    return _ONE << np.uint64(number & 63)


@kernel
def _count_bits(word: np.uint64) -> int:
    """Bits that are set; LLVM makes one instruction of this loop."""
    n_bits = 0
    while word != _ZERO:
        word &= word - _ONE
        n_bits += 1
    return n_bits


@kernel
def _lowest_bit(word: np.uint64) -> int:
    """Position of the lowest bit that is set; there is one."""
    return _count_bits(~word & (word - _ONE))


@kernel
def _of_one_order(word: np.uint64, first: int) -> np.uint64:
    """Bits of the order that begins at node ``first`` of the first word, which orders share."""
    return word & (((_ONE << np.uint64(first)) - _ONE) << np.uint64(first))


@kernel
def _add(free: _Words, level_starts: _LevelStarts, node: int) -> None:
    level = 0
    while True:
        at = level_starts[level] + (node >> 6)
        before = free[at]
        free[at] = before | _bit(node)
        if before != _ZERO or node < 64:
            return
        node >>= 6
        level += 1


@kernel
def _discard(free: _Words, level_starts: _LevelStarts, node: int) -> None:
    level = 0
    while True:
        at = level_starts[level] + (node >> 6)
        after = free[at] & ~_bit(node)
        free[at] = after
        if after != _ZERO or node < 64:
            return
        node >>= 6
        level += 1


@kernel
def _lowest_node(free: _Words, level_starts: _LevelStarts, first: int) -> int:
    """Lowest node in the tree of the order that begins at node ``first``; there is one."""
    level = 0
    node = first
    while node >= 64:
        node >>= 6
        level += 1
    node = _lowest_bit(_of_one_order(free[level_starts[level]], node))
    while level > 0:
        level -= 1
        node = (node << 6) + _lowest_bit(free[level_starts[level] + node])
    return node


@kernel
def _nth_free(free: _Words, lowest: _Integers, order: int, n: int) -> int:
    """Start of the free block of an order that has ``n`` free ones before it."""
    if n == 0:
        return int(lowest[order])
    first = 1 << (lowest.size - 1 - order)
    at = first >> 6
    word = _of_one_order(free[at], first) if first < 64 else free[at]
    while n > _count_bits(word):
        n -= _count_bits(word)
        at += 1
        word = free[at]
    for _ in range(n - 1):
        word &= word - _ONE
    return ((at << 6) + _lowest_bit(word) - first) << order


@kernel
def _random_free(
    free: _Words, lowest: _Integers, n_free: _Integers, order: int, draw: float
) -> tuple[int, int]:
    """Order and start of one of the free blocks that fit, each as likely as any other; a start of -1 where none does."""
    n_fitting = 0
    for found in range(order, lowest.size):
        n_fitting += n_free[found]
    n = int(draw * n_fitting)
    for found in range(order, lowest.size):
        if n < n_free[found]:
            return found, _nth_free(free, lowest, found, n)
        n -= n_free[found]
    return order, -1


@kernel
def _order_around(free: _Words, lowest: _Integers, order: int, start: int) -> int:
    """Order of the free block that a block lies in, or -1."""
    node = (start >> order) + (1 << (lowest.size - 1 - order))
    for found in range(order, lowest.size):
        if lowest[found] == start >> found << found or free[node >> 6] & _bit(node):
            return found
        node >>= 1
    return -1


@kernel
def first_wrong(operations: _Integers, shortest: int, finest: int) -> int:
    """Number of the first operation that `run` cannot do: no length of the pool, or a release of nothing; else -1."""
    is_released = np.zeros(operations.size, dtype=np.bool_)
    for number in range(operations.size):
        operation = operations[number]
        if operation < 0:
            released = -1 - operation
            if released >= number or operations[released] < 0 or is_released[released]:
                return number
            is_released[released] = True
        elif operation < shortest or operation > finest:
            return number
    return -1


@kernel
def run(
    free: _Words,
    used: _Words,
    lowest: _Integers,
    n_free: _Integers,
    level_starts: _LevelStarts,
    operations: _Integers,
    starts: _Integers,
    begin: int,
    finest: int,
    policy: int,
    draws: NDArray[np.float64],
) -> None:
    """Do the operations from ``begin`` on: a prefix length allocates, ``-1 - i`` releases what operation i got.

    ``starts``, shape (n_operations,): for an allocation `ANYWHERE`, or where it must be; afterwards its place, and that of
    what was released; -1 where nothing was. ``finest``: the prefix length of order 0. ``draws``, shape (n_operations,), 0 to
    1: only for random fit.
    """
    max_order = lowest.size - 1
    has_free = 0  # bits by order
    for order in range(lowest.size):
        has_free |= int(n_free[order] > 0) << order
    for number in range(begin, operations.size):
        is_release = operations[number] < 0
        if is_release:
            released = -1 - operations[number]
            order, start = finest - operations[released], starts[released]
            if start < 0:
                continue
            found = order
        else:
            order, start = finest - operations[number], starts[number]
            if start >= 0:
                found = _order_around(free, lowest, order, start)
                if found < 0:
                    starts[number] = -1
                    continue
            elif policy == RANDOM_FIT:
                found, start = _random_free(free, lowest, n_free, order, draws[number])
                if start < 0:
                    continue
            elif has_free >> order == 0:
                continue
            else:
                found = order + _lowest_bit(np.uint64(has_free >> order))
                if policy == FIRST_FIT:
                    for candidate in range(found + 1, max_order + 1):
                        if lowest[candidate] < lowest[found]:
                            found = candidate
                elif policy == WORST_FIT:
                    while has_free >> (found + 1) != 0:
                        found += 1 + _lowest_bit(np.uint64(has_free >> (found + 1)))
                start = lowest[found]
        starts[number] = start
        node = (start >> order) + (1 << (max_order - order))
        used[node >> 6] ^= _bit(node)

        # Free blocks that go: the one that is used or split, or each other half that a released block merges with.
        while not is_release or found < max_order:
            first = 1 << (max_order - found)
            node = (start >> found) + first
            if is_release:
                node ^= 1
            if (node - first) << found != lowest[found]:
                if is_release and not free[node >> 6] & _bit(node):
                    break
                _discard(free, level_starts, node)
            elif n_free[found] == 1:
                lowest[found] = NOWHERE
                has_free ^= 1 << found
            else:
                node = _lowest_node(free, level_starts, first)
                _discard(free, level_starts, node)
                lowest[found] = (node - first) << found
            n_free[found] -= 1
            if not is_release:
                break
            found += 1

        # Free blocks that come: what a release made, or the halves that the used block does not lie in.
        if is_release:
            order, found, start = found, found + 1, start ^ (1 << found)
        while found > order:
            found -= 1
            block = ((start >> found) ^ 1) << found
            n_free[found] += 1
            has_free |= 1 << found
            if block < lowest[found]:
                block, lowest[found] = lowest[found], block
            if block != NOWHERE:
                _add(free, level_starts, (block >> found) + (1 << (max_order - found)))
