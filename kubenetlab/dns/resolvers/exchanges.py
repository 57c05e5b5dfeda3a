"""The clock and the log of one lookup, and what an answer means to a library; nothing sleeps."""

from __future__ import annotations

from collections import Counter
from typing import NamedTuple

from kubenetlab.dns.resolvers.configuration import Configuration
from kubenetlab.objects.dns_message import Ask, Rcode, Reply, Sent

NEVER = float("inf")
Question = tuple[str, str]  # name and type


class Asked(NamedTuple):
    """One query of a lookup, what came back (None: nothing) and the index of its candidate."""

    sent: Sent
    reply: Reply | None
    candidate: int

    @property
    def arrives_s(self) -> float:
        """When the answer reaches the client, since the lookup began [s]; infinite for none."""
        return self.sent.at_s + self.reply.after_s if self.reply else NEVER

    @property
    def outcome(self) -> str:
        """OK (an address of the type), CNAME (an answer without one), NODATA, the rcode, or LOST."""
        if not self.reply:
            return "LOST"
        answer = self.reply.answer
        if answer.rcode is not Rcode.NOERROR or not answer.answer:
            return answer.verdict
        return "OK" if self.addresses else "CNAME"

    @property
    def needs_tcp(self) -> bool:
        """Whether an answer over UDP says that it is not whole (TC)."""
        return self.reply is not None and self.reply.answer.is_truncated and self.sent.transport == "udp"

    @property
    def addresses(self) -> tuple[str, ...]:
        """The addresses of the type that was asked for."""
        records = self.reply.answer.answer if self.reply else ()
        return tuple(record.data for record in records if record.type == self.sent.type)


def earliest(coming: list[Asked], until_s: float) -> Asked | None:
    """Take the answer that arrives first out of a list; None where none arrives in time."""
    asked = min(coming, key=lambda one: one.arrives_s, default=None)
    if asked is None or asked.arrives_s > until_s:
        return None
    coming.remove(asked)
    return asked


class Exchanges:
    """The queries of one lookup so far, the virtual time ``now_s``, and what the library keeps between candidates.

    ``candidate`` is the index of the one that is asked for now, ``is_as_is`` whether it is the name itself and not one
    with a search domain; ``addresses`` or the ``error`` that it left, and ``errors`` that later ones do not undo.
    """

    def __init__(self, ask: Ask, configuration: Configuration, source: str, chance: float) -> None:
        self.configuration, self.chance = configuration, chance
        self.now_s, self.candidate, self.is_as_is = 0.0, 0, False
        self.addresses: tuple[str, ...] = ()
        self.error = ""
        self.errors: list[str] = []
        flags = configuration.flags
        self.transport = "tcp" if "use-vc" in flags else "udp"
        self.reopens = "single-request-reopen" in flags
        self.is_single_request = self.reopens or "single-request" in flags
        self.failures: Counter[str] = Counter()
        self._ask, self._source, self._rotation = ask, source, 0
        self._numbers: Counter[tuple[str, str, str]] = Counter()
        self._log: list[tuple[float, int, int, Asked]] = []

    def send(self, question: Question, server: str, transport: str = "udp", turn: int = 0) -> Asked:
        """Send a query now and log it; what comes back is known at once, and when it does.

        ``turn`` puts queries of the same instant in order.
        """
        key = (*question, server)
        flags, number = self.configuration.flags, self._numbers[key]
        sent = Sent(*key, transport, self.now_s, number, self._source, "edns0" in flags)
        self._numbers[key] += 1
        asked = Asked(sent, self._ask(sent), self.candidate)
        self._log.append((self.now_s, self.candidate, turn, asked))
        return asked

    def end(self, error: str) -> str:
        """Note an error that nothing can follow; return the verdict on the candidate."""
        self.error = error
        return "stop"

    @property
    def asked(self) -> tuple[Asked, ...]:
        """All queries in the order in which they were sent."""
        return tuple(asked for *_, asked in sorted(self._log, key=lambda logged: logged[:3]))

    def servers(self, share: float = 0.0) -> list[tuple[int, str]]:
        """Return the nameservers with their places, in the order in which they are asked now.

        ``share`` says where in the list ``rotate`` began.
        """
        servers = list(enumerate(self.configuration.nameservers))
        first = 0
        if "rotate" in self.configuration.flags:
            first = (int(share * len(servers)) + self._rotation) % len(servers)
            self._rotation += 1
        return servers[first:] + servers[:first]
