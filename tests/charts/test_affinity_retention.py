from itertools import pairwise

import pandas as pd
import pytest

import kubenetlab as knl
from kubenetlab import charts
from kubenetlab.result import Result


def words(axes):
    return [text.get_text() for text in axes.texts]


def test_affinity_retention__a_line_for_each_mode_that_differs():
    axes = charts.affinity_retention(knl.affinity_retention([10, 1000], 3))

    assert words(axes)[:3] == ["no affinity", "iptables", "nftables, ipvs"]
    assert [line.get_ydata()[-1] for line in axes.lines[:3]] == pytest.approx([0.533, 1, 0.333], abs=0.001)


def test_affinity_retention__names_the_knee():
    axes = charts.affinity_retention(knl.affinity_retention([10, 1000], 3))

    assert "iptables: full at 300 clients,\n100 per endpoint and node" in words(axes)


def test_affinity_retention__draws_no_knee_beyond_the_picture():
    axes = charts.affinity_retention(knl.affinity_retention([10, 100], 3))

    assert not any("full" in text for text in words(axes))


def test_affinity_retention__labels_stay_apart_and_inside():
    axes = charts.affinity_retention(knl.affinity_retention([10, 100_000], 50))

    heights = sorted(text.get_position()[1] for text in axes.texts[:3])
    assert min(b - a for a, b in pairwise(heights)) > 0.07
    assert heights[-1] < 1.05


def test_affinity_retention__says_what_it_shows():
    alt_text = charts.affinity_retention(knl.affinity_retention([10, 1000], 3, mode="iptables")).alt_text

    assert alt_text.endswith("3 endpoints, 1 node. iptables: 100 % of 10 clients, 53.3 % of 1,000 clients.")


def test_affinity_retention__refuses_one_number_of_clients():
    with pytest.raises(ValueError, match=r"one number of clients \(1,000\), expected two or more"):
        charts.affinity_retention(knl.affinity_retention(1000, 3))


def test_affinity_retention__refuses_another_result():
    with pytest.raises(ValueError, match="expected a result of affinity_retention"):
        charts.affinity_retention(Result(title="Rules", _frame=pd.DataFrame()))
