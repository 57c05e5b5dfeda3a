import gzip
import json
import os
import subprocess
import sys
from collections import Counter
from ipaddress import ip_address, ip_network

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kubenetlab.synthetic import PLATFORMS, Shape, generate, synthetic_dump
from tests.synthetic.dumps import items_of, of_kind

platforms = pytest.mark.parametrize("platform", PLATFORMS)
DUAL_STACK = [name for name, row in PLATFORMS.items() if row.pod_cidr6]
SCRIPT = """
import sys
from kubenetlab.synthetic import synthetic_dump
faults = ("KNL101", "KNL401", "KNL704")
sys.stdout.buffer.write(synthetic_dump(seed=5, platform=sys.argv[1], faults=faults, dual_stack=True).json())
"""


def node_ranges(items):
    """Ranges that a node's pods get addresses of, by the node's name."""
    found = {}
    for node in of_kind(items, "Node"):
        annotation = node["metadata"].get("annotations", {}).get("k8s.ovn.org/node-subnets", "{}")
        found[node["metadata"]["name"]] = (
            json.loads(annotation).get("default") or node["spec"].get("podCIDRs") or []
        )
    for node in of_kind(items, "CiliumNode"):
        found[node["metadata"]["name"]] = node["spec"]["ipam"]["podCIDRs"]
    blocks = of_kind(items, "IPAMBlock")
    if blocks:
        found = {name: [] for name in found}
    for block in blocks:
        found[block["spec"]["affinity"].partition(":")[2]].append(block["spec"]["cidr"])
    return found


def pods_with_own_address(items):
    return [pod for pod in of_kind(items, "Pod") if not pod["spec"].get("hostNetwork")]


@platforms
def test_json__is_what_kubectl_prints(platform):
    text = synthetic_dump(platform=platform).json().decode()

    document = json.loads(text)
    assert text == json.dumps(document, indent=4, sort_keys=True, ensure_ascii=False) + "\n"
    assert document["kind"] == "List"


@platforms
def test_items__are_those_of_the_text(platform):
    dump = synthetic_dump(platform=platform)

    assert dump.items == json.loads(dump.json())["items"]


@platforms
@pytest.mark.parametrize(("nodes", "pods"), [(1, 30), (3, 45), (5, 60), (30, 400)])
def test_items__have_the_nodes_and_pods_asked_for(platform, nodes, pods):
    counts = Counter(item["kind"] for item in items_of(platform, nodes=nodes, pods=pods, fat=False))

    assert (counts["Node"], counts["Pod"]) == (nodes, pods)


@platforms
def test_items__pods_are_as_fat_as_real_ones(platform):
    sizes = [len(json.dumps(pod, indent=4)) for pod in of_kind(items_of(platform), "Pod")]

    assert min(sizes) >= 10_000


@platforms
def test_items__names_and_uids_are_unique(platform):
    items = items_of(platform, nodes=30, pods=400)

    names = Counter((i["kind"], i["metadata"].get("namespace"), i["metadata"]["name"]) for i in items)
    assert max(names.values()) == 1
    assert max(Counter(item["metadata"]["uid"] for item in items).values()) == 1


@platforms
def test_items__every_namespace_is_there(platform):
    items = items_of(platform)

    used = {item["metadata"]["namespace"] for item in items if "namespace" in item["metadata"]}
    assert used <= {item["metadata"]["name"] for item in of_kind(items, "Namespace")}


@platforms
def test_items__owners_are_there(platform):
    items = items_of(platform)

    uids = {item["metadata"]["uid"] for item in items}
    owned = [item for item in items if "ownerReferences" in item["metadata"]]
    assert {item["metadata"]["ownerReferences"][0]["uid"] for item in owned} <= uids
    assert {item["kind"] for item in owned} >= {"Pod", "ReplicaSet"}


@platforms
def test_items__pod_addresses_are_unique_and_of_their_node(platform):
    items = items_of(platform, nodes=30, pods=700, fat=False)

    ranges = node_ranges(items)
    pods = pods_with_own_address(items)
    assert len({pod["status"]["podIP"] for pod in pods}) == len(pods)
    for pod in pods:
        cidrs = ranges[pod["spec"]["nodeName"]]
        inside = [ip_address(pod["status"]["podIP"]) in ip_network(cidr) for cidr in cidrs]
        assert any(inside) or not cidrs


@pytest.mark.parametrize("platform", DUAL_STACK)
def test_items__dual_stack_pods_have_an_address_of_each_range_of_their_node(platform):
    items = items_of(platform, dual_stack=True, fat=False)

    ranges = node_ranges(items)
    for pod in pods_with_own_address(items):
        ips = [ip_address(entry["ip"]) for entry in pod["status"]["podIPs"]]
        networks = [ip_network(cidr) for cidr in ranges[pod["spec"]["nodeName"]]]
        assert [ip.version for ip in ips] == [4, 6]
        assert all(any(ip in network for network in networks if network.version == ip.version) for ip in ips)


@pytest.mark.parametrize("platform", [name for name, row in PLATFORMS.items() if row.pod_cidr])
def test_items__many_nodes_get_the_wide_pod_range(platform):
    n_nodes = 400 if platform != "gke" else 700
    items = items_of(platform, nodes=n_nodes, pods=6 * n_nodes, fat=False)

    outer = ip_network(PLATFORMS[platform].wide_pod_cidr)
    assert all(ip_address(pod["status"]["podIP"]) in outer for pod in pods_with_own_address(items))


@platforms
def test_items__subnet_platforms_share_the_nodes_network(platform):
    row = PLATFORMS[platform]
    items = items_of(platform)
    outer = ip_network(row.node_network if not row.pod_cidr else row.pod_cidr)

    assert all(ip_address(pod["status"]["podIP"]) in outer for pod in pods_with_own_address(items))


@pytest.mark.parametrize(
    ("platform", "dual_stack"), [(name, False) for name in PLATFORMS] + [(name, True) for name in DUAL_STACK]
)
def test_items__cluster_ips_are_unique_and_of_the_service_range(platform, dual_stack):
    items = items_of(platform, nodes=30, pods=400, dual_stack=dual_stack, fat=False)

    cidrs = [ip_network(c) for c in of_kind(items, "ServiceCIDR")[0]["spec"]["cidrs"]]
    ips = [ip for s in of_kind(items, "Service") for ip in s["spec"].get("clusterIPs", []) if ip != "None"]
    assert len(set(ips)) == len(ips)
    assert all(any(ip_address(ip) in c for c in cidrs) for ip in ips)
    assert {item["metadata"]["name"] for item in of_kind(items, "IPAddress")} == set(ips)


@platforms
def test_items__dns_is_the_tenth_address_and_the_api_the_first(platform):
    services = {item["metadata"]["name"]: item for item in of_kind(items_of(platform), "Service")}
    network = ip_network(PLATFORMS[platform].service_cidr)

    dns = services.get("kube-dns") or services["dns-default"]
    assert dns["spec"]["clusterIP"] == str(network[10])
    assert services["kubernetes"]["spec"]["clusterIP"] == str(network[1])


@platforms
def test_items__ready_endpoints_are_the_ready_pods_that_are_selected(platform):
    items = items_of(platform)

    pods = of_kind(items, "Pod")
    for service in of_kind(items, "Service"):
        selector = service["spec"].get("selector")
        if not selector:
            continue
        space, name = service["metadata"]["namespace"], service["metadata"]["name"]
        expected = {
            pod["status"]["podIP"]
            for pod in pods
            if pod["metadata"]["namespace"] == space
            and selector.items() <= pod["metadata"]["labels"].items()
            and pod["status"]["phase"] == "Running"
        }
        actual = {
            ip
            for entry in of_kind(items, "EndpointSlice")
            if entry["metadata"]["namespace"] == space
            and entry["metadata"]["labels"]["kubernetes.io/service-name"] == name
            for endpoint in entry["endpoints"]
            for ip in endpoint["addresses"]
        }
        assert actual == expected


def test_items__slices_hold_at_most_100_endpoints():
    items = items_of(nodes=60, pods=3000, fat=False)

    slices = of_kind(items, "EndpointSlice")
    sizes = [len(entry["endpoints"]) for entry in slices]
    per_service = Counter(
        (s["metadata"]["namespace"], s["metadata"]["labels"]["kubernetes.io/service-name"]) for s in slices
    )
    assert max(sizes) <= 100
    assert max(per_service.values()) == 1 or 100 in sizes


def test_items__a_large_service_has_several_slices():
    items = items_of("openshift", nodes=40, pods=4000, seed=3, fat=False)

    slices = of_kind(items, "EndpointSlice")
    sizes = Counter()
    for entry in slices:
        metadata = entry["metadata"]
        sizes[metadata["namespace"], metadata["labels"]["kubernetes.io/service-name"]] += len(
            entry["endpoints"]
        )
    assert all(len(entry["endpoints"]) <= 100 for entry in slices)
    assert len(slices) >= sum(-(-n // 100) for n in sizes.values())


def test_items__node_ports_are_unique_and_of_the_dynamic_band():
    items = items_of(nodes=60, pods=3000, fat=False)

    ports = [
        p["nodePort"]
        for s in of_kind(items, "Service")
        for p in s["spec"].get("ports", [])
        if "nodePort" in p
    ]
    assert len(ports) > 10
    assert len(set(ports)) == len(ports)
    assert all(30086 <= port <= 32767 for port in ports)


def test_items__services_of_every_type_are_there():
    items = items_of(nodes=10, pods=150)

    specs = [service["spec"] for service in of_kind(items, "Service")]
    assert {spec["type"] for spec in specs} == {"ClusterIP", "NodePort", "LoadBalancer", "ExternalName"}
    assert any(spec.get("clusterIP") == "None" for spec in specs)
    assert any(spec["sessionAffinity"] == "ClientIP" for spec in specs)
    assert any(spec.get("externalTrafficPolicy") == "Local" for spec in specs)


def test_items__no_node_has_more_pods_than_it_may_have():
    items = items_of("eks", nodes=20, pods=1100, fat=False)

    counts = Counter(pod["spec"]["nodeName"] for pod in of_kind(items, "Pod"))
    assert max(counts.values()) == 58


@pytest.mark.parametrize("platform", ["kubeadm-flannel", "kubeadm-calico"])
def test_json__is_the_same_under_any_hash_seed(platform):
    texts = [
        subprocess.run(
            [sys.executable, "-c", SCRIPT, platform],
            env=os.environ | {"PYTHONHASHSEED": seed, "TZ": zone, "PYTHONPATH": os.getcwd()},
            capture_output=True,
            check=True,
        ).stdout
        for seed, zone in (("1", "UTC"), ("2", "Asia/Tokyo"))
    ]

    assert texts[0] == texts[1]
    assert len(texts[0]) > 600_000


@given(seed=st.integers(0, 10**6), platform=st.sampled_from(sorted(PLATFORMS)))
@settings(max_examples=10)
def test_json__follows_from_the_shape(seed, platform):
    shape = Shape(seed=seed, platform=platform, fat=False, faults="random")

    assert generate(shape).json() == generate(shape).json()
    assert generate(shape).planted == generate(shape).planted


def test_json__differs_with_the_seed():
    assert synthetic_dump(seed=1, fat=False).json() != synthetic_dump(seed=2, fat=False).json()


def test_write__writes_the_text_plain_or_compressed(tmp_path):
    dump = synthetic_dump(fat=False)

    plain, compressed = dump.write(tmp_path / "dump.json"), dump.write(tmp_path / "dump.json.gz")

    assert plain.read_bytes() == dump.json()
    assert gzip.decompress(compressed.read_bytes()) == dump.json()
    assert len(compressed.read_bytes()) < len(plain.read_bytes()) / 5


@platforms
@pytest.mark.parametrize("fat", [True, False])
def test_cluster__reads_every_item(platform, fat):
    dump = synthetic_dump(platform=platform, fat=fat)

    cluster = dump.cluster()

    assert len(cluster.pods) == 60
    assert len(cluster.services) == len(of_kind(dump.items, "Service"))
    assert cluster.settings["cni"].value in (
        "flannel",
        "calico",
        "cilium",
        "aws-vpc-cni",
        "azure-cni",
        "gke",
        "ovn-kubernetes",
    )
    assert cluster.settings["platform"].value == platform.partition("-")[0]


@pytest.mark.parametrize(
    ("options", "match"),
    [
        ({"platform": "nomad"}, "unknown platform 'nomad': known are kubeadm-flannel"),
        ({"pods": 5}, "5 pods are too few: kubeadm-flannel itself runs"),
        ({"nodes": 0}, "a cluster needs a node and a pod, not 0 nodes"),
        ({"nodes": 2, "pods": 500}, "2 nodes of 110 pods are too few for 500 pods"),
        ({"platform": "eks", "dual_stack": True}, "platform eks has no dual stack here"),
        (
            {"platform": "aks-node-subnet", "nodes": 3000, "pods": 9000},
            "has no room for 3000 nodes of 30 pods",
        ),
    ],
)
def test_synthetic_dump__refuses_what_cannot_be(options, match):
    with pytest.raises(ValueError, match=match):
        synthetic_dump(**options)
