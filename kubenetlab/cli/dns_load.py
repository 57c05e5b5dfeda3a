"""``kubenetlab dns load``: queries per second of all names at every place, waits, capacity, and changes that save."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import groupby
from typing import TYPE_CHECKING, Any

import click

from kubenetlab.cli.dns_sources import corefile_option, head, note_assumed, once, read_both, resolv_conf, show
from kubenetlab.cli.dns_verdict import cause, few
from kubenetlab.cli.progress import working
from kubenetlab.cli.rules_sources import format_option, note, only_one
from kubenetlab.cli.sources import SAMPLE_PREFIX
from kubenetlab.cli.tables import Table, records

if TYPE_CHECKING:
    import pandas as pd

    from kubenetlab.cluster import Cluster
    from kubenetlab.dns.demand.demand import DnsDemand
    from kubenetlab.objects.dns_message import Upstream
    from kubenetlab.objects.name_inventory import NameInventory
    from kubenetlab.result import Result

_NAMES = 15  # shown
_FEW = 3  # named in a sentence
_REPLICAS = "replicas"  # how limits begin that count them; "queries of a replica" says the same
#: What people see of each result: its columns, by what stands above them.
_SHOWN = {
    "places": {"place": "place", "per second": "per_s", "from a cache": "from_cache_per_s",
               "NXDOMAIN": "nxdomain_share", "for each lookup": "per_lookup"},
    "names": {"name": "name", "from": "namespace", "resolver": "resolver", "lookups/s": "lookups_per_s",
              "each": "queries_per_lookup", "queries/s": "queries_per_s", "outcome": "outcome"},
    "times": {"share of lookups": "share", "within [ms]": "within_ms"},
    "limits": {"limit": "limit", "needed": "needed", "has": "has", "unit": "unit", "used": "used_share", "holds": "holds",
               "binds": "binds"},
    "changes": {"change": "change", "CoreDNS": "coredns_saved_per_s", "clients": "client_saved_per_s",
                "upstream": "upstream_saved_per_s", "breaks": "breaks", "write": "line"},
}  # fmt: skip
_SAVES = "Changes of one line: queries/s saved (-: more of them), names that no longer resolve, what to write"
_USUAL = (
    "memory_mb",
    "busy_cores",
    "max_concurrent",
    "conntrack_max",
)  # of CoreDNS, where a dump says nothing
_HELP = """Say how many queries per second all names of your applications make, where, how long lookups wait, and what would save.

\b
INVENTORY is which names are looked up how often: a file, - for standard input, or sample:shop, sample:shop-log, sample:lost-packet:
  YAML            names: [{name: cart.shop, namespace: web, pods: 4, rate_per_s: 10, resolver: musl}, ...]
  CoreDNS' log    lines of its plugin log; the lookups behind the queries are inferred
  pcap, pcapng    packets of port 53, as tcpdump -w writes them

Queries are counted at every place they pass: the pods, NodeLocal DNSCache, CoreDNS, its plugins behind the cache, the servers
upstream. Times are quantiles with the chance of loss (--loss), so that the tail of 5 s shows. Capacity compares that with
what CoreDNS has; the figures behind it are measurements of 2018, the only public ones: measure your own. Changes are of one line,
ranked by the queries that CoreDNS no longer gets; BREAKS is whose names no longer resolve, and nothing beside that.

\b
Examples:
  kubenetlab dns load sample:shop sample:shop
  kubectl logs --timestamps -n kube-system -l k8s-app=kube-dns --tail=-1 | kubenetlab dns load dump.json -
  kubenetlab dns load dump.json dns.pcap --loss 0.001
  kubenetlab dns load dump.json names.yaml --nodes 300 --replicas 4
  kubenetlab dns load dump.json names.yaml --corefile new.Corefile --node-local --no-changes
"""


_OPTIONS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("--node-local/--no-node-local", {"default": None, "help": "Whether NodeLocal DNSCache runs.  [default: as in SOURCE]"}),
    ("--loss", {"type": click.FloatRange(0, 1, max_open=True), "default": 0.0, "show_default": True, "help": "Chance that a UDP packet is lost."}),
    ("--host-resolv-conf", {"metavar": "FILE", "multiple": True, "callback": only_one,
                            "help": "The nodes' resolv.conf: its search domains reach the pods."}),
    ("--duration", {"type": float, "metavar": "SECONDS", "help": "What a log without times covers."}),
    ("--nodes", {"type": click.IntRange(1, 100_000), "help": "Nodes with clients.  [default: as in SOURCE]"}),
    ("--replicas", {"type": click.IntRange(1, 10_000), "help": "Replicas of CoreDNS.  [default: as in SOURCE]"}),
    ("--outside", {"metavar": "NAME", "multiple": True, "help": "A name that exists outside; may be given again."}),
    ("--changes/--no-changes", {"default": True, "help": "Rank the changes of one line.  [default: yes]"}),
)  # fmt: skip


@click.command("load", help=_HELP, short_help="Say what all names of your applications cost, and what would save.",
               params=[click.Option([name], **about) for name, about in _OPTIONS])  # fmt: skip
@click.argument("source", metavar="SOURCE")
@click.argument("inventory", metavar="INVENTORY")
@corefile_option
@format_option
def load_command(*, source: str, inventory: str, form: str, **options: Any) -> None:
    """Print the tables."""
    from kubenetlab.dns.demand.changes import dns_changes
    from kubenetlab.dns.demand.demand import dns_demand

    once(source, inventory, options["corefile"], options["host_resolv_conf"])
    cluster, corefile = read_both(source, options["corefile"])
    names = _names(inventory, cluster, options["duration"])
    setup = {"corefile": corefile, "n_nodes": options["nodes"], "n_replicas": options["replicas"],
             "host_resolv_conf": resolv_conf(options["host_resolv_conf"]) or "",
             "upstream": _upstream(cluster, names, options["outside"]),
             **{key: options[key] for key in ("node_local", "loss")}}  # fmt: skip
    with working(f"Looking up {len(names.entries):,} names"):
        demand = dns_demand(cluster, names, **setup)
        found = {"places": demand.by_place, "names": demand.by_name, "times": demand.latency()}
        found["limits"] = demand.capacity
        if options["changes"]:
            found["changes"] = dns_changes(cluster, names, **setup)
    note_assumed(demand.assumptions)
    make = _shown if form == "table" else lambda _, result: result.frame.replace(float("inf"), float("nan"))
    short = _limit(found["limits"].frame)
    titles = {key: result.title for key, result in found.items()} | {"changes": _SAVES}
    titles["times"] += ", as long as CoreDNS keeps up" + ": it does not, so these times are not yours" * bool(
        short
    )
    tables = [Table(titles[key], make(key, result)) for key, result in found.items()]
    says = [_headline(demand), *_verdict(found, demand, short)]
    because = {key: result.because for key, result in found.items()}
    first = head("load", demand.assumptions, verdict=says, because=because)
    show(form, tables, first, says, _words(found, demand))


def _names(inventory: str, cluster: Cluster, duration_s: float | None) -> NameInventory:
    """Read INVENTORY; say on standard error how it was read."""
    from kubenetlab.readers.dns import read_names
    from kubenetlab.samples import sample_names

    with working("Reading names"):
        name = inventory.removeprefix(SAMPLE_PREFIX)
        source = inventory if name == inventory else sample_names(name)
        names = read_names(source, cluster, duration_s=duration_s)
    for words in names.notes:
        note(words)
    return names


def _upstream(cluster: Cluster, names: NameInventory, outside: tuple[str, ...]) -> Upstream:
    """Return what answers names outside: those of --outside exist, of others the inventory says it."""
    from kubenetlab.dns.corefile.upstream import outside_names
    from kubenetlab.dns.demand.servers import inventory_upstream
    from kubenetlab.dns.records.zones import absolute

    known, others = {absolute(name.lower()) for name in outside}, inventory_upstream(cluster, names)
    told = outside_names(outside)
    return lambda name, type: (told if absolute(name.lower()) in known else others)(name, type)


def _headline(demand: DnsDemand) -> str:
    wanted, asked = demand.by_place.frame["per_s"].iloc[0], demand.per_s("client queries")
    missing = demand.per_s("client queries", "NXDOMAIN") / (asked or 1)
    become = f"{_number(wanted)} lookups/s become {_number(asked)} queries/s ({asked / (wanted or 1):.1f} for each)"
    return f"{become}; {missing:.0%} of the answers say that there is no such name."


def _limit(limits: pd.DataFrame) -> list[str]:
    """Return what CoreDNS lacks, the worst first; replicas are told apart, and an autoscaler's are no limit."""
    rows = records(limits.sort_values("used_share", ascending=False, kind="stable"))
    own = [row for row in rows if (row["used_share"] or 0) > 1 and not row["limit"].startswith(_REPLICAS)]
    return [f"{row['limit']}, {_number(row['needed'])} of {_number(row['has'])} {row['unit']}" for row in own]


def _verdict(found: Mapping[str, Result], demand: DnsDemand, short: list[str]) -> Iterator[str]:
    """Yield whether CoreDNS holds that load, what would help most, and what is not found."""
    limits = found["limits"].frame.set_index("limit")
    needed, has = map(float, limits.loc["replicas for the queries", ["needed", "has"]])
    replicas = f"{needed:,.0f} replica{'s' * (needed > 1)} needed for the queries, {has:,.0f} there"
    replicas += f" ({found['limits'].because[1]})"
    if short:
        yield f"CoreDNS does not hold it: {replicas}. Too small: {'; '.join(short)}."
    else:
        rest = limits["used_share"].drop([name for name in limits.index if name.startswith(_REPLICAS)])
        yield f"CoreDNS holds it: {replicas}. Nearest to its limit: {rest.idxmax()}, {rest.max():.1%} used."
    for changes in [found["changes"].frame.set_index("change")] if "changes" in found and short else []:
        saved = changes["coredns_saved_per_s"] / (demand.per_s("CoreDNS") or 1)
        yield f"{saved.idxmax()} would take {saved.max():.0%} of the queries at CoreDNS away."
    lost = [one for one in demand.asking if not one.lookup.addresses]
    if lost:
        why = (
            f"{one.entry.resolver}: {cause(one.lookup, one.client.resolv_conf, '')}" for one in lost[:_FEW]
        )
        texts = [f"{one.entry.name} ({words})" for one, words in zip(lost, why, strict=False)]
        more = f"; and {len(lost) - _FEW:,} more" * (len(lost) > _FEW)
        yield f"{_number(sum(one.per_s for one in lost))} lookups/s find nothing: {'; '.join(texts)}{more}."


def _words(found: Mapping[str, Result], demand: DnsDemand) -> Iterator[str]:
    """Yield what the tables rest on, and what each change costs or why it saves nothing."""
    trips = demand.setup.round_trips._asdict().items()
    lost = "; ".join(found["times"].because) if demand.setup.loss else "--loss P shows what lost packets cost"
    yield f"Times: {lost}. Round trips are guesses [s]: {', '.join(f'{name[:-2]} {s:g}' for name, s in trips)}."
    limits = found["limits"]
    yield f"Limits: measurements of {limits.because[0]}."
    usual = (f"{s.name.replace('_', ' ')} {_number(s.value)}" for s in limits.assumptions if s.name in _USUAL)
    yield f"Usual values, where the dump says nothing else: {', '.join(usual) or 'none'}."
    sources = limits.frame.set_index("unit")["source"]
    yield f"Connections: {sources['entries']}."
    for changed in [found["changes"].frame] if "changes" in found else []:
        rows = changed.sort_values("note", kind="stable").to_dict("records")
        for words, alike in groupby(rows, key=lambda row: row["note"]):
            yield from [f"{', '.join(row['change'] for row in alike)}: {words}."] * bool(words)
        for row in changed.to_dict("records"):
            broken = [f"{by}: {few(names)}" for by, names in _broken(row)]
            yield from [f"{row['change']} breaks {'; '.join(broken)}."] * bool(broken)
            mended = f"{row['change']} mends {_number(row['fixed_per_s'])} lookups/s that find nothing today."
            yield from [mended] * (row["fixed_per_s"] > 0)


def _shown(name: str, result: Result) -> pd.DataFrame:
    """Return what people see of a result: few columns, short numbers, percentages, on the right."""
    import pandas as pd

    frame = result.frame
    if name == "names":
        frame = frame.sort_values("queries_per_s", ascending=False, kind="stable").head(_NAMES)
        frame["outcome"] = frame["outcome"].where(frame["outcome"] == "found", "not found")
    if name == "changes":
        broken = ([f"{by}: {len(names)}" for by, names in _broken(row)] for row in frame.to_dict("records"))
        frame["breaks"] = ["; ".join(texts) or "nothing" for texts in broken]
        frame["line"] = frame["line"].str.removeprefix("pod: ").str.replace("application: ", "program: ")
    columns = {}
    for title, column in _SHOWN[name].items():
        values = frame[column]
        if values.dtype.kind == "f":
            texts = values.map("{:.1%}".format if "share" in column else _number).where(values.notna(), "")
            values = texts.str.rjust(max(map(len, [title, *texts])))
        columns[title] = values
    return pd.DataFrame(columns)


def _broken(row: Mapping[Any, Any]) -> list[tuple[str, list[str]]]:
    """Return the names that a change breaks, by resolver."""
    columns = [key for key in row if key.startswith("breaks_") and row[key]]
    return [(key.removeprefix("breaks_"), row[key].split(", ")) for key in columns]


def _number(value: float) -> str:
    """Write a rate or a need with three digits or more.

    >>> _number(1221.03), _number(299.0), _number(0.5126), _number(0.0), _number(float("inf"))
    ('1,221', '299', '0.513', '0', 'no bound')
    """
    if value == float("inf"):
        return "no bound"
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"
