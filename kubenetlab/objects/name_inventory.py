"""Which names applications look up and how often; and queries as a server or a wire showed them. No text format, no lookup."""

from __future__ import annotations

from typing import Annotated, NamedTuple

import msgspec
from msgspec import Meta

from kubenetlab.objects.pod import PodDnsConfig, PodDnsOption

Word = Annotated[str, Meta(pattern=r"^[^\s\x00-\x20\x7f]{1,1024}\Z")]
Namespace = Annotated[str, Meta(pattern=r"^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\Z")]
Resolver = Annotated[str, Meta(pattern=r"^(glibc|musl|go|cares)\Z")]
Family = Annotated[str, Meta(pattern=r"^(unspec|inet6?)\Z")]
DnsPolicy = Annotated[str, Meta(pattern=r"^(ClusterFirst(WithHostNet)?|Default|None)\Z")]


class NameRate(msgspec.Struct, frozen=True, kw_only=True):
    """How often pods of one kind look up one name; bounds hold for what is decoded.

    Attributes
    ----------
    name
        As the application writes it: ``web``, ``web.shop``, ``www.example.com``, ``www.example.com.``.
    rate_per_s
        Lookups per second of each pod: calls of getaddrinfo and the like, not queries. [1/s]
    pods
        How many pods do so.
    namespace
        That of the pods.
    resolver
        ``glibc``, ``musl``, ``go`` or ``cares``.
    family
        ``unspec`` (A and AAAA), ``inet`` (A) or ``inet6`` (AAAA).
    dns_policy, host_network
        The pods' dnsPolicy and hostNetwork.
    ndots, searches, options
        What the pods' dnsConfig sets; ``options`` as in resolv.conf (``timeout:1``, ``single-request``).
    keep_s
        Seconds that the application keeps an answer before it looks up again; 0 for none. [s]
    exists
        Whether a name outside the cluster exists; None for unknown.
    """

    name: Word
    rate_per_s: Annotated[float, Meta(ge=0, le=1e7)]
    pods: Annotated[int, Meta(ge=0, le=1_000_000)] = 1
    namespace: Namespace = "default"
    resolver: Resolver = "glibc"
    family: Family = "unspec"
    dns_policy: DnsPolicy = "ClusterFirst"
    host_network: bool = False
    ndots: Annotated[int, Meta(ge=0, le=15)] | None = None
    searches: tuple[Word, ...] = ()
    options: tuple[Word, ...] = ()
    keep_s: Annotated[float, Meta(ge=0, le=1e7)] = 0.0
    exists: bool | None = None

    @property
    def lookups_per_s(self) -> float:
        """Lookups per second of all its pods, 1/s."""
        return self.rate_per_s * self.pods

    @property
    def dns_config(self) -> PodDnsConfig | None:
        """The pods' dnsConfig; None where they have none."""
        options = self.options if self.ndots is None else (*self.options, f"ndots:{self.ndots}")
        parts = (option.partition(":") for option in options)
        named = tuple(PodDnsOption(name=name, value=value) for name, _, value in parts)
        return PodDnsConfig(searches=self.searches, options=named) if named or self.searches else None


class Query(NamedTuple):
    """One query that was seen, and what came back.

    ``at_s`` since the epoch, None where the source has no times; ``name`` in lower case with its dot; ``type`` and ``rcode`` by
    their names, ``rcode`` empty where no answer was seen; ``took_s`` from query to answer; ``n_sent`` how often it was sent.
    """

    client: str
    name: str
    type: str
    rcode: str = ""
    at_s: float | None = None
    took_s: float | None = None
    transport: str = "udp"
    n_sent: int = 1


class QueryLog(msgspec.Struct, frozen=True, kw_only=True):
    """Queries in the order of their source: of a log that of completion, of a capture that of sending.

    ``duration_s`` is the time from the first to the last, None where the source has no times; ``notes`` what a person must know
    of them: lines that were left out, answers without query.
    """

    queries: tuple[Query, ...]
    source: str = "-"
    duration_s: float | None = None
    notes: tuple[str, ...] = ()


class NameInventory(msgspec.Struct, frozen=True, kw_only=True):
    """Names with their rates; ``log`` holds the queries that they were inferred from, None where somebody wrote them down."""

    entries: tuple[NameRate, ...]
    source: str = "-"
    log: QueryLog | None = None
    notes: tuple[str, ...] = ()
