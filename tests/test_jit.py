import os

import numpy as np
import pytest

from kubenetlab._jit import kernel


@kernel
def total(values):
    result = 0
    for index in range(values.size):
        result += values[index]
    return result


@kernel
def one_past_the_end(values):
    return values[values.size]


def test_kernel__gives_what_python_gives():
    assert total(np.arange(5)) == 10


@pytest.mark.jit_only
def test_kernel__compiles():
    total(np.arange(5))

    assert total.signatures


# exec leaves numba no file to keep the machine code beside, as an installation that cannot be written does.
def test_kernel__compiles_where_the_machine_code_cannot_be_kept():
    names = {}
    exec("def twice(number):\n    return 2 * number", names)

    assert kernel(names["twice"])(21) == 42


@pytest.mark.skipif(
    os.environ.get("NUMBA_BOUNDSCHECK") != "1", reason="the bounds-check pass of `make check`"
)
def test_kernel__bounds_checks_reach_kernels():
    with pytest.raises(IndexError):
        one_past_the_end(np.arange(5))
