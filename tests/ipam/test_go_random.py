from itertools import islice

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubenetlab.ipam import go_random


# go, src/math/rand/rng.go: the first number of rngCooked is -4181792142133755926.
def test_cooked_state__is_go_s_table():
    assert go_random.cooked_state()[0] == -4181792142133755926 % 2**64
    assert len(set(go_random.cooked_state())) == 607


@pytest.mark.parametrize("steps", [1, 606, 607, 5000])
def test_power__jumps_where_the_recurrence_walks(steps):
    numbers = list(range(1, 608))
    for _ in range(steps):
        numbers.append((numbers[-607] + numbers[-273]) % 2**64)

    power = go_random._power(steps)

    assert int((power * np.arange(1, 608, dtype=np.uint64)).sum()) == numbers[steps]


# Go: rand.New(rand.NewSource(1)) gives Int63() 5577006791947779410 first, the best known number of Go.
def test_uint64s__first_number_of_seed_1():
    assert next(go_random.uint64s(1)) % 2**63 == 5577006791947779410


@pytest.mark.parametrize("seed", [0, 2**31 - 1])
def test_uint64s__seeds_that_stand_for_zero(seed):
    assert list(islice(go_random.uint64s(seed), 3)) == list(islice(go_random.uint64s(89482311), 3))


@given(st.integers(0, 2**32 - 1), st.integers(1, 2**130))
def test_random_below__in_range(seed, limit):
    assert 0 <= go_random.random_below(seed, limit) < limit


def test_random_below__refuses_an_empty_range():
    with pytest.raises(ValueError, match="limit 0 is not positive"):
        go_random.random_below(1, 0)
