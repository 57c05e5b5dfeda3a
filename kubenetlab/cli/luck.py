"""``kubenetlab luck``: whether an imbalance is chance, and what else it may be."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from kubenetlab import __version__
from kubenetlab.cli.exit_codes import GATE_FAILED
from kubenetlab.cli.rules_sources import note, only_one
from kubenetlab.cli.tables import json_text, records

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kubenetlab.cli.luck_sources import Place
    from kubenetlab.cli.luck_text import Answer
    from kubenetlab.objects.connection_counts import EndpointCounts

SCHEMA = "kubenetlab/luck/v1"

_HELP = """Say of every Service whether chance alone explains how its connections are spread, the most suspicious first.

\b
INPUT is what counted them, a file or - for standard input:
  iptables-save -c            the counters of a node's rules, with the chances they should obey
  ipvsadm -ln --stats --exact the same of ipvs; ipvsadm -ln has the connections that are open
  conntrack -L                connections that are open, or ended in the last minutes
  CSV, JSON, uniq -c          a column of endpoints and one of counts
  hubble observe -o json, Prometheus' answer to a range query, and with --endpoint an access log
With LATER, a second save of the same node, what came between them counts.

NOT CHANCE: fewer than 5 of 100 fair nodes (--alpha) would show any Service so. CONSISTENT WITH CHANCE: an endpoint with
1.5 times its share would have shown in 80 % of cases. CANNOT TELL YET: too few connections for that, and how
many more it takes. Below that the first Service, or the one of --service: every endpoint over the band that chance explains,
likely causes, and what to look at next.

\b
Examples:
  sudo iptables-save -c | kubenetlab luck -
  kubenetlab luck before.rules after.rules            only what came between two saves
  kubenetlab luck node.rules --service shop/cart      one Service in detail
  kubenetlab luck counts.csv --expected "10.244.1.5:8080=2,10.244.2.7:8080=1"
  kubenetlab luck counts.csv --expected dump.json     equal shares of the ready endpoints in a dump
  awk '{print $NF}' access.log | sort | uniq -c | kubenetlab luck -
  kubenetlab luck node.rules --gate || echo "not chance, or uneven by the rules"

\b
The JSON has schema kubenetlab/luck/v1: schema, kubenetlab (version), alpha, service (the one shown), services (a row
each), endpoints, causes, notes. Exit code 0 whatever the verdict is. With --gate 1 if a Service's spread is not chance or
uneven by its own rules; "cannot tell yet" and no connections at all pass, which does not mean fair.
"""
_OPTIONS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("--expected", {"metavar": "SHARES", "multiple": True, "callback": only_one,
                    "help": "Ratios, a=2,b=1, or a dump of the cluster.  [default: the rules' shares, else equal ones]"}),
    ("--service", {"metavar": "NAME", "default": "", "help": "The Service to show, or a part of its name."}),
    ("--alpha", {"type": float, "default": 0.05, "show_default": True, "help": "How often chance may pass for a fault."}),
    ("--form", {"metavar": "FORM", "help": "What INPUT is, where it is mistaken: csv, json, log, conntrack, uniq."}),
    ("--endpoint", {"metavar": "COLUMN", "help": "Column that names the endpoint: name, or number from 1, -1 the last."}),
    ("--count", {"metavar": "COLUMN", "help": "Column of the counts."}),
    ("--all", {"is_flag": True, "help": "Every Service, endpoint and cause."}),
    ("--gate", {"is_flag": True, "help": "Exit 1 if a spread is not chance, or uneven by its rules."}),
    ("--format", {"type": click.Choice(("table", "json")), "default": "table", "help": "How to print."}),
)  # fmt: skip


@click.command("luck", help=_HELP, params=[click.Option([name], **about) for name, about in _OPTIONS])
@click.argument("source", metavar="INPUT")
@click.argument("later", metavar="[LATER]", required=False)
def command(source: str, later: str | None, **options: Any) -> None:
    """Print the ranking and one Service in detail."""
    from kubenetlab.cli.luck_sources import counted, uneven_rules
    from kubenetlab.cli.luck_text import gate_text, luck_text, nothing_counted

    found = counted(source, later, options)
    uneven = {} if options["expected"] else uneven_rules(found)
    answer = _answer(found, uneven, options) if any(any(one.counts) for one in found) else None
    if options["format"] == "json":
        click.echo(json_text(_document(answer, options["alpha"], nothing_counted(found))), nl=False)
    else:
        click.echo(luck_text(answer, options["all"]) if answer else nothing_counted(found))
    if options["gate"]:
        is_passed, words = gate_text(answer.ranking.frame["verdict"] if answer else [], uneven)
        note(words)
        click.get_current_context().exit(0 if is_passed else GATE_FAILED)


def _answer(found: list[EndpointCounts], uneven: Mapping[Place, float], options: Mapping[str, Any]) -> Answer:
    from kubenetlab.cli.luck_sources import is_judged, one_of
    from kubenetlab.cli.luck_text import Answer
    from kubenetlab.cli.progress import working
    from kubenetlab.load_balancing.luck.causes import likely_causes
    from kubenetlab.load_balancing.luck.endpoint_luck import endpoint_luck
    from kubenetlab.load_balancing.luck.verdict import luck

    alpha = options["alpha"]
    with working(f"Judging {len(found):,} Services"):
        ranking = luck(found, alpha=alpha)
    by_place = {(one.service, one.where): one for one in found}
    chosen = one_of(by_place, ranking.frame, uneven, options["service"])
    judges = (endpoint_luck, likely_causes) if is_judged(chosen) else ()
    return Answer(ranking, by_place, uneven, chosen, alpha, *(judge(chosen, alpha=alpha) for judge in judges))


def _document(answer: Answer | None, alpha: float, nothing: str) -> dict[str, Any]:
    results = (answer.ranking, answer.endpoints, answer.causes) if answer else (None,) * 3
    because = [note for result in results[:2] if result for note in result.because]
    return {
        "schema": SCHEMA,
        "kubenetlab": __version__,
        "alpha": alpha,
        "service": answer.chosen.service if answer else "",
        **{
            name: records(result.frame.replace(float("inf"), float("nan"))) if result else []
            for name, result in zip(("services", "endpoints", "causes"), results, strict=True)
        },
        "notes": list(dict.fromkeys(because)) if answer else [nothing],
    }
