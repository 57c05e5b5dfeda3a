import netaddr
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubenetlab.ipam.planner.comparison import CHANGES, COLUMNS, change, compare_plans

_NETWORKS = st.none() | st.builds(
    lambda n, length: netaddr.IPNetwork((n << 12, length)).cidr, st.integers(0, 2**20 - 1), st.integers(8, 24)
)


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ("10.0.0.0/24", "10.0.0.0/24", "stayed"),
        ("10.0.0.0/24", "10.0.0.0/23", "grew"),
        ("10.0.0.0/23", "10.0.1.0/24", "shrank"),
        ("10.0.0.0/24", "10.1.0.0/23", "moved"),
        ("10.0.0.0/24", "fd00::/64", "moved"),
        (None, "10.0.0.0/24", "new"),
        ("10.0.0.0/24", None, "gone"),
    ],
)
def test_change__is_what_became_of_a_range(before, after, expected):
    networks = [None if text is None else netaddr.IPNetwork(text) for text in (before, after)]

    assert change(*networks) == expected


def test_compare_plans__lists_what_somebody_has_to_act_on_first():
    old = {name: netaddr.IPNetwork(f"10.{n}.0.0/16") for n, name in enumerate("abc")}
    new = {"a": old["a"], "b": netaddr.IPNetwork("10.9.0.0/16"), "d": netaddr.IPNetwork("10.8.0.0/16")}

    result = compare_plans(old, new)

    assert result.title == "1 moved, 1 gone, 1 new, 1 stayed"
    assert tuple(result.frame.columns) == COLUMNS
    assert result.frame.to_numpy().tolist()[:2] == [
        ["b", "moved", "10.1.0.0/16", "10.9.0.0/16"],
        ["c", "gone", "10.2.0.0/16", ""],
    ]


def test_compare_plans__empty_plans_are_the_same():
    assert compare_plans({}, {}).title == "both plans are empty"


@given(_NETWORKS, _NETWORKS)
def test_change__mirrors(one, other):
    mirror = {"grew": "shrank", "shrank": "grew", "new": "gone", "gone": "new"}

    if one is not None or other is not None:
        there, back = change(one, other), change(other, one)
        assert there in CHANGES
        assert mirror.get(there, there) == back
