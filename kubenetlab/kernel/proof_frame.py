"""The table of a proof: what the model expects, what the kernel did, and whether that agrees."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from math import nan
from typing import TYPE_CHECKING, Any

from kubenetlab.kernel.agreement import corrected, p_value
from kubenetlab.kernel.questions import Outcome, Question
from kubenetlab.load_balancing.packet import Fate
from kubenetlab.load_balancing.passage import endpoint_text

if TYPE_CHECKING:
    import pandas as pd

LEVEL = 0.001  # of a false alarm, over all questions of a proof
AGREES, DISAGREES, NOT_COMPARED = "agrees", "disagrees", "not compared"
_ALONE = "not translated "  # how an outcome of rules begins that leave a packet alone


def proof_frame(asked: list[Question], observed: list[Counter[Outcome]]) -> pd.DataFrame:
    """Return one row for each question and outcome; the columns are those of ``prove``."""
    import pandas as pd

    pairs = list(zip(asked, observed, strict=True))
    plain = [p_value(_expected(*pair), pair[1]) for pair in pairs if pair[1]]
    p_values = iter(zip(corrected(plain), plain, strict=True))
    rows = [row for pair in pairs for row in _rows(*pair, *(next(p_values) if pair[1] else (nan, nan)))]
    return pd.DataFrame(rows)


def conclusion(frame: pd.DataFrame) -> str:
    """Return the verdict on the whole in one sentence."""
    verdicts = frame.drop_duplicates(["destination", "source"])["verdict"]
    n_all, n_wrong = len(verdicts), int((verdicts == DISAGREES).sum())
    n = int((verdicts != NOT_COMPARED).sum())
    if agrees(frame) is None:
        only = f": on {n} of {n_all} the rules leave packets alone, the others were not compared" if n else ""
        return f"nothing that the rules do was compared{only}"
    wrong = f"{n_wrong} of " if n_wrong else "all " * (n > 1)
    return (
        f"{f'{n} of {n_all} questions compared: ' if n < n_all else ''}the kernel {'dis' * bool(n_wrong)}agrees with the "
        f"model on {wrong}{n} question{'s' * (n > 1)} (who asks which destination), by {int(frame['observed_flows'].sum()):,} "
        f"connections; p-values corrected for their number leave {LEVEL:.1%} chance of a false alarm in all"
    )


def agrees(frame: pd.DataFrame) -> bool | None:
    """Return whether nothing disagrees; None if nothing was compared but packets that the rules leave alone."""
    verdicts, is_alone = frame["verdict"], frame["outcome"].str.startswith(_ALONE)
    if (verdicts == DISAGREES).any():
        return False
    return True if ((verdicts == AGREES) & ~is_alone).any() else None


def left_out(asked: list[Question], observed: list[Counter[Outcome]]) -> Iterator[str]:
    """Yield what was not compared, and why, each reason once."""
    silent = [question for question, seen in zip(asked, observed, strict=True) if not seen]
    lacking = "no flows left for them, or no client that did not come before"
    notes = Counter(lacking if question.shares else "; ".join(question.notes) for question in silent)
    yield from (f"not compared, {n} of {len(asked)} questions: {note}" for note, n in notes.items())
    pairs = zip(asked, observed, strict=True)
    n_thin = sum(0 < seen.total() < 5 * len(question.shares) for question, seen in pairs)
    if n_thin:
        s = "s" * (n_thin > 1)
        yield f"too few flows to test the shares in {n_thin} question{s}: send more, or ask for one Service port"
    if any(question.has_memory for question in asked):
        yield "session affinity: every flow came from a client of its own, lists of clients began empty"


def _expected(question: Question, seen: Counter[Outcome]) -> dict[Outcome, float]:
    return {outcome: float(share) * seen.total() for outcome, share in question.shares.items()}


def _rows(question: Question, seen: Counter[Outcome], p: float, plain: float) -> Iterator[dict[str, Any]]:
    verdict = NOT_COMPARED if not seen else DISAGREES if p < LEVEL else AGREES
    expected = _expected(question, seen)
    target, shares = question.target, question.shares
    place = {"service_port": target.service_port, "destination": target.text, "source": question.source.name}
    tested = {"p_value": p, "p_value_plain": plain, "verdict": verdict}
    for outcome in dict.fromkeys([*expected, *seen]) or [Outcome(Fate.UNKNOWN)]:
        yield place | {
            "outcome": _outcome_text(question, outcome),
            "is_masqueraded": outcome.is_masqueraded,
            "share": float(shares.get(outcome, 0)) if shares else nan,
            "expected_flows": expected.get(outcome, 0.0),
            "observed_flows": seen[outcome],
        } | tested  # fmt: skip


def _outcome_text(question: Question, outcome: Outcome) -> str:
    target, version = question.target, 6 if outcome.endpoint.startswith("[") else 4
    if outcome.endpoint and outcome.endpoint == endpoint_text(version, target.address, target.port):
        return f"{_ALONE}({outcome.endpoint})"
    return outcome.endpoint or str(outcome.fate)
