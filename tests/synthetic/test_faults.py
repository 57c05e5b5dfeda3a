import json
from ipaddress import ip_network

import pytest

from kubenetlab.findings import check
from kubenetlab.synthetic import FAULTS, PLATFORMS, Shape, synthetic_dump
from kubenetlab.synthetic.faults import chosen_codes
from tests.synthetic.dumps import named, of_kind

CASES = [(code, platform) for code, fault in FAULTS.items() for platform in fault.platforms]


def planted(code, platform=None, **options):
    """Items of a cluster with one fault, and what the fault says it is about."""
    platform = platform or FAULTS[code].platforms[0]
    dump = synthetic_dump(platform=platform, faults=(code,), fat=False, **options)
    items = json.loads(dump.json())["items"]
    return items, [entry.object for entry in dump.planted]


@pytest.mark.parametrize(("code", "platform"), CASES)
def test_plant__what_it_is_about_is_there(code, platform):
    items, labels = planted(code, platform)

    assert labels
    for label in labels:
        assert label == "Cluster" or named(items, label)


@pytest.mark.parametrize(("code", "platform"), CASES)
def test_plant__causes_that_finding_and_no_other(code, platform):
    dump = synthetic_dump(platform=platform, faults=(code,), fat=False, seed=11)

    found = {(finding.code, finding.object) for finding in check(dump.cluster())}

    assert found == {(code, entry.object) for entry in dump.planted}


@pytest.mark.parametrize("platform", PLATFORMS)
def test_plant__without_faults_nothing_is_found(platform):
    dump = synthetic_dump(platform=platform, fat=False, nodes=12, pods=240, seed=12)

    assert dump.planted == ()
    assert [finding.code for finding in check(dump.cluster())] == []


def test_selector_matches_nothing__no_pod_has_the_labels():
    items, (label,) = planted("KNL101")

    selector = named(items, label)["spec"]["selector"].items()
    assert not [pod for pod in of_kind(items, "Pod") if selector <= pod["metadata"]["labels"].items()]


def test_no_ready_endpoints__every_endpoint_is_not_ready():
    items, (label,) = planted("KNL102")

    name = named(items, label)["metadata"]["name"]
    ready = [
        endpoint["conditions"]["ready"]
        for entry in of_kind(items, "EndpointSlice")
        if entry["metadata"]["labels"]["kubernetes.io/service-name"] == name
        for endpoint in entry["endpoints"]
    ]
    assert ready
    assert not any(ready)


def test_missing_named_port__the_slice_has_endpoints_and_no_port():
    items, (label,) = planted("KNL103")

    name = named(items, label)["metadata"]["name"]
    (entry,) = [
        entry
        for entry in of_kind(items, "EndpointSlice")
        if entry["metadata"]["labels"]["kubernetes.io/service-name"] == name
    ]
    assert entry["endpoints"]
    assert entry["ports"] is None


def test_node_port_clash__both_services_have_one_node_port():
    items, labels = planted("KNL104")

    ports = [named(items, label)["spec"]["ports"][0] for label in labels]
    assert len(ports) == 2
    assert ports[0]["nodePort"] == ports[1]["nodePort"]
    assert ports[0]["protocol"] == ports[1]["protocol"]


def test_load_balancer_pending__has_no_address():
    items, (label,) = planted("KNL106")

    service = named(items, label)
    assert service["spec"]["type"] == "LoadBalancer"
    assert service["status"] == {"loadBalancer": {}}


@pytest.mark.parametrize(("code", "inner"), [("KNL201", "10.244.0.0/16"), ("KNL202", "169.254.0.0/16")])
def test_ranges__services_lie_inside(code, inner):
    items, _ = planted(code)

    (cidr,) = of_kind(items, "ServiceCIDR")[0]["spec"]["cidrs"]
    assert ip_network(cidr).subnet_of(ip_network(inner))


def test_pods_on_docker0__docker_runs_and_the_pods_range_holds_172_17():
    items, _ = planted("KNL203")

    nodes = of_kind(items, "Node")
    flannel = named(items, "ConfigMap kube-flannel/kube-flannel-cfg")["data"]["net-conf.json"]
    assert all(n["status"]["nodeInfo"]["containerRuntimeVersion"].startswith("docker://") for n in nodes)
    assert ip_network("172.17.0.0/16").subnet_of(ip_network(json.loads(flannel)["Network"]))


def test_same_pod_cidr__both_nodes_have_it():
    items, labels = planted("KNL205")

    cidrs = [named(items, label)["spec"]["podCIDR"] for label in labels]
    assert len(labels) == 2
    assert cidrs[0] == cidrs[1]


@pytest.mark.parametrize(("pods", "seed"), [(60, 1), (400, 2)])
def test_fill_service_range__uses_over_80_percent(pods, seed):
    items, _ = planted("KNL207", nodes=10, pods=pods, seed=seed)

    (cidr,) = of_kind(items, "ServiceCIDR")[0]["spec"]["cidrs"]
    used = len(of_kind(items, "IPAddress")) / (ip_network(cidr).num_addresses - 2)
    assert 0.88 < used <= 0.95


def test_uneven_local__two_pods_on_one_node_and_one_on_another():
    items, (label,) = planted("KNL401")

    selector = named(items, label)["spec"]["selector"].items()
    pods = [pod for pod in of_kind(items, "Pod") if selector <= pod["metadata"]["labels"].items()]
    nodes = [pod["spec"]["nodeName"] for pod in pods]
    assert sorted(map(nodes.count, set(nodes))) == [1, 2]


def test_missing_backend__the_service_is_not_there():
    items, (label,) = planted("KNL701")

    path = named(items, label)["spec"]["rules"][0]["http"]["paths"][0]
    names = {service["metadata"]["name"] for service in of_kind(items, "Service")}
    assert path["backend"]["service"]["name"] not in names


@pytest.mark.parametrize("seed", range(20))
def test_chosen_codes__random_faults_fit_the_platform(seed):
    platform = list(PLATFORMS)[seed % 8]

    codes = {
        entry.code
        for entry in synthetic_dump(platform=platform, faults="random", seed=seed, fat=False).planted
    }

    assert 1 <= len(codes) <= 5
    assert all(platform in FAULTS[code].platforms for code in codes)


def test_chosen_codes__every_fault_is_chosen_now_and_then():
    shapes = [Shape(platform=name, faults="random", seed=seed) for seed in range(60) for name in PLATFORMS]

    codes = {code for shape in shapes for code in chosen_codes(shape)}

    assert codes == set(FAULTS)


@pytest.mark.parametrize(
    ("options", "match"),
    [
        ({"faults": ("KNL999",)}, "unknown fault 'KNL999': known are KNL101"),
        ({"faults": ("KNL602",)}, "fault KNL602 cannot be on kubeadm-flannel: kubeadm-calico"),
        ({"faults": ("KNL201", "KNL202")}, "faults KNL201 and KNL202 cannot be together"),
        ({"faults": ("KNL101", "KNL101")}, "faults KNL101 and KNL101 cannot be together"),
        ({"faults": "KNL101"}, "a tuple of codes or \"random\", not 'KNL101'"),
        ({"faults": ("KNL401",), "nodes": 2, "pods": 30}, "two workers are needed"),
        ({"faults": ("KNL204", "KNL205", "KNL206"), "nodes": 4}, "no worker is left"),
        ({"faults": ("KNL101", "KNL102", "KNL103"), "pods": 22}, "no Deployment is left"),
        ({"faults": ("KNL301",), "platform": "openshift"}, "fault KNL301 cannot be on openshift"),
    ],
)
def test_plant__refuses_what_cannot_be(options, match):
    with pytest.raises(ValueError, match=match):
        synthetic_dump(**options)
