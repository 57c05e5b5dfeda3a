"""The table of all records against the answers, one by one."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from kubenetlab.dns.records import KubernetesOptions, KubernetesRecords
from kubenetlab.dns.records.zone import zone_changes, zone_records
from kubenetlab.objects import Endpoint, ServicePort
from kubenetlab.objects.service import EndpointConditions, EndpointPort, Endpoints
from kubenetlab.samples import sample
from tests.builders import cluster, endpoint_slice, metadata, namespace, pod, service

OPTIONS = [
    KubernetesOptions(local_ips=("10.0.0.1", "fd00::1"), endpoint_pod_names=True, pods="verified", ttl=400),
    KubernetesOptions(
        zones=("k8s.test", "second.test", "10.0.0.0/23"), pods="insecure", ignore_empty_service=True
    ),
    KubernetesOptions(zones=(".",), namespaces=("shop",), noendpoints=True),
]
names = st.sampled_from(["web", "db", "Web", "a.b", "10-0-0-1"])
addresses = st.sampled_from(["10.0.0.1", "10.0.0.2", "10.9.0.1", "fd00::1", "FD00::2"])
ports = st.lists(
    st.tuples(
        st.sampled_from(["", "http", "x.y"]), st.sampled_from([80, 81]), st.sampled_from(["TCP", "UDP"])
    ),
    max_size=3,
)


@st.composite
def services(draw):
    name, space = draw(names), draw(st.sampled_from(["shop", "default", "gone"]))
    ips = tuple(
        draw(
            st.lists(
                st.sampled_from(["10.96.0.1", "10.96.0.2", "fd00:96::1"]), min_size=1, max_size=2, unique=True
            )
        )
    )
    kind = draw(st.sampled_from(["ClusterIP", "None", "ExternalName"]))
    spec = {"cluster_ip": ips[0], "cluster_ips": ips, "type": "ClusterIP"}
    if kind == "None":
        spec |= {"cluster_ip": "None", "cluster_ips": ("None",)}
    if kind == "ExternalName":
        target = draw(st.sampled_from(["web.shop.svc.cluster.local", "x.test", "10.0.0.1"]))
        spec = {"type": kind, "external_name": target}
    listed = tuple(ServicePort(port, name=name, protocol=protocol) for name, port, protocol in draw(ports))
    return service(f"{space}/{name}", ports=listed, **spec)


@st.composite
def slices(draw):
    endpoints = st.builds(
        Endpoint,
        addresses=st.lists(addresses, min_size=1, max_size=2).map(tuple),
        conditions=st.builds(EndpointConditions, ready=st.sampled_from([None, True, False])),
        hostname=st.sampled_from(["", "", "web-0", "Web-0", "x.y"]),
    )
    listed = tuple(
        EndpointPort(name=name, port=port, protocol=protocol) for name, port, protocol in draw(ports)
    )
    of = f"{draw(st.sampled_from(['shop', 'default']))}/{draw(names)}"
    return endpoint_slice(
        *draw(st.lists(endpoints, max_size=4)), of=of, suffix=draw(st.sampled_from("abc")), ports=listed
    )


dumps = st.builds(
    lambda services, slices, ips: cluster(
        namespace("shop"),
        namespace("default"),
        *services,
        *slices,
        *(pod(f"shop/p{n}", ips=(ip,)) for n, ip in enumerate(ips)),
    ),
    st.lists(services(), max_size=4, unique_by=lambda value: value.metadata.full_name),
    st.lists(slices(), max_size=3),
    st.lists(addresses, max_size=2),
)


def rows_by_question(dump, options):
    frame = zone_records(dump, options).frame
    grouped = frame.groupby(["name", "type"], sort=False)
    return {question: set(zip(rows["ttl"], rows["data"], strict=True)) for question, rows in grouped}


@given(dumps, st.sampled_from(OPTIONS))
def test_zone_records__are_exactly_the_answers(dump, options):
    plugin = KubernetesRecords(dump, options)

    for (name, type), rows in rows_by_question(dump, options).items():
        assert {(record.ttl, record.data) for record in plugin.answer(name, type).answer} == rows


@given(dumps, st.sampled_from(OPTIONS))
def test_zone_records__has_every_name_once(dump, options):
    frame = zone_records(dump, options).frame

    assert not frame.duplicated(["name", "type", "data"]).any()


@given(dumps)
def test_answer__does_not_exist_one_name_further(dump):
    plugin = KubernetesRecords(dump, KubernetesOptions())

    for name, type in rows_by_question(dump, KubernetesOptions()):
        if ".svc." in name:
            assert plugin.answer(f"no.such.thing.{name}", type).verdict == "NXDOMAIN"


@settings(max_examples=20)
@given(dumps)
def test_zone_changes__is_empty_for_one_snapshot(dump):
    assert zone_changes(dump, dump).frame.empty


@settings(max_examples=40)
@given(dumps, dumps)
def test_zone_changes__turn_one_zone_into_the_other(before, after):
    key = ["name", "type", "ttl", "data"]
    old, new = (set(zone_records(dump).frame[key].itertuples(index=False)) for dump in (before, after))

    changes = zone_changes(before, after).frame

    by_change = {change: set(rows[key].itertuples(index=False)) for change, rows in changes.groupby("change")}
    assert (old - by_change.get("removed", set())) | by_change.get("added", set()) == new


@pytest.mark.parametrize("options", [None, *OPTIONS])
def test_zone_records__of_a_sample_are_its_answers(options):
    dump = sample("shop")
    plugin = KubernetesRecords(dump, options)

    rows = rows_by_question(dump, options)

    assert len(rows) >= 3
    assert all(
        {(r.ttl, r.data) for r in plugin.answer(*question).answer} == data for question, data in rows.items()
    )


def test_zone_records__names_the_object_of_each_record():
    web = service("shop/web", cluster_ip="10.96.0.20")

    frame = zone_records(
        cluster(namespace("shop"), web, endpoint_slice(Endpoint(("10.0.0.1",)), of="shop/web"))
    ).frame

    objects = dict(zip(frame["name"] + " " + frame["type"], frame["object"], strict=True))
    assert objects["web.shop.svc.cluster.local. A"] == "Service shop/web"
    assert objects["10-0-0-1.web.shop.svc.cluster.local. A"] == "EndpointSlice shop/web-abcde"
    assert objects["20.0.96.10.in-addr.arpa. PTR"] == "Service shop/web"
    assert objects["cluster.local. SOA"] == "CoreDNS"
    assert [*frame.columns] == ["name", "type", "ttl", "data", "object"]


def test_zone_records__has_the_types_of_an_empty_zone_too():
    frame = zone_records(cluster()).frame

    assert [str(type) for type in frame.dtypes] == ["str", "str", "int64", "str", "str"]


def test_zone_records__says_that_namespaces_are_missing():
    result = zone_records(cluster(service("shop/web", cluster_ip="10.96.0.20")))

    assert any("holds no Namespaces" in reason for reason in result.because)
    assert "web.shop.svc.cluster.local." in set(result.frame["name"])


def test_zone_records__says_that_only_endpoints_are_there():
    old = Endpoints(metadata("shop/web"))

    assert any(
        "EndpointSlices only" in reason for reason in zone_records(cluster(namespace("shop"), old)).because
    )


def test_zone_changes__lists_a_changed_address_twice():
    web = service("shop/web", cluster_ip="10.96.0.20", ports=())
    moved = replace(web, spec=replace(web.spec, cluster_ip="10.96.0.21"))

    changes = zone_changes(cluster(namespace("shop"), web), cluster(namespace("shop"), moved)).frame

    assert changes[["change", "type", "data"]].values.tolist() == [
        ["removed", "A", "10.96.0.20"],
        ["removed", "PTR", "web.shop.svc.cluster.local."],
        ["added", "A", "10.96.0.21"],
        ["added", "PTR", "web.shop.svc.cluster.local."],
    ]


def test_zone_records__lists_pods_where_they_have_names():
    dump = cluster(namespace("shop"), pod("shop/p", ips=("fd00::1",)))

    frame = zone_records(dump, KubernetesOptions(pods="verified")).frame

    assert "fd00--1.shop.pod.cluster.local." in set(frame["name"])


def test_zone_records__leaves_multicluster_zones_out_and_says_so():
    options = KubernetesOptions(zones=("cluster.local", "set.local"), multicluster=("set.local",))

    found = zone_records(sample("shop"), options)

    assert not found.frame.name.str.endswith(".set.local.").any()
    assert "not modelled, and left out: set.local. (ServiceImports)" in found.because


def test_answer__refuses_names_of_a_multicluster_zone():
    options = KubernetesOptions(zones=("cluster.local", "set.local"), multicluster=("set.local",))

    with pytest.raises(ValueError, match=r"zone set.local. is of multicluster"):
        KubernetesRecords(sample("shop"), options).answer("web.shop.svc.set.local")
