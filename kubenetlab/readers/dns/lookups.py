"""What applications looked up, inferred from queries; and the queries themselves by name."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from math import inf

from kubenetlab.cluster import Cluster
from kubenetlab.objects.name_inventory import NameInventory, NameRate, Query, QueryLog
from kubenetlab.result import Basis, Result

_FAMILIES = {"A": "inet", "AAAA": "inet6"}
INFERRED = (
    "lookups are inferred: the name that was typed is what stands before `namespace.svc.domain`; what no search list explains counts "
    "as typed with a final dot"
)
UNPLACED = "{:,} of {:,} clients have no known namespace: their names count as typed with a final dot; give the cluster's dump"
_SHORTEST_S = 1e-3  # what is over sooner shows no rate
Counts = Mapping[tuple[str, str], int]  # queries by name and type


def queries_by_name(log: QueryLog) -> Result:
    """Count queries by name, type and rcode.

    Returns
    -------
    A Result; its frame has the columns name, type, rcode (text; empty without answer), queries, sent (with those sent again),
    clients, per_s (NaN where the source has no times), mean_ms (of those answered); the most first.
    """
    import pandas as pd

    grouped = pd.DataFrame(log.queries, columns=Query._fields).groupby(["name", "type", "rcode"])
    frame = grouped.size().rename("queries").reset_index()
    frame["sent"] = grouped["n_sent"].sum().to_numpy()
    frame["clients"] = grouped["client"].nunique().to_numpy()
    frame["per_s"] = frame["queries"] / (log.duration_s or float("nan"))
    frame["mean_ms"] = grouped["took_s"].mean().to_numpy(float) * 1000
    frame = frame.sort_values("queries", ascending=False, kind="stable", ignore_index=True)
    return Result(title=f"Queries of {log.source}", _frame=frame, because=log.notes, basis=Basis.DOCS)


def lookups_of_queries(
    log: QueryLog,
    cluster: Cluster | None = None,
    *,
    domain: str = "cluster.local",
    duration_s: float | None = None,
) -> NameInventory:
    """Infer lookups from queries: A and AAAA are one, and so are all candidates of a search list.

    Parameters
    ----------
    log
        Queries of a server.
    cluster
        A dump: the namespace of a client is that of the pod with its address. Without, it is that for which both
        ``name.namespace.svc.domain`` and ``name.svc.domain`` were asked, as an expanded search list does.
    domain
        The cluster's domain.
    duration_s
        Seconds that the queries took to come; needed where they have no times. Without it n lookups are taken to be n - 1
        mean intervals from the first to the last.

    Returns
    -------
    Entries by namespace, name and family, with the mean rate of the clients that asked; the resolver is not known from queries.

    Raises
    ------
    ValueError
        If there is no duration, or none of at least a millisecond; or it is not given and there is one lookup.

    Notes
    -----
    Not told apart: a lookup and a query sent again, where the source is a log; a search list's last candidate and the same name
    typed with a dot. What CoreDNS asks itself for an ExternalName's target stands in its log, and counts as a lookup. Domains of
    the host's search list are not known: names with them count as typed with a dot, so that the number of queries stays right.
    """
    seconds = log.duration_s if duration_s is None else duration_s
    if seconds is None or not _SHORTEST_S <= seconds < inf:
        found = "no times (CoreDNS' own log has none)" if seconds is None else f"a duration of {seconds} s"
        raise ValueError(
            f"{log.source}: found {found}, expected how many seconds it covers (--duration, duration_s)"
        )
    by_client: dict[str, Counter[tuple[str, str]]] = defaultdict(Counter)
    rcodes: dict[str, set[str]] = defaultdict(set)
    for query in log.queries:
        by_client[query.client][query.name, query.type] += 1
        rcodes[query.name].add(query.rcode)
    namespaces = _namespaces(by_client, cluster, f".svc.{domain}.")
    lookups: dict[tuple[str, str, str], list[int]] = defaultdict(list)
    for client, counts in by_client.items():
        for name, family, n in _typed(counts, namespaces.get(client, ""), domain):
            lookups[namespaces.get(client, "default"), name, family].append(n)
    n_lookups = sum(map(sum, lookups.values()))
    if duration_s is None and n_lookups == 1:
        raise ValueError(
            f"{log.source}: found one lookup, expected more, or duration_s (--duration), for a rate"
        )
    seconds *= n_lookups / (n_lookups - 1) if duration_s is None and n_lookups else 1
    entries = []
    for (place, name, family), ns in sorted(lookups.items()):
        rate, seen = sum(ns) / len(ns) / seconds, rcodes[name.rstrip(".") + "."]
        exists = "NOERROR" in seen if seen & {"NOERROR", "NXDOMAIN"} else None
        asked = NameRate(
            name=name, rate_per_s=rate, pods=len(ns), namespace=place, family=family, exists=exists
        )
        entries.append(asked)
    n_unplaced = len(by_client) - len(namespaces)
    unplaced = (UNPLACED.format(n_unplaced, len(by_client)),) if n_unplaced else ()
    notes = (*log.notes, INFERRED, *unplaced)
    return NameInventory(entries=tuple(entries), source=log.source, log=log, notes=notes)


def _namespaces(by_client: Mapping[str, Counts], cluster: Cluster | None, end: str) -> dict[str, str]:
    pods = [pod for pod in cluster.pods if not pod.spec.host_network] if cluster else ()
    of_pod = {ip: pod.metadata.namespace for pod in pods for ip in pod.ips}
    found = {}
    for client, counts in by_client.items():
        names = {name for name, _ in counts}
        parts = (name.removesuffix(end).rpartition(".") for name in sorted(names) if name.endswith(end))
        seen = Counter(namespace for typed, _, namespace in parts if typed and typed + end in names)
        found[client] = of_pod.get(client) or next((namespace for namespace, _ in seen.most_common(1)), "")
    return {client: namespace for client, namespace in found.items() if namespace}


def _typed(counts: Counts, namespace: str, domain: str) -> Iterator[tuple[str, str, int]]:
    """Yield the names that one client typed, with their family and number of lookups."""
    left: dict[str, dict[str, int]] = defaultdict(dict)
    for (name, type_), n in sorted(counts.items()):
        if type_ in ("A", "AAAA"):
            left[name][type_] = n
    first = f".{namespace}.svc.{domain}."
    begun_names = [name for name in left if namespace and name.endswith(first)]
    for name in sorted(begun_names, key=len, reverse=True):  # in namespace app web.app before web
        typed, begun = name.removesuffix(first), left[name]
        for rest in (f".svc.{domain}.", f".{domain}.", "."):
            later = left.get(typed + rest, {})
            left[typed + rest] = {t: n - begun.get(t, 0) for t, n in later.items() if n > begun.get(t, 0)}
        left[typed] = left.pop(name)
    for name, by_type in left.items():
        if by_type:
            yield name, _FAMILIES["".join(by_type)] if len(by_type) == 1 else "unspec", max(by_type.values())
