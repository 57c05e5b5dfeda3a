"""How the recordings of CoreDNS' cache plugin are split and answered; a row of golden_models.

Each row is one query; the rows before it of the same configuration and name are what the cache has seen. The recorder
wrote whole seconds, and every TTL is whole too, so whether a second has just passed hangs on the milliseconds that it
did not write. They are read out of the whole document once, before any model is asked (`just_before`). Its upstream
server answered over UDP only, so that refreshes in the background, which CoreDNS sends over TCP, found nobody: no
recorded TTL is a refreshed one.
"""

from functools import lru_cache

from kubenetlab.dns.caches.cache_settings import CacheSettings
from kubenetlab.dns.caches.coredns_cache import Cache
from kubenetlab.objects.corefile import Directive
from kubenetlab.objects.dns_message import Answer, Rcode, Record, Reply, Sent
from tests.golden_dns_records import not_modelled

#: A recorded second was this much later or earlier for each second of it.
_CLOCK_ERROR = 0.0001
_RECORDED = ("rcode", "ttl", "aa", "upstream_queries")
#: What the recorder's upstream answered, by the kind of name: rcode, and how many numbers the name has.
_KINDS = {
    "a": (Rcode.NOERROR, 1),
    "nx": (Rcode.NXDOMAIN, 2),
    "nd": (Rcode.NOERROR, 2),
    "nxnosoa": (Rcode.NXDOMAIN, 0),
    "sf": (Rcode.SERVFAIL, 0),
    "rf": (Rcode.REFUSED, 0),
}


def split_cache_row(recording):
    """Inputs: configuration, name and the times of this and earlier queries; recorded: what came back to this one."""
    rows, row = recording.document, recording.document[recording.index]
    are_early = just_before(Rows(rows))
    times_s = tuple(
        earlier["t"] * (1 + (-_CLOCK_ERROR if is_early else _CLOCK_ERROR))
        for earlier, is_early in zip(rows[: recording.index + 1], are_early, strict=False)
        if _story(earlier) == _story(row)
    )
    return (row["cache"], row["name"], times_s), {name: row[name] for name in _RECORDED}


class Rows:
    """A document, equal to itself only."""

    def __init__(self, rows):
        self.rows = rows

    def __eq__(self, other):
        return self.rows is other.rows

    def __hash__(self):
        return id(self.rows)


@lru_cache(maxsize=2)
def just_before(held):
    """Whether each row was asked just before the whole second after the answer came that it counts down from.

    The rows of two seconds, that of the answer and that of the question, are in the order in which they were asked: one
    switch divides them, some are early and all others late. A row that counts otherwise than its side is one too; the
    tests say how many there are.
    """
    seconds_and_told = counted(held.rows)
    are_early = [False] * len(seconds_and_told)
    for seconds in {seconds for seconds, _ in seconds_and_told}:
        places = [place for place, (other, _) in enumerate(seconds_and_told) if other == seconds]
        told = [seconds_and_told[place][1] for place in places]
        for place, is_early, side in zip(places, told, _divided(told), strict=True):
            are_early[place] = side if is_early is None else is_early
    return are_early


def counted(rows):
    """By row the seconds of answer and question, and whether the TTL says early (True), late (False) or nothing (None)."""
    fetched, seconds_and_told = {}, []
    for row in rows:
        since, ttl = fetched.get(_story(row), (row["t"], None))
        left = -1 if ttl is None else ttl - (row["t"] - since)
        told = {} if row["upstream_queries"] or "keepttl" in row["cache"] else {left: False, left + 1: True}
        told = {ttl: False} if row["upstream_queries"] and left == 0 else told
        seconds_and_told.append(((since, row["t"]), told.get(row["ttl"]) if left >= 0 else None))
        if row["upstream_queries"]:
            fetched[_story(row)] = row["t"], row["ttl"]
    return seconds_and_told


def _divided(told):
    """For each row its side of the one switch that the fewest rows contradict; late where nothing says so."""
    n_rows = len(told)
    divisions = [
        [is_early] * place + [not is_early] * (n_rows - place)
        for is_early in (False, True)
        for place in range(n_rows, -1, -1)
    ]
    return min(divisions, key=lambda sides: sum(t is (not s) for t, s in zip(told, sides, strict=True)))


def _story(row):
    return row["variant"], row["cache"], row["name"]


def cache_row(inputs):
    """What comes back to the last of the queries, and how many went upstream for it."""
    text, name, times_s = inputs
    asked = []

    def upstream(sent):
        if sent.transport == "tcp":
            return None
        asked.append(sent)
        return Reply(upstream_answer(name))

    cache = Cache(CacheSettings.of_directive(cache_directive(text)), upstream)
    for now_s in times_s:
        asked.clear()
        answer = cache(Sent(f"{name}.example.", "A", at_s=now_s)).answer
    ttls = [record.ttl for record in (*answer.answer, *answer.authority)]
    return {
        "rcode": str(answer.rcode),
        "ttl": min(ttls, default=None),
        "aa": answer.is_authoritative,
        "upstream_queries": len(asked),
    }


def cache_directive(text):
    """A ``cache`` line with its block, one option a line."""
    lines = [line.split() for line in text.replace("{", "").replace("}", "").splitlines()]
    (name, *args), *block = filter(None, lines)
    return Directive(
        name, tuple(args), tuple(Directive(o, tuple(a), (), 2 + n) for n, (o, *a) in enumerate(block)), 1
    )


def upstream_answer(name):
    """The recorder's upstream: ``a-TTL``, ``nx-TTL-MINIMUM`` and ``nd-TTL-MINIMUM`` of an SOA record, and errors."""
    kind, *numbers = name.split("-")
    rcode, n_numbers = _KINDS.get(kind, (None, 0))
    if rcode is None or len(numbers) != n_numbers or not all(number.isdigit() for number in numbers):
        raise not_modelled(f"upstream of {name}")
    if not numbers:
        return Answer(rcode)
    if kind == "a":
        return Answer(rcode, answer=(Record(name, "A", int(numbers[0]), "192.0.2.1"),))
    soa = f"ns. host. 1 7200 1800 86400 {numbers[1]}"
    return Answer(rcode, authority=(Record("example.", "SOA", int(numbers[0]), soa),))
