"""How glibc 2.36 asks for one candidate: both types over one socket, one server after another (resolv/res_send.c)."""

from __future__ import annotations

from kubenetlab.dns.resolvers.exchanges import NEVER, Asked, Exchanges, Question, earliest

_RETRIED = {"SERVFAIL", "NOTIMP", "REFUSED"}  # over UDP only
#: What the pair of answers means where the next candidate follows; else the rest of the search list is left out.
_MEANINGS = {"NXDOMAIN": "EAI_NONAME", "NODATA": "EAI_NODATA", "SERVFAIL": "EAI_AGAIN"}


def ask_with_glibc(exchanges: Exchanges, name: str, types: tuple[str, ...]) -> str:
    """Return what a candidate leads to; A and AAAA are judged together (res_query.c, res_nsearch).

    An answer with records ends the search, also a CNAME without an address. Else the first answer's rcode counts,
    the second's where the first is NODATA. Where no server answered, the search goes on after SERVFAIL only.
    """
    has_no_aaaa = "no-aaaa" in exchanges.configuration.flags
    pair = _Pair(exchanges, name, ("A",) if has_no_aaaa else types)
    answers = pair.answers()
    outcomes = [asked.outcome for asked in answers]
    if has_no_aaaa and "A" not in types:  # asked for A, which is then left out
        outcomes = ["NODATA" if outcome in ("OK", "CNAME") else outcome for outcome in outcomes]
    if "OK" in outcomes or "CNAME" in outcomes:
        exchanges.addresses = tuple(address for asked in answers for address in asked.addresses)
        return exchanges.end("EAI_NODATA" if types == ("A",) else "EAI_NONAME")
    meaning = (outcomes[-1] if outcomes[0] == "NODATA" else outcomes[0]) if outcomes else pair.first_outcome
    verdict = "next" if meaning == "SERVFAIL" or (outcomes and meaning in _MEANINGS) else "absolute"
    error = _MEANINGS.get(meaning, "EAI_NONAME") if outcomes else "EAI_AGAIN"
    exchanges.error = _error(exchanges, verdict, error)
    if types == ("A",) and exchanges.error != "EAI_NODATA":  # gethostbyname2_r says less
        lost = "EAI_AGAIN" if exchanges.error == "EAI_AGAIN" else "EAI_NODATA"
        exchanges.error = "EAI_NONAME" if outcomes else lost
    return verdict


def _error(exchanges: Exchanges, verdict: str, error: str) -> str:
    """Return the error of a lookup that ends here (res_query.c, the end of __res_context_search).

    It is that of the name itself where it was asked for first, else NODATA or SERVFAIL of any, else this one.
    """
    if exchanges.is_as_is and not exchanges.candidate:
        exchanges.errors = ["as it is", error]
    elif not exchanges.is_as_is and (error == "EAI_NODATA" or (verdict, error) == ("next", "EAI_AGAIN")):
        exchanges.errors.append(error)
    if exchanges.errors[:1] == ["as it is"]:
        return exchanges.errors[1]
    return next((one for one in ("EAI_NODATA", "EAI_AGAIN") if one in exchanges.errors), error)


class _Pair:
    """One or two questions of a candidate (__res_context_send, send_dg and send_vc)."""

    def __init__(self, exchanges: Exchanges, name: str, types: tuple[str, ...]) -> None:
        self.exchanges = exchanges
        self.questions: list[Question] = [(name, type) for type in types]
        self.first_outcome = ""  # what stands in the first buffer
        self._is_circuit = exchanges.transport == "tcp"
        self._coming: dict[str, list[Asked]] = {}

    def answers(self) -> list[Asked]:
        """Ask each server attempts times until one gives answers; in the order of arrival, none for none.

        A server waits for its share of the time-out, which doubles with its place in the list.
        """
        configuration, servers = self.exchanges.configuration, self.exchanges.servers(self.exchanges.chance)
        for _ in range(configuration.attempts):
            for place, server in servers:
                seconds = (configuration.timeout_s << place) // (len(servers) if place else 1)
                if answers := self._answers_of(server, max(seconds, 1)):
                    return answers
        return []

    def _answers_of(self, server: str, seconds: int) -> list[Asked]:
        while not self._is_circuit:
            answers, is_late = self._datagrams(server, self.exchanges.now_s + seconds)
            if any(asked.needs_tcp for asked in answers):
                self._is_circuit = True
            elif not is_late or not answers or (self.exchanges.is_single_request and self.exchanges.reopens):
                return answers
            elif self.exchanges.is_single_request:
                self.exchanges.reopens = True
                self._coming[server] = []
            else:
                self.exchanges.is_single_request = True
        return self._circuit(server, seconds)

    def _circuit(self, server: str, seconds: int) -> list[Asked]:
        asked = [self.exchanges.send(question, server, "tcp") for question in self.questions]
        last_s = max(one.arrives_s for one in asked)
        self.exchanges.now_s = min(last_s, self.exchanges.now_s + seconds)
        return [] if last_s == NEVER else asked

    def _datagrams(self, server: str, until_s: float) -> tuple[list[Asked], bool]:
        """Ask over UDP once; return the accepted answers, and whether one was waited for until the time was over."""
        coming, is_single = self._coming.setdefault(server, []), self.exchanges.is_single_request
        waiting = list(self.questions)
        answers: list[Asked] = []
        received: set[str] = set()
        while len(received) < len(self.questions):
            while waiting and (not is_single or len(waiting) + len(received) == len(self.questions)):
                coming.append(self.exchanges.send(waiting.pop(0), server))
            asked = earliest(coming, until_s)
            self.exchanges.now_s = max(asked.arrives_s, self.exchanges.now_s) if asked else until_s
            if asked is None:
                return answers, True
            if asked.sent.type in received:
                continue
            self.first_outcome = self.first_outcome if received else asked.outcome
            received.add(asked.sent.type)
            answers += [] if asked.outcome in _RETRIED else [asked]
            if asked.needs_tcp or (is_single and not answers):
                break
        return answers, False
