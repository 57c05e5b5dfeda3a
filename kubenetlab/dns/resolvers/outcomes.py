"""What each pair of answers to A and AAAA leads to, as the libraries themselves show it in a small lookup."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product

from kubenetlab.dns.resolvers.exchanges import Asked
from kubenetlab.dns.resolvers.lookups import Lookup, lookup
from kubenetlab.dns.resolvers.resolvers import RESOLVERS
from kubenetlab.objects.dns_message import Answer, Rcode, Record, Reply, Sent
from kubenetlab.result import Basis, Result

#: What came back to A, and with which answers to AAAA all libraries were recorded.
_RECORDED = {
    "OK": "OK NODATA NXDOMAIN SERVFAIL REFUSED FORMERR LOST",
    "NODATA": "OK NODATA NXDOMAIN REFUSED FORMERR CNAME LOST",
    "NXDOMAIN": "NODATA NXDOMAIN SERVFAIL CNAME LOST",
    "SERVFAIL": "NODATA NXDOMAIN SERVFAIL REFUSED CNAME",
    "REFUSED": "REFUSED LOST",
    "FORMERR": "OK SERVFAIL REFUSED FORMERR CNAME LOST",
    "CNAME": "OK NODATA NXDOMAIN REFUSED CNAME",
    "LOST": "OK NODATA NXDOMAIN SERVFAIL LOST",
}
_CANDIDATES = ("web.a.test.", "web.b.test.", "web.")
_RESOLV_CONF = "nameserver 10.0.0.1\nsearch a.test b.test\noptions ndots:5 timeout:1 attempts:2\n"


def outcome_table(resolvers: Sequence[str] = tuple(RESOLVERS)) -> Result:
    """Return what follows when a candidate of a search list gets a pair of answers, all others NXDOMAIN.

    Parameters
    ----------
    resolvers
        The libraries: of `RESOLVERS`, or musl-1.2.3.

    Returns
    -------
    A Result; its frame has one row a pair (columns A and AAAA), one column a library (all text): ``found``, ``next``
    (candidate), ``as it is`` (the rest of the search list is left out) or the error that ends the lookup, then the
    queries for the candidate, and the time where it takes any; and is_recorded, whether the four of `RESOLVERS` were seen
    with this pair (sets pair, rcode and alldead of the recordings), the other rows follow from their source. Two attempts
    of 1 s, one server.
    """
    import pandas as pd

    rows = [
        (*pair, *(_text(_look_up(pair, name)) for name in resolvers)) for pair in product(_RECORDED, repeat=2)
    ]
    frame = pd.DataFrame(rows, columns=["A", "AAAA", *resolvers], dtype="str")
    frame["is_recorded"] = [aaaa in _RECORDED[a].split() for a, aaaa, *_ in rows]
    return Result(title="What a pair of answers leads to", _frame=frame, basis=Basis.SOURCE)


def _look_up(pair: tuple[str, ...], resolver: str) -> Lookup:
    replies = dict(zip(("A", "AAAA"), map(_reply, ("A", "AAAA"), pair), strict=True))

    def ask(sent: Sent) -> Reply | None:
        return replies[sent.type] if sent.name == _CANDIDATES[0] else Reply(Answer(Rcode.NXDOMAIN))

    return lookup("web", _RESOLV_CONF, resolver=resolver, ask=ask)


def _reply(type: str, outcome: str) -> Reply | None:
    data = {"OK": (type, "::1" if type == "AAAA" else "10.0.0.9"), "CNAME": ("CNAME", "elsewhere.test.")}
    records = (Record(_CANDIDATES[0], data[outcome][0], 30, data[outcome][1]),) if outcome in data else ()
    rcode = Rcode(outcome) if outcome in Rcode.__members__ else Rcode.NOERROR
    return None if outcome == "LOST" else Reply(Answer(rcode, records))


def _text(found: Lookup) -> str:
    of_first: list[Asked] = [query for query in found.queries if query.sent.name == _CANDIDATES[0]]
    later = {query.sent.name for query in found.queries[len(of_first) :]}
    follows = "next" if _CANDIDATES[1] in later else "as it is" if later else found.error
    seconds = f", {found.took_s:g} s" if found.took_s else ""
    return f"{'found' if found.addresses else follows}, {len(of_first)} queries{seconds}"
