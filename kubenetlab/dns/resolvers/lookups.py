"""One lookup of a name, query by query in virtual time, as glibc, musl, Go or c-ares does it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import NamedTuple

from kubenetlab.dns.resolvers.candidates import candidates_of
from kubenetlab.dns.resolvers.configuration import literal, read_configuration
from kubenetlab.dns.resolvers.exchanges import Asked, Exchanges
from kubenetlab.dns.resolvers.glibc import ask_with_glibc
from kubenetlab.dns.resolvers.go_and_cares import ask_with_cares, ask_with_go
from kubenetlab.dns.resolvers.musl import ask_with_musl
from kubenetlab.dns.resolvers.resolvers import basis_of, rules_of
from kubenetlab.objects.dns_message import Ask
from kubenetlab.result import Result

_ASK = {"glibc": ask_with_glibc, "musl": ask_with_musl, "go": ask_with_go, "cares": ask_with_cares}
_NOT_ASKED = {"glibc": "EAI_NONAME", "musl": "EAI_NONAME", "go": ": no such host", "cares": "ARES_ENOTFOUND"}
_FAMILIES = {"unspec": ("A", "AAAA"), "inet": ("A",), "inet6": ("AAAA",)}
_SENT = ("candidate", "name", "type", "server", "transport", "at_ms")
_CAME = ("took_ms", "rcode", "verdict", "answered_by", "addresses")


class HostAddresses(NamedTuple):
    """What a lookup takes from its host: addresses for AI_ADDRCONFIG (where the program passes it), /etc/hosts.

    ``address`` is the client's own one, which servers see; ``has_ipv4`` and ``has_ipv6`` without loopback (a link-local
    address counts), ``has_ipv6_loopback`` ::1. ``hosts`` give addresses by name in lower case.
    """

    is_addrconfig: bool = False
    has_ipv4: bool = True
    has_ipv6: bool = True
    has_ipv6_loopback: bool = True
    hosts: Mapping[str, tuple[str, ...]] = {"localhost": ("127.0.0.1", "::1")}
    address: str = ""


_HOST = HostAddresses()


@dataclass(frozen=True, slots=True, kw_only=True)
class Lookup:
    """What a lookup asked and found.

    ``queries`` in the order in which they were sent; ``error`` is empty where addresses were found, else its name
    (``EAI_NONAME``, ``ARES_ENOTFOUND``) or for Go its text, with ``code`` and ``text`` as programs get them.
    """

    name: str
    resolver: str
    queries: tuple[Asked, ...] = ()
    addresses: tuple[str, ...] = ()
    error: str = ""
    code: int = 0
    text: str = ""
    took_s: float = 0.0

    @property
    def result(self) -> Result:
        """The queries as a frame.

        One row a query: candidate (index from 0), name, type, server, transport, at_ms (since the lookup began),
        took_ms (not a number: no answer), rcode (empty: no answer), verdict (OK, CNAME, NODATA, an rcode or LOST),
        answered_by, addresses.
        """
        import pandas as pd

        frame = pd.DataFrame(list(map(_row, self.queries)), columns=[*_SENT, *_CAME])
        frame = frame.astype({"candidate": "int64", "at_ms": "float64", "took_ms": "float64"})
        outcome = ", ".join(self.addresses) or self.text
        reasons = dict.fromkeys(a.reply.because for a in self.queries if a.reply and a.reply.because)
        return Result(
            title=f"{self.resolver} looks up {self.name}: {outcome} after {self.took_s:.3f} s",
            _frame=frame,
            because=(f"{_library(self.resolver)} {rules_of(self.resolver).version}", *reasons),
            basis=basis_of([self.resolver]),
        )


def _row(asked: Asked) -> tuple[object, ...]:
    sent, reply = asked.sent, asked.reply
    came = (reply.after_s * 1000, str(reply.answer.rcode)) if reply else (float("nan"), "")
    by = reply.answered_by if reply else ""
    return (
        asked.candidate,
        *sent[:4],
        sent.at_s * 1000,
        *came,
        asked.outcome,
        by,
        ", ".join(asked.addresses),
    )


def lookup(  # noqa: PLR0913 - each is something that a lookup depends on
    name: str,
    resolv_conf: str,
    *,
    resolver: str = "glibc",
    ask: Ask,
    family: str = "unspec",
    env: Mapping[str, str] | None = None,
    host: HostAddresses = _HOST,
    chance: float = 0.0,
) -> Lookup:
    r"""Look a name up; nothing is sent and nothing sleeps: ``ask`` answers and says how long that takes.

    Parameters
    ----------
    name
        As the program passes it, with or without a dot at the end.
    resolv_conf
        The text of /etc/resolv.conf; any text is taken as the library takes it.
    resolver
        glibc, musl, go, cares, or musl-1.2.3 (Alpine 3.17 and before).
    ask
        The servers. Queries at the same instant are asked one after another.
    family
        unspec (A and AAAA), inet or inet6.
    env
        The program's environment (RES_OPTIONS, LOCALDOMAIN).
    host
        What else the host decides.
    chance
        From 0 to below 1, what the library draws at random: the server that ``rotate`` begins with (its place in the
        list, as a share), by how much c-ares shortens a wait, which of Go's two answers comes first.

    Raises
    ------
    ValueError
        For a resolver or family that is none of these.

    Notes
    -----
    Not modelled: DNSSEC, the order of addresses (RFC 6724), answers that glibc and Go take for lame referrals, the
    time-outs that c-ares learns from earlier answers, that glibc waits without end for an answer over TCP.

    Examples
    --------
    >>> from kubenetlab.objects.dns_message import Answer, Rcode, Reply
    >>> none = lambda sent: Reply(Answer(Rcode.NXDOMAIN))
    >>> found = lookup("web", "search a.test\noptions ndots:5", resolver="musl", ask=none)
    >>> [(query.sent.name, query.sent.type) for query in found.queries]
    [('web.a.test.', 'A'), ('web.a.test.', 'AAAA'), ('web.', 'A'), ('web.', 'AAAA')]
    >>> found.error, found.code, found.text
    ('EAI_NONAME', -2, 'Name does not resolve')
    """
    rules, types = rules_of(resolver), _types(resolver, family, host)
    here = literal(name, rules)
    known = (here,) if here else host.hosts.get(name.lower(), ())
    at_hand = tuple(address for address in known if ("AAAA" if ":" in address else "A") in types)
    if at_hand:
        return Lookup(name=name, resolver=resolver, addresses=at_hand)
    configuration = read_configuration(resolv_conf, resolver, env)
    exchanges, verdict = Exchanges(ask, configuration, host.address, chance), "next"
    for index, (candidate, is_as_is) in enumerate(candidates_of(name, configuration, rules)):
        if verdict == "absolute" and not is_as_is and not exchanges.is_as_is:
            continue  # glibc leaves out the rest of the search list
        exchanges.candidate, exchanges.is_as_is = index, is_as_is
        verdict = _ASK[_library(resolver)](exchanges, candidate, types)
        if verdict == "stop" or exchanges.addresses:
            break
    error = "" if exchanges.addresses else exchanges.error or _NOT_ASKED[_library(resolver)]
    code, text = rules.errors.get(error, (1, f"lookup {name}{error}")) if error else (0, "")
    found = Lookup(name=name, resolver=resolver, queries=exchanges.asked, addresses=exchanges.addresses)
    error = error if error in rules.errors else text
    return replace(found, error=error, code=code, text=text, took_s=exchanges.now_s)


def _library(resolver: str) -> str:
    return resolver.partition("-")[0]


def _types(resolver: str, family: str, host: HostAddresses) -> tuple[str, ...]:
    """Return the types that are asked for, A first; AI_ADDRCONFIG as each library takes it."""
    if family not in _FAMILIES:
        raise ValueError(f"family is {family!r}, not one of {', '.join(_FAMILIES)}")
    types = _FAMILIES[family]
    if len(types) == 1 or not host.is_addrconfig:
        return types
    has = {"glibc": (host.has_ipv4, host.has_ipv6), "musl": (True, host.has_ipv6_loopback)}
    known = dict(zip(types, has.get(_library(resolver), (True, True)), strict=True))
    return tuple(type for type in types if known[type]) or types
