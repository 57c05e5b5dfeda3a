"""One run of the simulator against the plain one, and laws that hold for every chooser."""

from dataclasses import replace
from itertools import pairwise
from math import inf

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kubenetlab.load_balancing.long_lived import _kernels, replicate
from kubenetlab.load_balancing.long_lived.choosers import CHOOSERS
from kubenetlab.load_balancing.long_lived.load import ConnectionLoad, EndpointEvent
from kubenetlab.load_balancing.long_lived.replicate import play
from tests.load_balancing.long_lived.reference import Simulation

EVERYTHING_HAPPENS = (
    EndpointEvent("roll-out", 50, 5, 4.0, 10.0),
    EndpointEvent("scale-up", 80, 3),
    EndpointEvent("crash", 85, grace_s=5.0),
    EndpointEvent("scale-down", 100, 2, 1.0, inf),
)
BUSY = {"duration_s": 150, "warm_up_s": 25, "n_samples": 15, "max_age_s": 15, "events": EVERYTHING_HAPPENS}
LOADS = {
    "open, aged": ConnectionLoad(
        n_endpoints=5, arrival_rate_per_s=2, mean_lifetime_s=20, n_clients=17, n_nodes=3, **BUSY
    ),
    "closed, aged without spread": ConnectionLoad(
        n_endpoints=5, mean_lifetime_s=40, n_clients=30, n_nodes=4, lifetime="lognormal", max_age_jitter=0.0, **BUSY
    ),
    "closed, all ends together": ConnectionLoad(
        n_endpoints=4, duration_s=100, mean_lifetime_s=10, lifetime="fixed", inactive_s=20, n_clients=30, n_nodes=2,
        n_samples=10, events=(EndpointEvent("roll-out", 40, 4, 4.0, 0.0),),
    ),
    "no endpoint for a while": ConnectionLoad(
        n_endpoints=2, duration_s=100, mean_lifetime_s=10, lifetime="pareto", arrival_rate_per_s=1.0, n_samples=10,
        events=(EndpointEvent("crash", 40, 2, 4.0), EndpointEvent("scale-up", 60, 2)),
    ),
}  # fmt: skip
FLOWS = ("opened", "ended", "refused", "reconnects", "cut")


def check_twin(load, chooser, seed=1):
    played = play(load, chooser, seed, 3)

    twin = Simulation(load, chooser, seed, 3).run()
    endpoints = range(twin.n_known)
    assert played.samples.tolist() == twin.samples
    assert played.opened.tolist() == [twin.opened[e] for e in endpoints]
    assert played.totals.tolist() == [twin.totals[flow] for flow in FLOWS]
    assert played.flows.tolist() == [twin.totals[flow] - twin.before[flow] for flow in FLOWS]
    np.testing.assert_allclose(played.mean, [twin.mean(e) for e in endpoints], rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("chooser", CHOOSERS)
@pytest.mark.parametrize("load", LOADS.values(), ids=LOADS)
def test_play__agrees_with_reference(load, chooser):
    check_twin(load, CHOOSERS[chooser])


@st.composite
def loads(draw):
    """Small loads of all kinds."""
    events = draw(
        st.lists(
            st.builds(
                EndpointEvent,
                st.sampled_from(["roll-out", "scale-up", "crash", "scale-down"]),
                st.integers(0, 60).map(float),
                st.integers(1, 3),
                st.sampled_from([0.0, 2.5]),
                st.sampled_from([0.0, 5.0, inf]),
            ),
            max_size=3,
        )
    )
    return ConnectionLoad(
        n_endpoints=draw(st.integers(10, 13)),
        duration_s=draw(st.sampled_from([30.0, 60.0])),
        mean_lifetime_s=draw(st.sampled_from([0.5, 10.0, 300.0])),
        arrival_rate_per_s=draw(st.sampled_from([None, 0.1, 2.0])),
        warm_up_s=draw(st.sampled_from([0.0, 20.0])),
        lifetime=draw(st.sampled_from(["exponential", "lognormal", "pareto", "fixed"])),
        n_clients=draw(st.integers(1, 12)),
        n_nodes=draw(st.integers(1, 4)),
        max_age_s=draw(st.sampled_from([inf, 5.0])),
        events=tuple(events),
        inactive_s=draw(st.sampled_from([0.0, 3.0])),
        n_samples=5,
    )


@settings(max_examples=60)
@given(loads(), st.sampled_from(sorted(CHOOSERS)), st.integers(0, 2**32))
def test_play__agrees_with_reference_on_any_load(load, chooser, seed):
    check_twin(load, CHOOSERS[chooser], seed)


def test_play__goes_on_when_there_are_more_connections_than_expected(monkeypatch):
    load = LOADS["open, aged"]
    expected = play(load, CHOOSERS["ipvs-lc"], 1, 0)
    room = replicate._room
    rooms = []

    def small_room(n_slots):
        rooms.append(max(4, n_slots // 32))
        return room(rooms[-1] if len(rooms) == 1 else n_slots)

    monkeypatch.setattr(replicate, "_room", small_room)
    played = play(load, CHOOSERS["ipvs-lc"], 1, 0)

    assert len(rooms) > 2
    assert played.samples.tolist() == expected.samples.tolist()
    assert played.totals.tolist() == expected.totals.tolist()


@pytest.mark.parametrize("chooser", CHOOSERS)
@pytest.mark.parametrize("load", LOADS.values(), ids=LOADS)
def test_play__what_opened_has_ended_or_is_open(load, chooser):
    played = play(load, CHOOSERS[chooser], 5, 0)

    opened, ended, *_ = played.totals
    assert opened == ended + played.samples[-1].sum()


@pytest.mark.parametrize("chooser", CHOOSERS)
def test_play__every_session_arrives_once_and_leaves_refused_or_stays(chooser):
    load = LOADS["no endpoint for a while"]

    played = play(load, CHOOSERS[chooser], 5, 0)
    other = play(load, CHOOSERS["random"], 5, 0)

    opened, _, refused, reconnects, _ = played.totals
    others = other.totals
    assert refused > 0
    assert opened + refused - reconnects == others[0] + others[2] - others[3]  # the same sessions arrive


@pytest.mark.parametrize("chooser", CHOOSERS)
def test_play__all_choosers_are_equal_for_one_endpoint(chooser):
    load = ConnectionLoad(
        n_endpoints=1, duration_s=100, mean_lifetime_s=10, arrival_rate_per_s=3, n_nodes=3, max_age_s=8
    )

    played = play(load, CHOOSERS[chooser], 2, 0)

    expected = play(load, CHOOSERS["random"], 2, 0)
    assert played.samples.tolist() == expected.samples.tolist()
    assert played.mean.tolist() == expected.mean.tolist()


def arrivals_only(n_endpoints, n_clients, n_nodes=1):
    return ConnectionLoad(
        n_endpoints=n_endpoints, duration_s=1, mean_lifetime_s=1e9, lifetime="fixed", n_clients=n_clients,
        n_nodes=n_nodes, n_samples=1,
    )  # fmt: skip


@given(
    st.integers(1, 20),
    st.integers(1, 60),
    st.sampled_from(["ipvs-rr", "ipvs-wrr", "ipvs-lc", "ipvs-sed", "least-request"]),
)
def test_play__what_counts_keeps_all_endpoints_within_one_connection(n_endpoints, n_clients, chooser):
    counts = play(arrivals_only(n_endpoints, n_clients), CHOOSERS[chooser], 1, 0).samples[-1]

    assert counts.max() - counts.min() <= 1
    assert counts.sum() == n_clients


def test_play__each_node_counts_for_itself():
    """100 nodes with one connection each: every node begins at an endpoint of its own, so rr is as uneven as random."""
    counts = play(arrivals_only(10, 100, n_nodes=100), CHOOSERS["ipvs-rr"], 1, 0).samples[-1]

    assert counts.max() - counts.min() > 1


@pytest.mark.parametrize("chooser", ["ipvs-rr", "ipvs-lc", "ipvs-sed", "ipvs-nq"])
def test_play__what_comes_stands_at_the_head_of_ipvs_s_list(chooser):
    """Linux, ip_vs_ctl.c, __ip_vs_update_dest: list_add_rcu. The first of equals is chosen: the newest."""
    load = ConnectionLoad(
        n_endpoints=3, duration_s=20, mean_lifetime_s=1e9, arrival_rate_per_s=0.5, n_samples=2000,
        events=(EndpointEvent("scale-up", 0.0), EndpointEvent("scale-up", 1e-6)),
    )  # fmt: skip

    samples = play(load, CHOOSERS[chooser], 1, 0).samples

    came_first_at = np.argmax(samples > 0, axis=0)
    assert samples[-1].min() > 0
    assert np.argsort(came_first_at)[:2].tolist() == [4, 3]


def test_play__source_hash_knows_256_buckets():
    """Linux, ip_vs_sh.c: IP_VS_SH_TAB_BITS 8. Of 300 endpoints the last 44 never get a connection."""
    counts = play(arrivals_only(300, 20_000), CHOOSERS["ipvs-sh"], 1, 0).samples[-1]

    assert counts[:256].min() > 0
    assert counts[256:].sum() == 0


def test_play__source_hash_sends_a_client_to_one_endpoint():
    load = ConnectionLoad(n_endpoints=50, duration_s=100, mean_lifetime_s=1, n_clients=1)

    played = play(load, CHOOSERS["ipvs-sh"], 1, 0)

    assert played.totals[0] > 20
    assert np.count_nonzero(played.opened) == 1


def test_play__a_drained_endpoint_keeps_its_connections_and_gets_no_more():
    event = EndpointEvent("roll-out", 20, 4, 5.0, inf)
    load = ConnectionLoad(
        n_endpoints=4, duration_s=100, mean_lifetime_s=1e9, n_clients=40, n_samples=50, events=(event,)
    )

    played = play(load, CHOOSERS["random"], 1, 0)

    assert played.samples[-1, :4].sum() == 40
    assert played.totals[4] == 0


def test_play__a_roll_out_leaves_the_last_endpoint_empty():
    """Each new endpoint gets a share of the connections cut after it came: the first new one most, the last none."""
    event = EndpointEvent("roll-out", 10, 5, 10.0, 0.0)
    load = ConnectionLoad(n_endpoints=5, duration_s=100, mean_lifetime_s=1e9, n_clients=2000, events=(event,))

    final = play(load, CHOOSERS["random"], 1, 0).samples[-1]

    assert final[:5].sum() == 0
    assert all(one > next_one for one, next_one in pairwise(final[5:].tolist()))


def test_play__ages_are_spread_evenly_around_the_maximum():
    """gRFC A9: plus and minus 10 %."""
    load = ConnectionLoad(
        n_endpoints=1, duration_s=100, mean_lifetime_s=1e9, n_clients=2000, max_age_s=50, n_samples=100
    )

    played = play(load, CHOOSERS["random"], 1, 0)

    reconnects = played.totals[3]
    assert played.samples.min() == 2000
    assert 2000 < reconnects < 4000
    assert (
        play(
            ConnectionLoad(n_endpoints=1, duration_s=44, mean_lifetime_s=1e9, max_age_s=50),
            CHOOSERS["random"],
            1,
            0,
        ).totals[3]
        == 0
    )


@pytest.mark.parametrize("chooser", [name for name, chooser in CHOOSERS.items() if not chooser.looks_at_load])
def test_play__without_the_order_of_ends_is_the_same(chooser):
    """What needs no order is played without; an endpoint that comes in the last moment forces the order."""
    load = ConnectionLoad(
        n_endpoints=5,
        duration_s=100,
        mean_lifetime_s=7,
        arrival_rate_per_s=4,
        n_nodes=3,
        n_clients=20,
        warm_up_s=30,
    )
    ordered = replace(load, events=(EndpointEvent("scale-up", 100),))

    one, other = (play(each, CHOOSERS[chooser], 1, 0) for each in (load, ordered))

    assert one.samples.tolist() == other.samples[:, :5].tolist()
    assert one.opened.tolist() == other.opened[:5].tolist()
    assert (one.flows.tolist(), one.totals.tolist()) == (other.flows.tolist(), other.totals.tolist())
    np.testing.assert_allclose(one.mean, other.mean[:5], rtol=1e-9)


@pytest.mark.jit_only
@pytest.mark.parametrize("lifetime", ["exponential", "lognormal", "pareto", "fixed"])
@pytest.mark.parametrize("max_age_s", [inf, 20])
def test_play__occupancy_is_that_of_m_g_infinity(lifetime, max_age_s):
    """Open connections at one moment are Poisson(rate * mean), whatever the law of lifetimes (insensitivity).

    200 runs; mean and variance within 4 standard errors. Pareto's tail index is 3: half as heavy would need a longer warm-up.
    """
    shape = {"pareto": 3.0}.get(lifetime)
    load = ConnectionLoad(
        n_endpoints=7, duration_s=1000, mean_lifetime_s=10, arrival_rate_per_s=20, lifetime=lifetime, lifetime_shape=shape,
        max_age_s=max_age_s, n_samples=1,
    )  # fmt: skip

    found = [play(load, CHOOSERS["random"], 1, i).samples[-1].sum() for i in range(200)]

    expected = 200
    assert abs(np.mean(found) - expected) < 4 * np.sqrt(expected / 200)
    assert abs(np.var(found, ddof=1) - expected) < 4 * expected * np.sqrt(2 / 199)


@pytest.mark.parametrize(("chooser", "rate", "duration_s"), [("random", 5, 400), ("ipvs-lc", 5, 400), *(
    pytest.param(name, 50, 40_000, marks=pytest.mark.jit_only) for name in ("random", "ipvs-rr", "two-choices"))])  # fmt: skip
def test_play__little_s_law(chooser, rate, duration_s):
    """Mean of open connections = arrivals a second * mean lifetime; its variance is that of M/M/infinity's time average."""
    mean_s = 10
    load = ConnectionLoad(
        n_endpoints=9,
        duration_s=duration_s,
        warm_up_s=200,
        mean_lifetime_s=mean_s,
        arrival_rate_per_s=rate,
        n_nodes=3,
    )

    played = play(load, CHOOSERS[chooser], 1, 0)

    standard_error = np.sqrt(2 * rate * mean_s * mean_s / (duration_s - 200))
    assert abs(played.mean.sum() - rate * mean_s) < 3 * standard_error
    assert abs(played.flows[0] - rate * (duration_s - 200)) < 4 * np.sqrt(rate * (duration_s - 200))


def test_play__the_same_run_twice_is_the_same():
    load = LOADS["open, aged"]

    runs = [play(load, CHOOSERS["two-choices"], seed, 0).samples.tobytes() for seed in (1, 1, 2)]

    assert runs[0] == runs[1] != runs[2]


def test_play__refuses_lists_that_do_not_fit():
    load = ConnectionLoad(n_endpoints=20_000, n_nodes=20_000, duration_s=1, mean_lifetime_s=1)

    with pytest.raises(
        ValueError, match=r"20,000 nodes with 20,000 endpoints: expected at most 10,000,000 places"
    ):
        play(load, CHOOSERS["ipvs-rr"], 1, 0)


def test_connection__is_half_a_cache_line():
    assert _kernels.CONNECTION.itemsize == 32
