import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubenetlab.dns.caches.cache_settings import KUBEADM, CacheSettings, Store
from kubenetlab.dns.caches.kept_answers import effective_ttl
from kubenetlab.objects.dns_message import Answer, Rcode
from tests.dns.caches.builders import SOA, a_record, settings_of


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (Answer(answer=(a_record(300), a_record(20))), 20),
        (Answer(answer=(a_record(300),), additional=(a_record(7),)), 7),
        (Answer(answer=(a_record(300),), additional=(a_record(0, ".", "OPT"),)), 300),
        (Answer(answer=(a_record(300),), authority=(SOA,)), 30),
        (Answer(authority=(SOA,)), 30),
        (Answer(Rcode.NXDOMAIN, authority=(SOA._replace(ttl=7200),)), 1800),
        (Answer(authority=(a_record(300, type="NS"),)), 5),  # a referral
        (Answer(), 5),
        (Answer(Rcode.NXDOMAIN), None),
        (Answer(Rcode.REFUSED), None),
        (Answer(Rcode.NOTIMP), 5),
        (Answer(Rcode.SERVFAIL), 5),
        (Answer(answer=(a_record(20),), is_truncated=True), None),
    ],
)
def test_effective_ttl__is_that_of_the_class_of_an_answer(answer, expected):
    assert effective_ttl(answer) == expected


def test_effective_ttl__knows_the_zones_that_are_left_out():
    answer = Answer(answer=(a_record(20),))

    assert effective_ttl(answer, KUBEADM, "web.shop.svc.Cluster.local.") is None
    assert effective_ttl(answer, KUBEADM, "example.com.") == 20
    assert effective_ttl(answer, settings_of(args=("shop.test",)), "example.com.") is None


@given(ttl_s=st.integers(0, 2**31), low=st.integers(0, 5000), high=st.integers(1, 5000))
def test_effective_ttl__stays_within_its_bounds(ttl_s, low, high):
    settings = CacheSettings(success=Store(high, low))

    kept_s = effective_ttl(Answer(answer=(a_record(ttl_s),)), settings)

    assert kept_s == (min(max(min(ttl_s, 3600), low), high) or None)
