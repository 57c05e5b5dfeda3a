import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubenetlab.errors import SettingError, UnreadableError
from kubenetlab.objects.connection_counts import EndpointCounts
from kubenetlab.readers.counts.tally import expected_shares, with_shares

ONE = EndpointCounts("web", ("a", "b"), (3, 4))
OTHER = EndpointCounts("cart", ("c",), (5,))


@given(
    st.dictionaries(
        st.from_regex(r"[a-z]{1,9}(:[0-9]{1,5})?", fullmatch=True), st.floats(1e-9, 1e9), min_size=1
    )
)
def test_expected_shares__add_to_one_and_keep_their_ratios(given_shares):
    shares = expected_shares(given_shares)

    total = sum(given_shares.values())
    assert sum(shares.values()) == pytest.approx(1)
    assert shares == pytest.approx({name: share / total for name, share in given_shares.items()})
    assert expected_shares(",".join(f"{name}={share!r}" for name, share in given_shares.items())) == shares


def test_expected_shares__reads_ipv6():
    assert expected_shares("[fd00::1]:80=1,[fd00::2]:80=3") == {"[fd00::1]:80": 0.25, "[fd00::2]:80": 0.75}


@pytest.mark.parametrize(
    "expected",
    [
        "",
        "a",
        "a=",
        "=1",
        "a=0",
        "a=-1",
        "a=x",
        "a=nan",
        "a=inf",
        "a=1,a=2",
        "a=1,",
        "a=1e13",
        {"a": None},
        {"a": True},
    ],
)
def test_expected_shares__refuses_what_is_no_share(expected):
    with pytest.raises(
        SettingError, match=r"^expected: found '.*', expected each endpoint once, with a number above 0"
    ):
        expected_shares(expected)


def test_with_shares__takes_an_endpoint_without_count_as_zero():
    (one,) = with_shares([ONE], {"c": 0.5, "b": 0.25, "a": 0.25})

    assert (one.endpoints, one.counts, one.shares) == (("a", "b", "c"), (3, 4, 0), (0.25, 0.25, 0.5))
    assert one.notes == ("no count in the text, taken as 0: c",)


def test_with_shares__leaves_out_services_without_these_endpoints():
    assert [one.service for one in with_shares([ONE, OTHER], {"c": 1.0})] == ["cart"]


@pytest.mark.parametrize(
    ("found", "shares"), [([ONE], {"a": 1.0}), ([ONE, OTHER], {"x": 1.0}), ([ONE, OTHER], {"b": 1.0})]
)
def test_with_shares__refuses_a_counted_endpoint_that_is_not_expected(found, shares):
    with pytest.raises(UnreadableError, match=r"-: found a count of '[ab]', expected one of"):
        with_shares(found, shares)
