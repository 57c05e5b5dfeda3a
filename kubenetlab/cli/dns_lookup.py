"""``kubenetlab dns lookup``: every query that a name costs in a pod, by resolver, and what would cost less."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import click

from kubenetlab.cli.dns_sources import corefile_option, head, note_assumed, once, read_both, resolv_conf, show
from kubenetlab.cli.dns_verdict import advice, bare, few, verdict
from kubenetlab.cli.rules_sources import format_option, note, only_one
from kubenetlab.cli.tables import Table

if TYPE_CHECKING:
    from kubenetlab.cluster import Cluster
    from kubenetlab.dns.resolvers import Lookup
    from kubenetlab.objects import Pod
    from kubenetlab.result import Setting

_RESOLVERS = {"glibc": "glibc", "musl": "musl", "go": "go", "c-ares": "cares"}
_FAMILIES = {"both": "unspec", "ipv4": "inet", "ipv6": "inet6"}
_ONE: dict[str, Any] = {"multiple": True, "callback": only_one}
_LADDER = ["", "name", "A", "AAAA", "answered by"]
_HELP = """Say which queries one name costs in a pod, what answers each, and what the program gets, by resolver.

NAME is what the program hands to its resolver: glibc (Debian, Ubuntu, Red Hat), musl (Alpine), Go's own, c-ares (Envoy, Node.js'
resolve). A name without a dot at its end walks the pod's search list; A and AAAA are two queries. Resolvers that ask the same
share one ladder: a line a candidate, in the order in which they are asked.

The pod's resolv.conf is what the kubelet writes for its dnsPolicy and dnsConfig, or --resolv-conf. The node's file, whose search
domains reach pods, is in no dump: --host-resolv-conf. Nor is what exists outside the cluster: a name that ends in a public
top-level domain is taken to exist as typed, unless --outside or --missing says otherwise.

\b
Examples:
  kubenetlab dns lookup sample:shop cart.shop --namespace payments
  kubenetlab dns lookup dump.json api.example.com --pod shop/cart-0 --resolver musl
  kubenetlab dns lookup sample:shop cart.shop --namespace edge --option ndots:1
  kubenetlab dns lookup dump.json db --pod shop/cart-0 --outside db.corp.test --host-resolv-conf node.conf
  kubectl exec cart-0 -- cat /etc/resolv.conf | kubenetlab dns lookup dump.json db --pod shop/cart-0 --resolv-conf -
"""


_OPTIONS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("--pod", {"metavar": "NAMESPACE/POD", **_ONE, "help": "Who asks: a pod, or a workload for the pods it makes."}),
    ("--namespace", {"metavar": "NAMESPACE", **_ONE, "help": "In place of --pod: any ordinary pod of this namespace."}),
    ("--resolver", {"type": click.Choice(tuple(_RESOLVERS)), "help": "One resolver.  [default: all, side by side]"}),
    ("--resolv-conf", {"metavar": "FILE", **_ONE, "help": "The pod's /etc/resolv.conf."}),
    ("--host-resolv-conf", {"metavar": "FILE", **_ONE, "help": "The node's, of which the kubelet makes the pod's."}),
    ("--option", {"metavar": "TEXT", "multiple": True, "help": "Put into resolv.conf: ndots:1, single-request …; may be given again."}),
    ("--outside", {"metavar": "NAME", "multiple": True, "help": "A name that exists outside; may be given again."}),
    ("--missing", {"is_flag": True, "help": "No name exists outside the cluster."}),
    ("--family", {"type": click.Choice(tuple(_FAMILIES)), "default": "both", "show_default": True, "help": "Addresses asked for."}),
)  # fmt: skip


@click.command("lookup", help=_HELP, short_help="Say which queries a name costs in a pod, by resolver.",
               params=[click.Option([name], **about) for name, about in _OPTIONS])  # fmt: skip
@click.argument("source", metavar="SOURCE")
@click.argument("name", metavar="NAME")
@corefile_option
@format_option
def lookup_command(*, source: str, name: str, form: str, **options: Any) -> None:
    """Print the comparison and the ladders."""
    from kubenetlab.dns.corefile.upstream import outside_names
    from kubenetlab.dns.pod_lookup import pod_lookup

    _check(source, options)
    cluster, corefile = read_both(source, options["corefile"])
    pod = _asking(cluster, options["pod"], options["namespace"])
    conf, policy, assumed = _conf(cluster, pod, options)
    how: dict[str, Any] = {"resolv_conf": conf, "corefile": corefile, "family": _FAMILIES[options["family"]]}
    if options["missing"] or options["outside"]:
        how["upstream"] = outside_names(options["outside"])

    def look_up(asked: str, resolver: str) -> Lookup:
        return pod_lookup(cluster, asked, pod, resolver=_RESOLVERS[resolver], **how)

    found = {one: look_up(name, one) for one in _RESOLVERS if options["resolver"] in (None, one)}
    settings = [*assumed, *next(iter(found.values())).result.assumptions]
    asked = [query.reply for lookup in found.values() for query in lookup.queries]
    note_assumed(settings, [reply.answered_by for reply in asked if reply])
    place = f"{name}, looked up in {pod.metadata.full_name} ({policy})"
    tables = [Table(place, _comparison(found, conf)), *_ladders(found, form == "table")]
    lines = [line for line in conf.splitlines() if line.strip()]
    says = verdict(found, conf)
    first = head("lookup", settings, name=name, verdict=says, resolv_conf=lines)
    told = [says, *(f"resolv.conf: {line}" for line in lines)]
    last = advice(cluster, name, found, look_up) if form == "table" else ()
    show(form, tables[:1] if form == "csv" else tables, first, told, last)


def _check(source: str, options: Mapping[str, Any]) -> None:
    """Refuse options that say nothing together."""
    if bool(options["pod"]) == bool(options["namespace"]):
        raise click.UsageError("who asks: either --pod NAMESPACE/POD or --namespace NAMESPACE")
    if options["missing"] and options["outside"]:
        raise click.UsageError("--missing says that nothing exists outside, --outside that something does")
    once(source, *(options[name] for name in ("corefile", "resolv_conf", "host_resolv_conf")))


def _conf(cluster: Cluster, pod: Pod, options: Mapping[str, Any]) -> tuple[str, str, list[Setting]]:
    """Return a pod's resolv.conf, the policy that decides it, and what is assumed of the node."""
    from kubenetlab.dns.cluster_dns import dns_addresses
    from kubenetlab.dns.corefile.cluster_servers import ASSUMED_DNS
    from kubenetlab.dns.resolv_conf.pod_resolv_conf import pod_resolv_conf
    from kubenetlab.result import Origin, Setting

    given, host = (resolv_conf(options[name]) for name in ("resolv_conf", "host_resolv_conf"))
    known = dns_addresses(cluster)
    addresses = known or (ASSUMED_DNS,)
    kubelet = pod_resolv_conf(pod, cluster=cluster, cluster_dns=addresses, host_resolv_conf=host or "")
    text = kubelet.text if given is None else given
    if options["option"]:
        text = f"{text.rstrip()}\noptions {' '.join(options['option'])}\n"
    if given is not None:
        return text, "--resolv-conf", []
    for event in kubelet.events:
        note(f"the kubelet would record {event.reason}: {event.text}")
    file = Setting(
        "host_resolv_conf", "", Origin.DEFAULT, "in no dump: taken to be empty; --host-resolv-conf FILE"
    )
    address = Setting("cluster_dns", ASSUMED_DNS, Origin.DEFAULT, "no DNS Service in this dump: kubeadm's")
    assumed = [address] * (not known) + [file] * (host is None and pod.spec.dns_policy != "None")
    return text, kubelet.because[0], assumed


def _asking(cluster: Cluster, name: str | None, home: str | None) -> Pod:
    """Return a pod: of that name, such as a workload of that name makes, or an ordinary one of a namespace."""
    from kubenetlab.errors import NotFoundError
    from kubenetlab.findings.templates import workload_templates
    from kubenetlab.objects import Metadata, Pod

    if name is None:
        if cluster.namespaces:
            cluster.find("namespaces", home or "")
        own = (one for one in workload_templates(cluster) if one.namespace == home and not one.is_owned)
        others = [one.name for one in own if one.template.spec.dns_config]
        if others:
            note(f"an ordinary pod is asked; not so are those of {few(others)}: --pod")
        return Pod(metadata=Metadata(name="any", namespace=home or ""))
    try:
        pod: Pod = cluster.find("pods", name)
    except NotFoundError:
        made = [one for one in workload_templates(cluster) if one.name.partition(" ")[2] == name]
        if not made:
            raise
        named = Metadata(name=name.rpartition("/")[2], namespace=made[0].namespace)
        pod = Pod(metadata=named, spec=made[0].template.spec)
    return pod


def _comparison(found: Mapping[str, Lookup], conf: str) -> Any:
    import pandas as pd

    frame = pd.DataFrame({"resolver": list(found), "queries": [len(of.queries) for of in found.values()]})
    frame["result"] = [few(of.addresses) or of.text for of in found.values()]
    frame["ends"] = [_end(of, conf) for of in found.values()]
    frame["took_s"] = [of.took_s for of in found.values()]
    return frame if frame["took_s"].any() else frame.drop(columns="took_s")


def _end(lookup: Lookup, conf: str) -> str:
    """Return why a resolver asked no more."""
    from kubenetlab.dns.resolvers import candidates

    if not lookup.queries:
        return "asks no server"
    n, last = len(candidates(lookup.name, conf, lookup.resolver)), lookup.queries[-1].candidate
    if last == n - 1 and not lookup.addresses:
        return f"{len({one.candidate for one in lookup.queries})} of {n} asked"
    verdicts = dict.fromkeys(one.outcome for one in lookup.queries if one.candidate == last)
    words = "found" if lookup.addresses else f"{', '.join(verdicts)} ends it"
    return f"{words} at candidate {last + 1} of {n}"


def _ladders(found: Mapping[str, Lookup], is_text: bool) -> Iterator[Table]:
    """Yield the queries of each resolver; as text a row a candidate, and one table for resolvers that ask alike."""
    import pandas as pd

    alike: dict[Any, list[str]] = defaultdict(list)
    for one, lookup in found.items():
        alike[_ladder(lookup) if is_text else one].append(one)
    for rows, resolvers in alike.items():
        frame = pd.DataFrame(rows, columns=_LADDER) if is_text else found[rows].result.frame
        if len(frame):
            yield Table(f"Queries of {', '.join(resolvers)}", frame)


def _ladder(lookup: Lookup) -> tuple[tuple[str, ...], ...]:
    """Return a row a candidate: its place, its name, what came back for each type, and from whom and why."""
    rows: dict[tuple[int, str], dict[str, list[str]]] = {}
    for one in lookup.queries:
        row = rows.setdefault((one.candidate, one.sent.name), {"A": [], "AAAA": [], "by": []})
        row[one.sent.type].append(few(one.addresses) or one.outcome)
        row["by"].append(f"{one.reply.answered_by}: {bare(one.reply.because)}" if one.reply else "nobody")
    return tuple((str(at + 1), name, *map(_told, row.values())) for (at, name), row in rows.items())


def _told(texts: list[str]) -> str:
    return ", then ".join(dict.fromkeys(texts))
