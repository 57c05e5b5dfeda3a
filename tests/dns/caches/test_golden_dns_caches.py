from itertools import pairwise
from math import ceil
from pathlib import Path

import pytest

from kubenetlab.dns.caches.cache_settings import CacheSettings
from kubenetlab.dns.caches.coredns_cache import _Entry
from tests.golden_dns_caches import Rows, cache_row, counted, just_before, split_cache_row, upstream_answer
from tests.golden_models import NotModelledError
from tests.golden_recordings import recordings

GOLDEN = Path(__file__).parents[2] / "golden"


@pytest.fixture(scope="module")
def recorded():
    return [recording for recording in recordings(GOLDEN) if recording.component == "coredns-cache"]


@pytest.fixture(scope="module")
def rows(recorded):
    return list(map(split_cache_row, recorded))


def n_disagreements(rows):
    return sum(cache_row(inputs) != recorded for inputs, recorded in rows)


def test_cache__answers_as_recorded(rows):
    disagreements = [inputs for inputs, recorded in rows if cache_row(inputs) != recorded]

    assert (len(rows), disagreements) == (882, [])


@pytest.mark.parametrize(
    ("left_s", "least"),
    [
        (lambda entry, now_s: entry.ttl_s - int(now_s - entry.stored_s) - 1, 301),
        (lambda entry, now_s: entry.ttl_s - int(now_s - entry.stored_s) + 1, 301),
        (lambda entry, now_s: entry.ttl_s - ceil(now_s - entry.stored_s), 301),
        (lambda entry, now_s: entry.ttl_s - round(now_s - entry.stored_s), 120),
        (lambda entry, now_s: entry.ttl_s - ceil(now_s - entry.stored_s) + 1, 0),
    ],
    ids=["left-1", "left+1", "ceil", "round", "floor written otherwise"],
)
def test_cache__that_counts_down_wrongly_disagrees(rows, monkeypatch, left_s, least):
    """Rounding to the nearest differs from CoreDNS only where a recorded second was not over: in these rows."""
    monkeypatch.setattr(_Entry, "left_s", left_s)

    assert n_disagreements(rows) >= least
    assert bool(least) == (n_disagreements(rows) > 100)


def test_cache__that_keeps_a_second_longer_disagrees(rows, monkeypatch):
    of_directive = CacheSettings.of_directive

    def one_second_more(directive):
        settings = of_directive(directive)
        store = settings.success._replace(max_ttl_s=settings.success.max_ttl_s + 1)
        return CacheSettings(success=store, denial=settings.denial, stale_up_to_s=settings.stale_up_to_s)

    monkeypatch.setattr(CacheSettings, "of_directive", one_second_more)

    assert n_disagreements(rows) > 100


def test_just_before__is_read_out_of_the_document_alone(recorded, monkeypatch):
    expected = list(map(split_cache_row, recorded))
    just_before.cache_clear()
    monkeypatch.setattr("tests.golden_dns_caches.Cache", None)

    assert list(map(split_cache_row, recorded)) == expected


def test_just_before__one_switch_divides_each_two_seconds(recorded):
    """Of 352 rows whose TTL tells the two apart, one is on the other side of its switch."""
    seconds_and_told, are_early = counted(recorded[0].document), just_before(Rows(recorded[0].document))
    told = [place for place, (_, is_early) in enumerate(seconds_and_told) if is_early is not None]
    switches = {}
    for place in told:
        switches.setdefault(seconds_and_told[place][0], []).append(are_early[place])

    n_switches = [sum(a != b for a, b in pairwise(sides)) for sides in switches.values()]
    assert (len(told), sum(are_early[place] for place in told)) == (352, 120)
    assert sorted(n_switches) == [0] * 6 + [1] * 2 + [3]


@pytest.mark.parametrize("name", ["cname-5", "a", "a-5-5", "nx-5", "a-x", "rf-1", ""])
def test_upstream_answer__of_another_kind_is_not_modelled(name):
    with pytest.raises(NotModelledError, match="upstream of"):
        upstream_answer(name)
