"""What ``kubenetlab luck`` prints for people: the ranking, one Service over the band of luck, causes, and what was counted."""

from __future__ import annotations

import shutil
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from math import isnan
from textwrap import fill
from typing import TYPE_CHECKING, Any, NamedTuple

from kubenetlab.cli.luck_sources import Place
from kubenetlab.cli.rules_sources import counted
from kubenetlab.cli.tables import text_table
from kubenetlab.findings.wording import first_few
from kubenetlab.visible_text import visible, width

if TYPE_CHECKING:
    import pandas as pd

    from kubenetlab.objects.connection_counts import EndpointCounts
    from kubenetlab.result import Result

_SHOWN = {"services": 20, "endpoints": 30, "causes": 4}  # without --all
_WIDTH = 120  # of what is no terminal
_BARS = (16, 48)  # characters of the picture of counts
_LEGEND = ". what chance explains, | expected, o counted, X outside the band"
_COLUMNS = {
    "service": "service", "n_endpoints": "endpoints", "n_counted": "counted", "worst_endpoint": "worst endpoint",
    "overload_factor": "times its share", "p_value_corrected": "p corrected", "verdict": "verdict",
    "more_connections": "more needed",
}  # fmt: skip
_ODD_ALONE = "An X alone is no verdict: its band is for one endpoint, the verdict for all of them and all Services together."
_UNEVEN = "The rules themselves are uneven: one share is {:.3g} times a fair one. That is no chance."
_MOST_SEEN = 4  # endpoints, where the test is of their distance alone; of more it is a bound of two tests
#: What a narrow terminal does without, in this order; from the third on names stand on lines of their own.
_LESS = ("p corrected", "endpoints", "counted", "more needed", "times its share", "worst endpoint")


class Answer(NamedTuple):
    """The verdicts on what was counted, how uneven the rules of some Services are, and one Service in detail."""

    ranking: Result
    found: Mapping[Place, EndpointCounts]
    uneven: Mapping[Place, float]
    chosen: EndpointCounts
    alpha: float
    endpoints: Result | None = None  # None: nothing to compare
    causes: Result | None = None


def nothing_counted(found: Sequence[EndpointCounts]) -> str:
    """Return what to say where no connection was counted."""
    names = first_few([one.service or one.where for one in found], 10)
    return visible(f"Nothing was counted, so nothing can be said: {names}.")


def gate_text(verdicts: Iterable[str], uneven: Mapping[Place, float]) -> tuple[bool, str]:
    """Return whether the gate lets verdicts pass, and why."""
    n = Counter(verdicts)
    words = f"{n['not chance']:,} not chance, {len(uneven):,} uneven by their own rules, {n['cannot tell yet']:,} cannot tell yet"
    is_passed = not (n["not chance"] or uneven)
    said = f"the gate {'lets pass' if is_passed else 'fails'}: {words}"
    return is_passed, f"{said} (which passes, and does not mean fair)"


def luck_text(answer: Answer, is_whole: bool) -> str:
    """Return an answer as text; ``is_whole``: every Service, endpoint and cause."""
    services, rows, reasons = (None,) * 3 if is_whole else _SHOWN.values()
    frame, chosen = answer.ranking.frame, answer.chosen
    uneven = answer.uneven.get((chosen.service, chosen.where), 0)
    row = frame[(frame["service"] == chosen.service) & (frame["where"] == chosen.where)].iloc[0]
    blocks = [*_whole(answer, services)] if len(frame) > 1 else []
    if answer.endpoints is None or answer.causes is None:
        return "\n\n".join([*blocks, _without(row, chosen)])
    every, because = answer.endpoints.frame, answer.endpoints.because
    is_settled = row["verdict"] == "consistent with chance" and not (uneven or _sticky(chosen) or is_whole)
    parts = [_judgement(row, answer, every, uneven), _endpoints(every, rows)]
    parts += [] if is_settled else [_causes(answer.causes.frame, reasons)]
    parts += [(_wrapped(f"Note: {note}", 6) for note in because[3 if chosen.notes else 2 :])]
    return "\n\n".join([*blocks, *map("\n".join, parts)])


def _columns() -> int | None:
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else None


def _wrapped(text: str, indent: int) -> str:
    at_most = min(_columns() or _WIDTH, _WIDTH)
    return fill(visible(text), at_most, subsequent_indent=" " * indent, break_on_hyphens=False)


def _whole(answer: Answer, n_shown: int | None) -> Iterator[str]:
    """Yield how many Services have which verdict, which have uneven shares, and the ranking."""
    frame = answer.ranking.frame
    verdicts = Counter(map(str, frame["verdict"]))
    yield f"{counted(len(frame), 'Service')}: {', '.join(f'{n:,} {verdict}' for verdict, n in verdicts.items())}."
    if answer.uneven:
        names = [f"{name or where} ({n:.3g} times fair)" for (name, where), n in answer.uneven.items()]
        yield _wrapped(f"Not even by their own rules, which is no chance: {first_few(names)}.", 2)
    shown = _ranking(answer, n_shown or len(frame))
    yield _fitting(shown, _columns()) + _more(len(frame), n_shown, "Service")
    if sticky := [name or where for (name, where), one in answer.found.items() if _sticky(one)]:
        said = "* Session affinity loads endpoints, too, which is no chance"
        yield _wrapped(f"{said}: {first_few(sticky)}.", 2)


def _sticky(one: EndpointCounts) -> str:
    """Return what a save says of connections of remembered clients, which are not judged; empty if there are none."""
    return next((note for note in one.notes if note.endswith("affinity, not chance")), "")


def _ranking(answer: Answer, n_shown: int) -> pd.DataFrame:
    """Return the rows to show; of what is no chance with the endpoint that made it so, be it too high or too low."""
    import pandas as pd

    from kubenetlab.load_balancing.luck.endpoint_luck import endpoint_luck

    rows: list[dict[str, Any]] = answer.ranking.frame.head(n_shown).to_dict("records")  # type: ignore[assignment]
    for row in rows:
        one = answer.found[row["service"], row["where"]]
        if row["verdict"] == "not chance":
            row.update(**_worst(endpoint_luck(one, alpha=answer.alpha).frame))
        row["service"] = one.service or one.where
        row["verdict"] += " *" * bool(_sticky(one))
        row["overload_factor"] = round(row["overload_factor"], 2)
        row["p_value_corrected"] = _p(row["p_value_corrected"])
    return pd.DataFrame(rows)[list(_COLUMNS)].astype({"more_connections": "Int64"}).rename(columns=_COLUMNS)


def _fitting(frame: pd.DataFrame, at_most: int | None) -> str:
    """Return a table whose names and verdicts stay whole: with the columns that there is room for."""
    for n_less in range(len(_LESS) + 1):
        is_apart = n_less > 2
        lines = text_table(frame.drop(columns=["service"] * is_apart + list(_LESS[:n_less]))).splitlines()
        if not at_most or max(map(width, lines)) + 2 * is_apart <= at_most:
            break
    names = [f"{visible(name)}\n  " if is_apart else "" for name in ("SERVICE", *frame["service"])]
    return "\n".join(map(str.__add__, names, lines))


def _worst(rows: pd.DataFrame) -> dict[str, Any]:
    """Return the endpoint that is farthest outside of its band, of these the busiest; where none is, the busiest."""
    far = (rows["counted"] - rows["expected"]).abs() * rows["is_odd"] + rows["overload_factor"] * 1e-6
    worst = rows.iloc[int(far.argmax())]
    return {"worst_endpoint": worst["endpoint"], "overload_factor": worst["overload_factor"]}


def _p(value: float) -> str:
    """Write a probability with two digits.

    >>> _p(0.0312), _p(6.6e-35), _p(0.0), _p(1.0), _p(float("nan"))
    ('0.031', '6.6e-35', 'below 1e-300', '1', '-')
    """
    return "-" if isnan(value) else f"{value:.2g}" if value > 1e-300 else "below 1e-300"


def _times(factor: float) -> str:
    """Write how many times its share an endpoint got.

    >>> _times(4.2), _times(1.005), _times(1.0), _times(0.0)
    ('4.2 times its share', '1.005 times its share', 'its share', 'nothing')
    """
    number = f"{factor:.{3 if abs(factor - 1) >= 0.01 else 4}g}"
    return {"1": "its share", "0": "nothing"}.get(number, f"{number} times its share")


def _without(row: Any, one: EndpointCounts) -> str:
    """Return what to say of a Service with nothing to compare."""
    why = f"nothing was counted for {first_few(one.endpoints)}"
    if any(one.counts):
        why = f"all {row['n_counted']:,} {one.counted} are of {one.endpoints[0]}, the only endpoint that was seen"
        why += "; with --expected and a dump of the cluster it is compared with those that got none"
    return _wrapped(f"{one.service or one.where}: CANNOT TELL YET, {why}.", 2)


def _judgement(row: Any, answer: Answer, rows: pd.DataFrame, uneven: float) -> Iterator[str]:
    """Yield the verdict on one Service, and what it rests on."""
    chosen, is_odd, level = answer.chosen, row["odd_endpoints"], row["attained_level"]
    worst = {**row, **(_worst(rows) if is_odd else {})}
    got = f"{worst['worst_endpoint']} got {_times(worst['overload_factor'])}."
    what = chosen.counted.removesuffix("s" if row["n_counted"] == 1 else "")
    name = chosen.service or f"{chosen.where} of {chosen.source}"
    end = f" Outside the band: {is_odd}." if is_odd else ""
    if row["verdict"] == "cannot tell yet":
        end = f" About {row['more_connections']:,} more would show, in 4 of 5 cases, an endpoint with {_times(1.5)}."
    yield _wrapped(f"{name}: {row['verdict'].upper()}. Of {row['n_counted']:,} {what}, {got}{end}", 2)
    p_value = f"p is {'at most ' * bool(row['n_endpoints'] > _MOST_SEEN)}{_p(row['p_value'])}"
    how = row["test"].replace("chi-square", "moment-corrected chi-square")
    test = f"by the {how} test{'' if isnan(level) else f' of level {100 * level:.2f} %'}"
    start = f"{chosen.service or chosen.where}: by the chi-square"
    said = (each.partition(": ")[2][:-1] for each in answer.ranking.because if each.startswith(start))
    p_values = "; ".join((f"{p_value} {test}", *said))
    corrected = f" Over all Services it is {_p(row['p_value_corrected'])}." * (len(answer.found) > 1)
    sentences = {
        _UNEVEN.format(uneven): uneven,
        f"{_sticky(chosen)}; the verdict is on the others.": _sticky(chosen),
        _ODD_ALONE: not is_odd and rows["is_odd"].any(),
        f"{p_values}.{corrected}": True,
    }
    yield from (_wrapped(f"  {words}", 2) for words, applies in sentences.items() if applies)


def _endpoints(frame: pd.DataFrame, n_shown: int | None) -> Iterator[str]:
    """Yield a line an endpoint with its count over the band of luck; of many the farthest from it, in their order."""
    distances = (frame["overload_factor"] - 1).abs() + frame["is_odd"] * 1e9
    order = distances.sort_values(kind="stable", ascending=False).index
    kept = frame.loc[sorted(order[: n_shown or len(order)])]
    edges = kept[["counted", "low", "high"]].to_numpy()
    first, last = int(edges.min()), max(1, int(edges.max()))
    first = first if 2 * first > last > first else 0
    wide = max(len(visible(name)) for name in kept["endpoint"])
    length = max(_BARS[0], min(_BARS[1], (_columns() or _WIDTH) - wide - 28))
    rows: Iterator[Any] = kept.itertuples()
    for each in rows:
        name, times = visible(each.endpoint), f"{each.overload_factor:.2f} times"
        yield f"  {name:{wide}}  {each.counted:>9,}  {_bar(each, first, last, length)}  {times}"
    yield _wrapped(f"  {_LEGEND}; from {first:,} to {last:,}", 2) + _more(len(frame), n_shown, "endpoint")


def _bar(row: Any, first: int, last: int, length: int) -> str:
    """Return the picture of one count: the band of luck, what was expected, and what was counted."""
    values = (row.low, row.high, row.expected, row.counted)
    low, high, expected, count = (round((value - first) / (last - first) * length) for value in values)
    cells = [" "] * low + ["."] * (high + 1 - low) + [" "] * (length - high)
    cells[expected] = "|"
    cells[count] = "X" if row.is_odd else "o"
    return "".join(cells)


def _causes(causes: pd.DataFrame, n_shown: int | None) -> Iterator[str]:
    """Yield the causes that fit, or where none does those that may, and what tells them apart; in full all of them."""
    fitting = causes[causes["fits"] == causes["fits"].iloc[0]]  # those that fit stand first
    kept = causes if n_shown is None else fitting.head(n_shown)
    yield "What it may be:"
    rows: Iterator[Any] = kept.itertuples()
    for row in rows:
        yield _wrapped(f"  {row.cause} ({row.fits}): {row.looks_like}", 4)
        yield _wrapped(f"    -> {row.next_observation}", 7)
    if len(kept) < len(causes):
        yield f"  and {counted(len(causes) - len(kept), 'other cause')} (--all shows them)"


def _more(n: int, n_shown: int | None, noun: str) -> str:
    hidden = n - n_shown if n_shown else 0
    return f"\nand {counted(hidden, f'more {noun}')} (--all shows them)" if hidden > 0 else ""
