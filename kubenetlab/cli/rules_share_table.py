"""Shares and remarks for people: a sentence, what is odd, and a narrow table."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from kubenetlab.cli.rules_sources import counted, wrapped
from kubenetlab.cli.tables import text_table
from kubenetlab.load_balancing.walk_tree import is_even

if TYPE_CHECKING:
    import pandas as pd

_SHOWN = {"remarks": 20, "names": 5}  # without --all
_MASQUERADE = {"always": "yes", "never": "no", "depends on the source": "by source"}
_PLACE = ("service_port", "destination", "kind")
_COLUMNS = (*_PLACE, "from", "endpoints", "share", "fair", "masquerade", "affinity", "chain")


class _Outcome(NamedTuple):
    """What happens to connections from some sources to a destination, and the frame's rows of the first source."""

    rows: list[Any]
    sources: list[str]
    masquerades: set[str]

    @property
    def is_even(self) -> bool:
        """Whether no endpoint gets more than another."""
        return len(self.rows) == 1 or is_even([row.relative_difference for row in self.rows])

    @property
    def is_one(self) -> bool:
        """Whether one line can tell it."""
        is_sure = all(row.fate == "delivered" for row in self.rows)
        return len(self.rows) == 1 or (is_sure and self.is_even)

    @property
    def is_known(self) -> bool:
        """Whether the shares are known."""
        return all(row.share == row.share for row in self.rows)


_Found = dict[tuple[str, ...], dict[object, _Outcome]]


def shares_text(shares: pd.DataFrame, remarks: pd.DataFrame | None, is_whole: bool) -> str:
    """Return shares and remarks (None for ipvs) as text; ``is_whole``: every endpoint and remark."""
    import pandas as pd

    found = _outcomes(shares)
    rows = [row for place in found for row in _rows(found, place, is_whole)]
    frame = pd.DataFrame(rows, columns=list(_COLUMNS), dtype="str").fillna("")
    odd: list[Any] = [] if remarks is None else list(remarks.itertuples())
    odd = [remark for remark in odd if is_whole or remark.severity != "info"]
    severities = ", ".join(f"{n:,} {name}" for name, n in Counter(remark.severity for remark in odd).items())
    counts = "no remarks" if not odd else f"{counted(len(odd), 'remark')} ({severities})"
    first = wrapped(_sentence(found) + ("" if remarks is None else f"; {counts}"), 2)
    table = text_table(frame[[name for name in _COLUMNS if frame[name].any()]]) if rows else ""
    blocks = (first, "\n".join(_remark_lines(odd, None if is_whole else _SHOWN["remarks"])), table.rstrip())
    return "\n\n".join(filter(None, blocks))


def _outcomes(frame: pd.DataFrame) -> _Found:
    """Return what happens by destination; sources whose connections fare alike stand together."""
    by_source: dict[tuple[str, ...], list[Any]] = defaultdict(list)
    rows: Iterator[Any] = frame.itertuples()
    for row in rows:
        by_source[row.service_port, row.destination, row.kind, row.source].append(row)
    found: _Found = defaultdict(dict)
    for (*place, source), of_source in by_source.items():
        alike = tuple((row.endpoint, row.share, row.fate) for row in of_source)
        outcome = found[tuple(place)].setdefault(alike, _Outcome(of_source, [], set()))
        outcome.sources.append(source)
        outcome.masquerades.update(_MASQUERADE.get(row.masquerade, row.masquerade) for row in of_source)
    return found


def _rows(found: _Found, place: tuple[str, ...], is_whole: bool) -> Iterator[dict[str, str]]:
    for outcome in found[place].values():
        first, words = outcome.rows[0], {*outcome.masquerades}
        row = dict(zip(_PLACE, place, strict=True))
        row["kind"] = row["kind"].replace("load balancer", "LB IP")
        row["from"] = "; ".join(map(_source_words, outcome.sources)) if len(found[place]) > 1 else ""
        row["masquerade"] = words.pop() if len(words) == 1 else "by source"
        row["affinity"] = str(getattr(first, "affinity", ""))
        if outcome.is_one and not is_whole:
            n = len(outcome.rows)
            row["endpoints"] = f"{n:,} x 1/{n}" if n > 1 else _end(first)
            yield row
        else:
            yield from (row | _shares(each) | {"chain": each.chain} for each in outcome.rows)


def _shares(row: Any) -> dict[str, str]:
    fair = f"1/{round(1 / row.fair_share)}" if row.fair_share == row.fair_share else ""
    share = f"{row.share:.10f}" if row.share == row.share else "unknown"
    return {"endpoints": _end(row), "share": share, "fair": fair}


def _end(row: Any) -> str:
    return str(row.endpoint) if row.fate == "delivered" else f"{row.endpoint} {row.fate}".strip()


def _source_words(source: str) -> str:
    """Return who sends in words; sources of which is only known what they are not are the others."""
    are = [word for word in source.split(", ") if not word.startswith("not ")]
    words = (
        word.removeprefix("from ").replace("in by", "through").replace("the node itself", "node")
        for word in are
    )
    return " and ".join(words) or "others"


def _sentence(found: _Found) -> str:
    """Return how many destinations there are, which are uneven, and how many get no endpoint."""
    ports = {place[0] for place in found if place[0]}
    uneven = {
        p[0] or p[1]: None for p in found if not all(o.is_even or not o.is_known for o in found[p].values())
    }
    fates = Counter(
        fate for of in found.values() for fate in {row.fate for o in of.values() for row in o.rows}
    )
    is_known = all(outcome.is_known for of in found.values() for outcome in of.values())
    named, more = list(uneven)[: _SHOWN["names"]], len(uneven) - _SHOWN["names"]
    even = (
        f", not even: {', '.join(named)}"
        if uneven
        else ", all even"
        if fates["delivered"] and is_known
        else ""
    )
    del fates["delivered"]
    count = f"{counted(len(ports), 'service port')}, " if ports else ""
    count += f"{counted(len(found), 'destination')}{even}{f' and {more} more' if more > 0 else ''}"
    return "; ".join([count, *(f"{n:,} {fate}" for fate, n in fates.items())])


def _remark_lines(remarks: Sequence[Any], n_shown: int | None) -> Iterator[str]:
    """Yield remarks as wrapped lines; those that say the same of several rules stand together."""
    said: dict[tuple[str, str, str], list[str]] = defaultdict(list)
    for remark in remarks:
        said[remark.severity, remark.chain, remark.sentence].append(str(remark.line))
    for (severity, chain, sentence), numbers in list(said.items())[:n_shown]:
        line = f", line {', '.join(numbers)}" if numbers != ["0"] else ""
        yield wrapped(f"{severity:<6}  {f'{chain}{line}: ' if chain else ''}{sentence}", 8)
    if n_shown is not None and len(said) > n_shown:
        yield f"and {counted(len(said) - n_shown, 'more remark')} (--all shows them)"
