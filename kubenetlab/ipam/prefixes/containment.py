"""Which prefixes lie inside others."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from kubenetlab.ipam.prefixes.column import Prefixes, check_column
from kubenetlab.ipam.prefixes.longest_match import LongestMatch
from kubenetlab.ipam.prefixes.merged import outermost


def contains(outer: Prefixes, inner: Prefixes) -> NDArray[np.bool_]:
    """Return which rows of ``inner`` lie inside some row of ``outer``, or equal it.

    Parameters
    ----------
    outer
        One range (``Prefixes.of(["10.0.0.0/8"])``) or many.
    inner
        Prefixes of the same family.

    Returns
    -------
    Shape (len(inner),).

    Raises
    ------
    ValueError
        If the two are of different families.

    Examples
    --------
    >>> contains(Prefixes.of(["10.0.0.0/8"]), Prefixes.of(["10.96.0.0/12", "0.0.0.0/0", "172.17.0.0/16"])).tolist()
    [True, False, False]
    """
    check_column("outer", outer)
    check_column("inner", inner)
    if outer.version != inner.version:
        raise ValueError(f"IPv{outer.version} prefixes cannot hold those of IPv{inner.version}")
    apart = outermost(outer)
    row = LongestMatch(apart).rows(*inner.words)
    length = np.append(apart.prefix_length, np.uint8(255)).take(row)
    return np.asarray(length <= inner.prefix_length)
