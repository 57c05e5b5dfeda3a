import json
from datetime import date

import pytest

from kubenetlab.errors import ManifestError
from kubenetlab.ipam.planner.problem import EVERYWHERE
from kubenetlab.ipam.planner.request import checked_request, range_domains
from kubenetlab.readers.plan_request import plan_request
from tests.ipam.planner.written_requests import asked, cluster, written


def domains(request, role):
    return [range_domains(c, role) for c in request.clusters]


def obstacles(request):
    return {(str(o.network), o.name) for o in request.obstacles if not o.is_law}


def test_range_domains__nodes_and_routed_pods_are_routable_and_services_are_not():
    request = asked(cluster(name="a"), cluster("platform: gke", name="b"))

    assert domains(request, "nodes") == [{"cluster a", "routable"}, {"cluster b", "routable"}]
    assert domains(request, "pods") == [{"cluster a", "not routable"}, {"cluster b", "routable"}]
    assert domains(asked(cluster()), "services") == [{"cluster shop", "not routable"}]


def test_range_domains__gke_has_service_ranges_in_its_network_but_googles_own_is_for_all():
    request = asked(
        cluster("platform: gke", name="a"), cluster("platform: gke, service_cidr: 34.118.224.0/20", name="b")
    )

    assert domains(request, "services") == [{"cluster a", "routable"}, {"cluster b", "not routable"}]


def test_range_domains__peers_hold_both_ways_and_a_mesh_for_all_of_it():
    request = asked(cluster("peers: [b]", name="a"), cluster(name="b"), cluster("mesh: m", name="c"))

    assert [found - {"not routable"} for found in domains(request, "pods")] == [
        {"cluster a", "peers a and b"}, {"cluster b", "peers a and b"}, {"cluster c", "mesh m"},
    ]  # fmt: skip


def test_checked_request__takes_parents_of_a_kind_or_of_the_next():
    request = asked(
        cluster("routable_pods: true"),
        head="parents: {pods: 100.64.0.0/10, routable: 10.0.0.0/8, services: 172.20.0.0/16}",
    )
    (shop,) = request.clusters

    assert [str(n) for n in request.parents_of(shop, "pods", 4)] == ["10.0.0.0/8"]
    assert [str(n) for n in request.parents_of(shop, "nodes", 4)] == ["10.0.0.0/8"]
    assert request.parents_of(shop, "pods", 6) == ()


def test_checked_request__reads_the_day_and_what_is_in_the_way(tmp_path):
    (tmp_path / "in-use.csv").write_text("prefix,description\n10.2.0.0/16,lab\n")
    head = (
        "parents: [10.0.0.0/8]\nas_of: 2026-11-21\nforbidden: [10.3.0.0/16]\nreserved: [{range: 10.4.0.0/16, name: later}]\n"
        "in_use: [{netbox: in-use.csv}]"
    )

    request = checked_request(plan_request(written(cluster(), head=head), "r.yaml", tmp_path))

    assert request.as_of == date(2026, 11, 21)
    assert obstacles(request) == {
        ("10.3.0.0/16", "forbidden"), ("10.4.0.0/16", "reserved: later"), ("10.2.0.0/16", "in use: lab"),
    }  # fmt: skip
    assert {o.requirement for o in request.obstacles if "lab" in o.name} == {
        "in-use.csv line 2: 10.2.0.0/16 is in use: lab"
    }


def test_checked_request__what_is_in_use_inside_a_fixed_range_is_the_clusters_own():
    head = "parents: [10.0.0.0/8]\nin_use: [10.20.0.0/16, 10.20.3.0/24, 10.21.0.0/16]"

    assert obstacles(asked(cluster("pod_cidr: 10.20.0.0/16"), head=head)) == {("10.21.0.0/16", "in use")}


def test_checked_request__knows_more_instance_types_from_a_listing(tmp_path):
    listing = {"InstanceTypes": [{"InstanceType": "x9.huge", "Hypervisor": "nitro", "NetworkInfo": {
        "MaximumNetworkInterfaces": 4, "Ipv4AddressesPerInterface": 15}, "VCpuInfo": {"DefaultVCpus": 4}}]}  # fmt: skip
    (tmp_path / "types.json").write_text(json.dumps(listing))
    text = written(
        cluster("platform: eks, instance_type: x9.huge"),
        head="instance_types: types.json\nparents: [10.0.0.0/8]",
    )

    request = checked_request(plan_request(text, "r.yaml", tmp_path))

    assert request.clusters[0].max_pods == 58  # 4 * 14 + 2


@pytest.mark.parametrize(
    ("text", "network", "applies"),
    [
        ("container_runtime: docker", "172.17.0.0/16", True),
        ("", "172.17.0.0/16", False),
        ("cni: ovn-kubernetes", "100.64.0.0/16", True),
        ("cni: ovn-kubernetes", "100.88.0.0/16", True),
        ("", "100.64.0.0/16", False),
        ("platform: aks", "172.30.0.0/16", True),
        ("platform: gke", "172.30.0.0/16", False),
        ("platform: gke", "240.0.0.0/4", False),
        ("", "240.0.0.0/4", True),
    ],
)
def test_checked_request__keeps_clusters_off_the_ranges_that_their_software_takes(text, network, applies):
    laws = [o for o in asked(cluster(text)).obstacles if o.is_law and str(o.network) == network]

    assert [o.domains for o in laws] == ([frozenset({"cluster shop"})] if applies else [])


@pytest.mark.parametrize("network", ["127.0.0.0/8", "169.254.0.0/16", "224.0.0.0/4", "fe80::/10", "ff00::/8"])
def test_checked_request__keeps_everybody_off_what_nobody_can_route(network):
    laws = {str(o.network): o.domains for o in asked(cluster()).obstacles if o.is_law}

    assert laws[network] == {EVERYWHERE}


def test_checked_request__bounds_peers_and_ranges(monkeypatch):
    monkeypatch.setattr("kubenetlab.ipam.planner.request._MAX_PEERS", 1)
    monkeypatch.setattr("kubenetlab.ipam.planner.given_ranges._MAX_RANGES", 2)

    with pytest.raises(
        ManifestError, match="peers: found 2, expected at most 1 in all; clusters of one mesh"
    ):
        asked(cluster("peers: [b, c]", name="a"), cluster(name="b"), cluster(name="c"))
    with pytest.raises(ManifestError, match="pod_cidr: found 3 ranges, expected at most 2"):
        asked(cluster("pod_cidr: [10.0.0.0/24, 10.0.1.0/24, 10.0.2.0/24]"))


@pytest.mark.parametrize(
    ("clusters", "head", "message"),
    [
        ((cluster(), cluster()), "", "cluster shop: name: found the name of an earlier cluster (cluster 2"),
        ((cluster("peers: bank"),), "", "cluster shop: peers: found bank, expected no peers: there is one cluster"),
        ((cluster("peers: [ban]"), cluster(name="bank")), "", "cluster shop: peers: found ban, expected bank?"),
        ((cluster("peers: [shop]"), cluster(name="bank")), "", "cluster shop: peers: found shop, expected one of bank"),
        (
            (cluster("pod_cidr: 10.0.0.0/16, service_cidr: 10.0.128.0/24"),), "",
            "cluster shop: service_cidr: found 10.0.128.0/24, expected a range apart from 10.0.0.0/16 (pod_cidr of cluster shop)",
        ),
        (
            (cluster("node_cidr: 10.1.0.0/24"), cluster("node_cidr: 10.1.0.0/16", name="bank")), "",
            "cluster shop: node_cidr: found 10.1.0.0/24, expected a range apart from 10.1.0.0/16 (node_cidr of cluster bank)",
        ),
        ((cluster(),), "parents: [10.0.0.1/8]", "the request: parents: found 10.0.0.1/8, expected a range without host bits"),
        ((cluster(),), "parents: {pods: 10.0.0.0/40}", "the request: parents.pods: found 10.0.0.0/40, expected a prefix length"),
        ((cluster(),), "as_of: soon", "the request: as_of: found soon, expected a day such as 2026-11-21"),
        ((cluster(),), "as_of: 9999-12-31", "the request: as_of: found 9999-12-31, expected a day such as 2026-11-21, at"),
        ((cluster(),), "in_use: [{}]", "the request: in_use[0]: found neither range nor netbox"),
        ((cluster(),), "in_use: [{range: x, netbox: y}]", "the request: in_use[0]: found both range and netbox"),
        ((cluster(),), "forbidden: [10.0.0.5/24]", "the request: forbidden[0]: found 10.0.0.5/24, expected a range without"),
    ],
)  # fmt: skip
def test_checked_request__refuses_what_cannot_be(clusters, head, message):
    with pytest.raises(ManifestError) as error:
        asked(*clusters, head=head)

    assert str(error.value).startswith(f"request.yaml: {message}")


def test_checked_request__lets_clusters_that_are_not_peers_have_the_same_pods():
    request = asked(
        cluster("pod_cidr: 10.244.0.0/16", name="a"), cluster("pod_cidr: 10.244.0.0/16", name="b")
    )

    assert [str(*c.fixed["pods"]) for c in request.clusters] == ["10.244.0.0/16"] * 2
