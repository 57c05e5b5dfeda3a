"""Changes of one line: what each saves, and which names it breaks for which resolver."""

from collections.abc import Callable
from dataclasses import replace
from itertools import compress
from typing import Any, NamedTuple

import msgspec
import pandas as pd

from kubenetlab.cluster import Cluster
from kubenetlab.dns.demand.demand import Asking, DnsDemand, demand_of, dns_demand
from kubenetlab.dns.resolvers.resolvers import RESOLVERS
from kubenetlab.objects.corefile import Directive, ServerBlock
from kubenetlab.objects.name_inventory import NameInventory
from kubenetlab.result import Basis, Result

_SAVED = {"coredns": "CoreDNS", "client": "client queries", "upstream": "upstream"}


class Change(NamedTuple):
    """A change: what to write and where, its price; and what it makes of a pod's resolv.conf, an entry, a server block, the setup."""

    line: str
    note: str = ""
    conf: str = ""  # added
    entry: Callable[[DnsDemand, Asking], dict[str, Any]] = lambda *_: {}
    block: Callable[[ServerBlock], ServerBlock] = lambda block: block
    setup: dict[str, Any] = {}  # noqa: RUF012 - NamedTuple, never changed


def _in_full(before: DnsDemand, asking: Asking) -> dict[str, Any]:
    """Write the name that has the addresses, with its dot; autopath would hide it, so that no known pod asks."""
    found = before.server.lookup(asking.client._replace(source=""))
    return {"name": found.queries[-1].sent.name} if found.addresses and found.queries else {}


def _dotted(before: DnsDemand, asking: Asking) -> dict[str, Any]:
    """Write the dot where the name is in full already."""
    full = _in_full(before, asking)
    return full if full.get("name") == f"{asking.entry.name}." else {}


def _without(directives: tuple[Directive, ...], name: str) -> tuple[Directive, ...]:
    return tuple(directive for directive in directives if directive.name != name)


def _with_autopath(block: ServerBlock) -> ServerBlock:
    pods, autopath = Directive("pods", ("verified",)), Directive("autopath", ("@kubernetes",))
    served = [one._replace(block=(*_without(one.block, "pods"), pods)) for one in _kubernetes(block)]
    others = _without(_without(block.directives, "autopath"), "kubernetes")
    return block._replace(directives=(*others, *served, *([autopath] if served else ())))


def _with_cache(block: ServerBlock) -> ServerBlock:
    found = [one for one in block.directives if one.name == "cache"] or [Directive("cache", ("30",))]
    cache = found[0]._replace(block=_without(found[0].block, "disable"))
    directives = (*_without(block.directives, "cache"), cache)
    return block._replace(directives=directives) if _kubernetes(block) else block


def _kubernetes(block: ServerBlock) -> list[Directive]:
    return [one for one in block.directives if one.name == "kubernetes"]


_DOT = "names resolve; test TLS (SNI, certificates), Host headers and signatures, which see the dot"
_AUTOPATH = (
    "CoreDNS watches all pods: memory; wrong answers while it takes an address for that of an older pod"
)
#: The changes by name. Lines of options in resolv.conf add up, and of the same option the last counts, in all resolvers.
CHANGES = {
    "ndots:2": Change("pod: dnsConfig.options [{name: ndots, value: '2'}]", conf="options ndots:2"),
    "ndots:1": Change("pod: dnsConfig.options [{name: ndots, value: '1'}]", conf="options ndots:1"),
    "trailing dot": Change("application: a dot after names that are written in full", _DOT, entry=_dotted),
    "names in full": Change("application: every name in full, with its dot", _DOT, entry=_in_full),
    "one family": Change("application: ask for IPv4 only (AF_INET)", entry=lambda *_: {"family": "inet"}),
    "no-aaaa": Change("pod: dnsConfig.options [{name: no-aaaa}]", "glibc 2.36 and later", "options no-aaaa"),
    "no host search": Change("kubelet: resolvConf without search", setup={"host_resolv_conf": ""}),
    "autopath": Change("Corefile: autopath @kubernetes, and pods verified", _AUTOPATH, block=_with_autopath),
    "cache cluster zone": Change("Corefile: cache without disable", block=_with_cache),
    "NodeLocal DNSCache": Change("DaemonSet node-local-dns", setup={"node_local": True}),
}


def after(before: DnsDemand, change: str) -> DnsDemand:
    """Return the demand after one of `CHANGES`, by its name."""
    new, setup, corefile = CHANGES[change], before.setup, before.setup.corefile or before.server.corefile
    entries = tuple(msgspec.structs.replace(one.entry, **new.entry(before, one)) for one in before.asking)
    inventory = msgspec.structs.replace(before.inventory, entries=entries)
    changed = corefile._replace(blocks=tuple(map(new.block, corefile.blocks)))
    more = f"{setup.more_resolv_conf}{new.conf}\n" if new.conf else setup.more_resolv_conf
    setup = replace(setup, corefile=changed, more_resolv_conf=more)
    return demand_of(before.cluster, inventory, replace(setup, **new.setup), before.server)


def dns_changes(cluster: Cluster, inventory: NameInventory, **options: Any) -> Result:
    """Rank changes of one line by what they save, those first that break no lookup of the inventory.

    Parameters
    ----------
    cluster, inventory, options
        As of `dns_demand`.

    Returns
    -------
    A Result with one row a change: change, line (what to write, and where), coredns_saved_per_s, client_saved_per_s and
    upstream_saved_per_s (queries at these places, below 0 where there are more) [1/s], broken_per_s (lookups of the inventory that
    found something and no longer do, by their own resolvers) [1/s], fixed_per_s (those that find something only then) [1/s], note (its
    price, or why it saves nothing), and the names that it would break by resolver: breaks_glibc, breaks_musl, breaks_go, breaks_cares.
    Ranked by what they fix, then by queries at CoreDNS, of clients, upstream.

    Notes
    -----
    Queries of clients and what breaks were compared with recordings; what caches answer is their closed form. A change saves nothing
    where it is made already; "no host search" acts on ``host_resolv_conf``, not on a ``resolv_conf`` that is given.
    """
    before = dns_demand(cluster, inventory, **options)
    rows = [_row(before, change) for change in CHANGES]
    gains = ("fixed_per_s", *(f"{key}_saved_per_s" for key in _SAVED))
    rows.sort(key=lambda row: (row["broken_per_s"] > 0, *(-round(row[gain], 6) for gain in gains)))
    return before.result("DNS changes of one line", pd.DataFrame(rows), Basis.SOURCE)


def _row(before: DnsDemand, change: str) -> dict[str, Any]:
    then = after(before, change)
    saved = {f"{key}_saved_per_s": before.per_s(place) - then.per_s(place) for key, place in _SAVED.items()}
    broken = {resolver: _broken(before, then, resolver) for resolver in RESOLVERS}
    lost = sum(one.per_s for at, one in enumerate(before.asking) if broken[one.entry.resolver][at])
    names = [one.entry.name for one in before.asking]
    texts = {
        f"breaks_{key}": ", ".join(dict.fromkeys(compress(names, found))) for key, found in broken.items()
    }
    own = zip(before.asking, then.asking, strict=True)
    fixed = sum(new.per_s for old, new in own if new.lookup.addresses and not old.lookup.addresses)
    about = {"change": change, "line": CHANGES[change].line}
    return (
        about
        | saved
        | {"broken_per_s": lost, "fixed_per_s": fixed, "note": _note(before, then, change)}
        | texts
    )


def _note(before: DnsDemand, then: DnsDemand, change: str) -> str:
    """Why a change saves nothing, else its price."""
    kept = (
        (one.setup.corefile, one.setup.node_local, [asking.client for asking in one.asking])
        for one in (before, then)
    )
    if next(kept) == next(kept):
        return "nothing to change: it is so already"
    is_hidden = change == "autopath" and before.setup.node_local
    return (
        "no use: NodeLocal DNSCache hides the pods' addresses from CoreDNS"
        if is_hidden
        else CHANGES[change].note
    )


def _broken(before: DnsDemand, then: DnsDemand, resolver: str) -> list[bool]:
    """Whether a resolver finds something before and not after, by entry."""

    def found(demand: DnsDemand) -> list[bool]:
        return [demand.server.finds(one.client._replace(resolver=resolver)) for one in demand.asking]

    return [old and not new for old, new in zip(found(before), found(then), strict=True)]
