"""Label selectors, exactly as the API: laws against a set-based reading, and the operators one by one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubenetlab.cluster import labels_match
from kubenetlab.objects import LabelSelector, LabelSelectorRequirement

KEYS = st.sampled_from(["app", "tier", "zone"])
VALUES = st.sampled_from(["a", "b", ""])
LABELS = st.dictionaries(KEYS, VALUES)
REQUIREMENTS = st.builds(
    LabelSelectorRequirement,
    key=KEYS,
    operator=st.sampled_from(["In", "NotIn", "Exists", "DoesNotExist"]),
    values=st.lists(VALUES, max_size=2).map(tuple),
)
OPPOSITES = {"In": "NotIn", "NotIn": "In", "Exists": "DoesNotExist", "DoesNotExist": "Exists"}


def requirement(operator, *values, key="app"):
    return LabelSelector(match_expressions=(LabelSelectorRequirement(key, operator, values),))


@pytest.mark.parametrize(
    ("operator", "values", "labels", "expected"),
    [
        ("In", ("a", "b"), {"app": "a"}, True),
        ("In", ("a",), {"app": "b"}, False),
        ("In", ("a",), {}, False),
        ("NotIn", ("a",), {"app": "b"}, True),
        ("NotIn", ("a",), {"app": "a"}, False),
        ("NotIn", ("a",), {}, True),  # an absent key is in no set
        ("Exists", (), {"app": ""}, True),
        ("Exists", (), {}, False),
        ("DoesNotExist", (), {}, True),
        ("DoesNotExist", (), {"app": ""}, False),
    ],
)
def test_labels_match__operators(operator, values, labels, expected):
    assert labels_match(requirement(operator, *values), labels) is expected


@given(labels=LABELS)
def test_labels_match__an_empty_selector_matches_everything_and_none_nothing(labels):
    assert labels_match(LabelSelector(), labels)
    assert labels_match({}, labels)
    assert not labels_match(None, labels)


@given(selector=LABELS, labels=LABELS)
def test_labels_match__match_labels_are_a_subset(selector, labels):
    assert labels_match(LabelSelector(selector), labels) == (selector.items() <= labels.items())
    assert labels_match(selector, labels) == (selector.items() <= labels.items())


@given(one=REQUIREMENTS, labels=LABELS)
def test_labels_match__every_operator_has_an_opposite(one, labels):
    other = LabelSelectorRequirement(one.key, OPPOSITES[one.operator], one.values)

    matched = [labels_match(LabelSelector(match_expressions=(r,)), labels) for r in (one, other)]

    assert sorted(matched) == [False, True]


@given(wanted=LABELS, parts=st.lists(REQUIREMENTS, max_size=3).map(tuple), labels=LABELS)
def test_labels_match__all_parts_must_match(wanted, parts, labels):
    each = [
        labels_match(wanted, labels),
        *(labels_match(LabelSelector({}, (part,)), labels) for part in parts),
    ]

    assert labels_match(LabelSelector(wanted, parts), labels) == all(each)


def test_labels_match__refuses_an_unknown_operator():
    with pytest.raises(ValueError, match="'Gt' is not a label selector operator"):
        labels_match(requirement("Gt", "1"), {})
