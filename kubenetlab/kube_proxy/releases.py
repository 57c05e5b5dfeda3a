"""Which release of Kubernetes changed what kube-proxy does: a table, and the code that walks it."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final, NamedTuple

from kubenetlab.result import Basis, Result

#: The release whose kube-proxy the models were checked against.
LATEST: Final = "1.36"


class Change(NamedTuple):
    """A behaviour of kube-proxy: the first release that has it by default, what went before, where that stands."""

    behaviour: str
    since: tuple[int, int]
    now: str
    before: str
    source: str


CHANGES: Final = tuple(Change(*row) for row in (
    ("ten-digit probabilities", (1, 17), "--probability has ten digits",
     "five digits: the last of many endpoints get less or more than the others", "PR 83599"),
    ("masquerade in KUBE-SVC", (1, 22), "the rule that marks traffic to a ClusterIP for masquerading is in KUBE-SVC",
     "it is in KUBE-SERVICES, one more rule that all traffic passes", "PR 96959"),
    ("internal traffic policy", (1, 22), "internalTrafficPolicy Local is obeyed", "the field is ignored",
     "KEP-2086: beta 1.22, GA 1.26"),
    ("zone hints", (1, 24), "an endpoint's zone hints are obeyed", "hints are ignored",
     "KEP-2433: on by default in 1.24"),
    ("terminating fall-back", (1, 26), "endpoints that serve while they terminate are used where none is ready",
     "traffic is rejected or dropped where none is ready", "KEP-1669: beta 1.26, GA 1.28"),
    ("hints without annotation", (1, 31), "hints are obeyed whatever the Service's annotations",
     "only with the annotation service.kubernetes.io/topology-mode or topology-aware-hints",
     "KEP-4444: beta 1.31, GA 1.33; that the annotation lost its meaning in the same release is unchecked"),
    ("node hints", (1, 34), "an endpoint's node hints are obeyed before its zone hints", "node hints are ignored",
     "KEP-3015: beta 1.34, GA 1.35"),
    ("capped conntrack table", (1, 36), "nf_conntrack_max is at most 1048576", "32768 for each core, without a cap",
     "PR 137002"),
))  # fmt: skip
_SINCE: Final = {change.behaviour: change.since for change in CHANGES}
_RELEASE = re.compile(r"v?(\d{1,4})\.(\d{1,4})(?:[.+-].*)?", re.ASCII)


@lru_cache(maxsize=256)
def has_behaviour(release: str, behaviour: str) -> bool:
    """Return whether a release of Kubernetes has a behaviour of the table.

    Raises
    ------
    ValueError
        If ``release`` is none such as 1.36 or v1.36.2.

    Examples
    --------
    >>> has_behaviour("v1.33.4", "node hints"), has_behaviour("1.34", "node hints")
    (False, True)
    """
    found = _RELEASE.fullmatch(release)
    if not found:
        raise ValueError(f"release: found {release!r:.40}, expected a release of Kubernetes such as {LATEST}")
    return (int(found[1]), int(found[2])) >= _SINCE[behaviour]


def basis_of(release: str) -> Basis:
    """Return how far what depends on a release was checked: there are recordings of the newest one only.

    >>> str(basis_of("v1.36.2")), str(basis_of("1.25"))
    ('ran', 'source')
    """
    return Basis.RAN if release.removeprefix("v").split(".")[:2] == LATEST.split(".") else Basis.SOURCE


def releases() -> Result:
    """Return what changed between releases.

    Returns
    -------
    A Result; its frame has one row a change, oldest first: behaviour, since, now, before, source (all text).
    """
    import pandas as pd

    rows = [(c.behaviour, "{}.{}".format(*c.since), *c[2:]) for c in CHANGES]
    frame = pd.DataFrame(rows, columns=["behaviour", "since", "now", "before", "source"], dtype="str")
    return Result(title="Releases that changed kube-proxy", _frame=frame, basis=Basis.SOURCE)
