"""The table of choosers."""

import pytest

from kubenetlab.load_balancing.long_lived import _kernels
from kubenetlab.load_balancing.long_lived.choosers import CHOOSERS, chooser_named
from kubenetlab.load_balancing.long_lived.load import ConnectionLoad, EndpointEvent
from kubenetlab.result import Basis
from tests.load_balancing.long_lived.reference import IPVS, Simulation


@pytest.mark.parametrize("name", ["round-robin", "", None, 3, "random\n"])
def test_chooser_named__refuses_what_is_not_in_the_table(name):
    with pytest.raises(ValueError, match=r"^chooser .*: expected one of random, ipvs-rr"):
        chooser_named(name)


@pytest.mark.parametrize(
    ("name", "other"), [("ipvs-wrr", "ipvs-rr"), ("ipvs-wlc", "ipvs-lc"), ("ipvs-nq", "ipvs-sed")]
)
def test_choosers__say_which_do_the_same(name, other):
    one, same = CHOOSERS[name], CHOOSERS[other]

    assert f"at kube-proxy's weights, which are all 1, the same as {other}" in one.source
    assert (one.rule, one.keeper, one.counts_inactive) == (same.rule, same.keeper, same.counts_inactive)


@pytest.mark.parametrize(("name", "other"), [("ipvs-wlc", "ipvs-lc"), ("ipvs-nq", "ipvs-sed")])
def test_choosers__their_own_definitions_do_the_same(name, other):
    load = ConnectionLoad(
        n_endpoints=5, duration_s=150, mean_lifetime_s=20, arrival_rate_per_s=2, n_nodes=2, max_age_s=15, n_samples=150,
        events=(EndpointEvent("roll-out", 50, 5, 4.0, 10.0), EndpointEvent("crash", 85)),
    )  # fmt: skip

    one, same = (Simulation(load, CHOOSERS[each], 1, 0).run() for each in (name, other))

    assert IPVS[CHOOSERS[name].used_by] is not IPVS[CHOOSERS[other].used_by]
    assert one.totals["opened"] > 300
    assert one.samples == same.samples


def test_choosers__what_ipvs_counts_belongs_to_a_node():
    counting = {
        name for name, chooser in CHOOSERS.items() if name.startswith("ipvs") and not chooser.table_size
    }

    assert counting == {f"ipvs-{scheduler}" for scheduler in ("rr", "wrr", "lc", "wlc", "sed", "nq")}
    assert {CHOOSERS[name].keeper for name in counting} == {_kernels.NODE}


def test_choosers__only_kube_proxy_s_random_choice_was_compared_with_the_real_one():
    assert [name for name, chooser in CHOOSERS.items() if chooser.basis is Basis.RAN] == ["random"]


def test_choosers__each_names_its_source():
    assert all(chooser.source and chooser.used_by and chooser.state for chooser in CHOOSERS.values())
