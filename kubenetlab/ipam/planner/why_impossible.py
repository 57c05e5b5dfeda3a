"""Why a request has no plan, as a table."""

from __future__ import annotations

import os

import pandas as pd

from kubenetlab.ipam.planner.packing import ImpossiblePlanError
from kubenetlab.ipam.planner.plan import plan_addresses
from kubenetlab.result import Basis, Result

_COLUMNS = ["what", "words"]


def why_impossible(request: str | os.PathLike[str]) -> Result:
    """Return which requirements of a request cannot be met together, and the smallest relaxation that works.

    Parameters
    ----------
    request
        A file as `plan_addresses` reads it.

    Returns
    -------
    A Result; its frame has the columns what (``in the way``, ``relaxation`` or, where a search was given up, ``not proved``)
    and words. It has no row where there is a plan.

    Raises
    ------
    UnreadableError, ManifestError
        As `plan_addresses` does.
    """
    rows: list[tuple[str, str]] = []
    try:
        plan_addresses(request)
    except ImpossiblePlanError as error:
        rows = [("in the way", text) for text in error.in_the_way]
        rows.append(("relaxation", str(error.relaxation)) if error.is_proved else ("not proved", str(error)))
    title = "No plan exists" if rows else "There is a plan"
    return Result(title=title, _frame=pd.DataFrame(rows, columns=_COLUMNS, dtype="str"), basis=Basis.RAN)
