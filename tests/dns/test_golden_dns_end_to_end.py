"""What the replay of end-to-end recordings does with others than those that are here."""

from pathlib import Path

import pytest

from tests.golden_dns_end_to_end import answer
from tests.golden_models import NotModelledError

OBJECTS = Path(__file__).parents[1] / "golden" / "resolvers" / "e2e-objects.json"
CASE = {
    "objects": OBJECTS,
    "corefile": "plain",
    "resolver": "glibc",
    "resolv_conf": "nameserver 10.96.0.10\nsearch app.svc.cluster.local svc.cluster.local\noptions ndots:5\n",
    "family": "unspec",
    "name": "redis",
}


@pytest.mark.parametrize(("field", "value"), [("corefile", "nodelocal"), ("resolver", "uclibc")])
def test_answer__what_is_not_modelled(field, value):
    with pytest.raises(NotModelledError, match=f"{field} {value}"):
        answer(CASE | {field: value})


@pytest.mark.parametrize(("resolver", "code"), [("musl", -5), ("musl-1.2.3", -2)])
def test_answer__of_an_older_musl(resolver, code):
    """facts on musl: svc.cluster.local has a namespace of that name, without data."""
    found = answer(CASE | {"resolver": resolver})

    assert (found["n_client_queries"], found["result"]["code"]) == (4, code)
