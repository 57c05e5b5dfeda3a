from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubenetlab.kube_proxy.endpoint_selection import reasons, select
from kubenetlab.kube_proxy.proxy_settings import ProxySettings
from kubenetlab.kube_proxy.service_port import NodeEndpoint, ServicePort
from kubenetlab.result import Basis

SETTINGS = ProxySettings(node_name="n1", node_labels={"topology.kubernetes.io/zone": "z1"})
PORT = ServicePort("shop", "cart", "http", "TCP", "10.96.0.9", 80)
INTERNAL_LOCAL = PORT._replace(internal_policy_local=True)
EXTERNAL_LOCAL = PORT._replace(external_policy_local=True, node_port=30080)
LEAVING = {"is_ready": False, "is_terminating": True}


def an_endpoint(number, **fields):
    return NodeEndpoint(f"10.244.0.{number}:80", f"10.244.0.{number}", 80, **fields)


def names(endpoints):
    return [int(e.address.rpartition(".")[2]) for e in endpoints]


def twin(port, endpoints):
    """CategorizeEndpoints of pkg/proxy/topology.go once more, the way it is written there: flags and loops."""
    cluster, local = [], []
    uses_cluster = not port.internal_policy_local or bool(port.node_port)
    uses_local = port.internal_policy_local or (port.external_policy_local and bool(port.node_port))
    fits = twin_topology([e for e in endpoints if e.is_ready])
    for wanted in (lambda e: e.is_ready and fits(e), lambda e: e.is_serving and e.is_terminating):
        if uses_cluster and not cluster:
            cluster = [e for e in endpoints if wanted(e)]
    for wanted in (lambda e: e.is_ready, lambda e: e.is_serving and e.is_terminating):
        if uses_local and not local:
            local = [e for e in endpoints if e.is_local and wanted(e)]
    usable = [e for e in endpoints if e.is_ready or (e.is_serving and e.is_terminating)]
    has_any = bool(cluster) or (uses_local and bool(usable))
    reachable = sorted({e.where for e in (*cluster, *local)})
    return cluster, local, reachable, has_any, uses_cluster, uses_local


def twin_topology(ready):
    """Which ready endpoints the hints leave."""
    if ready and all(e.node_hints for e in ready) and any("n1" in e.node_hints for e in ready):
        return lambda e: "n1" in e.node_hints
    if ready and all(e.zone_hints for e in ready) and any("z1" in e.zone_hints for e in ready):
        return lambda e: "z1" in e.zone_hints
    return lambda e: True


@st.composite
def some_endpoints(draw):
    hints = st.sampled_from([(), ("z1",), ("z2",), ("z1", "z2")])
    return tuple(
        an_endpoint(
            number,
            is_ready=draw(st.booleans()),
            is_serving=draw(st.booleans()),
            is_terminating=draw(st.booleans()),
            is_local=draw(st.booleans()),
            zone_hints=draw(hints),
            node_hints=draw(st.sampled_from([(), ("n1",), ("n2",)])),
        )
        for number in range(1, 1 + draw(st.integers(0, 5)))
    )


@given(some_endpoints(), st.booleans(), st.booleans(), st.sampled_from([0, 30080]))
def test_select__is_what_the_source_says(endpoints, internal, external, node_port):
    port = PORT._replace(internal_policy_local=internal, external_policy_local=external, node_port=node_port)

    selection = select(port, endpoints, SETTINGS)

    cluster, local, reachable, *flags = twin(port, endpoints)
    assert (list(selection.cluster), list(selection.local)) == (cluster, local)
    assert [e.where for e in selection.reachable] == reachable
    assert [selection.has_any, selection.uses_cluster, selection.uses_local] == flags


@given(some_endpoints(), st.sampled_from([PORT, INTERNAL_LOCAL, EXTERNAL_LOCAL]))
def test_select__every_used_endpoint_is_one_of_all_and_in_their_order(endpoints, port):
    selection = select(port, endpoints, SETTINGS)

    for chosen in (selection.cluster, selection.local, selection.reachable):
        assert set(chosen) <= set(endpoints)
        assert list(chosen) == sorted(chosen)
    assert all(e.is_local for e in selection.local)
    assert bool(selection.reachable) <= selection.has_any


@pytest.mark.parametrize(
    ("hints", "mode", "expected"),
    [
        ([("z1",), ("z2",), ("z1",)], "PreferSameZone", [1, 3]),
        ([("z1",), ("z2",), ()], "", [1, 2, 3]),
        ([("z2",), ("z2",), ("z3",)], "", [1, 2, 3]),
    ],
    ids=["all have some", "one has none", "none is for here"],
)
def test_select__zone_hints_count_if_all_have_some_and_one_is_for_here(hints, mode, expected):
    endpoints = tuple(an_endpoint(n, zone_hints=zones) for n, zones in enumerate(hints, 1))

    selection = select(PORT, endpoints, SETTINGS)

    assert (selection.topology_mode, names(selection.cluster)) == (mode, expected)


def test_select__node_hints_go_before_zone_hints():
    endpoints = (
        an_endpoint(1, zone_hints=("z1",), node_hints=("n1",)),
        an_endpoint(2, zone_hints=("z1",), node_hints=("n2",)),
    )

    assert names(select(PORT, endpoints, SETTINGS).cluster) == [1]
    assert names(select(PORT, endpoints, SETTINGS, "1.33").cluster) == [1, 2]


@pytest.mark.parametrize(("release", "expected"), [("1.23", [1, 2]), ("1.30", [1, 2]), ("1.31", [1])])
def test_select__hints_depend_on_the_release(release, expected):
    endpoints = (an_endpoint(1, zone_hints=("z1",)), an_endpoint(2, zone_hints=("z2",)))

    assert names(select(PORT, endpoints, SETTINGS, release).cluster) == expected


def test_select__releases_before_1_31_obey_hints_where_the_annotation_is():
    endpoints = (an_endpoint(1, zone_hints=("z1",)), an_endpoint(2, zone_hints=("z2",)))

    assert names(
        select(PORT._replace(has_topology_annotation=True), endpoints, SETTINGS, "1.27").cluster
    ) == [1]


@pytest.mark.parametrize(("release", "has_any"), [("1.26", True), ("1.25", False)])
def test_select__terminating_endpoints_serve_since_1_26(release, has_any):
    selection = select(PORT, (an_endpoint(1, **LEAVING),), SETTINGS, release)

    assert (bool(selection.cluster), selection.has_any) == (has_any, has_any)


def test_select__before_1_22_the_internal_policy_is_ignored():
    selection = select(INTERNAL_LOCAL, (an_endpoint(1),), SETTINGS, "1.21")

    assert (names(selection.cluster), selection.uses_local) == ([1], False)


def test_reasons__say_why_each_endpoint_is_in_or_out():
    endpoints = (
        an_endpoint(1, zone_hints=("z1",), is_local=True, node_name="n1"),
        an_endpoint(2, zone_hints=("z2",)),
        an_endpoint(3, is_ready=False),
        an_endpoint(4, **LEAVING),
    )

    result = reasons(EXTERNAL_LOCAL, endpoints, SETTINGS)

    frame = result.frame
    assert list(frame["endpoint"]) == [e.where for e in endpoints]
    assert list(frame["cluster"]) == list(frame["local"]) == [True, False, False, False]
    assert list(frame["cluster_reason"]) == [
        "ready",
        "ready, but its hints are for others (PreferSameZone)",
        "not ready",
        "terminates, still serves, but others are ready",
    ]
    assert list(frame["local_reason"]) == ["ready", *["runs on another node"] * 3]
    assert "hints: PreferSameZone" in result.because


def test_reasons__where_none_is_ready_and_a_policy_is_not_in_use():
    frame = reasons(PORT, (an_endpoint(1, **LEAVING),), SETTINGS).frame

    assert list(frame["cluster_reason"]) == ["terminates, still serves, and none is ready"]
    assert list(frame["local_reason"]) == ["policy not in use"]


@pytest.mark.parametrize(("is_ready", "is_local"), list(product((True, False), repeat=2)))
def test_reasons__agree_with_the_selection(is_ready, is_local):
    endpoints = (an_endpoint(1, is_ready=is_ready, is_local=is_local), an_endpoint(2, **LEAVING))
    selection = select(EXTERNAL_LOCAL, endpoints, SETTINGS)

    frame = reasons(EXTERNAL_LOCAL, endpoints, SETTINGS).frame

    assert names(selection.cluster) == [n for n, used in enumerate(frame["cluster"], 1) if used]
    assert names(selection.local) == [n for n, used in enumerate(frame["local"], 1) if used]


def test_reasons__of_the_policy_local_speak_of_this_node():
    endpoints = (an_endpoint(1, **LEAVING, is_local=True, node_name="n1"), an_endpoint(2))

    frame = reasons(EXTERNAL_LOCAL, endpoints, SETTINGS).frame

    assert list(frame["local_reason"]) == [
        "terminates, still serves, and none is ready on this node",
        "runs on another node",
    ]
    assert list(frame["cluster_reason"]) == ["terminates, still serves, but others are ready", "ready"]


def test_reasons__where_another_one_is_ready_on_this_node():
    endpoints = (an_endpoint(1, **LEAVING, is_local=True), an_endpoint(2, is_local=True))

    frame = reasons(EXTERNAL_LOCAL, endpoints, SETTINGS).frame

    assert frame["local_reason"][0] == "terminates, still serves, but others are ready on this node"


def test_reasons__of_a_release_that_uses_none_that_terminates():
    result = reasons(PORT, (an_endpoint(1, **LEAVING),), SETTINGS, "1.25")

    assert list(result.frame["cluster_reason"]) == ["terminates: this release uses none that is not ready"]


@pytest.mark.parametrize(
    ("release", "basis"), [("1.36", Basis.RAN), ("v1.36.2", Basis.RAN), ("1.23", Basis.SOURCE)]
)
def test_reasons__were_checked_against_recordings_of_one_release(release, basis):
    assert reasons(PORT, (an_endpoint(1),), SETTINGS, release).basis is basis


def test_reasons__of_no_endpoint_is_an_empty_table():
    result = reasons(PORT, (), SETTINGS)

    assert len(result.frame) == 0
    assert "no endpoint is usable: REJECT" in result.because
