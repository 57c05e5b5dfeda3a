"""The answer to "what is this address?", of one address or of a range."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from kubenetlab.cluster.address_holders import AddressUse
from kubenetlab.cluster.addresses import RangeUse, uses_around, uses_of
from kubenetlab.cluster.spans import Question, asked_for
from kubenetlab.result import Basis, Result

if TYPE_CHECKING:
    from kubenetlab.cluster.snapshot import Cluster

MAX_INSIDE = 100


def answer(cluster: Cluster, text: str) -> Result:
    """Return who holds an address or a range; of what is inside a range, the first hundred entries.

    Raises
    ------
    AddressError
        If it is neither an address nor a range.
    """
    asked = asked_for(text)
    return _of_address(cluster, asked) if asked.span.is_address else _of_range(cluster, asked)


def _of_address(cluster: Cluster, asked: Question) -> Result:
    uses = uses_of(cluster, asked)
    reasons = [f"{use.range} is {use.role}: {use.object}" for use in uses]
    return _result(asked.text, pd.DataFrame(uses, columns=list(AddressUse._fields)), reasons)


def _of_range(cluster: Cluster, asked: Question) -> Result:
    around, inside = uses_around(cluster, asked.span)
    uses = [*around, *inside[:MAX_INSIDE]]
    reasons = [f"{use.range} {use.relation}, {use.role}: {use.object}" for use in uses]
    title = asked.text
    if len(inside) > MAX_INSIDE:
        title += f" (the first {MAX_INSIDE} of {len(inside):,} entries inside it)"
    return _result(title, pd.DataFrame(uses, columns=list(RangeUse._fields)), reasons)


def _result(title: str, frame: Any, reasons: list[str]) -> Result:
    because = tuple(reasons) or ("no object or range of the dump holds it",)
    return Result(title=title, _frame=frame, because=because, basis=Basis.SOURCE)
