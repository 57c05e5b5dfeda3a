"""What ``kubenetlab plan`` prints: the table of a plan, what changed, why there is none, and what a check found."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import click

from kubenetlab import __version__
from kubenetlab.cli.exit_codes import GATE_FAILED, Stop
from kubenetlab.cli.tables import Table, json_text, print_tables, text_table
from kubenetlab.visible_text import visible

if TYPE_CHECKING:
    import pandas as pd

    from kubenetlab.ipam.planner.packing import ImpossiblePlanError
    from kubenetlab.ipam.planner.plan import Plan
    from kubenetlab.ipam.planner.run_out import Binding

_ALWAYS_SHOWN = ("name", "range")
_GAP = 2
_MAX_REASONS = 20


def print_plan(plan: Plan) -> None:
    """Print the ranges of a plan as a table, and its notes."""
    import pandas as pd

    from kubenetlab.ipam.planner.plan_words import when

    frame = plan.frame[["name", "range"]]
    frame["addresses"] = pd.Series(
        _to_the_right([planned.network.size for planned in plan.ranges]), dtype="str"
    )
    frame["needed of room"] = [_need(planned.binding) for planned in plan.ranges]
    frame["binds"] = plan.frame["binds"]
    frame["full in"] = [when(planned.binding).removeprefix("after ") for planned in plan.ranges]
    shown = _fitting(frame)
    click.echo(visible(f"{plan.title}."))
    click.echo(text_table(frame[shown]), nl=False)  # unshortened: a range that is cut is none
    if hidden := ", ".join(name for name in frame.columns if name not in shown):
        click.echo(f"Note: the terminal is too narrow for: {hidden}")
    for note in plan.notes:
        click.echo(visible(f"Note: {note}"))


def print_changes(plan: Plan, before: str, form: str, *, has_kept: bool) -> None:
    """Print what became of the ranges of an earlier plan, and how nobody needs to move."""
    from kubenetlab.ipam.planner.comparison import compare_plans
    from kubenetlab.readers.plan_file import read_plan_file

    changes = compare_plans(read_plan_file(before).networks, plan.networks)
    print_tables([Table(changes.title, changes.frame)], form, _head(plan))
    n_moved = int((changes.frame["change"] == "moved").sum())
    if form != "table" or not n_moved:
        return
    if not has_kept:
        click.echo(visible(f"Note: {n_moved:,} moved; with --keep {before} nobody moves who need not"))
    for note in plan.notes:
        click.echo(visible(f"Note: {note}"))


def _head(plan: Plan) -> dict[str, Any]:
    return {
        "schema": "kubenetlab/plan-changes/v1",
        "kubenetlab": __version__,
        "request_sha256": plan.request.sha256,
    }


def _fitting(frame: pd.DataFrame) -> list[str]:
    """Return the columns that the terminal has room for, the most important ones first of all."""
    if not _is_terminal():
        return list(frame.columns)
    left, shown = shutil.get_terminal_size().columns, set(_ALWAYS_SHOWN)
    for name in (*_ALWAYS_SHOWN, "full in", "needed of room", "binds", "addresses"):
        width = max(len(name), int(frame[name].str.len().max())) + _GAP
        if name in shown or width <= left + _GAP:
            shown.add(name)
            left -= width
    return [name for name in frame.columns if name in shown]


def _is_terminal() -> bool:
    return sys.stdout.isatty()


def _need(binding: Binding | None) -> str:
    """Return what a range must hold at the horizon, and what it holds: ``53 of 64 nodes``."""
    from kubenetlab.charts.wording import count_text

    if binding is None:
        return ""
    return f"{count_text(binding.needed)} of {count_text(binding.limit.n)} {binding.limit.quantity}"


def _to_the_right(counts: Sequence[int]) -> list[str]:
    from kubenetlab.charts.wording import count_text

    texts = [count_text(int(n)) for n in counts]
    width = max(map(len, texts), default=0)
    return [text.rjust(width) for text in texts]


def print_impossible(error: ImpossiblePlanError, form: str) -> None:
    """Print which requirements are in the way, and the smallest relaxation; a request that was given up stops here."""
    relaxation = str(error.relaxation) if error.is_proved else ""
    if form == "json":
        document = {"schema": "kubenetlab/plan/v1", "kubenetlab": __version__, "impossible": error.is_proved,
                    "in_the_way": list(error.in_the_way), "relaxation": relaxation}  # fmt: skip
        click.echo(json_text(document), nl=False)
        return
    if not error.is_proved:
        raise Stop(str(error), GATE_FAILED)
    click.echo("\n".join(map(visible, _why(error))))


def _why(error: ImpossiblePlanError) -> Iterator[str]:
    yield "No plan exists. These requirements are in the way of one another:"
    yield from (f"  - {text}" for text in error.in_the_way[:_MAX_REASONS])
    if (n_more := len(error.in_the_way) - _MAX_REASONS) > 0:
        yield f"  and {n_more:,} more of {len(error.in_the_way):,} (--format json has them all)"
    changes = error.relaxation.changes
    n_others = sum(change.requirement not in error.in_the_way for change in changes)
    if n_others:
        yield f"They are not the only ones: {n_others:,} of the {len(changes):,} changes below are about other conflicts."
    yield f"The smallest relaxation that works: {error.relaxation}."


def print_check(source: str, plan: Mapping[str, Any], faults: Sequence[str]) -> None:
    """Print what is wrong with a plan, or in words what was checked."""
    for fault in faults:
        click.echo(visible(f"Fault: {fault}"))
    click.echo(visible(f"{source}: the plan {'does not hold' if faults else 'holds'}."))
    for line in () if faults else _checked(plan):
        click.echo(f"  - {line}")


def _checked(plan: Mapping[str, Any]) -> tuple[str, ...]:
    """Return in words what the checker looked at."""
    facts = plan["certificate"]
    return (
        f"{len(facts['ranges']):,} ranges, each once, of the size asked for, in a parent or where the request fixes it",
        f"none of them overlaps another where both must be apart ({len(facts['apart']):,} groups), "
        f"nor one of {len(facts['obstacles']):,} ranges in the way",
        f"{len(facts['inequalities']):,} needs are within what the ranges hold, by the numbers stated",
        f"{len(plan['settings']):,} texts of settings name addresses of their own cluster's ranges alone",
        "nothing was changed since it was written (SHA-256 of the whole; it is no signature)",
    )
