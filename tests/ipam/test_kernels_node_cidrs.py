import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubenetlab.ipam import _kernels_node_cidrs as kernels
from tests.ipam import reference_pools


@pytest.mark.parametrize("n_indices", [1, 5, 64, 130])
@given(st.data())
def test_run__agrees_with_reference(n_indices, data):
    indices = st.integers(0, n_indices - 1)
    used, cursor = data.draw(st.sets(indices)), data.draw(indices)
    operations = data.draw(st.lists(st.one_of(st.just(kernels.ALLOCATE), indices), max_size=60))
    free = kernels.free_words(bytes(index in used for index in range(n_indices)))
    state, answers = np.array([cursor, len(used), 0]), np.array(operations, dtype=np.int64)

    kernels.run(free, state, n_indices, answers)

    expected, expected_used, expected_cursor, n_skipped = reference_pools.run_node_cidrs(
        used, cursor, n_indices, operations
    )
    assert answers.tolist() == expected
    assert state.tolist() == [expected_cursor, len(expected_used), n_skipped]
    assert kernels.used_bytes(free, n_indices) == bytes(index in expected_used for index in range(n_indices))


@given(st.binary(min_size=1, max_size=200).map(lambda text: bytes(byte & 1 for byte in text)))
def test_free_words__used_bytes_gives_them_back(used):
    assert kernels.used_bytes(kernels.free_words(used), len(used)) == used


@pytest.mark.jit_only
def test_run__a_full_circle_of_65536_is_one_permutation():
    free, state = kernels.free_words(bytes(65_536)), np.array([40_000, 0, 0])
    operations = np.full(65_537, kernels.ALLOCATE)

    kernels.run(free, state, 65_536, operations)

    assert operations.tolist() == [*range(40_000, 65_536), *range(40_000), -1]
    assert state.tolist() == [40_000, 65_536, 0]
