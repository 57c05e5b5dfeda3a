"""One DNS question and its answer: names, records, rcode and flags; no text format, no lookup."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from typing import NamedTuple


class Rcode(StrEnum):
    """Response codes by their names in text (RFC 1035, section 4.1.1)."""

    NOERROR = "NOERROR"
    FORMERR = "FORMERR"
    SERVFAIL = "SERVFAIL"
    NXDOMAIN = "NXDOMAIN"
    NOTIMP = "NOTIMP"
    REFUSED = "REFUSED"


#: Which words of a record's data are names, by type (RFC 1035, section 3.3; RFC 2782, RFC 6672).
NAMES_IN_DATA = {
    "CNAME": (0,),
    "NS": (0,),
    "PTR": (0,),
    "DNAME": (0,),
    "MX": (1,),
    "SRV": (3,),
    "SOA": (0, 1),
}


#: Numbers of types on the wire (IANA, DNS parameters).
TYPE_NUMBERS = {"A": 1, "NS": 2, "CNAME": 5, "SOA": 6, "PTR": 12, "MX": 15, "TXT": 16, "AAAA": 28, "SRV": 33}
TYPE_NUMBERS |= {"DS": 43, "SVCB": 64, "HTTPS": 65, "ANY": 255, "CAA": 257}


class Record(NamedTuple):
    """One resource record: owner name (absolute, its dot at the end), type, time to live [s] and data as zone files write it."""

    name: str
    type: str
    ttl: int
    data: str

    def __str__(self) -> str:
        """Return the record as a line of a zone file."""
        return f"{self.name} {self.ttl} IN {self.type} {self.data}"


class Answer(NamedTuple):
    """What a server says to one question.

    ``internal_queries`` are the questions that it asked elsewhere for this answer, as (name, type).
    """

    rcode: Rcode = Rcode.NOERROR
    answer: tuple[Record, ...] = ()
    authority: tuple[Record, ...] = ()
    additional: tuple[Record, ...] = ()
    is_authoritative: bool = False  # AA
    is_truncated: bool = False  # TC
    internal_queries: tuple[tuple[str, str], ...] = ()

    @property
    def verdict(self) -> str:
        """``ANSWER``, ``NODATA`` (the name exists, not with this type), or the rcode."""
        if self.rcode is not Rcode.NOERROR:
            return str(self.rcode)
        return "ANSWER" if self.answer else "NODATA"

    @property
    def addresses(self) -> tuple[str, ...]:
        """The addresses of its A and AAAA records, in their order."""
        return tuple(record.data for record in self.answer if record.type in ("A", "AAAA"))


#: What other servers answer to a name and type.
Upstream = Callable[[str, str], Answer]


class Sent(NamedTuple):
    """One query that a client sends.

    ``name`` absolute, with its dot; ``at_s`` since the lookup began [s]; ``number`` counts from 0 the queries of this
    name and type to this server; ``source`` is the client's address, empty where it is unknown.
    """

    name: str
    type: str
    server: str = ""
    transport: str = "udp"  # or tcp
    at_s: float = 0.0
    number: int = 0
    source: str = ""
    has_edns: bool = False  # else an answer over UDP holds 512 bytes (RFC 1035, section 4.2.1)


class Reply(NamedTuple):
    """An answer as it reaches the client: how long after the query [s], and what gave it (``kubernetes``, ``cache`` …)."""

    answer: Answer
    after_s: float = 0.0
    answered_by: str = ""
    because: str = ""


#: A server as a client sees it: what comes back to a query, None for nothing.
Ask = Callable[[Sent], Reply | None]
