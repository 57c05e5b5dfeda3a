"""Which findings a reader should hear of first: by severity, then by how much of the cluster is affected."""

from __future__ import annotations

from collections.abc import Iterable

from kubenetlab.findings import Finding

# How much is affected, most first; a code that is not here comes between the last two rows.
_REACH = (
    ("KNL201", "KNL202", "KNL203", "KNL208", "KNL214"),  # ranges collide or cannot be: every node and pod
    (
        "KNL204",
        "KNL205",
        "KNL601",
    ),  # nodes whose pods get no address of their own; policies that nothing enforces
    ("KNL102", "KNL701", "KNL702", "KNL705"),  # what clients ask for is not there: every connection fails
    (
        "KNL101",
        "KNL103",
        "KNL104",
        "KNL107",
        "KNL302",
        "KNL508",
        "KNL602",
    ),  # some connections, ports or pods fail
    (
        "KNL106",
        "KNL206",
        "KNL207",
        "KNL209",
        "KNL210",
        "KNL211",
        "KNL212",
        "KNL303",
        "KNL401",
        "KNL402",
    ),  # not reachable from outside, nearly full, unequal
    (
        "KNL108",
        "KNL109",
        "KNL213",
        "KNL301",
        "KNL403",
        "KNL501",
        "KNL603",
        "KNL704",
    ),  # nothing fails yet: form, names, deprecations
)
_RANKS = {code: rank for rank, codes in enumerate(_REACH) for code in codes}


def by_importance(groups: Iterable[list[Finding]]) -> list[list[Finding]]:
    """Return groups of findings of one code each: by severity, reach, number of findings, then code."""
    return sorted(groups, key=_key)


def _key(group: list[Finding]) -> tuple[float, float, int, str]:
    first = group[0]
    return (-first.severity.rank, _RANKS.get(first.code, len(_REACH) - 1.5), -len(group), first.code)
