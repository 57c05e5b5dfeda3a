"""``kubenetlab simulate``: where connections to a Service go, how even they are, and what would change it."""

from __future__ import annotations

import os
import re
import signal
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click

from kubenetlab import __version__
from kubenetlab.cli.exit_codes import INTERRUPTED
from kubenetlab.cli.rules_sources import wrapped
from kubenetlab.cli.sources import read, strict_option
from kubenetlab.cli.tables import json_text, records, text_table

if TYPE_CHECKING:
    import pandas as pd

_HELP = """Simulate connections to a Service of a dump: which endpoint gets how much, and what would change that.

SERVICE is namespace/name, or namespace/name:port. What the dump says of it is read, and the rest assumed, as is said at
the end. The answers: paths; what chance alone does; affinity, where the Service has it; connections that stay (gRPC,
databases, WebSockets) through a roll-out, and what would change them; with --rate the limits of a node.

\b
Examples:
  kubenetlab simulate sample:shop shop/cart
  kubenetlab simulate dump.json shop/cart --clients 5000 --lifetime 16h
  kubenetlab simulate dump.json shop/cart --max-age 5m --endpoints +3 --chooser least-request,ipvs-lc
  kubenetlab simulate dump.json edge/traefik:443 --rate 200 --lifetime 30s --no-rollout --format json

\b
Choosers: random (kube-proxy: iptables, nftables), ipvs-rr -wrr -lc -wlc -sed -nq -sh -mh (kube-proxy: ipvs),
  cilium-maglev, client-round-robin, two-choices, least-request, pick-first (gRPC to headless Services)

The JSON has schema kubenetlab/simulate/v1: schema, kubenetlab (version), service, headline, tables (by name, a row each),
notes. The same --seed gives the same bytes, for any --workers.
"""
_LARGE_UNITS = {"d": 86400, "h": 3600, "m": 60}


def time(text: str) -> float:
    """Return the seconds of a time as it is typed.

    >>> time("90"), time("1.5h")
    (90.0, 5400.0)
    """
    found = re.fullmatch(r"(\d{1,9}(?:\.\d{1,6})?)([smhd]?)", text, re.ASCII)
    if not found or not float(found[1]):
        raise click.BadParameter(f"found {text[:40]!r}, expected a time above 0 such as 30s, 10m, 16h or 2d")
    return float(found[1]) * _LARGE_UNITS.get(found[2], 1)


def time_text(seconds: float) -> str:
    """Write a time in a unit of which there are two or more.

    >>> time_text(0.5), time_text(30), time_text(5400), time_text(57600), time_text(3e9)
    ('0.5s', '30s', '90m', '16h', '34,722d')
    """
    unit = next((unit for unit, size in _LARGE_UNITS.items() if seconds >= 2 * size), "s")
    number = seconds / _LARGE_UNITS.get(unit, 1)
    return f"{number:,.0f}{unit}" if number >= 100 else f"{number:.3g}{unit}"


_LIFETIMES = click.Choice(("exponential", "lognormal", "pareto", "fixed"))
#: Flag, type, default, help.
_OPTIONS: tuple[tuple[str, Any, Any, str], ...] = (
    ("--connections", click.IntRange(1, 10**10), 1000, "New connections, for the spread by chance."),
    ("--clients", click.IntRange(1, 10**7), 1000, "Client addresses; without --rate each has one connection at any time."),
    ("--rate", click.FloatRange(1e-6, 1e7), None, "New connections a second instead."),
    ("--lifetime", time, "10m", "How long a connection stays, on average."),
    ("--lifetimes", _LIFETIMES, "exponential", "How lifetimes differ."),
    ("--duration", time, None, "Time to simulate.  [default: 12 lifetimes]"),
    ("--nodes", click.IntRange(1, 20_000), None, "Nodes that clients come by.  [default: those of the dump]"),
    ("--rollout/--no-rollout", None, True, "Replace every endpoint at half time, one by one."),
    ("--drain/--cut", None, None, "Old endpoints keep connections, or break them.  [default: break after 30 s]"),
    ("--max-age", time, None, "What if servers close connections so old?  [default: half a lifetime]"),
    ("--endpoints", str, None, "What if there were 6 (1 to 10,000), or 3 more: +3?  [default: half as many again]"),
    ("--chooser", str, "two-choices", "What if that chose? Several with a comma between."),
    ("--runs", click.IntRange(1, 10_000), 10, "How often the simulation runs."),
    ("--seed", click.IntRange(0), 1, "Another seed, other draws."),
    ("--workers", click.IntRange(1, 256), 1, "Threads to simulate on."),
    ("--format", click.Choice(("table", "json")), "table", "How to print."),
)  # fmt: skip
#: By table: its title, which of its reasons are printed, and its columns.
_TABLES = {
    "paths": ("Where new connections go; off node, off zone: part of all that goes to another", slice(1, None),
        "endpoint node zone share overload_factor cross_node_share cross_zone_share"),
    "chance": ("What chance alone makes of them: the busiest endpoint", slice(0),
        "n_connections mean_count max_over_mean_mean max_over_mean_p05 max_over_mean_p95 idle_probability"),
    "affinity": ("ClientIP affinity: returning clients that keep their endpoint, by proxy mode", slice(-2, None),
        "mode n_clients capacity kept_share"),
    "long_lived": ("Connections that stay: those of the busiest endpoint, times the average", slice(0, None, 3),
        "moment time_s connections max_over_mean max_over_mean_p05 max_over_mean_p95"),
    "what_if": ("What would change that: the busiest endpoint, mean over time", slice(0),
        "scenario max_over_mean max_over_mean_p95 busiest idle_endpoints rebalance_s reconnects_per_s"),
    "node_limits": ("Limits of one node", slice(2), "limit capacity in_use used_share runs_out_at_rate_per_s"),
}  # fmt: skip
#: Columns that people would not understand by their names.
_WORDS = {
    "overload_factor": "times average", "max_over_mean": "times average", "max_over_mean_mean": "times expected",
    "max_over_mean_p05": "p05", "max_over_mean_p95": "p95", "n_connections": "drawn", "mean_count": "expected",
    "idle_probability": "one stays idle", "idle_endpoints": "idle", "busiest": "connections", "n_clients": "clients",
    "time_s": "time", "rebalance_s": "even after", "reconnects_per_s": "reconnects/s", "used_share": "used",
    "cross_node_share": "off node", "cross_zone_share": "off zone", "capacity": "room for", "kept_share": "kept",
    "runs_out_at_rate_per_s": "full at new connections/s",
}  # fmt: skip
_MOST_ROWS = 12


def _with_options(function: Callable[..., None]) -> Callable[..., None]:
    for flag, kind, default, words in reversed(_OPTIONS):
        given = {"type": kind, "default": default, "show_default": default is not None, "help": words}
        function = click.option(flag, **given)(function)
    return function


@click.command("simulate", help=_HELP)
@click.argument("source", metavar="SOURCE")
@click.argument("service", metavar="SERVICE")
@_with_options
@strict_option
def command(source: str, service: str, **options: Any) -> None:
    """Read, simulate, print."""
    from kubenetlab.cli.progress import working
    from kubenetlab.cli.simulate_answers import answer_of

    cluster = read([source], options["strict"])
    before = signal.signal(signal.SIGINT, _stop)
    try:
        with working("Simulating"):
            answer = answer_of(cluster, service, options)
    finally:
        signal.signal(signal.SIGINT, before)
    if options["format"] == "json":
        head = {"schema": "kubenetlab/simulate/v1", "kubenetlab": __version__, "service": service}
        tables = {name: records(result.frame) for name, result in answer.tables.items()}
        notes = [*(words for result in answer.tables.values() for words in result.because), *answer.notes]
        document = {**head, "headline": answer.headline, "tables": tables, "notes": notes}
        click.echo(json_text(document), nl=False)
        return
    lines = [wrapped(answer.headline, 0)]
    for name, result in answer.tables.items():
        title, reasons, columns = _TABLES[name]
        notes = [wrapped(words, 2) for words in result.because[reasons]]
        lines += ["", wrapped(title, 0), _table(result.frame, columns), *notes]
    click.echo("\n".join([*lines, "", *(wrapped(f"Note: {note}", 6) for note in answer.notes)]))


def _stop(*_: object) -> None:
    """End the process: the kernels run in threads, which hear of no exception before they are done."""
    click.echo("\n" * sys.stderr.isatty() + "Error: interrupted", err=True)
    os._exit(INTERRUPTED)


def _table(frame: pd.DataFrame, columns: str) -> str:
    """Return the first rows, of paths the busiest endpoints, with numbers as people write them."""
    if "overload_factor" in columns:
        frame = frame.sort_values("overload_factor", ascending=False, kind="stable")
    shown = frame.head(_MOST_ROWS)[columns.split()].astype(object)
    shown = shown.apply(lambda values: [_shown(str(values.name), value) for value in values])
    more = f"… and {len(frame) - _MOST_ROWS:,} more" * (len(frame) > _MOST_ROWS)
    shown = shown.rename(columns=lambda name: _WORDS.get(name, name.replace("_", " ")))
    return f"{text_table(shown)}{more}".rstrip()


def _shown(name: str, value: Any) -> Any:
    if not isinstance(value, int | float) or value != value:  # noqa: PLR0124 - NaN
        return value
    if name.endswith(("share", "probability")):
        return f"{value:.1%}"
    if name in ("time_s", "rebalance_s"):
        return time_text(value)
    return f"{value:,.0f}" if value >= 100 or value == int(value) else f"{value:.2f}"
