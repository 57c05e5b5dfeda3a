import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubenetlab.charts.hilbert import hilbert_map, hilbert_points
from kubenetlab.result import Result


def result(*rows):
    return Result(title="ranges", _frame=pd.DataFrame(rows, columns=["range", "role", "used_share"]))


@pytest.mark.parametrize("order", range(8))
def test_hilbert_points__visit_every_cell_once(order):
    points = hilbert_points(order)

    assert sorted(map(tuple, points.tolist())) == [(x, y) for x in range(2**order) for y in range(2**order)]


@pytest.mark.parametrize("order", range(1, 8))
def test_hilbert_points__neighbours_stay_neighbours(order):
    steps = np.abs(np.diff(hilbert_points(order), axis=0)).sum(axis=1)

    assert set(steps.tolist()) == {1}


@given(prefix_length=st.integers(0, 12), seed=st.integers(0, 2**32))
def test_hilbert_points__an_aligned_prefix_is_a_square_or_half_of_one(prefix_length, seed):
    n_cells = 4**6 >> prefix_length
    start = seed % (1 << prefix_length) * n_cells

    block = hilbert_points(6)[start : start + n_cells]

    width, height = (np.ptp(block, axis=0) + 1).tolist()
    assert width * height == n_cells
    assert {width, height} in ({2 ** ((12 - prefix_length) // 2)}, {width, 2 * width}, {height, 2 * height})


def test_hilbert_map__has_a_square_for_each_private_space():
    ranges = result(("10.96.0.0/12", "Service range", 0.5), ("192.168.0.0/16", "pod range", 0.1))

    ax = hilbert_map(ranges)

    assert [image.get_extent()[:2] for image in ax.images] == [[0, 1], [1.08, 2.08]]


def test_hilbert_map__fills_cells_in_proportion():
    ax = hilbert_map(result(("10.0.0.0/10", "pod range", 1.0)))

    picture = np.asarray(ax.images[0].get_array())
    assert (picture < 1).any(axis=2).mean() == pytest.approx(1 / 4)


def test_hilbert_map__is_paler_where_less_is_used():
    ax = hilbert_map(result(("10.0.0.0/10", "pod range", 0.9), ("10.128.0.0/10", "pod range", 0.1)))

    picture = np.asarray(ax.images[0].get_array())
    assert picture[0, 0].sum() < picture[-1, -1].sum()


def test_hilbert_map__shows_the_smallest_range_as_one_cell_and_names_it():
    ax = hilbert_map(result(("10.0.0.7/32", "load balancer pool", pd.NA)))

    assert (np.asarray(ax.images[0].get_array()) < 1).any(axis=2).sum() == 1
    assert "10.0.0.7/32" in [text.get_text() for text in ax.texts]


def test_hilbert_map__writes_no_label_over_another():
    ax = hilbert_map(result(*((f"10.0.{i}.0/24", "pod range", 0.1) for i in range(4))))

    heights = [text.get_position()[1] for text in ax.texts if text.get_text().endswith("/24")]
    assert len({round(height, 3) for height in heights}) == 4


def test_hilbert_map__says_that_there_is_no_ipv4_range():
    ax = hilbert_map(result(("fd00::/48", "pod range", 0.1)))

    assert ax.alt_text == (
        "Hilbert map of the ranges: no IPv4 range. 1 IPv6 range not drawn: too small for any scale."
    )


def test_hilbert_map__says_in_words_what_lies_where():
    ax = hilbert_map(result(("10.96.0.0/12", "Service range", 0.5)))

    assert ax.alt_text == "Hilbert map of the ranges: in 10.0.0.0/8 Service range 10.96.0.0/12."


def test_hilbert_map__shows_a_range_whose_use_is_unknown_as_such():
    ax = hilbert_map(result(("10.0.0.0/10", "pod range", pd.NA), ("10.128.0.0/10", "pod range", 1.0)))

    assert [patch.get_hatch() for patch in ax.patches] == ["////", ""]
    assert "Use unknown" in [text.get_text() for text in ax.get_legend().get_texts()]
