"""Which resolvers find a name, and why others do not, in one sentence; and what to write instead."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kubenetlab.cluster import Cluster
    from kubenetlab.dns.resolvers import Lookup

_SERVICES = 10  # of one name that are tried
_ANSWERS = (
    "OK",
    "CNAME",
    "NODATA",
    "NXDOMAIN",
)  # that musl takes, from whichever server is first (res_msend.c)
#: Names in full go further than DNS: programs pass on what they look up.
_DOT = (
    "test first: TLS server names (SNI, certificates) and HTTP Host headers may not match a name with a dot"
)


def verdict(found: Mapping[str, Lookup], conf: str) -> str:
    """Return which resolvers find a name, which do not, and why."""
    races = {one: words for one, lookup in found.items() if (words := _race(lookup))}
    finding = [one for one in found if found[one].addresses and one not in races]
    failing = [one for one in found if one not in finding and one not in races]
    found_as = [found[one].queries[-1].sent.name for one in finding if found[one].queries]
    causes: dict[str, list[str]] = {}
    for one in failing:
        causes.setdefault(cause(found[one], conf, "".join(found_as[:1])), []).append(one)
    parts = [f"{_and(failing)} {'do' if failing[1:] else 'does'} not find it"] * bool(failing)
    parts += [f"{one} finds it or not: it depends on which server is faster" for one in races]
    does = ("does", "do") if failing else ("finds it", "find it")
    parts += [f"{_and(finding)} {does[len(finding) > 1]}"] * bool(finding)
    why = [f"{f'{_and(who)}: ' * (len(causes) > 1)}{words}" for words, who in causes.items()]
    why += races.values()
    return f"{'; '.join(parts)}: {'; '.join(why or _answers(found))}."


def _answers(found: Mapping[str, Lookup]) -> list[str]:
    """Return the addresses; by resolver where they are not the same."""
    alike: dict[frozenset[str], list[str]] = {}
    for one, lookup in found.items():
        alike.setdefault(frozenset(lookup.addresses), []).append(one)
    named = (f"{_and(who)} " * (len(alike) > 1) + few(found[who[0]].addresses) for who in alike.values())
    return [
        text + " (no server is asked)" * (not any(one.queries for one in found.values())) for text in named
    ]


def _race(lookup: Lookup) -> str:
    """Return what servers say that musl asks at once, where they do not say the same."""
    said: dict[tuple[str, str], dict[str, str]] = {}
    for one in lookup.queries if lookup.resolver == "musl" else ():
        if one.outcome in _ANSWERS:
            said.setdefault(one.sent[:2], {})[one.sent.server] = few(one.addresses) or one.outcome
    unlike = (servers.items() for servers in said.values() if len(set(servers.values())) > 1)
    return next((", ".join(f"{server} says {text}" for server, text in servers) for servers in unlike), "")


def cause(lookup: Lookup, conf: str, found_as: str) -> str:
    """Return why a lookup finds nothing, where another finds ``found_as`` (empty: none does): the first that holds.

    What its resolver makes of resolv.conf (``RESOLVERS``) and of answers comes before what is true of the name.
    """
    from kubenetlab.dns.resolvers import RESOLVERS, candidates
    from kubenetlab.dns.resolvers.configuration import read_configuration

    names, queries = candidates(lookup.name, conf, lookup.resolver), lookup.queries
    if not queries:
        return f"asks no server: {lookup.text if names else 'that is no name of a host'}"
    read, others = (read_configuration(conf, one) for one in (lookup.resolver, "glibc"))
    dots, longest = lookup.name.rstrip(".").count("."), max(map(len, conf.encode().split(b"\n")))
    last = queries[-1].candidate
    asked_last = [one for one in queries if one.candidate == last and one.outcome != "OK"]
    ends = {one.outcome: one.reply.because if one.reply else "" for one in asked_last}
    reason = f" ({bare(ends['NODATA'])})" if "NODATA" in ends else ""
    is_early = last < len(names) - 1 or found_as in {one.sent.name for one in queries}
    is_ignored = longest > 254 and read.search != others.search
    is_alone = (
        "no search at ndots" in RESOLVERS[lookup.resolver].traits and dots >= read.ndots and read.search
    )
    replies = [one.reply for one in queries if one.reply]
    aliases = [record for reply in replies for record in reply.answer.answer if record.type == "CNAME"]
    is_outside = all(reply.answered_by == "outside" for reply in replies)
    servers = ", ".join(dict.fromkeys(one.sent.server for one in queries))
    outcomes = dict.fromkeys(one.outcome for one in queries)
    empty = list(dict.fromkeys(one.sent.name for one in queries if one.outcome == "NODATA"))
    words = (
        *(f"{one.name} is an alias of {one.data} which is not found" for one in aliases if not found_as),
        f"{', '.join(ends)} for {queries[-1].sent.name}{reason} ends its search at candidate {last + 1} of {len(names)}"
        * is_early,
        f"the search line has {longest:,} bytes, and it ignores lines over 254" * is_ignored,
        f"ndots:{read.ndots} is reached (dots in the name: {dots}), so it asks the name as typed only"
        * bool(is_alone and not lookup.name.endswith(".")),
        f"the answers are {', '.join(outcomes)}" * bool(outcomes.keys() - {"NXDOMAIN", "NODATA"}),
        f"no DNS server of the cluster is asked, but {servers}" * is_outside,
        f"{few(empty)} exists, but has no such address" * bool(empty),
        f"none of the {last + 1} names asked exists" * bool(last),
    )
    return next(filter(None, words), f"{queries[0].sent.name} does not exist")


def advice(
    cluster: Cluster, name: str, found: Mapping[str, Lookup], look_up: Callable[[str, str], Lookup]
) -> Iterator[str]:
    """Yield the way to write the name that costs least, and what else may be meant; both as looked up there."""
    finding = [one for one, lookup in found.items() if lookup.addresses]
    if "://" in name:
        yield "That is a URL: programs look up the host in it alone."
    elif finding and found[finding[0]].queries:
        full = found[finding[0]].queries[-1].sent.name
        numbers = ((one, len(look_up(full, one).queries), len(found[one].queries)) for one in finding)
        saved = [f"{one} {after} in place of {before}" for one, after, before in numbers if after < before]
        if saved:
            yield f"Written in full with its dot, {full} costs fewer queries: {', '.join(saved)}. But {_DOT}."
    label = name.partition(".")[0].lower()
    failing = [one for one in found if one not in finding]
    if meant := _meant(cluster, name, failing, look_up):
        yield f"A Service {label} is there; {few(meant)} finds it{f' with {_and(failing)}' * bool(finding)}."
    if not finding and any(one.metadata.name == name.strip(".") for one in cluster.namespaces):
        yield f"{label} is a namespace: a Service in it is SERVICE.{label}."


def _meant(
    cluster: Cluster, name: str, failing: Sequence[str], look_up: Callable[[str, str], Lookup]
) -> list[str]:
    """Return how to write Services of that name, so that those resolvers find them there that do not find the name."""
    from kubenetlab.dns.cluster_dns import cluster_domain

    end, asked = f".svc.{cluster_domain(cluster)}", name.lower().rstrip(".")
    full = (f"{one.metadata.name}.{one.metadata.namespace}{end}" for one in cluster.services)
    found: list[str] = []
    for one in [one for one in full if failing and f"{one}.".startswith(f"{asked}.")][:_SERVICES]:
        forms = (form for form in (one.removesuffix(end), one, f"{one}.") if form != name)
        found += [form for form in forms if all(look_up(form, by).addresses for by in failing)][:1]
    return found


def few(texts: Sequence[str]) -> str:
    """Return the first three texts, and how many more there are."""
    return ", ".join(texts[:3]) + f" and {len(texts) - 3:,} more" * (len(texts) > 3)


def bare(because: str) -> str:
    """Return the object that decided, without the line of the Corefile."""
    return re.sub(r"^line \d+: ", "", because)


def _and(names: Sequence[str]) -> str:
    called = ["Go" if name == "go" else name for name in names]
    return " and ".join(filter(None, (", ".join(called[:-1]), *called[-1:])))
