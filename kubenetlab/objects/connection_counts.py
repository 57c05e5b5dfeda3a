"""What was counted for each endpoint of a Service: connections, requests or flows, and from which text."""

from __future__ import annotations

from enum import StrEnum

import msgspec


class Counted(StrEnum):
    """What a count counts; the values are the words that people read."""

    NEW_CONNECTIONS = "new connections"  # packets of the nat table: the first of each connection
    OPEN_CONNECTIONS = "open connections"  # ESTABLISHED ones, ipvs' active ones: long-lived ones weigh more
    REQUESTS = "requests"  # lines of an access log, a metric: many of one connection come to one endpoint
    FLOWS = "flows"  # Hubble's; conntrack's entries, where some are of connections that ended lately
    GIVEN = "counts"  # numbers of a table that does not say what they are


class EndpointCounts(msgspec.Struct, frozen=True):
    """The counts of one Service port, in the order of its endpoints.

    Attributes
    ----------
    service
        ``namespace/name:port`` where the text says it (where rules have two chains for it, then in brackets which), else the
        destination's ``IP:port/protocol``, else what the text calls it; empty where it has no name.
    endpoints
        ``IP:port`` (IPv6 in brackets), or what the text calls them; each once.
    counts
        One for each endpoint; whole numbers from 0 on.
    shares
        Which part of new connections each endpoint gets by the rules; adds to 1. Empty where the text does not say: then
        equal shares are assumed, and said.
    counted
        What the numbers count.
    source
        The file, ``-`` for standard input.
    remembered
        By endpoint, connections of clients that session affinity sent there again: they are not among ``counts``, as no
        chance chose for them. Empty where the text does not say.
    unanswered
        By endpoint, connections that it never answered; not among ``counts``. Empty where the text does not say.
    has_affinity
        Whether the text shows session affinity of this Service port; None where it does not say.
    where
        The chain, virtual server, column or metric that was counted.
    notes
        What a person must know of these numbers, in words: when the window begins, what is left out.
    """

    service: str
    endpoints: tuple[str, ...]
    counts: tuple[int, ...]
    shares: tuple[float, ...] = ()
    counted: Counted = Counted.GIVEN
    source: str = "-"
    where: str = ""
    notes: tuple[str, ...] = ()
    remembered: tuple[int, ...] = ()
    unanswered: tuple[int, ...] = ()
    has_affinity: bool | None = None
