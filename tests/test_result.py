import re

import pandas as pd
import pytest

from kubenetlab.result import Origin, Setting, Settings, frame_html


def test_setting__shows_itself_in_one_readable_line():
    setting = Setting("cluster_cidr", ("10.244.0.0/16", "fd00::/56"), Origin.READ, "a\x1b[2J ConfigMap")

    assert repr(setting) == r"Setting cluster_cidr: 10.244.0.0/16, fd00::/56 (read: a\x1b[2J ConfigMap)"


def test_setting__without_a_value_is_unknown():
    assert repr(Setting("vpc_subnets", None, Origin.UNKNOWN, "-")).startswith("Setting vpc_subnets: unknown")


def test_settings__are_a_table_in_a_notebook():
    assert "<td" in Settings((Setting("cni", "calico", Origin.READ, "x"),))._repr_html_()


@pytest.mark.parametrize(
    ("values", "side"),
    [
        (["a<td>", "b"], "left"),
        ([True, False], "left"),
        ([1, 2], "right"),
        ([0.5, 1.5], "right"),
        (pd.array([1, None], dtype="Int64"), "right"),
        (pd.Series([2**80, pd.NA], dtype="object"), "right"),
    ],
)
def test_frame_html__texts_are_left_and_numbers_right_in_every_cell(values, side):
    html = frame_html(pd.DataFrame({"before": ["x"] * len(values), "value": values, "after": 1.5}))

    sides = re.findall(r'<t[hd] style="text-align: (\w+)">', html)
    assert sides == ["left", side, "right"] * (1 + len(values))
    assert not re.search("<t[hd]>", html)


def test_frame_html__what_is_missing_is_empty():
    html = frame_html(pd.DataFrame({"n": pd.array([None], dtype="Int64"), "o": [pd.NA]}))

    assert "NA" not in html


def test_frame_html__rows_that_are_left_out_keep_the_sides():
    html = frame_html(pd.DataFrame({"name": ["x"] * 9, "n": range(9)}), max_rows=2)

    assert html.count('"text-align: left">...<') == html.count('"text-align: right">...<') == 1
