"""A plan in, one self-contained HTML page out: where every range lies, what binds when, what to type, and the proof."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import netaddr

import kubenetlab
from kubenetlab.charts.address_plan import plan_map
from kubenetlab.charts.wording import count_text, plural
from kubenetlab.ipam.planner.plan import Plan
from kubenetlab.ipam.planner.plan_document import plan_settings
from kubenetlab.ipam.planner.plan_words import when
from kubenetlab.ipam.planner.problem import EVERYWHERE, Obstacle
from kubenetlab.new_file import replace_file
from kubenetlab.report.page import page_html
from kubenetlab.report.section import Column, Fact, Section, TextBlock, number, share, table
from kubenetlab.report.svg import picture

_MAX_TEXTS = 200
_MAX_NAMED = 5
_CENTURY = 100
_HOW_TO_CHECK = """\
kubenetlab plan REQUEST -o plan.json
kubenetlab plan --check plan.json
python -m kubenetlab.ipam.planner.checker plan.json
"""
_LISTED_BY = "kubenetlab plan REQUEST"

_RANGE_COLUMNS = {
    "name": Column("Range of"),
    "range": Column("Range", kind="code"),
    "origin": Column("Origin", kind="word"),
    "need": Column("Needed at the horizon"),
    "holds": number("Holds"),
    "used": share("Used then"),
    "binds": Column("What binds", kind="word"),
    "full": Column("Full", kind="word"),
}
_CLUSTER_COLUMNS = {
    "cluster": Column("Cluster"),
    "platform": Column("Platform", kind="word"),
    "ipam": Column("IPAM"),
    "nodes": number("Nodes now"),
    "nodes_needed": number("Nodes then"),
    "pods_needed": number("Pods then"),
    "services_needed": number("Services then"),
    "words": Column("What is reached first"),
    "full": Column("When", kind="number"),
}
_OBSTACLE_COLUMNS = {
    "range": Column("Range", kind="code"),
    "name": Column("What it is"),
    "clusters": Column("For"),
    "requirement": Column("Says who"),
}
_SETTING_COLUMNS = {
    "setting": Column("Assumption"),
    "value": Column("Value"),
    "evidence": Column("Why"),
}


def write_plan(plan: Plan, path: str | Path) -> Path:
    """Write a page on a plan as one HTML file; it is replaced at once when the page is complete.

    Raises
    ------
    OSError
        If the file cannot be written.
    """
    return replace_file(Path(path), plan_html(plan).encode("utf-8"))


def plan_html(plan: Plan) -> str:
    """Return a page on a plan as the text of an HTML file; the same plan gives the same bytes."""
    sections = [
        _summary(plan),
        _ranges(plan),
        _clusters(plan),
        _settings(plan),
        _proof(plan),
        _assumptions(plan),
    ]
    colophon = {
        "Request": Path(plan.request.name).name,
        "SHA-256 of the request": plan.request.sha256,
        "kubenetlab": kubenetlab.__version__,
    }
    return page_html(f"Address plan: {Path(plan.request.name).name}", sections, colophon, kind="address plan")


def _summary(plan: Plan) -> Section:
    frame = plan.frame
    n_fixed = int((frame["origin"] == "fixed").sum())
    first = min(plan.ranges, key=lambda r: _years(r.binding))
    facts = {
        "Clusters": Fact(count_text(len(plan.request.clusters))),
        "Ranges": Fact(
            count_text(len(frame)), f"{count_text(n_fixed)} fixed by the request" if n_fixed else ""
        ),
        "Full first": Fact(f"{first.name} {first.network}", when(first.binding)),
        "IPv4 addresses": Fact(count_text(_n_addresses(plan)), "those of several ranges counted once"),
    }
    if plan.request.as_of:
        facts["Counts of"] = Fact(str(plan.request.as_of))
    return Section(
        anchor="summary", title="Summary", key_sentences=(f"{plan.title}.", *plan.notes), facts=facts,
        pictures=(picture(plan_map, plan, "Where the ranges lie"),),  # type: ignore[arg-type]  # a Plan is a Result
    )  # fmt: skip


def _n_addresses(plan: Plan) -> int:
    networks = netaddr.IPSet(planned.network for planned in plan.ranges if planned.network.version == 4)
    return int(networks.size)


def _years(binding: Any) -> float:
    return float("inf") if binding is None or binding.years_high is None else float(binding.years_high)


def _ranges(plan: Plan) -> Section:
    frame = plan.frame
    counts = zip(frame["needed"], frame["quantity"], frame["holds"], strict=True)
    known = [(n, what, holds) if holds is not None else (0, "", None) for n, what, holds in counts]
    frame["need"] = [f"{count_text(n)} {what}" if what else "" for n, what, _ in known]
    frame["used"] = [None if holds is None else float(n / max(1, holds)) for n, _, holds in known]
    frame["full"] = [_full(planned.binding, frame, row) for row, planned in enumerate(plan.ranges)]
    return Section(
        anchor="ranges",
        title="Ranges",
        sentences=(
            "Each range is the smallest whose capacity, counted as the cluster's own address management counts, is enough "
            "for the upper growth until the horizon, with the nodes that an upgrade adds. Full: at the upper growth, and at "
            "the lower.",
        ),
        tables=(table("Ranges, in the order of the request", frame, _RANGE_COLUMNS, _LISTED_BY),),
    )


def _full(binding: Any, frame: Any, row: int) -> str:
    days = [frame["runs_out_high"].iloc[row], frame["runs_out_low"].iloc[row]]
    months = [day[:7] for day in days if day]
    return " to ".join(dict.fromkeys(months)) if months and 0 < _years(binding) <= _CENTURY else when(binding)


def _clusters(plan: Plan) -> Section:
    frame = plan.clusters
    years = zip(frame["years_high"], frame["runs_out_high"], strict=True)
    frame["full"] = ["never" if y != y else day[:7] or f"after {y:.1f} years" for y, day in years]  # noqa: PLR0124 - NaN
    sentence = "The limit that each cluster reaches first at the upper growth; limits that no larger range would lift count too."
    return Section(
        anchor="clusters", title="What binds first", sentences=(sentence,),
        tables=(table("Clusters, in the order of the request", frame, _CLUSTER_COLUMNS, _LISTED_BY),),
    )  # fmt: skip


def _settings(plan: Plan) -> Section:
    texts = list(plan_settings(plan))
    blocks = tuple(TextBlock(f"{t.cluster}: {t.tool}, {t.file}", t.text) for t in texts[:_MAX_TEXTS])
    more = len(texts) - _MAX_TEXTS
    notes = (
        (f"{plural(more, 'more text')}: kubenetlab plan REQUEST --settings CLUSTER prints them.",)
        if more > 0
        else ()
    )
    return Section(
        anchor="settings", title="What to type", sentences=("Words in capitals ($NETWORK, REGION) stand for what only you know.",), texts=blocks,
        notes=notes,
    )  # fmt: skip


def _proof(plan: Plan) -> Section:
    facts = plan.certificate
    n_apart = sum(max(0, len(names) - 1) for names in facts["apart"].values())
    return Section(
        anchor="certificate",
        title="Why the plan holds",
        sentences=(
            "The plan carries a certificate: that every range lies in its parent, or where the request fixes it, and starts where a range of its size can, that "
            "ranges which must be apart end before the next one starts, that none touches what is forbidden, and what every "
            "range is enough for, as numbers. A program of under 100 lines that shares nothing with the planner verifies it.",
        ),
        facts={
            "Ranges in a parent, or fixed": Fact(count_text(len(facts["blocks"]))),
            "Neighbours that are apart": Fact(count_text(n_apart)),
            "Ranges that nobody touches": Fact(count_text(len(facts["obstacles"]))),
            "Inequalities": Fact(count_text(len(facts["inequalities"]))),
        },
        texts=(
            TextBlock("How to check it", _HOW_TO_CHECK),
            TextBlock("The inequalities", _inequalities(facts["inequalities"])),
        ),
        notes=(f"SHA-256 of the certificate: {facts['sha256']}",),
    )


def _inequalities(facts: list[dict[str, Any]]) -> str:
    lines = [str(fact["says"]) for fact in facts[:_MAX_TEXTS]]
    more = len(facts) - _MAX_TEXTS
    return "\n".join([*lines, *([f"and {count_text(more)} more"] if more > 0 else [])]) + "\n"


def _assumptions(plan: Plan) -> Section:
    import pandas as pd

    rows = [(setting.name, setting.text, setting.evidence) for setting in plan.assumptions]
    frame = pd.DataFrame(rows, columns=list(_SETTING_COLUMNS), dtype="str")
    obstacles = sorted(plan.request.obstacles, key=lambda obstacle: obstacle.is_law)
    texts = [
        (str(obstacle.network), obstacle.name, _whose(obstacle), obstacle.requirement)
        for obstacle in obstacles
    ]
    reasons = pd.DataFrame(texts, columns=list(_OBSTACLE_COLUMNS), dtype="str")
    return Section(
        anchor="assumptions",
        title="Assumptions",
        tables=(
            table("What the plan assumes", frame, _SETTING_COLUMNS, _LISTED_BY),
            table("What ranges may not touch", reasons, _OBSTACLE_COLUMNS, _LISTED_BY),
        ),
    )


def _whose(obstacle: Obstacle) -> str:
    if EVERYWHERE in obstacle.domains:
        return "all clusters"
    names = sorted(domain.removeprefix("cluster ") for domain in obstacle.domains)
    return ", ".join(names[:_MAX_NAMED]) + (
        f" and {len(names) - _MAX_NAMED:,} more" if len(names) > _MAX_NAMED else ""
    )
