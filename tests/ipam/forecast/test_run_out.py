from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from datetime import date
from multiprocessing import get_context

import numpy as np
import pytest

from kubenetlab.ipam.aks_pod_subnet import BATCH, PodSubnet, SubnetFullError
from kubenetlab.ipam.cilium_multi_pool import MultiPool, needed_addresses, usable_addresses
from kubenetlab.ipam.days_left import PerDay
from kubenetlab.ipam.forecast.churn import NO_CHURN, Churn
from kubenetlab.ipam.forecast.events import Story, draw_events
from kubenetlab.ipam.forecast.fitted_growth import fit_growth
from kubenetlab.ipam.forecast.growth import Growth
from kubenetlab.ipam.forecast.load import Load
from kubenetlab.ipam.forecast.run_out import QUANTILES, forecast, forecast_of
from kubenetlab.ipam.forecast.runs import Runs
from kubenetlab.ipam.host_local import HostLocal
from kubenetlab.ipam.host_local_config import load_config
from kubenetlab.ipam.instance_types import INSTANCE_TYPES
from kubenetlab.ipam.node_cidrs import NodeCidrSet, PoolExhaustedError
from kubenetlab.ipam.set_up import SetUp
from kubenetlab.result import Basis
from tests.builders import cluster, node, pod
from tests.ipam.forecast import reference
from tests.ipam.forecast.histories import Kind, history

SMALL = Load(set_up=SetUp(ipam="host-local", pod_cidrs=("10.244.0.0/20",), max_surge=2), pods=200, nodes=10)
CALICO = Load(
    set_up=SetUp(ipam="calico", pod_cidrs=("10.0.0.0/24",), block_size=28, max_pods=40, max_surge=1),
    pods=165,
    nodes=7,
)
FAST, BUSY = Growth(0.5, 2), Churn(pod_lifetime_days=4, node_lifetime_days=20, upgrade_every_days=15)


def runs(**given):
    return Runs(**({"n_days": 120, "n_replicates": 30, "seed": 7} | given))


def events_of(load, index, growth=FAST, churn=BUSY, n_days=120):
    rng = np.random.default_rng(np.random.SeedSequence(7, spawn_key=(index,)))
    return rng, draw_events(Story(load, growth, churn, n_days), rng)


def first_days(found):
    return [-1 if np.isnan(day) else int(day) for day in found.first_refusals["day"].astype("float64")]


def test_forecast__first_refusal_of_node_cidrs_is_that_of_the_real_set_event_by_event():
    expected = [
        reference.first_day_without_node_cidr(
            events_of(SMALL, index)[1], reference.NodeCidrCluster(NodeCidrSet("10.244.0.0/20", 24))
        )
        for index in range(30)
    ]

    found = forecast(SMALL, FAST, BUSY, runs())

    assert first_days(found) == expected
    assert -1 in expected
    assert max(expected) > 0


@pytest.mark.parametrize("is_strict", [False, True])
def test_forecast__first_refusal_of_blocks_is_that_of_calico_ipam_event_by_event(is_strict):
    load, expected = replace(CALICO, strict_affinity=is_strict), []
    for index in range(2):
        rng, events = events_of(load, index, Growth(9, 9), n_days=80)
        twin = reference.CalicoCluster(rng, [("10.0.0.0/24", 28)], strict=is_strict, max_pods=40)
        most_nodes = int(events.peak_nodes.max()) + 1
        expected.append(reference.play_blocks(twin, events.days, most_nodes, 1)[1])

    found = forecast(load, Growth(9, 9), BUSY, runs(n_replicates=2, n_days=80))

    assert first_days(found) == expected
    assert max(expected) > 0


def test_forecast__first_refusal_of_batches_is_that_of_the_pod_subnet_node_by_node():
    set_up = SetUp(ipam="azure-pod-subnet", pod_cidrs=("10.241.0.0/24",))
    load = Load(set_up=set_up, pods=60, nodes=5)
    _, events = events_of(load, 0, Growth(2, 2), NO_CHURN, 250)
    subnet, expected = PodSubnet("10.241.0.0/24"), -1
    held = {}
    for day, (n_pods, n_nodes) in enumerate(
        zip(events.peak_pods.tolist(), events.peak_nodes.tolist(), strict=True)
    ):
        evenly = [(place, n_pods // n_nodes + (place < n_pods % n_nodes)) for place in range(n_nodes)]
        for place, own in evenly:
            for n_own in range(own + 1):  # one by one
                try:
                    held[place] = subnet.set_pods(f"node-{place}", n_own)
                except SubnetFullError:
                    if held.get(place, 0) < max(n_own, BATCH) and expected < 0:
                        expected = day

    found = forecast(load, Growth(2, 2), NO_CHURN, runs(n_replicates=1, n_days=250))

    assert first_days(found) == [expected]
    assert expected > 0


# A node's /26 has room for 61 pods: as long as every node gets a CIDR, host-local refuses no pod.
def test_forecast__nodes_run_out_of_cidrs_before_pods_of_addresses_under_host_local():
    _, events = events_of(SMALL, 0)
    stores = {}

    def fill(node_cidr):
        stores[node_cidr] = HostLocal()
        config = load_config({"ipam": {"subnet": str(node_cidr)}})
        for number in range(20):
            stores[node_cidr].add(config, f"pod-{number}")

    nodes = reference.NodeCidrCluster(NodeCidrSet("10.244.0.0/20", 24), fill)
    day = reference.first_day_without_node_cidr(events, nodes)

    assert first_days(forecast(SMALL, FAST, BUSY, runs(n_replicates=1))) == [day]
    assert all(store.n_reserved == 20 for store in stores.values())


@pytest.mark.parametrize("load", [SMALL, CALICO])
def test_forecast__same_seed_same_bytes(load):
    one, other = (forecast(load, FAST, BUSY, runs(n_days=30, n_replicates=10)) for _ in range(2))

    assert one.frame.to_csv() == other.frame.to_csv()
    assert (
        one.frame.to_csv()
        != forecast(load, FAST, BUSY, runs(n_days=30, n_replicates=10, seed=8)).frame.to_csv()
    )


@pytest.mark.parametrize("n_workers", [1, 2, 4])
def test_forecast__same_bytes_for_any_number_of_threads(n_workers):
    days = runs(n_days=8, n_replicates=45)
    alone = forecast(CALICO, FAST, BUSY, days)

    with ThreadPoolExecutor(n_workers) as executor:
        shared = forecast(CALICO, FAST, BUSY, days, executor=executor)

    assert [f.to_csv() for f in (shared.frame, shared.refusals, shared.first_refusals)] == [
        f.to_csv() for f in (alone.frame, alone.refusals, alone.first_refusals)
    ]


@pytest.mark.jit_only
@pytest.mark.parametrize("n_workers", [1, 2, 4])
def test_forecast__same_bytes_for_any_number_of_processes(n_workers):
    load, growth = SMALL, fit_growth(history(Kind(0.005, 0.01, 20, 7, 1), 1)[0])
    alone = forecast(load, growth, BUSY, runs(n_replicates=90))

    with ProcessPoolExecutor(n_workers, mp_context=get_context("spawn")) as executor:
        shared = forecast(load, growth, BUSY, runs(n_replicates=90), executor=executor)

    assert shared.frame.to_csv() == alone.frame.to_csv()
    assert shared.first_refusals.to_csv() == alone.first_refusals.to_csv()


def test_forecast__more_replicates_keep_the_first_ones():
    few, many = (forecast(SMALL, FAST, BUSY, runs(n_replicates=n)).first_refusals for n in (25, 45))

    assert few.to_csv() == many.head(25).to_csv()


def test_forecast__frame_has_a_row_a_day_and_quantity():
    frame = forecast(SMALL, FAST, BUSY, runs(start=date(2026, 12, 31))).frame

    assert list(frame) == ["day", "date", "quantity", *QUANTILES, "capacity"]
    assert frame["quantity"].unique().tolist() == ["pods", "nodes"]
    assert frame["day"].tolist() == [*range(121), *range(121)]
    assert frame["date"].iloc[[0, 1]].tolist() == [date(2026, 12, 31), date(2027, 1, 1)]
    assert np.all(np.diff(frame[list(QUANTILES)].to_numpy(), axis=1) >= 0)
    assert frame.loc[frame["quantity"] == "nodes", "capacity"].unique().tolist() == [16]
    assert frame.loc[frame["day"] == 0, "p50"].tolist() == [200, 10]


def test_forecast__nothing_given_exceeds_its_capacity():
    for load in (SMALL, CALICO):
        frame = forecast(load, Growth(5, 5), BUSY, runs(n_replicates=6)).frame
        given = frame[~frame["quantity"].isin(["pods", "Services"]) & frame["capacity"].notna()]

        assert (given["p95"] <= given["capacity"].astype("int64")).all()
        assert (given["p50"] == given["capacity"]).any()


def test_refusals__probability_only_grows_and_limits_add_up():
    found = forecast(SMALL, FAST, BUSY, runs(start=date(2026, 1, 1)))

    table = found.refusals.pivot_table(index="day", columns="limit", values="n_refused")
    assert (table.diff().dropna() >= 0).all(axis=None)
    assert table["any"].tolist() == table.drop(columns="any").sum(axis=1).tolist()
    assert table["any"].iloc[-1] == found.first_refusals["day"].notna().sum()
    assert "cluster CIDR, while nodes are replaced" in table


def test_refusals__stay_at_zero_where_nothing_is_refused():
    refusals = forecast(SMALL, Growth(0, 0), NO_CHURN, runs()).refusals

    assert refusals["limit"].unique().tolist() == ["any"]
    assert refusals["probability"].max() == 0


def test_refused_by__is_the_day_by_which_that_share_was_refused():
    found = forecast(SMALL, Growth(2, 2), BUSY, runs())

    days = sorted(found.first_refusals["day"].dropna())
    assert found.refused_by(0.5) == days[14]
    assert found.refused_by(1) == (days[29] if len(days) == 30 else None)


@pytest.mark.parametrize("probability", [0, -1, 1.1, float("nan")])
def test_refused_by__refuses_what_is_no_probability(probability):
    found = forecast(SMALL, FAST, BUSY, runs(n_replicates=1, n_days=1))

    with pytest.raises(ValueError, match=f"probability {probability}: expected"):
        found.refused_by(probability)


# Issue 7382 of Calico: 64 blocks, 64 nodes, 13 % of the addresses in use and no block for the next node.
def test_forecast__blocks_run_out_by_fragmentation_long_before_addresses():
    set_up = SetUp(ipam="calico", pod_cidrs=("192.168.32.0/20",))
    load = Load(set_up=set_up, pods=500, nodes=62, strict_affinity=True)

    found = forecast(load, Growth(0.3, 0.3), Churn(), runs(n_replicates=8))

    refused = found.first_refusals[found.first_refusals["day"].notna()]
    assert len(refused) > 6
    assert refused["is_fragmented"].all()
    assert refused["n_free"].min() > 0.7 * 4096
    assert any("addresses were free, but no block" in text for text in found.because)


def test_forecast__borrowing_spends_every_address():
    found = forecast(CALICO, Growth(4, 4), Churn(updates_per_day=0), runs(n_days=200, n_replicates=10))

    refused = found.first_refusals[found.first_refusals["day"].notna()]
    assert len(refused) > 8
    assert set(refused["n_free"]) == {0}
    assert not refused["is_fragmented"].any()


# Without subnet reservations the interfaces' addresses lie scattered, and no aligned /28 is left.
def test_forecast__prefixes_run_out_by_fragmentation():
    set_up = SetUp(
        ipam="aws-vpc-cni",
        pod_cidrs=("10.0.0.0/22",),
        instance=INSTANCE_TYPES["m5.large"],
        prefix_delegation=True,
    )

    found = forecast(Load(set_up=set_up, pods=200, nodes=10), Growth(2, 2), BUSY, runs(n_days=300))

    refused = found.first_refusals[found.first_refusals["day"].notna()]
    assert len(refused) > 25
    assert refused["is_fragmented"].all()
    assert refused["n_free"].min() >= 16


def test_forecast__services_can_be_the_limit():
    set_up = SetUp(ipam="host-local", pod_cidrs=("10.244.0.0/16",), service_cidrs=("10.96.0.0/24",))
    load = Load(set_up=set_up, pods=200, nodes=10, services=250)

    found = forecast(load, Growth(0.5, 0.5), Churn(), runs())

    assert set(found.first_refusals["limit"]) == {"Service range"}
    assert "Services" in set(found.frame["quantity"])


def test_forecast__one_quantity_of_subnets_is_what_nodes_hold():
    set_up = SetUp(ipam="aws-vpc-cni", pod_cidrs=("10.0.0.0/22",), instance=INSTANCE_TYPES["m5.large"])

    found = forecast(Load(set_up=set_up, pods=200, nodes=10), FAST, BUSY, runs())

    frame = found.frame[found.frame["quantity"] == "subnet addresses"]
    assert frame["p50"].iloc[0] == 10 * (3 + 3 * 9)  # 20 pods need all three interfaces, warm ones included
    assert found.basis is Basis.DOCS


def test_forecast__first_refusal_of_a_pools_cidrs_is_that_of_multi_pool_node_by_node():
    set_up = SetUp(ipam="cilium-multi-pool", pod_cidrs=("10.10.0.0/24",), node_cidr_mask_size=28, max_pods=30)
    load, growth = Load(set_up=set_up, pods=60, nodes=5), Growth(2, 2)
    _, events = events_of(load, 0, growth, NO_CHURN, 250)
    pools, expected = MultiPool(), -1
    pools.add_pool("default", ["10.10.0.0/24"], {4: 28})
    for day, (n_pods, n_nodes) in enumerate(
        zip(events.peak_pods.tolist(), events.peak_nodes.tolist(), strict=True)
    ):
        for place in range(n_nodes):
            in_use = 2 + n_pods // n_nodes + (place < n_pods % n_nodes)
            held = []
            with suppress(PoolExhaustedError):
                held = pools.request(str(place), "default", needed_addresses(in_use))
            held = held or pools.request(str(place), "default", 0)
            if sum(map(usable_addresses, held)) < in_use and expected < 0:
                expected = day

    found = forecast(load, growth, NO_CHURN, runs(n_replicates=1, n_days=250))

    assert first_days(found) == [expected]
    assert set(found.first_refusals["limit"]) == {"pool"}
    assert expected > 0


def test_forecast__reports_progress():
    seen = []

    forecast(SMALL, FAST, BUSY, runs(n_replicates=45, progress=lambda done, of: seen.append((done, of))))

    assert seen == [(20, 45), (40, 45), (45, 45)]


def test_forecast__refuses_more_pods_than_nodes_can_have():
    load = Load(set_up=SMALL.set_up, pods=2000, nodes=10)

    with pytest.raises(ValueError, match=r"2,000 pods on 10 nodes: expected at most 110 a node \(maxPods\)"):
        forecast(load, FAST, BUSY, runs())


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("n_days", 0), ("n_days", -1), ("n_days", float("nan")), ("n_days", 10**6), ("n_replicates", 0),
        ("n_replicates", 1.5), ("seed", -1), ("seed", None),
    ],
)  # fmt: skip
def test_runs__refuses_what_cannot_be_played(name, value):
    with pytest.raises(ValueError, match=f"{name} {value}: expected a whole number"):
        runs(**{name: value})


@pytest.mark.parametrize(
    ("name", "value"),
    [("start", "2026-01-01"), ("start", date(9999, 12, 1)), ("progress", 7), ("seed", True)],
)
def test_runs__names_the_field_that_is_wrong(name, value):
    with pytest.raises(ValueError, match=f"{name} .*{value}'?: expected"):
        runs(**{name: value})


@pytest.mark.parametrize(
    ("name", "value"),
    [("load", SMALL.set_up), ("growth", 0.2), ("growth", PerDay(2, 5)), ("churn", None), ("runs", 7)],
)
def test_forecast__names_the_argument_that_is_wrong(name, value):
    arguments = {"load": SMALL, "growth": FAST, "churn": BUSY, "runs": runs()} | {name: value}

    with pytest.raises(ValueError, match=f"{name} is .*, expected"):
        forecast(*arguments.values())


def test_runs__refuses_more_than_fits_into_memory():
    with pytest.raises(ValueError, match=r"1,000,000 replicates of 36,525 days: expected at most"):
        Runs(n_days=36_525, n_replicates=1_000_000, seed=1)


def test_forecast_of__starts_with_what_the_cluster_has():
    settings = {"ipam": "host-local", "cluster_cidr": ("10.244.0.0/23",), "node_cidr_mask_size": 24}
    value = cluster(*map(node, "ab"), *(pod(f"shop/{i}") for i in range(40)), settings=settings)

    found = forecast_of(value, Growth(1, 1), NO_CHURN, runs())

    assert {s.name: s.value for s in found.assumptions}["pods"] == 40
    assert set(found.first_refusals["limit"]) == {"cluster CIDR"}
    assert found.refused_by(1) < 70


# The whole way: histories, the fit, the pods' own noise; the share of 400 has a standard error of 2 %.
@pytest.mark.jit_only
def test_forecast__the_80_percent_band_covers_75_to_85_percent_of_held_out_histories():
    kind = Kind(0.01, 0.01, n_seen=80, step_days=7, horizon_days=40)
    n_covered = 0
    for seed in range(400):
        seen, held_out = history(kind, seed)
        load = Load(set_up=SetUp(ipam="gke", pod_cidrs=("10.0.0.0/9",)), pods=seen[-1][1], nodes=100)
        churn = Churn(updates_per_day=0)
        frame = forecast(load, fit_growth(seen), churn, Runs(n_days=40, n_replicates=59, seed=seed)).frame
        row = frame[(frame["quantity"] == "pods") & (frame["day"] == 40)].iloc[0]
        n_covered += row["p10"] <= held_out <= row["p90"]

    assert 0.75 <= n_covered / 400 <= 0.85
