from collections import Counter
from fractions import Fraction

import numpy as np
import pytest

from kubenetlab.load_balancing.luck.pair_lattice import pair_probabilities
from tests.load_balancing.luck import reference


def listed(n_connections, shares, low, high):
    """The same by listing all outcomes."""
    found = Counter()
    for counts, probability in reference.outcomes(n_connections, shares):
        if all(low <= count <= high for count in counts):
            found[sum(count * (count - 1) // 2 for count in counts)] += probability
    return found


@pytest.mark.parametrize(("low", "high"), [(0, 9), (1, 5), (0, 4)])
@pytest.mark.parametrize("shares", [[Fraction(1, 3)] * 3, [Fraction(1, 2), Fraction(1, 4), Fraction(1, 4)]])
def test_pair_probabilities__are_those_of_all_outcomes(shares, low, high):
    first, found = pair_probabilities(9, np.array([float(share) for share in shares]), low, high)

    expected = listed(9, shares, low, high)
    actual = {first + i: p for i, p in enumerate(found) if p > 1e-12}
    assert actual == pytest.approx({pairs: float(p) for pairs, p in expected.items() if p})


def test_pair_probabilities__who_has_no_share_gets_nothing():
    shares = np.array([0.5, 0.5, 0.0])

    assert pair_probabilities(9, shares)[1].sum() == pytest.approx(1)
    assert pair_probabilities(9, shares, 1, 8)[1].sum() == pytest.approx(0, abs=1e-9)


@pytest.mark.parametrize(("n", "n_connections"), [(2, 300), (7, 1), (10, 500), (500, 50), (500, 2_000)])
def test_pair_probabilities__add_to_one_with_the_mean_of_all_pairs(n, n_connections):
    first, found = pair_probabilities(n_connections, np.full(n, 1 / n))

    pairs = first + np.arange(len(found))
    assert found.sum() == pytest.approx(1, abs=1e-7)
    assert pairs @ found == pytest.approx(n_connections * (n_connections - 1) / 2 / n, rel=1e-6)


def test_pair_probabilities__says_where_it_is_too_much_work():
    assert pair_probabilities(1_000_000, np.full(10, 0.1)) is None
