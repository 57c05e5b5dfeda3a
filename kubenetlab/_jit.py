"""How kubenetlab compiles kernels. The only module that imports numba."""

from collections.abc import Callable
from typing import Any, TypeVar, cast

import numba

_Function = TypeVar("_Function", bound=Callable[..., Any])


def kernel(function: _Function) -> _Function:
    """Compile a function at its first call, without the GIL, and keep the machine code for the next process.

    Notes
    -----
    Where neither the package's folder nor the user's cache folder can be written, numba has no place for the
    machine code; the function is then compiled anew in every process.
    """
    try:
        return cast(_Function, numba.njit(cache=True, nogil=True)(function))
    except RuntimeError:  # "cannot cache function ...: no locator available for file ..."
        return cast(_Function, numba.njit(nogil=True)(function))
