from fractions import Fraction

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from kubenetlab.load_balancing.paths.stages import SENDS_TO
from kubenetlab.load_balancing.paths.traffic import pod_traffic_paths, traffic_paths
from tests.load_balancing.paths import reference

COUNTS = st.lists(st.integers(0, 5), min_size=1, max_size=8).filter(any)
ZONES = st.lists(st.sampled_from(["z1", "z2", "z3"]), min_size=8, max_size=8)
WAYS = {"Cluster": {}, "Local": {"policy": "Local"}} | {
    way: {"traffic_distribution": way} for way in ("PreferSameZone", "PreferSameNode")
}


def named(counts):
    return {f"n{i}": n for i, n in enumerate(counts)}


def assert_same(frame, paths, zones):
    """The frame says of every endpoint what the walk of all paths does."""
    rows = frame[frame["endpoint"] != ""].set_index("endpoint")
    for column, counts in (
        ("share", lambda by, at: True),
        ("cross_node_share", lambda by, at: by != at),
        ("cross_zone_share", lambda by, at: zones[by] != zones[at]),
    ):
        expected = dict.fromkeys(rows.index, 0.0)
        for (by, at, number), part in paths.items():
            expected[f"{at}/{number}"] += float(part) * counts(by, at)
        assert rows[column].to_dict() == pytest.approx(expected, abs=1e-12)
    assert frame["share"].sum() == pytest.approx(1)
    assert frame.loc[frame["endpoint"] == "", "share"].sum() == pytest.approx(float(1 - sum(paths.values())))


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("sends_to", SENDS_TO)
@settings(max_examples=30)
@given(counts=COUNTS, zones=ZONES)
def test_traffic_paths__agrees_with_a_walk_of_all_paths(way, sends_to, counts, zones):
    pods = named(counts)
    zone_by_node = dict(zip(pods, zones, strict=False))

    frame = traffic_paths(pods, balancer_sends_to=sends_to, zones=zone_by_node, **WAYS[way]).frame

    entering = reference.weights(pods, zone_by_node, way == "Local", sends_to)
    assert_same(frame, reference.walk(pods, zone_by_node, way, entering), zone_by_node)


@pytest.mark.parametrize("way", WAYS)
@settings(max_examples=40)
@given(counts=COUNTS, zones=ZONES, weights=st.lists(st.integers(0, 9), min_size=8, max_size=8))
def test_pod_traffic_paths__agrees_with_a_walk_of_all_paths(way, counts, zones, weights):
    pods = named(counts)
    zone_by_node, clients = (dict(zip(pods, values, strict=False)) for values in (zones, weights))
    assume(any(clients.values()))

    frame = pod_traffic_paths(pods, clients_per_node=clients, zones=zone_by_node, **WAYS[way]).frame

    entering = {node: Fraction(weight, sum(clients.values())) for node, weight in clients.items()}
    assert_same(frame, reference.walk(pods, zone_by_node, way, entering), zone_by_node)


@given(counts=COUNTS, zones=ZONES)
def test_pod_traffic_paths__nothing_crosses_zones_where_every_zone_with_clients_has_an_endpoint(
    counts, zones
):
    frame = pod_traffic_paths(counts, zones=zones[: len(counts)], traffic_distribution="PreferSameZone").frame

    assert frame["cross_zone_share"].sum() == 0  # clients are spread like the endpoints


@given(counts=COUNTS)
def test_pod_traffic_paths__nothing_leaves_the_node_where_clients_have_endpoints_beside_them(counts):
    frame = pod_traffic_paths(counts, traffic_distribution="PreferSameNode").frame

    assert frame["cross_node_share"].sum() == 0
    assert frame["source_address_kept"].all()
    assert frame["overload_factor"].tolist() == pytest.approx([1] * len(frame))


def test_traffic_paths__two_and_one_pod_with_policy_local_get_25_25_50_percent():
    # kubernetes #97147 (AWS NLB) and MetalLB's documentation of policy Local
    result = traffic_paths({"a": 2, "b": 1}, policy="Local")

    assert result.frame["share"].tolist() == [0.25, 0.25, 0.5]
    assert result.because[0] == "no endpoint gets more than b/1 on b: 50.0%, 1.50 times its fair share"
    assert result.frame["source_address_kept"].all()


@given(counts=st.lists(st.integers(1, 9), min_size=1, max_size=9))
def test_traffic_paths__worst_overload_with_policy_local_is_the_closed_form(counts):
    # facts: all pods / (nodes with pods * the fewest pods of a node)
    frame = traffic_paths(counts, policy="Local").frame

    assert frame["overload_factor"].max() == pytest.approx(sum(counts) / (len(counts) * min(counts)))


@given(counts=COUNTS)
def test_traffic_paths__policy_cluster_is_even_and_crosses_nodes_as_the_closed_form_says(counts):
    frame = traffic_paths(counts).frame

    assert frame["overload_factor"].tolist() == pytest.approx([1] * sum(counts))
    assert frame["cross_node_share"].sum() == pytest.approx(1 - 1 / len(counts))
    assert not frame["source_address_kept"].any()


@given(n_nodes=st.integers(1, 8), n_pods=st.integers(1, 8))
def test_traffic_paths__policy_local_is_even_where_nodes_have_equally_many_pods(n_nodes, n_pods):
    frame = traffic_paths([n_pods] * n_nodes, policy="Local").frame

    assert frame["overload_factor"].tolist() == pytest.approx([1] * len(frame))
    assert frame["cross_node_share"].sum() == 0


@given(counts=COUNTS)
def test_traffic_paths__the_weight_header_makes_policy_local_even(counts):
    frame = traffic_paths(counts, policy="Local", balancer_sends_to="by endpoint weight").frame

    assert frame["overload_factor"].tolist() == pytest.approx([1] * len(frame))


def test_traffic_paths__says_what_is_lost_until_health_checks_fail():
    result = traffic_paths([2, 1, 0, 0], policy="Local")
    before = traffic_paths([2, 1, 0, 0], policy="Local", balancer_sends_to="all nodes")

    assert "2 of 4 nodes have no endpoint: until their health checks fail" in result.because[-1]
    assert result.because[-1].endswith("loses 50.0%")
    assert before.frame.iloc[-1][["endpoint", "share"]].tolist() == ["", 0.5]
    assert "50.0% of connections reach no endpoint" in before.because


def test_traffic_paths__without_a_node_to_send_to_all_is_lost():
    result = traffic_paths({"a": 1, "b": 0}, policy="Local", balancer_sends_to={"b": 1})

    assert result.frame["share"].tolist() == [0, 1]
    assert result.because[0] == "100.0% of connections reach no endpoint"


def test_traffic_paths__one_announcing_node_takes_all_with_policy_local():
    # MetalLB's L2 mode
    frame = traffic_paths({"a": 2, "b": 1}, policy="Local", balancer_sends_to={"a": 1}).frame

    assert frame["share"].tolist() == [0.5, 0.5, 0]


def test_traffic_paths__one_endpoint_without_a_zone_switches_hints_off():
    # trafficdist.go writes no zone hint for it; topology.go then ignores all
    result = traffic_paths({"a": 1, "b": 3}, zones={"a": "z1"}, traffic_distribution="PreferSameZone")

    assert result.frame["share"].tolist() == [0.25] * 4
    assert any(reason.startswith("2 of 2 nodes ignore the hints") for reason in result.because)
    assert result.frame["cross_zone_share"].isna().all()


def test_traffic_paths__zone_hints_overload_the_zone_with_few_pods():
    result = traffic_paths({"a": 1, "b": 9}, zones=["z1", "z2"], traffic_distribution="PreferClose")

    assert result.frame["overload_factor"].max() == pytest.approx(5)
    assert "2 of 2 nodes obey the hints (PreferSameZone)" in result.because
    assert result.frame["cross_zone_share"].sum() == 0


def test_traffic_paths__policy_local_has_no_hints():
    result = traffic_paths([1, 1], policy="Local", zones=["a", "b"], traffic_distribution="PreferSameNode")

    assert "2 of 2 nodes ignore the hints: policy Local has none" in result.because


@pytest.mark.parametrize(
    ("pods", "options", "message"),
    [
        ([], {}, "pods_per_node: found .*, expected from 1 to 150000 in all"),
        ([0, 0], {}, "pods_per_node: found .*, expected from 1 to 150000 in all"),
        ([1, -1], {}, r"pods_per_node: found \[-1\], expected whole numbers from 0 on"),
        ([1.5], {}, r"pods_per_node: found \[1.5\]"),
        ([float("nan")], {}, r"pods_per_node: found \[nan\]"),
        ([True], {}, r"pods_per_node: found \[True\]"),
        ([2.0, 1], {}, r"pods_per_node: found \[2\.0\], expected whole numbers"),
        ("21", {}, r"pods_per_node: found \['2'\]"),
        ([10**12], {}, r"pods_per_node: found \[1000000000000\]"),
        ([100_000, 50_001], {}, "pods_per_node: found .*, expected from 1 to 150000 in all"),
        ([1], {"policy": "local"}, "policy: found 'local', expected Cluster or Local"),
        ([1], {"traffic_distribution": "Near"}, "traffic_distribution: found 'Near', expected .*PreferClose"),
        ([1], {"zones": ["a", "b"]}, "zones: found .*, expected zones of 1 nodes"),
        ([1], {"zones": {"x": "a"}}, "zones: found .*'x'.*, expected zones of 1 nodes"),
        ([1], {"balancer_sends_to": "me"}, "balancer_sends_to: found 'me', expected all nodes, nodes with"),
        ([1], {"balancer_sends_to": {"x": 1}}, "weights: found 1 for x, expected some from 0 on for nodes"),
        ([1], {"balancer_sends_to": {"node-1": -1}}, "weights: found -1 for node-1"),
        ([1], {"balancer_sends_to": {"node-1": float("inf")}}, "weights: found inf for node-1"),
        ([1], {"balancer_sends_to": {"node-1": float("nan")}}, "weights: found nan for node-1"),
        ([1], {"balancer_sends_to": {"node-1": 0}}, "weights: found none above 0"),
        ([1], {"balancer_sends_to": {}}, "weights: found none above 0"),
    ],
)
def test_traffic_paths__refuses_wrong_arguments_by_name(pods, options, message):
    with pytest.raises(ValueError, match=message):
        traffic_paths(pods, **options)


def test_traffic_paths__what_crosses_zones_is_unknown_where_the_zone_of_a_node_is():
    frame = traffic_paths({"a": 1, "b": 0}, zones={"a": "z1"}).frame

    assert frame["cross_zone_share"].isna().all()
