"""What INPUT, LATER, --expected and --service of ``kubenetlab luck`` mean."""

from __future__ import annotations

import os
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from difflib import SequenceMatcher
from typing import TYPE_CHECKING, Any

import click

from kubenetlab.cli.exit_codes import Stop
from kubenetlab.cli.rules_sources import note
from kubenetlab.cli.sources import SAMPLE_PREFIX
from kubenetlab.errors import KubenetlabError
from kubenetlab.findings.wording import first_few
from kubenetlab.load_balancing.luck.counts_of_rules import REWRITTEN

if TYPE_CHECKING:
    import pandas as pd

    from kubenetlab.cluster import Cluster
    from kubenetlab.objects import Service
    from kubenetlab.objects.connection_counts import EndpointCounts

Place = tuple[str, str]  # service and where, as in the frame of luck
_HEAD = 1 << 16
_NAMED = 10
_UNEVEN_FROM = 1.01  # times a fair share


def counted(source: str, later: str | None, options: Mapping[str, Any]) -> list[EndpointCounts]:
    """Return what was counted, of two saves what came between them, with the shares that somebody expects."""
    from kubenetlab.load_balancing.luck.counts_of_rules import counts_between
    from kubenetlab.readers.counts.tally import expected_shares, with_shares

    if source == later == "-":
        raise click.UsageError("standard input can be read once: INPUT and LATER are both -")
    found = _counts(source, options)
    if later is not None:
        found = counts_between(found, _counts(later, options))
        counting = [one.notes[0] for one in found if any(one.counts)]
        if counting and all(words.startswith(REWRITTEN.split("{}")[0]) for words in counting):
            note("no counter went on from INPUT to LATER: are they in the wrong order, or of two nodes?")
    expected = options["expected"]
    if not expected:
        return list(found)
    is_dump = "=" not in expected or os.path.exists(expected)
    return _with_dump(found, expected) if is_dump else with_shares(list(found), expected_shares(expected))


def _counts(source: str, options: Mapping[str, Any]) -> Sequence[EndpointCounts]:
    from kubenetlab.load_balancing.luck.counts_of_rules import counts_of_rules
    from kubenetlab.readers.counts import counts_from_text
    from kubenetlab.readers.pasted_text import looks_like_rules
    from kubenetlab.readers.rules import rules_from_text
    from kubenetlab.readers.rules.rule_sources import rule_text
    from kubenetlab.samples import sample_rules

    if source.startswith(SAMPLE_PREFIX):
        return counts_of_rules(sample_rules(source.removeprefix(SAMPLE_PREFIX)))
    name, text = rule_text(source)
    columns = (_column(options["endpoint"]), _column(options["count"]))
    if not (options["form"] or any(columns)) and looks_like_rules(text[:_HEAD]):
        return counts_of_rules(rules_from_text(text, name))
    try:
        return counts_from_text(text, name, form=options["form"], columns=columns)
    except KubenetlabError as error:
        raise Stop(re.sub("`(endpoint|count)`", r"--\1", str(error))) from None


def _column(text: str | None) -> str | int | None:
    return int(text) if text and text.lstrip("-").isdecimal() and text.isascii() else text


def _with_dump(found: Sequence[EndpointCounts], dump: str) -> list[EndpointCounts]:
    """Give counts the equal shares of the ready endpoints of the Service in a dump that has most of theirs."""
    from kubenetlab.cli.sources import read
    from kubenetlab.readers.counts.tally import with_shares

    cluster = read([dump], strict=False)
    names = [each for service in cluster.services for each in _names(cluster, service)]
    kept = []
    for one in found:
        best = max(names, key=lambda each: len(each.intersection(one.endpoints)), default=set[str]())
        if best and not best.isdisjoint(one.endpoints):
            kept += with_shares([_known(one, best)], {name: 1 / len(best) for name in sorted(best)})
    if not kept:
        raise click.BadParameter(
            f"no Service in {dump} has an endpoint that was counted", param_hint="--expected"
        )
    return kept


def _known(one: EndpointCounts, names: set[str]) -> EndpointCounts:
    """Leave out what was counted for endpoints that a Service does not have (any more), and say so."""
    from msgspec.structs import replace

    gone = {name: n for name, n in zip(one.endpoints, one.counts, strict=True) if name not in names}
    if not gone:
        return one
    kept = [place for place, name in enumerate(one.endpoints) if name in names]
    fields = ("endpoints", "counts", "remembered", "unanswered")
    known = {
        field: tuple(getattr(one, field)[place] for place in kept if getattr(one, field)) for field in fields
    }
    said = f"{sum(gone.values()):,} for endpoints that are not ready in the dump, or gone, are left out: {first_few(gone)}"
    return replace(one, **known, shares=(), notes=(*one.notes, said))


def _names(cluster: Cluster, service: Service) -> Iterator[set[str]]:
    """Yield what the ready endpoints of a Service may be called: addresses with a port, addresses, pods."""
    ready = [endpoint for endpoint in cluster.endpoints_of(service) if endpoint.is_ready]
    kinds: dict[tuple[int | None, bool], set[str]] = defaultdict(set)
    for e in ready:
        is_v6 = ":" in e.address
        kinds[e.port, is_v6].add(f"[{e.address}]:{e.port}" if is_v6 else f"{e.address}:{e.port}")
    yield from kinds.values()
    yield {e.address for e in ready}
    yield {e.pod for e in ready}
    yield {e.pod.rpartition("/")[2] for e in ready}


def uneven_rules(found: Sequence[EndpointCounts]) -> dict[Place, float]:
    """Return, of Services whose own rules are uneven, how many times a fair share the largest share is."""
    times = {(one.service, one.where): max(one.shares, default=0) * len(one.shares) for one in found}
    return {place: largest for place, largest in times.items() if largest > _UNEVEN_FROM}


def is_judged(one: EndpointCounts) -> bool:
    """Whether there is something to compare."""
    return len(one.endpoints) > 1 and any(one.counts)


def one_of(
    found: Mapping[Place, EndpointCounts], ranking: pd.DataFrame, uneven: Mapping[Place, float], name: str
) -> EndpointCounts:
    """Return the most suspicious Service, or that of all whose name or chain is or contains ``name``.

    Where none is "not chance", one with uneven rules is more suspicious than the others.

    Raises
    ------
    click.BadParameter
        If there is none.
    """
    places = list(zip(ranking["service"], ranking["where"], strict=True))
    if not name:
        is_odd = ranking.loc[0, "verdict"] == "not chance"
        return found[places[0] if is_odd else max(places, key=lambda place: uneven.get(place, 0))]
    of_name = [place for place in places if place[0] == name]
    chosen = of_name or [place for place in places if name in place[0] or name in place[1]]
    if not chosen:
        known = {service or where for service, where in places}
        near = sorted(known, key=lambda one: (-SequenceMatcher(None, name, one).ratio(), one))
        words = f"found no Service {name!r}, expected one of those counted: {first_few(near)}"
        raise click.BadParameter(words, param_hint="--service")
    if len(chosen) > 1:
        names = first_few([service or where for service, where in chosen], _NAMED)
        note(f"--service {name} fits {len(chosen)} Services, this is the first: {names}")
    return found[chosen[0]]
