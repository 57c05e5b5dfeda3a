"""``kubenetlab show``: tables of a cluster, and what an address or a name is."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

import click

from kubenetlab import __version__
from kubenetlab.cli.sources import read, strict_option
from kubenetlab.cli.tables import FORMATS, Table, print_tables
from kubenetlab.errors import AddressError

if TYPE_CHECKING:
    from kubenetlab.cluster import Cluster

SCHEMA = "kubenetlab/show/v1"

_HELP = """Print tables of a cluster, or tell what an address or a name is.

\b
WHAT may be
  nothing         how many objects of each kind there are, and every setting with its evidence
  a kind          pods, services, nodes ... as kubectl says it: po, svc, no, netpol, Service
  settings        the assumption ledger: value, where it comes from, evidence
  refused         the items that were left out, and why
  an address      the pod, node, Service and ranges that hold it
  a range         10.244.0.0/24: what is it, holds it, overlaps it, and the first 100 things inside it
  a name          cart, shop/cart or Service/shop/cart: the object and what belongs to it

\b
Examples:
  kubenetlab show sample:shop services
  kubenetlab show sample:shop 10.96.0.10
  kubenetlab show dump.json shop/cart --format json
  kubectl get pods,svc,nodes -A -o json | kubenetlab show - pods --format csv

A terminal shortens columns that do not fit; a pipe gets everything. The JSON has schema kubenetlab/show/v1:
schema, kubenetlab (version), input_sha256, what, and tables, each with a title and rows.
"""


@click.command("show", help=_HELP)
@click.argument("source")
@click.argument("what", default="")
@click.option(
    "--format", "output", type=click.Choice(FORMATS), default="table", show_default=True, help="How to print."
)
@strict_option
def command(source: str, what: str, output: str, strict: bool) -> None:
    """Print what was asked for."""
    cluster = read([source], strict)
    head = {
        "schema": SCHEMA,
        "kubenetlab": __version__,
        "input_sha256": cluster.provenance.digest,
        "what": what,
    }
    print_tables(tables_for(cluster, what), output, head)


def tables_for(cluster: Cluster, what: str) -> list[Table]:
    """Return the tables that answer ``what``.

    Raises
    ------
    NotFoundError
        If it is neither a kind nor a name in the dump.
    """
    from kubenetlab.cli.named_objects import tables_of_name
    from kubenetlab.cluster.kind_words import kind_called

    if what in _WORDS:
        return _WORDS[what](cluster)
    kind = kind_called(what)
    if kind:
        values = cluster.values(kind.plural)
        return [Table(f"{len(values)} {kind.plural.replace('_', ' ')}", cluster.frame(kind.plural))]
    if _is_address(what):
        answer = cluster.what_is(what)
        return [Table(answer.because[0] if answer.frame.empty else f"What {answer.title} is", answer.frame)]
    return tables_of_name(cluster, what)


def _is_address(text: str) -> bool:
    from kubenetlab.cluster.spans import asked_for

    try:
        return bool(asked_for(text).text)
    except AddressError:
        return False


def _overview(cluster: Cluster) -> list[Table]:
    from kubenetlab.cluster import frames

    return [Table("Objects", frames.summary(cluster)), *_settings(cluster), *_notes(cluster)]


def _settings(cluster: Cluster) -> list[Table]:
    title = "Settings (read: in the dump, inferred: from its objects, default: assumed)"
    return [Table(title, cluster.settings.frame)]


def _notes(cluster: Cluster) -> list[Table]:
    import pandas as pd

    notes = cluster.provenance.notes
    return [Table("Notes on reading", pd.DataFrame({"note": pd.Series(notes, dtype="str")}))] if notes else []


def _refused(cluster: Cluster) -> list[Table]:
    refusals = cluster.provenance.refusals
    return [Table(f"{len(refusals)} left out", refusals)]


_WORDS: Mapping[str, Callable[[Cluster], list[Table]]] = {
    "": _overview,
    "settings": _settings,
    "refused": _refused,
}
