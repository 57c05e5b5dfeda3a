"""How musl asks for one candidate: every server at once, within one time-out (src/network/res_msend.c, 1.2.3 and 1.2.5)."""

from __future__ import annotations

from itertools import product

from kubenetlab.dns.resolvers.exchanges import Asked, Exchanges, Question, earliest

_BAD = {"LOST": "EAI_AGAIN", "NXDOMAIN": "EAI_NONAME"}
_ACCEPTED = {"OK", "CNAME", "NODATA", "NXDOMAIN"}


def ask_with_musl(exchanges: Exchanges, name: str, types: tuple[str, ...]) -> str:
    """Return what a candidate leads to: the first type whose answer is missing or NXDOMAIN decides (lookup_name.c)."""
    if not exchanges.configuration.attempts:
        return exchanges.end("SIGFPE")
    answers = _answers(exchanges, [(name, type) for type in types])
    outcomes = [answers[type].outcome if type in answers else "LOST" for type in types]
    bad = next((outcome for outcome in outcomes if outcome in _BAD), "NODATA")
    is_old = "no EAI_NODATA" in exchanges.configuration.flags
    exchanges.error = _BAD.get(bad, "EAI_NONAME" if is_old else "EAI_NODATA")
    if bad == "NODATA":
        exchanges.addresses = tuple(address for type in types for address in answers[type].addresses)
    return "next" if bad == "NXDOMAIN" else "stop"


def _answers(exchanges: Exchanges, questions: list[Question]) -> dict[str, Asked]:
    """Return the accepted answers by type; what is unanswered is asked again attempts times within the time-out."""
    begin_s, configuration = exchanges.now_s, exchanges.configuration
    interval_s = configuration.timeout_s / configuration.attempts
    answers: dict[str, Asked] = {}
    coming: list[Asked] = []
    for number in range(1, configuration.attempts + 1 if interval_s else 1):
        had = {*answers, *(asked.sent.type for asked in coming if asked.sent.transport == "tcp")}
        left = [question for question in questions if question[1] not in had]
        coming += [exchanges.send(*pair) for pair in product(left, configuration.nameservers)]
        resends = 2 * len(questions)
        while len(answers) < len(questions):
            asked = earliest(coming, begin_s + number * interval_s)
            exchanges.now_s = asked.arrives_s if asked else begin_s + number * interval_s
            if asked is None:
                break
            resends -= _take(exchanges, asked, answers, coming, resends)
    return answers


def _take(
    exchanges: Exchanges, asked: Asked, answers: dict[str, Asked], coming: list[Asked], resends: int
) -> int:
    """Accept an answer, or ask once more: over TCP where it was cut (from 1.2.4), at once after SERVFAIL (counted)."""
    name, type, server, transport, *_ = asked.sent
    if type in answers:
        return 0
    if asked.needs_tcp and "no TCP" not in exchanges.configuration.flags:
        coming[:] = [one for one in coming if one.sent.type != type]
        coming.append(exchanges.send((name, type), server, "tcp"))
    elif asked.outcome in _ACCEPTED:
        answers[type] = asked
    elif asked.outcome == "SERVFAIL" and resends and transport == "udp":
        coming.append(exchanges.send((name, type), server))
        return 1
    return 0
