import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubenetlab.kube_proxy.rule_cost import MEASURED, Measured, first_packet_cost, sync_cost

OWN = (
    Measured("iptables-nft", 100, 823, 10.0, 10.99, 0.01, 0.001),
    Measured("iptables-nft", 10_000, 80_023, 10.0, 109.99, 1.0, 0.1),
)


def row(result, tool):
    return result.frame.set_index("tool").loc[tool]


@pytest.mark.parametrize("measured", [m for m in MEASURED if m.n_services >= 1_000])
def test_first_packet_cost__is_the_measured_one_at_measured_points(measured):
    found = row(first_packet_cost(measured.n_services, measured.n_services), measured.tool)

    last_us = measured.first_us if measured.tool == "nftables" else measured.last_us
    assert found.us_first == pytest.approx(measured.first_us)
    assert found.us == found.us_last == pytest.approx(last_us)
    assert not found.is_extrapolated


@pytest.mark.parametrize("measured", MEASURED)
def test_sync_cost__is_the_measured_one_at_measured_points(measured):
    found = row(sync_cost(measured.n_services, measured.n_rules), measured.tool)

    assert found.full_s == pytest.approx(measured.full_s)
    assert found.partial_s == pytest.approx(measured.partial_s)


def test_first_packet_cost__walks_half_of_the_endpoints_in_the_mean():
    few = row(first_packet_cost(5_000, 10_000, 2), "iptables-nft")
    many = row(first_packet_cost(5_000, 10_000, 100), "iptables-nft")

    assert few.rules_walked == 5_000 + 1 + 1.5 + 2
    assert many.rules_walked - few.rules_walked == 101 / 2 - 3 / 2
    assert many.us - few.us == pytest.approx(49 * (119.0 - 11.1) / 9_999)


def test_first_packet_cost__affinity_asks_every_endpoint_first():
    plain = row(first_packet_cost(1, 1_000, 50), "iptables-legacy")
    with_affinity = row(first_packet_cost(1, 1_000, 50, has_affinity=True), "iptables-legacy")

    assert with_affinity.rules_walked - plain.rules_walked == 50


def test_first_packet_cost__nftables_costs_the_same_everywhere():
    found = row(first_packet_cost(7_000, 10_000, 100, has_affinity=True), "nftables")

    assert found.us == found.us_first == found.us_last == pytest.approx(11.6)
    assert math.isnan(found.rules_walked)


# Between two points the line is straight in log-log: at the geometric mean of the sizes stands that of the times.
def test_sync_cost__between_two_points_is_their_geometric_mean():
    found = row(sync_cost(1_000, math.isqrt(823 * 80_023), OWN), "iptables-nft")

    assert found.full_s == pytest.approx(0.1, rel=1e-4)
    assert found.partial_s == pytest.approx(0.01)


@given(st.integers(1, 20_000), st.integers(1, 20_000))
def test_sync_cost__more_rules_never_load_faster(one, other):
    fewer, more = sorted((one, other))

    least, most = (sync_cost(n, 8 * n).frame for n in (fewer, more))

    assert (least["full_s"] <= most["full_s"] * (1 + 1e-9)).all() or most["full_s"].isna().any()


def test_sync_cost__says_by_how_much_a_left_out_point_is_missed():
    middle = Measured("iptables-nft", 1_000, 8_023, 10.0, 20.0, 0.05, 0.01)

    found = row(sync_cost(1_000, 8_023, (*OWN, middle)), "iptables-nft")

    slope = math.log(1.0 / 0.01) / math.log(80_023 / 823)
    assert found.full_error_factor == pytest.approx(0.01 * (8_023 / 823) ** slope / 0.05)
    assert math.isnan(row(sync_cost(1_000, 8_000, OWN), "iptables-nft").full_error_factor)


def test_sync_cost__small_clusters_cost_at_most_the_smallest_measured():
    found = row(sync_cost(9, 90), "iptables-nft")

    assert (found.full_s, found.partial_s, found.is_extrapolated) == (0.023, 0.031, True)


# Loaded with the same tools on the same kind of machine, medians of five: the rules of the samples.
@pytest.mark.parametrize(
    ("n_services", "n_rules", "tool", "seconds"),
    [
        (22, 201, "iptables-legacy", 0.003),
        (22, 201, "iptables-nft", 0.044),
        (22, 201, "nftables", 0.020),
        (238, 6_600, "iptables-legacy", 0.041),
        (238, 6_600, "iptables-nft", 0.230),
        (238, 6_600, "nftables", 0.053),
    ],
)
def test_sync_cost__of_the_samples_is_right_within_a_factor(n_services, n_rules, tool, seconds):
    found = row(sync_cost(n_services, n_rules), tool)

    assert seconds / 2.5 < found.full_s < seconds * 2.5


def test_first_packet_cost__below_what_can_be_told_from_noise_says_so():
    found = row(first_packet_cost(20, 20), "iptables-nft")

    assert found.is_extrapolated
    assert found.us_last - found.us_first == pytest.approx(19 * (18.7 - 11.5) / 999)


def test_sync_cost__beyond_twice_what_was_measured_nothing_is_said():
    found = row(sync_cost(10_000, 320_000), "iptables-nft")

    assert math.isnan(found.full_s)
    assert found.partial_s == pytest.approx(0.83)
    assert found.is_extrapolated


def test_sync_cost__one_measured_point_holds_around_itself():
    assert row(sync_cost(150, 1_200, OWN[:1]), "iptables-nft").full_s == pytest.approx(0.01)


def test_sync_cost__assumptions_name_the_measurement():
    built_in, given_points = sync_cost(10, 90).assumptions[0], sync_cost(100, 823, OWN).assumptions[0]

    assert "kernel 6.18" in built_in.text
    assert (given_points.text, given_points.evidence) == ("2 points", "given")


@pytest.mark.parametrize(("position", "n_services", "n_endpoints"), [(0, 5, 1), (6, 5, 1), (1, 5, 0)])
def test_first_packet_cost__refuses_what_cannot_be(position, n_services, n_endpoints):
    with pytest.raises(ValueError, match=f"position {position} of {n_services} with {n_endpoints} endpoints"):
        first_packet_cost(position, n_services, n_endpoints)


def test_first_packet_cost__refuses_measurements_without_packets():
    loads_alone = (Measured("nftables", 10, 103, math.nan, math.nan, 0.02, 0.016),)

    with pytest.raises(ValueError, match="needs different sizes, and sizes and times above 0"):
        first_packet_cost(1, 10, measured=loads_alone)


def test_sync_cost__refuses_what_cannot_be():
    with pytest.raises(ValueError, match="0 Services with 9 rules"):
        sync_cost(0, 9)


@pytest.mark.parametrize("full_s", [(0.0,), (1.0, 2.0)])
def test_sync_cost__refuses_measurements_without_time_or_of_one_size_twice(full_s):
    with pytest.raises(ValueError, match="needs different sizes, and sizes and times above 0"):
        sync_cost(1, 9, tuple(Measured("nftables", 1, 9, 1.0, 1.0, seconds, 1.0) for seconds in full_s))
