"""``kubenetlab dns query``: what CoreDNS answers to one question and why; its whole zone; what changed in it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from kubenetlab.cli.dns_sources import (
    corefile_option,
    head,
    note_assumed,
    once,
    question_name,
    read_both,
    show,
)
from kubenetlab.cli.exit_codes import Stop
from kubenetlab.cli.rules_sources import format_option, note, only_one
from kubenetlab.cli.sources import read
from kubenetlab.cli.tables import Table

if TYPE_CHECKING:
    import pandas as pd

    from kubenetlab.cluster import Cluster
    from kubenetlab.dns.records.options import KubernetesOptions
    from kubenetlab.objects.corefile import Corefile
    from kubenetlab.objects.dns_message import Reply
    from kubenetlab.result import Result, Setting

_TYPES = ("A", "AAAA", "SRV", "PTR", "CNAME", "TXT", "SOA", "NS", "MX", "ANY", "CAA", "DS", "HTTPS", "NAPTR", "SVCB")  # fmt: skip
_VERDICTS = {"NODATA": "the name exists, but has nothing of this type", "NXDOMAIN": "there is no such name",
             "SERVFAIL": "the server fails", "REFUSED": "the server does not serve this name"}  # fmt: skip
_SECTIONS = ("answer", "authority", "additional")
_HELP = """Say what CoreDNS answers to one question, and which plugin and object decided.

NAME is absolute, with or without its dot, as dig takes it: no search list is walked (that is what lookup does). An address
stands for its PTR name. TYPE is A if it is not given. Without NAME the whole zone of plugin kubernetes is printed; with
--compare what an older dump had and SOURCE has not, and the reverse.

NXDOMAIN says that neither the name nor one below it exists; NODATA that the name exists, but not with this type. Resolvers treat
the two differently. What servers outside the cluster know is in no dump: a note says what is assumed of them.

\b
Examples:
  kubenetlab dns query sample:shop cart.shop.svc.cluster.local
  kubenetlab dns query sample:shop _http._tcp.cart.shop.svc.cluster.local SRV
  kubenetlab dns query sample:shop 10.96.0.10                          whose address is it?
  kubenetlab dns query dump.json www.example.com --corefile new.Corefile --verbose
  kubenetlab dns query dump.json                                       the zone
  kubenetlab dns query dump.json --compare last-week.json --format csv
"""


@click.command("query", help=_HELP, short_help="Say what CoreDNS answers, and why.")
@click.argument("source", metavar="SOURCE")
@click.argument("name", metavar="[NAME]", required=False)
@click.argument("type_", metavar="[TYPE]", required=False, type=click.Choice(_TYPES, case_sensitive=False))
@corefile_option
@click.option(
    "--client", default="", metavar="POD", help="Who asks (a pod or an address), for plugin autopath."
)
@click.option(
    "--compare", metavar="OLDER", multiple=True, callback=only_one, help="An older dump: what changed."
)
@click.option("--verbose", is_flag=True, help="Every plugin of the chain.")
@format_option
def query_command(*, source: str, name: str | None, form: str, verbose: bool, **options: Any) -> None:
    """Print the answer, or the zone."""
    once(source, options["corefile"], options["compare"])
    if name is not None and options["compare"]:
        raise click.UsageError("--compare is about the whole zone: it goes without NAME")
    asked = question_name(name) if name is not None else ""
    cluster, corefile = read_both(source, options["corefile"])
    if name is None:
        _print_zone(cluster, corefile, options["compare"], form)
        return
    from kubenetlab.dns.corefile.explain import explain_query
    from kubenetlab.dns.corefile.upstream import outside_names

    type_ = options["type_"] or ("A" if asked == name else "PTR")
    upstream = outside_names() if type_ == "PTR" else None  # what is assumed of names does not fit addresses
    found = explain_query(
        cluster, asked, type_, corefile=corefile, client=options["client"], upstream=upstream
    )
    result, reply = found.result, found.reply
    note_assumed(result.assumptions, [reply.answered_by] if reply else ())
    more, records = _message(reply, asked)
    chain, idle = (result.frame, []) if verbose or form != "table" else _acting(result.frame)
    tables = [Table("Records", records), Table(f"Chain of plugins ({result.assumptions[0].evidence})", chain)]
    first = {"name": asked, "type": type_, **more, "because": result.because[0]}
    told = _sentences(result, reply, more)
    show(form, tables[: 1 if form == "csv" else 2], head("query", result.assumptions, **first), told, idle)
    if more["rcode"] == "NXDOMAIN" and more["answered_by"] == "forward" and asked[-1] != ".":
        note(f"names are absolute; in a pod: kubenetlab dns lookup {source} {asked} --namespace NAMESPACE")


def _message(reply: Reply | None, name: str) -> tuple[dict[str, Any], pd.DataFrame]:
    """Return what an answer says of itself, and its records, a row each."""
    import pandas as pd

    from kubenetlab.dns.records.udp import PLAIN_BYTES, answer_bytes, udp_answer
    from kubenetlab.objects.dns_message import Answer

    answer = reply.answer if reply else Answer()
    rows = [(part, *record) for part in _SECTIONS for record in getattr(answer, part)]
    n_bytes = answer_bytes(answer, name)
    more = {
        "answered_by": reply.answered_by if reply else "",
        "rcode": str(answer.rcode) if reply else None,
        "verdict": answer.verdict if reply else None,
        "is_authoritative": answer.is_authoritative,
        "bytes": answer_bytes(answer, name, is_compressed=n_bytes > PLAIN_BYTES),
        "is_truncated_over_udp": udp_answer(answer, name).is_truncated,
    }
    return more, pd.DataFrame(rows, columns=["section", "name", "type", "ttl", "data"])


def _sentences(result: Result, reply: Reply | None, more: dict[str, Any]) -> list[str]:
    question = result.title.rpartition(":")[0]
    if not reply:
        return [f"{question}: cannot be known. {result.because[0]}"]
    by, verdict = more["answered_by"], more["verdict"]
    words = f"{verdict}{', ' * (verdict in _VERDICTS)}{_VERDICTS.get(verdict, '')}."
    if by == "forward":
        words = f"what servers outside say is not known; assumed: {words}"
    size = f"rcode {more['rcode']}{', flag aa' * more['is_authoritative']}, {more['bytes']:,} bytes."
    cut = " Over 512: UDP without EDNS gets a part and flag tc; resolvers ask again by TCP, musl before 1.2.4 does not."
    size += cut * more["is_truncated_over_udp"]
    return [f"{question}: {words}", f"Answered by {by}, {result.because[0]}.", size]


def _acting(frame: pd.DataFrame) -> tuple[pd.DataFrame, list[str]]:
    """Leave out plugins that let every question pass or are not asked, and name them."""
    from kubenetlab.dns.corefile.plugins import PLUGINS

    rows = frame.to_dict("records")
    passing = [row for row in rows if row["did"] == "passes on"]
    idle = [row for row in passing if row["because"].startswith(PLUGINS[row["plugin"]].does)]
    unasked = [row for row in rows if row["did"] == "is not asked"]
    told = [
        f"Plugins {words}: {', '.join(dict.fromkeys(row['plugin'] for row in group))}."
        for words, group in (("let every question pass", idle), ("not asked", unasked))
        if group
    ]
    kept = frame[[row not in idle and row not in unasked for row in rows]]
    return (kept if kept.nunique().get("name", 0) > 1 else kept.drop(columns="name", errors="ignore")), told


def _print_zone(cluster: Cluster, corefile: Corefile | None, older: str | None, form: str) -> None:
    from kubenetlab.dns.records.zone import zone_changes, zone_records

    options, setting = _options(cluster, corefile)
    note_assumed([setting])
    result = zone_changes(read([older], False), cluster, options) if older else zone_records(cluster, options)
    for words in result.because[1:]:
        note(words)
    show(form, [Table(f"{result.title} ({len(result.frame):,})", result.frame)], head("zone", [setting]))


def _options(cluster: Cluster, corefile: Corefile | None) -> tuple[KubernetesOptions, Setting]:
    """Return the options of the Corefile's plugin kubernetes, and where that stood."""
    from dataclasses import replace

    from kubenetlab.dns.cluster_dns import dns_service
    from kubenetlab.dns.corefile.cluster_servers import cluster_servers
    from kubenetlab.dns.corefile.plugins import zones_of
    from kubenetlab.dns.records.options import KubernetesOptions

    servers = cluster_servers(cluster, corefile)
    blocks = servers.core_dns.corefile.blocks
    found = [
        (one, zones_of(block)) for block in blocks for one in block.directives if one.name == "kubernetes"
    ]
    if len(found) != 1:
        raise Stop(
            f"{servers.setting.text}: found {len(found)} lines of plugin kubernetes, expected one for the zone"
        )
    service = dns_service(cluster)
    own = [one.address for one in cluster.endpoints_of(service) if one.is_ready] if service else []
    return replace(KubernetesOptions.of_directive(*found[0]), local_ips=tuple(own[:1])), servers.setting
