import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubenetlab.dns.caches.cache_settings import CACHE_30, KUBEADM, CacheSettings, Store
from kubenetlab.dns.caches.coredns_cache import Cache, shard_of
from kubenetlab.objects.dns_message import Answer, Rcode, Record, Reply, Sent
from tests.dns.caches.builders import SOA, a_record, settings_of


class Server:
    """Answers every question alike, and counts."""

    def __init__(self, answer, after_s=0.0):
        self.answer, self.after_s, self.asked = answer, after_s, []

    def __call__(self, sent):
        self.asked.append(sent)
        return None if self.answer is None else Reply(self.answer, self.after_s, "forward")


ADDRESS = Answer(answer=(a_record(300),))
FAILED = Answer(Rcode.SERVFAIL)
NO_NAME = Answer(Rcode.NXDOMAIN, authority=(SOA,))


def story(settings, times_s, answer=ADDRESS, name="web."):
    """A server, the cache before it, and the replies to one question at some times."""
    server = Server(answer)
    cache = Cache(settings, server)
    return server, cache, [cache(Sent(name, "A", at_s=at_s)) for at_s in times_s]


def ttls(replies):
    return [reply.answer.answer[0].ttl for reply in replies]


def test_cache__counts_a_ttl_down_and_asks_again_at_its_end():
    server, cache, replies = story(CACHE_30, [0, 1.5, 29.9, 30])

    assert ttls(replies) == [30, 29, 1, 30]
    assert [reply.answer.is_authoritative for reply in replies] == [False, True, True, False]
    assert [reply.answered_by for reply in replies] == ["forward", "cache", "cache", "forward"]
    assert len(server.asked) == cache.counts["misses"] == 2


def test_cache__moves_with_its_clock():
    cache = Cache(CACHE_30, Server(ADDRESS))
    cache(Sent("web.", "A"))

    cache.clock_s = 10

    assert ttls([cache(Sent("WEB.", "A", at_s=2.0))]) == [18]


def test_cache__keeps_an_answer_from_when_it_came():
    cache = Cache(CACHE_30, Server(ADDRESS, after_s=4.0))
    cache(Sent("web.", "A"))

    assert ttls([cache(Sent("web.", "A", at_s=33.0))]) == [1]


def test_cache__keeps_types_apart():
    server, cache, _ = story(CACHE_30, [0])

    cache(Sent("web.", "AAAA"))

    assert len(server.asked) == 2


def test_cache__hands_on_what_is_outside_its_zones():
    server, cache, replies = story(settings_of(args=("30", "shop.test")), [0, 1])

    assert ttls(replies) == [300, 300]
    assert len(server.asked) == 2
    assert cache.counts.total() == 0


def test_cache__rewrites_ttls_of_a_zone_that_it_does_not_keep():
    server, _, replies = story(KUBEADM, [0, 1], name="web.shop.svc.cluster.local.")

    assert ttls(replies) == [30, 30]
    assert len(server.asked) == 2


def test_cache__leaves_an_option_record_alone():
    option = Record(".", "OPT", 32768, "")

    _, _, replies = story(CACHE_30, [0, 1], ADDRESS._replace(additional=(option,)))

    assert [reply.answer.additional for reply in replies] == [(option,), (option,)]


def test_cache__without_an_answer_keeps_nothing():
    server, _, replies = story(CACHE_30, [0, 1], None)

    assert (replies, len(server.asked)) == ([None, None], 2)


def test_cache__gives_out_stale_answers_and_refreshes_after():
    server, cache, replies = story(settings_of("serve_stale", args=("30",)), [0, 31, 33])

    assert ttls(replies) == [30, 0, 28]
    assert [sent.transport for sent in server.asked] == ["udp", "tcp"]
    assert (cache.counts["stale"], cache.counts["prefetches"]) == (1, 1)


def test_cache__does_not_give_out_what_is_too_stale():
    _, _, replies = story(settings_of("serve_stale 1m", args=("30",)), [0, 90])

    assert ttls(replies) == [30, 30]


def test_cache__verifies_a_stale_answer_before():
    server, cache, _ = story(settings_of("serve_stale 1h verify", args=("30",)), [0])
    server.answer = NO_NAME
    gone = cache(Sent("web.", "A", at_s=31))
    server.answer = FAILED
    kept = cache(Sent("web.", "A", at_s=70))

    assert (gone.answer.rcode, kept.answer.rcode) == (Rcode.NXDOMAIN, Rcode.NXDOMAIN)
    assert kept.answer.authority[0].ttl == 0
    assert len(server.asked) == 3


def test_cache__drops_a_denial_that_a_refresh_in_the_background_proves_wrong():
    server, cache, _ = story(settings_of("serve_stale", args=("30",)), [0], NO_NAME)
    server.answer = ADDRESS

    stale, fresh = (cache(Sent("web.", "A", at_s=at_s)) for at_s in (31, 32))

    assert (stale.answer.rcode, fresh.answer.rcode) == (Rcode.NXDOMAIN, Rcode.NOERROR)


def test_cache__prefetches_what_is_asked_often_shortly_before_its_end():
    server, cache, replies = story(settings_of("prefetch 2 1m 10%", args=("30",)), [0, 5, 10, 27, 28])

    assert ttls(replies) == [30, 25, 20, 3, 29]
    assert len(server.asked) == 2
    assert cache.counts["prefetches"] == 1


def test_cache__does_not_prefetch_after_a_pause():
    server, _, _ = story(settings_of("prefetch 2 10s 10%", args=("30",)), [0, 5, 28])

    assert len(server.asked) == 1


def test_cache__keeps_a_ttl_where_told():
    _, _, replies = story(settings_of("keepttl", args=("30",)), [0, 29])

    assert ttls(replies) == [30, 30]


def test_cache__throws_out_an_entry_of_a_full_shard():
    names = [name for name in (f"n{i}." for i in range(9000)) if shard_of(name, "A") == 7][:6]
    cache = Cache(CacheSettings(success=Store(3600, capacity=1)), Server(ADDRESS))
    for name in names:
        cache(Sent(name, "A"))

    kept = [name for name in names if cache(Sent(name, "A", at_s=1.0)).answered_by == "cache"]

    assert cache.counts["evictions"] >= len(names) - 4
    assert 1 <= len(kept) <= 4


@given(
    times_s=st.lists(st.integers(0, 200), min_size=1, max_size=30),
    ttl_s=st.integers(0, 60),
    longer=st.integers(0, 60),
)
def test_cache__with_a_longer_ttl_never_asks_more(times_s, ttl_s, longer):
    n_asked = []
    for ttl in (ttl_s, ttl_s + longer):
        server, cache, _ = story(CacheSettings(), sorted(times_s), Answer(answer=(a_record(ttl),)))
        n_asked.append(len(server.asked))
        assert cache.counts["hits"] + cache.counts["misses"] == len(times_s)
        assert cache.counts["misses"] == len(server.asked)

    assert n_asked[1] <= n_asked[0]


# FNV-1 of "foobar" is 0x340d8765a4dda9c2 (draft-eastlake-fnv, appendix); here the whole hash in its plain form.
@pytest.mark.parametrize(
    ("name", "type", "number"), [("web.shop.", "A", 1), ("x.", "CAA", 257), ("y.", "TYPE9", 0)]
)
def test_shard_of__is_the_low_byte_of_fnv_1(name, type, number):
    value = 0xCBF29CE484222325
    for byte in b"00" + number.to_bytes(2, "big") + name.encode():
        value = value * 0x100000001B3 % 2**64 ^ byte

    assert shard_of(name.upper(), type) == value % 256
