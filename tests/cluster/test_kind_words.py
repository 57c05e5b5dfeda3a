"""Words for kinds: the API's names, plurals, kubectl's short names."""

import pytest

from kubenetlab.cluster.kind_words import SHORT_NAMES, kind_called, plural_called
from kubenetlab.errors import NotFoundError
from kubenetlab.objects import KINDS


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.kind)
def test_kind_called__knows_every_kind_by_name_and_plural(kind):
    assert kind_called(kind.kind.lower()) == kind_called(kind.plural) == kind


@pytest.mark.parametrize("word", SHORT_NAMES)
def test_kind_called__knows_the_short_names_of_kubectl(word):
    assert kind_called(word).kind == SHORT_NAMES[word]


def test_kind_called__knows_no_other_word():
    assert kind_called("cart") is None


@pytest.mark.parametrize("word", ["pods", "Pod", "po"])
def test_plural_called__is_the_attribute_of_a_cluster(word):
    assert plural_called(word) == "pods"


@pytest.mark.parametrize("word", ["secrets", None, 5, ""])
def test_plural_called__refuses_other_words(word):
    with pytest.raises(NotFoundError, match="is not a kind that kubenetlab reads; there are cilium_nodes,"):
        plural_called(word)
