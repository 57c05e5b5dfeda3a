"""CoreDNS' cache plugin as it works, one question at a time, in virtual time.

Source: CoreDNS 1.13.1, plugin/cache (handler.go, cache.go, item.go, freq/freq.go), plugin/pkg/cache/cache.go.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from math import ceil
from typing import NamedTuple

import numpy as np

from kubenetlab.dns.caches.cache_settings import CacheSettings
from kubenetlab.dns.caches.kept_answers import effective_ttl, lifetime_s, store_of
from kubenetlab.objects.dns_message import TYPE_NUMBERS, Answer, Ask, Rcode, Reply, Sent

_Key = tuple[str, str]
_MISS, _VERIFY, _BACKGROUND = "miss", "verify", "background"


class _Entry(NamedTuple):
    """A kept answer: its TTL and when it came [s]."""

    answer: Answer
    ttl_s: int
    stored_s: float

    def left_s(self, now_s: float) -> int:
        return self.ttl_s - int(now_s - self.stored_s)


class Cache:
    """A cache in front of a server: what it is asked it answers, or asks on.

    ``clock_s`` is the virtual time at which the lookup began whose queries come next [s]: move it between lookups.
    ``counts`` holds ``hits``, ``misses``, ``stale``, ``prefetches`` and ``evictions`` so far; hits + misses is what was
    asked. A background refresh asks over TCP whatever the client used (handler.go, newPrefetchResponseWriter).

    Not modelled: questions that come while an answer is on its way; the DO and CD bits, which are never set here.
    """

    def __init__(self, settings: CacheSettings, ask: Ask, *, seed: int = 1) -> None:
        self.settings, self.clock_s = settings, 0.0
        self.counts: Counter[str] = Counter()
        self._ask = ask
        self._rng = np.random.default_rng(seed)
        self._shards: defaultdict[tuple[str, int], dict[_Key, _Entry]] = defaultdict(dict)
        self._asked: dict[_Key, tuple[float, int]] = {}  # when last, and how often without a pause

    def __call__(self, sent: Sent) -> Reply | None:
        """Answer a query, from the cache or with what the server behind it says."""
        if not self.settings.serves(sent.name):
            return self._ask(sent)
        now_s = self.clock_s + sent.at_s
        entry = self._entry(_key(sent), now_s)
        self.counts["misses" if entry is None else "hits"] += 1
        if entry is None:
            return self._written(sent, now_s, self._ask(sent), _MISS)
        return self._refreshed(sent, entry, now_s) or self._given(entry, now_s)

    def _entry(self, key: _Key, now_s: float) -> _Entry | None:
        """The denial store comes first."""
        for store in ("denial", "success"):
            entry = self._shards[store, shard_of(*key)].get(key)
            if entry and entry.left_s(now_s) > -int(self.settings.stale_up_to_s):
                return entry
        return None

    def _refreshed(self, sent: Sent, entry: _Entry, now_s: float) -> Reply | None:
        """The fresh answer, where a stale entry is verified; else nothing, and a refresh in the background if it is due."""
        over_s = min(0, entry.left_s(now_s))
        self.counts["stale"] += over_s < 0
        if over_s < 0 and self.settings.stale_mode == "verify":
            reply = self._ask(sent)
            if reply and reply.answer.rcode in (Rcode.NOERROR, Rcode.NXDOMAIN):  # RFC 8767, section 4
                return self._written(sent, now_s, reply, _VERIFY)
        elif over_s < 0 or self._is_prefetched(entry, _key(sent), now_s):
            self.counts["prefetches"] += 1
            self._written(sent, now_s, self._ask(sent._replace(transport="tcp")), _BACKGROUND)
            self._asked[_key(sent)] = now_s + over_s, self._asked.get(_key(sent), (0.0, 0))[1]
        return None

    def _is_prefetched(self, entry: _Entry, key: _Key, now_s: float) -> bool:
        settings = self.settings
        last_s, n_hits = self._asked.get(key, (-np.inf, 0))
        n_hits = n_hits + 1 if now_s - last_s <= settings.prefetch_window_s else 1
        self._asked[key] = now_s, n_hits
        threshold_s = ceil(settings.prefetch_percentage / 100 * entry.ttl_s)
        return 0 < settings.prefetch_amount <= n_hits and entry.left_s(now_s) <= threshold_s

    def _given(self, entry: _Entry, now_s: float) -> Reply:
        left_s = entry.ttl_s if self.settings.keeps_ttl else max(0, entry.left_s(now_s))
        answer = _with_ttl(entry.answer, left_s)._replace(is_authoritative=True, internal_queries=())
        return Reply(answer, 0.0, "cache", f"kept for {entry.ttl_s} s, {left_s} s left")

    def _written(self, sent: Sent, now_s: float, reply: Reply | None, writer: str) -> Reply | None:
        """Keep an answer; only a miss looks at the zones that a store leaves out (cache.go, ResponseWriter)."""
        if reply is None:
            return None
        ttl_s = effective_ttl(reply.answer, self.settings, sent.name if writer == _MISS else "")
        answer = _with_ttl(reply.answer, lifetime_s(reply.answer, self.settings))
        if ttl_s is not None:
            store = "success" if store_of(answer) == "success" else "denial"
            self._keep(store, _key(sent), _Entry(answer, int(ttl_s), now_s + reply.after_s), writer)
        return reply._replace(answer=answer)

    def _keep(self, store: str, key: _Key, entry: _Entry, writer: str) -> None:
        place = shard_of(*key)
        shard = self._shards[store, place]
        if key not in shard and len(shard) >= getattr(self.settings, store).shard_size:
            del shard[list(shard)[int(self._rng.random() * len(shard))]]
            self.counts["evictions"] += 1
        shard[key] = entry
        if writer != _BACKGROUND:
            self._asked.pop(key, None)
        elif store == "success":
            self._shards["denial", place].pop(key, None)


def _key(sent: Sent) -> _Key:
    return sent.name.lower(), sent.type


def shard_of(name: str, type: str) -> int:
    """Return the shard of a question without DO and CD: the low 8 bits of FNV-1 over these bits, type and name.

    >>> shard_of("web.", "A")
    52
    """
    number, low = TYPE_NUMBERS.get(type, 0), 0x25  # of the offset basis 0xcbf29ce484222325
    for byte in b"00" + number.to_bytes(2, "big") + name.lower().encode():
        low = (low * 0xB3 & 0xFF) ^ byte  # 0x100000001b3 is the prime; only its low 8 bits reach these
    return low


def _with_ttl(answer: Answer, ttl_s: int) -> Answer:
    changed, added, extra = (
        tuple(r if r.type == "OPT" else r._replace(ttl=ttl_s) for r in records)
        for records in (answer.answer, answer.authority, answer.additional)
    )
    return answer._replace(answer=changed, authority=added, additional=extra)
