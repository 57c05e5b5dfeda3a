import netaddr
import pytest
import yaml

import kubenetlab
from kubenetlab.ipam.planner.draft_from_clusters import draft_request
from kubenetlab.ipam.planner.plan import make_plan
from kubenetlab.ipam.planner.plan_document import settings_text
from kubenetlab.ipam.planner.request import checked_request
from kubenetlab.readers.plan_request import plan_request
from kubenetlab.result import Origin, Setting
from tests.builders import cluster as built
from tests.builders import node, pod


def drafted(*clusters):
    text = draft_request(clusters)
    return text, checked_request(plan_request(text.encode()))


def implied(node_cidr, **settings):
    """A cluster of one node whose dump only implies where its nodes are."""
    setting = Setting("node_cidr", (node_cidr,), Origin.INFERRED, "the smallest range")
    return built(node("a")).with_(settings={"node_cidr": setting, **settings})


def fields(text):
    return yaml.safe_load(text)["clusters"]


def test_draft_request__fixes_the_ranges_and_counts_of_a_cluster():
    text, request = drafted(("shop", kubenetlab.sample("shop")))
    (shop,) = fields(text)

    assert (shop["pod_cidr"], shop["service_cidr"]) == (["192.168.0.0/16"], ["10.96.0.0/12"])
    assert (shop["platform"], shop["cni"], shop["nodes"], shop["services"]) == ("kubeadm", "calico", 5, 19)
    assert [str(n) for n in request.clusters[0].fixed["pods"]] == ["192.168.0.0/16"]


def test_draft_request__is_a_request_that_has_a_plan():
    _, request = drafted(("shop", kubenetlab.sample("shop")), ("platform", kubenetlab.sample("platform")))

    plan = make_plan(request)

    assert str(plan.networks["platform/pods"]) == "10.52.0.0/14"
    assert plan.networks["shop/nodes"] is not None


def test_draft_request__takes_what_is_only_implied_and_says_so():
    text, _ = drafted(("shop", kubenetlab.sample("shop")))

    assert "# node_cidr: 10.20.0.0/18 is only implied by the dump" in text
    assert fields(text)[0]["node_cidr"] == ["10.20.0.0/18"]


def test_draft_request__of_an_existing_cluster_keeps_new_ones_out_of_its_node_range():
    text = draft_request([("shop", kubenetlab.sample("shop"))]).replace("10.0.0.0/8", "10.20.0.0/16")
    text += "  - {name: fresh, nodes: 3, pods_per_node: 10}\n"

    plan = make_plan(checked_request(plan_request(text.encode())))

    assert str(plan.networks["shop/nodes"]) == "10.20.0.0/18"
    assert plan.networks["fresh/nodes"].first > plan.networks["shop/nodes"].last


def test_draft_request__what_is_implied_yields_to_what_another_cluster_states():
    text, _ = drafted(("wide", implied("10.52.0.0/15")), ("platform", kubenetlab.sample("platform")))

    assert "overlaps 10.52.0.0/14 of cluster platform" in text
    assert ["node_cidr" in cluster for cluster in fields(text)] == [False, True]


def test_draft_request__an_implied_range_that_no_platform_takes_is_in_use():
    text, _ = drafted(("eks", implied("10.0.0.0/8", platform="eks", cni="aws-vpc-cni", ipam="aws-vpc-cni")))

    assert yaml.safe_load(text)["in_use"] == [{"range": "10.0.0.0/8", "name": "eks: node_cidr"}]
    assert "node_cidr" not in fields(text)[0]


def test_draft_request__of_an_eks_cluster_counts_its_zones():
    nodes = [node(name, labels={"topology.kubernetes.io/zone": f"eu-west-1{name}"}) for name in "abc"]
    eks = built(*nodes).with_(settings={"platform": "eks", "cni": "aws-vpc-cni", "ipam": "aws-vpc-cni"})

    text, _ = drafted(("eks", eks))

    assert fields(text)[0]["zones"] == 3


def test_draft_request__gives_every_cluster_a_name_of_its_own():
    shop = kubenetlab.sample("shop")

    text, _ = drafted(("Shop 1!", shop), ("shop-1", shop), ("...", shop))

    assert [cluster["name"] for cluster in fields(text)] == ["shop-1", "shop-1-2", "cluster"]


def test_draft_request__says_which_routed_ranges_overlap_those_of_an_earlier_cluster():
    platform = kubenetlab.sample("platform")

    text, _ = drafted(("a", platform), ("b", platform))

    assert "# pod_cidr: 10.52.0.0/14 overlaps 10.52.0.0/14 of cluster a" in text
    assert ["pod_cidr" in cluster for cluster in fields(text)] == [True, False]
    assert fields(text)[1]["service_cidr"] == ["34.118.224.0/20"]  # Google's, the same for all


def test_draft_request__of_an_eks_cluster_without_a_known_type_says_so():
    eks = built(node("a")).with_(settings={"platform": "eks", "cni": "aws-vpc-cni", "ipam": "aws-vpc-cni"})

    text, _ = drafted(("eks", eks))

    assert "# instance_type: found nothing, expected an EC2 instance type" in text


def test_draft_request__of_a_node_with_more_pods_than_the_default_takes_them_as_its_maximum():
    pods = [pod(f"shop/cart-{n}", node_name="a") for n in range(130)]

    _, request = drafted(("dense", built(node("a", pods="120"), *pods)))

    assert (request.clusters[0].pods_per_node, request.clusters[0].max_pods) == (130, 130)


def test_draft_request__of_a_dual_stack_cluster_has_both_families():
    dual = built(node("a")).with_(
        settings={"cni": "cilium", "cluster_cidr": "10.9.0.0/16,fd00:9::/104", "service_cidr": "10.96.0.0/16"}
    )

    text, request = drafted(("dual", dual))

    assert request.clusters[0].families == (4, 6)
    assert "fd00::/16" in text


def test_draft_request__of_a_dump_without_anything_is_a_request_for_one_node():
    _, request = drafted(("empty", built()))

    assert (request.clusters[0].nodes, request.clusters[0].pods_per_node, request.clusters[0].platform) == (
        1,
        1,
        "kubeadm",
    )


@pytest.mark.parametrize("sample", ["shop", "platform"])
def test_draft_request__same_clusters_same_text(sample):
    clusters = [(sample, kubenetlab.sample(sample))]

    assert draft_request(clusters) == draft_request(clusters)


def test_draft_request__an_overlapping_node_range_is_in_use_but_for_the_fixed_ranges_of_others():
    text, request = drafted(("wide", implied("10.52.0.0/13")), ("platform", kubenetlab.sample("platform")))
    own = [
        netaddr.IPNetwork(e["range"])
        for e in yaml.safe_load(text)["in_use"]
        if e["name"] == "wide: node_cidr"
    ]

    plan = make_plan(request)

    taken = netaddr.IPSet(network for ranges in request.clusters[1].fixed.values() for network in ranges)
    assert netaddr.IPSet(own) == netaddr.IPSet(["10.48.0.0/13"]) - taken
    assert own
    assert plan.networks["wide/nodes"] not in netaddr.IPNetwork("10.48.0.0/13")
    assert any(note.startswith("the nodes of wide are there already, in ") for note in plan.notes)


def test_draft_request__a_node_range_of_which_nothing_is_left_is_noted_all_the_same():
    text, request = drafted(("inside", implied("10.52.0.0/15")), ("platform", kubenetlab.sample("platform")))

    plan = make_plan(request)

    assert {"range": "10.52.0.0/15", "name": "inside: node_cidr"} in yaml.safe_load(text)["in_use"]
    assert any(
        note.startswith("the nodes of inside are there already, in 10.52.0.0/15: ") for note in plan.notes
    )


def test_draft_request__two_clusters_of_one_node_range_are_both_in_use_or_fixed():
    text, request = drafted(("a", implied("10.9.0.0/20")), ("b", implied("10.9.0.0/20")))

    assert fields(text)[0]["node_cidr"] == ["10.9.0.0/20"]
    assert yaml.safe_load(text)["in_use"] == [{"range": "10.9.0.0/20", "name": "b: node_cidr"}]
    assert any("the nodes of b are there already" in note for note in make_plan(request).notes)


def test_draft_request__where_nodes_hold_the_pods_a_pod_range_is_that_of_the_nodes():
    stated = {"cluster_cidr": Setting("cluster_cidr", ("10.224.0.0/16",), Origin.READ, "the flag")}
    aks = {"platform": "aks", "cni": "azure-cni", "ipam": "azure-node-subnet"}

    text, request = drafted(("aks", implied("10.224.0.0/28", **aks, **stated)))

    assert fields(text)[0]["node_cidr"] == ["10.224.0.0/16"]
    assert "pod_cidr" not in fields(text)[0]
    assert [str(n) for n in request.clusters[0].fixed["nodes"]] == ["10.224.0.0/16"]


def test_draft_request__has_no_mask_for_an_ipam_without_node_cidrs():
    calico = built(node("a")).with_(
        settings={
            "cni": "calico",
            "ipam": "calico",
            "cluster_cidr": "10.244.0.0/16",
            "node_cidr_mask_size": 24,
        }
    )

    text, _ = drafted(("shop", calico))

    assert "node_cidr_mask_size" not in text


def test_draft_request__settings_of_a_cluster_that_runs_are_not_to_run():
    _, request = drafted(("shop", kubenetlab.sample("shop")))

    plan = make_plan(request)
    (setting,) = [s for s in plan.assumptions if s.name == "settings"]

    assert setting.evidence.startswith("those of a cluster that runs are to compare it with, not to run")
    assert setting.evidence.endswith("(shop)")
    assert settings_text(plan, "shop").startswith(
        "# The nodes of this cluster are there already: if it runs, compare "
    )


def test_settings_text__of_a_new_cluster_has_no_word_about_one_that_runs():
    text, _ = drafted(("shop", kubenetlab.sample("shop")))
    text += "  - {name: fresh, nodes: 3, pods_per_node: 10}\n"

    plan = make_plan(checked_request(plan_request(text.encode())))

    assert settings_text(plan, "fresh").startswith("# kubeadm: kubeadm.yaml\n")
