"""The index answers as a look at every value does."""

from hypothesis import given
from hypothesis import strategies as st

from kubenetlab.cluster import labels_match
from kubenetlab.cluster.label_index import LabelIndex

LABELS = st.dictionaries(st.sampled_from("abc"), st.sampled_from("12"))
ENTRIES = st.lists(st.tuples(st.sampled_from(("shop", "edge")), LABELS))


@given(ENTRIES, st.lists(LABELS, min_size=1, max_size=4))
def test_selected__agrees_with_a_look_at_every_value(entries, selectors):
    index = LabelIndex((namespace, labels, number) for number, (namespace, labels) in enumerate(entries))

    for selector in selectors:
        expected = [
            number
            for number, (namespace, labels) in enumerate(entries)
            if selector and namespace == "shop" and labels_match(selector, labels)
        ]
        assert list(index.selected("shop", selector)) == expected


def test_selected__answers_a_question_once():
    index = LabelIndex([("shop", {"app": "cart", "tier": "web"}, "cart-1")])

    first = index.selected("shop", {"app": "cart", "tier": "web"})

    assert index.selected("shop", {"tier": "web", "app": "cart"}) is first
