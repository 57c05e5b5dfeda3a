"""Two plans side by side: which ranges are new, gone, moved, grew or shrank."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

import netaddr
import pandas as pd

from kubenetlab.result import Basis, Result

COLUMNS = ("name", "change", "before", "after")
#: Every change, those first that somebody has to act on.
CHANGES = ("moved", "shrank", "grew", "gone", "new", "stayed")


def compare_plans(before: Mapping[str, netaddr.IPNetwork], after: Mapping[str, netaddr.IPNetwork]) -> Result:
    """Return what became of every range between two plans.

    Parameters
    ----------
    before, after
        Ranges by name.

    Returns
    -------
    A Result; its frame has the columns name, change (``CHANGES``), before and after ("" where there is none), what
    moved first.

    Examples
    --------
    >>> old = {"a/pods": netaddr.IPNetwork("10.0.0.0/24"), "b/pods": netaddr.IPNetwork("10.0.1.0/24")}
    >>> new = {"a/pods": netaddr.IPNetwork("10.0.0.0/23"), "c/pods": netaddr.IPNetwork("10.1.0.0/24")}
    >>> result = compare_plans(old, new)
    >>> result.title, result.frame["change"].tolist()
    ('1 grew, 1 gone, 1 new', ['grew', 'gone', 'new'])
    """
    names = dict.fromkeys((*after, *before))
    rows = [
        (name, change(before.get(name), after.get(name)), before.get(name), after.get(name)) for name in names
    ]
    rows.sort(key=lambda row: CHANGES.index(row[1]))
    counts = Counter(row[1] for row in rows)
    title = (
        ", ".join(f"{counts[word]:,} {word}" for word in CHANGES if counts[word]) or "both plans are empty"
    )
    texts = [(name, what, str(old or ""), str(new or "")) for name, what, old, new in rows]
    return Result(
        title=title, _frame=pd.DataFrame(texts, columns=list(COLUMNS), dtype="str"), basis=Basis.RAN
    )


def change(before: netaddr.IPNetwork | None, after: netaddr.IPNetwork | None) -> str:
    """Return what became of one range."""
    if before is None or after is None:
        return "new" if before is None else "gone"
    if before == after:
        return "stayed"
    return "grew" if before in after else "shrank" if after in before else "moved"
