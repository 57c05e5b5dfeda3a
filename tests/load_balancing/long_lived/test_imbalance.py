"""Measures of imbalance: their definitions, written another way."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubenetlab.load_balancing.long_lived.imbalance import imbalance


@given(st.lists(st.integers(0, 1000), min_size=1, max_size=30).filter(any))
def test_imbalance__agrees_with_the_definitions(counts):
    found = imbalance(np.array(counts))

    n, mean = len(counts), sum(counts) / len(counts)
    expected = (
        max(counts) / mean,
        (sum((count - mean) ** 2 for count in counts) / n) ** 0.5 / mean,
        sum(counts) ** 2 / (n * sum(count**2 for count in counts)),
        sum(abs(one - other) for one in counts for other in counts) / (2 * n * n * mean),
        counts.count(0),
    )
    assert found == pytest.approx(expected, rel=1e-9, abs=1e-12)


def test_imbalance__is_unknown_without_connections():
    assert np.isnan(imbalance(np.array([0, 0]))).tolist() == [True] * 4 + [False]


def test_imbalance__of_kubernetes_126378():
    """kubernetes #126378: 13, 2 and 12 active connections on three kube-apiservers, for 16 hours."""
    max_over_mean, cv, jain, gini, idle = imbalance(np.array([13, 2, 12]))

    assert (max_over_mean, idle) == (pytest.approx(13 / 9), 0)
    assert (cv, jain, gini) == pytest.approx(((951 / 729 - 1) ** 0.5, 729 / 951, 22 / 81))
