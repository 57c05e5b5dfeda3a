"""Replays what the real components answered: ``python -m tests.golden_replay [--write-readme] DIR``.

A model is handed the inputs of a recording only, and its whole answer is compared. Line by line,
``component/output: agree A of T (N not modelled)``: T counts every recorded output, N (inside T) those without a
model. A disagreement makes the exit status 1, an output without a model does not.

To add a component: one function from inputs to answer, one function that splits a recording into inputs and answer,
one row of ``MODELS`` in ``tests/golden_models.py``.
"""

import argparse
import json
import sys
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import zip_longest
from pathlib import Path
from typing import Any

from tests.golden_models import MODELS, NOT_REPLAYED, NotModelledError
from tests.golden_recordings import Recording, recordings

SHOWN_PER_OUTPUT = 3
SHOWN_CHARACTERS = 300
MISSING = object()
README = Path(__file__).parent.parent / "README.md"
MARKERS = ("<!-- agreement -->\n", "<!-- /agreement -->")


@dataclass
class Tally:
    """How one output of one component was replayed."""

    agree: int = 0
    total: int = 0
    not_modelled: int = 0
    disagreements: list[str] = field(default_factory=list)

    @property
    def disagree(self) -> int:
        return self.total - self.agree - self.not_modelled


def replay(folder: Path) -> dict[tuple[str, str], Tally]:
    """Replay every recording under a folder; by component and output."""
    tallies: dict[tuple[str, str], Tally] = defaultdict(Tally)
    for recording in recordings(folder):
        _replay_one(recording, tallies[recording.component, recording.output])
    return dict(sorted(tallies.items()))


def _replay_one(recording: Recording, tally: Tally) -> None:
    tally.total += 1
    model = MODELS.get((recording.component, recording.output))
    if model is None and not recording.fault:
        tally.not_modelled += 1
        return
    try:
        difference = recording.fault or _difference_of(model, recording)
    except NotModelledError:
        tally.not_modelled += 1
        return
    if difference:
        tally.disagreements.append(f"{recording.case}: {difference}")
    else:
        tally.agree += 1


def _difference_of(model, recording: Recording) -> str:
    try:
        inputs, recorded = model.split(recording)
        answer = model.answer(inputs)
    except NotModelledError:
        raise
    except Exception as error:  # a model that stops on a recorded input disagrees with it
        return f"the model stopped: {type(error).__name__}: {error}"
    return first_difference(recorded, answer)


def first_difference(recorded, answer, where: str = "answer") -> str:
    """Say where two answers first differ, with both; empty if they are equal, in type too."""
    if type(recorded) is type(answer) and isinstance(recorded, (dict, list, bytes)):
        parts = zip_parts(recorded, answer)
        return next((text for place, *pair in parts if (text := first_difference(*pair, where + place))), "")
    if type(recorded) is type(answer) and recorded == answer:
        return ""
    return f"{where}: recorded {_text(recorded)}, model {_text(answer)}"


def zip_parts(recorded, answer) -> Iterator[tuple[str, Any, Any]]:
    """The parts of two answers side by side: fields by name, items by index, lines by number."""
    if isinstance(recorded, dict):
        for key in sorted({*recorded, *answer}):
            yield f".{key}", recorded.get(key, MISSING), answer.get(key, MISSING)
    elif isinstance(recorded, list):
        for index, pair in enumerate(zip_longest(recorded, answer, fillvalue=MISSING)):
            yield f"[{index}]", *pair
    else:
        lines = zip_longest(recorded.splitlines(True), answer.splitlines(True), fillvalue=MISSING)
        for number, pair in enumerate(lines, 1):
            yield f" line {number}", *(line if line is MISSING else repr(line) for line in pair)


def _text(value) -> str:
    text = "nothing" if value is MISSING else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= SHOWN_CHARACTERS else f"{text[:SHOWN_CHARACTERS]}… ({len(text)} characters)"


def agreement_table(tallies: dict[tuple[str, str], Tally]) -> str:
    """Return the README's table in Markdown: one row for all outputs of a model that are compared alike."""
    rows: dict[tuple[str, ...], Tally] = defaultdict(Tally)
    for key, model in MODELS.items():
        row, tally = rows[model.name, model.version, model.compared, model.basis], tallies.get(key, Tally())
        row.agree, row.total = row.agree + tally.agree, row.total + tally.total
    lines = ["| model | component and version | what is compared | agree | basis |", "|---|---|---|---|---|"]
    lines += [
        f"| {' | '.join(labels)} | {row.agree} of {row.total} | {basis} |"
        for (*labels, basis), row in rows.items()
        if row.total
    ]
    lines += [
        f"| {name} | {source} | {compared} | | {basis} |" for name, source, compared, basis in NOT_REPLAYED
    ]
    return "\n".join(lines) + "\n"


def with_agreement_table(readme: str, table: str) -> str:
    """Return the README's text with a table between the markers."""
    start, end = (readme.index(marker) for marker in MARKERS)
    return readme[: start + len(MARKERS[0])] + table + readme[end:]


def main(arguments: list[str] | None = None) -> int:
    """Replay a folder, print the lines and the first disagreements; return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m tests.golden_replay")
    parser.add_argument("folder", type=Path, metavar="DIR", help="a folder laid out like tests/golden")
    parser.add_argument(
        "--write-readme", action="store_true", help="write the agreement table into README.md"
    )
    options = parser.parse_args(arguments)
    tallies = replay(options.folder) if options.folder.is_dir() else {}
    if not tallies:
        print(f"{options.folder}: no recordings found", file=sys.stderr)
        return 2
    for (component, output), tally in tallies.items():
        print(
            f"{component}/{output}: agree {tally.agree} of {tally.total} ({tally.not_modelled} not modelled)"
        )
        for disagreement in tally.disagreements[:SHOWN_PER_OUTPUT]:
            print(f"  {disagreement}")
        if tally.disagree > SHOWN_PER_OUTPUT:
            print(f"  and {tally.disagree - SHOWN_PER_OUTPUT} more")
    if options.write_readme:
        README.write_text(with_agreement_table(README.read_text("utf-8"), agreement_table(tallies)), "utf-8")
    return 1 if any(tally.disagree for tally in tallies.values()) else 0


if __name__ == "__main__":
    sys.exit(main())
