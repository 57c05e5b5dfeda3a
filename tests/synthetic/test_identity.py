import re
from datetime import datetime

from hypothesis import given
from hypothesis import strategies as st

from kubenetlab.synthetic.identity import SUFFIX_LETTERS, Identity

SEEDS = st.integers(0, 10**9)


@given(SEEDS, st.text())
def test_uid__is_a_version_4_uuid(seed, name):
    uid = Identity(seed).uid("Pod", name)

    assert re.fullmatch("[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-a[0-9a-f]{3}-[0-9a-f]{12}", uid)


@given(SEEDS, st.integers(1, 10), st.text())
def test_suffix__has_the_letters_of_generated_names(seed, length, name):
    suffix = Identity(seed).suffix(length, name)

    assert len(suffix) == length
    assert set(suffix) <= set(SUFFIX_LETTERS)


@given(SEEDS, st.text())
def test_moment__is_a_time_of_2026(seed, name):
    moment = datetime.strptime(Identity(seed).moment(name), "%Y-%m-%dT%H:%M:%SZ")

    assert moment.year == 2026


def test_uid__follows_from_seed_and_name():
    assert Identity(1).uid("a") == Identity(1).uid("a")
    assert Identity(1).uid("a") != Identity(2).uid("a")
    assert Identity(1).uid("a", "b") != Identity(1).uid("ab")
