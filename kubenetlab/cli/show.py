"""``kubenetlab show``: tables of a cluster, and what an address or a name is."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import click

from kubenetlab import __version__
from kubenetlab.cli.growth_rate import growth_given
from kubenetlab.cli.sources import read, strict_option
from kubenetlab.cli.tables import FORMATS, Table, print_tables
from kubenetlab.errors import AddressError, NotFoundError

if TYPE_CHECKING:
    from kubenetlab.cluster import Cluster
    from kubenetlab.ipam.days_left import PerDay
    from kubenetlab.ipam.forecast.growth import Growth

SCHEMA = "kubenetlab/show/v1"

_HELP = """Print tables of a cluster, or tell what an address or a name is.

\b
WHAT may be
  nothing         how many objects of each kind there are, every setting with its evidence, how full the ranges
                  are, what there is room for, and the pod MTU
  a kind          pods, services, nodes ... as kubectl says it: po, svc, no, netpol, Service
  addresses       ranges, nodes, the largest free blocks, capacity, MTU, subnets of the cloud, leaked addresses
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
  kubenetlab show sample:platform addresses --growth 20-40%
  aws ec2 describe-subnets | kubenetlab show dump.json addresses --also -
  kubectl get pods,svc,nodes -A -o json | kubenetlab show - pods --format csv

A terminal shortens columns that do not fit; a pipe gets everything. The JSON has schema kubenetlab/show/v1:
schema, kubenetlab (version), input_sha256, what, and tables, each with a title and rows.

\b
--also takes what Kubernetes does not know, and so may a folder that is SOURCE hold:
  aws ec2 describe-subnets, describe-network-interfaces, describe-instance-types                   as JSON
  az aks show, az network vnet subnet list, gcloud container clusters describe, gcloud compute networks subnets list
  host-local's data directory of a node (/var/lib/cni/networks): a copy, or what grep -r . or ls prints of it
"""


@click.command("show", help=_HELP)
@click.argument("source")
@click.argument("what", default="")
@click.option(
    "--format", "output", type=click.Choice(FORMATS), default="table", show_default=True, help="How to print."
)
@click.option(
    "--also", multiple=True, metavar="PATH", help="A file or folder to read too; may be given again."
)
@click.option(
    "--growth",
    callback=growth_given,
    metavar="RATE",
    help="Say how long the ranges last: 20%, 20-40% (a year) or 2-5/day (nodes or addresses).",
)
@strict_option
def command(**options: Any) -> None:
    """Print what was asked for."""
    what, growth = options["what"], options["growth"]
    if growth and what not in _GROWING:
        raise click.UsageError(f"--growth goes with no WHAT or with addresses, not with {what!r}")
    cluster = read([options["source"], *options["also"]], options["strict"])
    _check_read(cluster, options["also"])
    head = {
        "schema": SCHEMA,
        "kubenetlab": __version__,
        "input_sha256": cluster.provenance.digest,
        "what": what,
    }
    print_tables(tables_for(cluster, what, growth), options["output"], head)


_WHOLE = ("file", "document")  # how refusals name all of a file


def _check_read(cluster: Cluster, paths: Sequence[str]) -> None:
    """Refuse to answer without a file that was named and could not be read at all."""
    from kubenetlab.errors import UnreadableError

    names = {"standard input" if path == "-" else path for path in paths}
    for refusal in cluster.provenance.refused:
        if refusal.file in names and refusal.object.endswith(_WHOLE):
            raise UnreadableError(str(refusal))


def tables_for(cluster: Cluster, what: str, growth: Growth | PerDay | None = None) -> list[Table]:
    """Return the tables that answer ``what``; ``growth`` goes with the overview and with ``addresses``.

    Raises
    ------
    NotFoundError
        If it is neither a kind nor a name in the dump.
    """
    from kubenetlab.cli.named_objects import tables_of_name
    from kubenetlab.cluster.kind_words import kind_called

    if what in _GROWING or what in _WORDS:
        return _GROWING[what](cluster, growth) if what in _GROWING else _WORDS[what](cluster)
    if kind := kind_called(what):
        values = cluster.values(kind.plural)
        return [Table(f"{len(values)} {kind.plural.replace('_', ' ')}", cluster.frame(kind.plural))]
    if _is_address(what):
        answer = cluster.what_is(what)
        return [Table(answer.because[0] if answer.frame.empty else f"What {answer.title} is", answer.frame)]
    try:
        return tables_of_name(cluster, what)
    except NotFoundError as error:
        raise NotFoundError(f"{error}{_meant(what)}") from None


def _meant(what: str) -> str:
    """Return a hint at the word that somebody may have mistyped."""
    from difflib import get_close_matches

    words = [word for word in (*_GROWING, *_WORDS) if word]
    return "".join(f"; did you mean {word}?" for word in get_close_matches(what, words, n=1))


def _is_address(text: str) -> bool:
    from kubenetlab.cluster.spans import asked_for

    try:
        return bool(asked_for(text).text)
    except AddressError:
        return False


def _overview(cluster: Cluster, growth: Growth | PerDay | None) -> list[Table]:
    from kubenetlab.cli.address_tables import in_short
    from kubenetlab.cluster import frames

    tables = [Table("Objects", frames.summary(cluster)), *_settings(cluster)]
    return [*tables, *in_short(cluster, growth), *_notes(cluster)]


def _addresses(cluster: Cluster, growth: Growth | PerDay | None) -> list[Table]:
    from kubenetlab.cli.address_tables import everything

    return everything(cluster, growth)


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


_GROWING: Mapping[str, Callable[[Cluster, Growth | PerDay | None], list[Table]]] = {
    "": _overview,
    "addresses": _addresses,
}
_WORDS: Mapping[str, Callable[[Cluster], list[Table]]] = {
    "settings": _settings,
    "refused": _refused,
}
