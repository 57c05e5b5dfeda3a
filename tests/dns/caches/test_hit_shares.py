import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubenetlab.dns.caches.hit_shares import cache_hit_share, cache_hit_shares

NUMBERS = st.floats(1e-6, 1e4)


def zipf_rates(n, total):
    weights = 1 / np.arange(1, n + 1)
    return weights / weights.sum() * total


@given(rate=NUMBERS, ttl_s=NUMBERS, factor=st.floats(1, 100))
def test_cache_hit_share__grows_with_rate_and_ttl(rate, ttl_s, factor):
    share = cache_hit_share(rate, ttl_s)

    more, longer = cache_hit_share(rate * factor, ttl_s), cache_hit_share(rate, ttl_s * factor)
    assert 0 <= share <= more <= 1
    assert more == pytest.approx(longer)


@given(rate=NUMBERS, ttl_s=NUMBERS, n=st.integers(1, 50))
def test_cache_hit_share__falls_where_many_nodes_share_the_rate(rate, ttl_s, n):
    assert cache_hit_share(rate / n, ttl_s) <= cache_hit_share(rate, ttl_s)


@given(rates=st.lists(NUMBERS, min_size=1, max_size=30), ttl_s=NUMBERS)
def test_cache_hit_shares__with_room_for_all_are_each_name_alone(rates, ttl_s):
    alone = [cache_hit_share(rate, ttl_s) for rate in rates]

    assert cache_hit_shares(rates, ttl_s) == pytest.approx(alone)
    assert cache_hit_shares(rates, ttl_s, shard_size=len(rates) + 1) == pytest.approx(alone, rel=1e-6)


@given(size=st.integers(1, 40), ttl_s=st.floats(0.1, 1000))
def test_cache_hit_shares__grow_with_capacity(size, ttl_s):
    rates = zipf_rates(100, 50)

    small, large = (cache_hit_shares(rates, ttl_s, shard_size=n) for n in (size, 2 * size))

    assert (small <= large + 1e-9).all()
    assert (large <= cache_hit_shares(rates, ttl_s) + 1e-9).all()


def test_cache_hit_shares__of_equal_names_that_never_expire_are_the_part_that_is_held():
    shares = cache_hit_shares(np.full(100, 3.0), 1e9, shard_size=25)

    assert shares == pytest.approx(0.25)


def test_cache_hit_shares__agree_with_a_cache_that_throws_out_at_random():
    rates, ttl_s, size, n = zipf_rates(120, 100.0), 4.0, 30, 400_000
    rng = np.random.default_rng(5)
    times_s = np.cumsum(rng.exponential(1 / rates.sum(), n))
    names = rng.choice(rates.size, n, p=rates / rates.sum())
    ends, hits = {}, np.zeros(rates.size)
    for now, name in zip(times_s.tolist(), names.tolist(), strict=True):
        if ends.get(name, -1.0) > now:
            hits[name] += 1
            continue
        if name not in ends and len(ends) >= size:
            del ends[list(ends)[rng.integers(size)]]
        ends[name] = now + ttl_s

    expected = cache_hit_shares(rates, ttl_s, shard_size=size)

    # Che's approximation is not exact: two percent of all questions is what it may miss here.
    assert hits.sum() / n == pytest.approx((rates * expected).sum() / rates.sum(), abs=0.02)
    assert (hits / np.bincount(names, minlength=rates.size))[:10] == pytest.approx(expected[:10], abs=0.03)


@pytest.mark.parametrize("numbers", [(-1.0, 5.0), (1.0, -5.0), (float("nan"), 5.0), (1.0, float("inf"))])
def test_cache_hit_shares__refuse_what_is_no_rate_or_time(numbers):
    with pytest.raises(ValueError, match="finite"):
        cache_hit_share(*numbers)
    with pytest.raises(ValueError, match="finite"):
        cache_hit_shares(*numbers)


def test_cache_hit_shares__refuse_a_shard_without_room():
    with pytest.raises(ValueError, match="shard_size is 0"):
        cache_hit_shares(1.0, 1.0, shard_size=0)
