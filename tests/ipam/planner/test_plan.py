import json
from itertools import combinations

import netaddr
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kubenetlab.errors import ManifestError
from kubenetlab.ipam.planner.checker import check
from kubenetlab.ipam.planner.packing import ImpossiblePlanError
from kubenetlab.ipam.planner.plan import plan_addresses
from kubenetlab.ipam.planner.plan_document import plan_document
from kubenetlab.ipam.planner.plan_frames import CLUSTER_COLUMNS, RANGE_COLUMNS
from kubenetlab.ipam.planner.request import range_domains
from kubenetlab.samples import sample_request
from tests.ipam.planner.written_requests import PARENTS, cluster, planned, texts

_KINDS = st.sampled_from(
    ("", "platform: gke", "platform: aks", "platform: eks, instance_type: m5.xlarge, zones: 3", "cni: calico",
     "cni: cilium, dual_stack: true", "platform: openshift, dual_stack: true", "mesh: one", "platform: k3s, mesh: one")
)  # fmt: skip


def test_make_plan__says_where_every_range_lies_and_what_it_is_enough_for():
    row = planned(cluster("growth: 20%")).frame.set_index("name").loc["shop/pods"]

    # 30 nodes * 1.2^3 = 51.84, and one for upgrades: 53 of 64 node CIDRs of a /25
    assert (row["range"], row["parent"], row["origin"]) == ("100.64.0.0/19", "100.64.0.0/10", "placed")
    assert (row["quantity"], row["needed"], row["holds"], row["head_room"]) == ("nodes", 53, 64, 11)
    assert row["binds"] == "cluster CIDR"
    assert row["years_high"] == pytest.approx(4.07, abs=0.01)


def test_make_plan__has_documented_columns_and_dates_only_with_a_day():
    without, with_day = (
        planned(cluster("growth: 9%")),
        planned(cluster("growth: 9%"), head=f"as_of: 2026-11-21\n{PARENTS}"),
    )

    assert tuple(without.frame.columns) == RANGE_COLUMNS
    assert tuple(without.clusters.columns) == CLUSTER_COLUMNS
    assert set(without.frame["runs_out_high"]) == {""}
    assert all(day > "2029" for day in with_day.frame["runs_out_high"])


def test_make_plan__dual_stack_has_a_range_of_each_family():
    plan = planned(cluster("dual_stack: true"))

    assert list(plan.networks) == [
        "shop/pods", "shop/pods-ipv6", "shop/services", "shop/services-ipv6", "shop/nodes", "shop/nodes-ipv6",
    ]  # fmt: skip
    assert {n.version for name, n in plan.networks.items() if name.endswith("ipv6")} == {6}


def test_make_plan__an_ipv6_cluster_has_no_ipv4_range():
    assert {n.version for n in planned(cluster("families: [ipv6]")).networks.values()} == {6}


def test_make_plan__leaves_the_nodes_out_where_they_live_in_networks_that_are_there():
    plan = planned(cluster(), head="parents: {pods: 10.0.0.0/8, services: 172.20.0.0/16}")

    assert set(plan.networks) == {"shop/pods", "shop/services"}


def test_make_plan__keeps_fixed_ranges_and_has_no_parent_for_them():
    plan = planned(
        cluster("cni: cilium, pod_cidr: [10.200.0.0/20, 10.200.32.0/20], service_cidr: 10.96.0.0/12")
    )

    assert texts(plan)["shop/pods-2"] == "10.200.32.0/20"
    rows = plan.frame.set_index("name").loc[["shop/pods", "shop/services"]]
    assert (rows["origin"].tolist(), rows["parent"].tolist()) == (["fixed"] * 2, [""] * 2)
    assert rows["holds"].tolist()[0] == 32  # both ranges together


def test_make_plan__says_when_a_fixed_range_is_too_small():
    (note,) = planned(cluster("pod_cidr: 10.200.0.0/22")).notes

    assert note.startswith(
        "shop/pods is fixed at 10.200.0.0/22, which is too small: 31 nodes needed, room for 4; it is full now."
    )


def test_make_plan__says_once_that_the_ranges_of_a_pool_are_too_small():
    cidrs = "node_cidr: [10.200.0.0/28, 10.200.1.0/28, 10.200.2.0/28]"

    (note,) = planned(cluster(f"platform: eks, instance_type: m5.xlarge, zones: 3, {cidrs}")).notes

    assert note.startswith("shop/nodes is fixed at 10.200.0.0/28, which is too small: 36 nodes needed")


def test_make_plan__a_fixed_range_that_is_too_small_has_no_inequality():
    plan = planned(cluster("pod_cidr: 10.200.0.0/22"))

    assert {fact["range"] for fact in plan.certificate["inequalities"]} == {"shop/services", "shop/nodes"}
    assert check(plan.certificate) == []


def test_make_plan__says_what_no_range_lifts():
    notes = planned("name: a, nodes: 6000, pods_per_node: 20").notes

    assert (
        "a: 6,001 nodes are needed, and no range helps: Kubernetes is tested with up to 5,000 nodes"
        in notes[0]
    )


def test_make_plan__takes_services_of_eks_from_what_eks_allows_of_the_parents():
    # EKS API, KubernetesNetworkConfigRequest: within 10.0.0.0/8, 172.16.0.0/12 or 192.168.0.0/16
    head = "parents: {services: [100.64.0.0/10, 192.160.0.0/12], nodes: 10.0.0.0/8, routable: 10.0.0.0/8}"

    plan = planned(cluster("platform: eks, instance_type: m5.xlarge"), head=head)

    assert plan.networks["shop/services"] in netaddr.IPNetwork("192.168.0.0/16")


def test_make_plan__says_when_nodes_cannot_hold_max_pods():
    notes = planned(cluster("node_cidr_mask_size: 26")).notes

    assert notes == (
        "shop: maxPods is 110, but a node's /26 has room for 61 pods; those above that stay in ContainerCreating.",
    )


@pytest.mark.parametrize(
    ("clusters", "head", "message"),
    [
        ((cluster("node_cidr_mask_size: 27"),), PARENTS, "shop: pods_per_node: found 40, expected at most 29, what a node's /27"),
        ((cluster("platform: gke"),), "parents: {pods: 10.0.0.0/8}",
         "shop: services (IPv4): found no parents, expected an IPv4 range in parents for services"),
        ((cluster("platform: eks, instance_type: m5.large, max_pods: 40, prefix_delegation: true"),),
         "parents: {services: 100.64.0.0/10, nodes: 10.0.0.0/8}",
         "shop: services (IPv4): found no parents, expected an IPv4 range in parents for services inside 10.0.0.0/8"),
        ((cluster("platform: eks, instance_type: m5.xlarge, custom_networking: true"),),
         "parents: {pods: 172.16.0.0/12, services: 192.168.0.0/16, nodes: 10.0.0.0/8}",
         "shop: pods (IPv4): found no parents, expected an IPv4 range in parents for pods in the private range of the nodes"),
        ((cluster("platform: gke"),), "parents: {services: 10.0.0.0/8}",
         "shop: pods (IPv4): found no parents, expected an IPv4 range in parents for routable pods"),
        ((cluster("platform: aks"),), "parents: {pods: 10.0.0.0/8, services: 172.20.0.0/16}",
         "shop: nodes (IPv4): found no parents, expected an IPv4 range in parents for nodes"),
        ((cluster("dual_stack: true"),), "parents: [10.0.0.0/8]",
         "shop: pods (IPv6): found no parents, expected an IPv6 range in parents for pods"),
        ((cluster("service_cidr: 10.0.0.0/31"),), PARENTS, "shop: service_cidr: found 10.0.0.0/31, expected a range of /12 to /28"),
        ((cluster("ipam: flannel-etcd, pod_cidr: 10.0.0.0/29"),), PARENTS,
         "shop: pod_cidr: found 10.0.0.0/29, expected what flannel-etcd accepts: network must be able to accommodate at least"),
        (("name: a, nodes: 300000, pods_per_node: 9",), PARENTS,
         "a: pods: found a need for 300,001 nodes after 3 years, expected at most 65,536, what a /9 holds"),
        ((cluster("platform: eks, instance_type: m5.xlarge, growth: 500%"),), PARENTS,
         "shop: nodes: found a need for 6,486 nodes after 3 years, expected at most 1,092, what a /16 holds"),
    ],
)  # fmt: skip
def test_make_plan__refuses_what_no_size_or_parent_is_for(clusters, head, message):
    with pytest.raises(ManifestError) as error:
        planned(*clusters, head=head)

    assert str(error.value).startswith(f"request.yaml: cluster {message}")


def test_make_plan__says_which_requirements_are_in_the_way_and_the_smallest_relaxation():
    clusters = [cluster("platform: gke", name=name) for name in "abc"]
    head = "parents: {routable: 10.0.0.0/18, nodes: 10.1.0.0/16, services: 172.20.0.0/16}"

    with pytest.raises(ImpossiblePlanError) as error:
        planned(*clusters, head=head)

    assert error.value.in_the_way == tuple(
        f"cluster {name} needs a /19 for its pods (31 nodes and 1,200 pods after 3 years)" for name in "abc"
    )
    assert str(error.value.relaxation) == "leave out a/pods (a /19)"


def test_make_plan__keeps_every_range_of_an_earlier_plan_when_a_cluster_is_added():
    clusters = [cluster(name="a"), cluster("platform: gke", name="b")]
    before = planned(*clusters)

    after = planned(cluster("platform: gke, growth: 90%", name="c"), *clusters, kept=before.networks)

    assert {name: text for name, text in texts(after).items() if name[0] != "c"} == texts(before)
    assert set(after.frame["origin"]) == {"kept", "placed"}


def test_plan_addresses__keeps_the_ranges_of_a_plan_or_of_its_file(tmp_path):
    before = plan_addresses(sample_request("fleet"))
    (tmp_path / "before.json").write_text(json.dumps(plan_document(before, "1")))

    after = plan_addresses(sample_request("fleet-next-year"), before)
    from_file = plan_addresses(sample_request("fleet-next-year"), tmp_path / "before.json")

    assert {name for name in after.networks if name not in before.networks} == {
        "returns/pods", "returns/services", "returns/nodes",
    }  # fmt: skip
    assert {name: after.networks[name] for name in before.networks} == before.networks
    assert texts(from_file) == texts(after)


def test_make_plan__moves_a_kept_range_only_if_it_is_too_small():
    before = planned(cluster(name="a"), cluster(name="b"))

    after = planned(cluster("growth: 50%", name="a"), cluster(name="b"), kept=before.networks)

    changed = {name for name, text in texts(after).items() if texts(before)[name] != text}
    assert changed <= {"a/pods", "a/services", "a/nodes"}
    assert after.networks["a/pods"].size > before.networks["a/pods"].size


def test_make_plan__a_kept_range_that_is_larger_than_needed_stays():
    kept = {"shop/pods": netaddr.IPNetwork("100.100.0.0/14")}

    assert texts(planned(cluster(), kept=kept))["shop/pods"] == "100.100.0.0/14"


def test_make_plan__counts_defaults_as_assumptions_with_the_clusters_that_took_them():
    plan = planned(cluster("services: 9", name="a"), cluster(name="b"))

    assert {s.evidence for s in plan.assumptions if s.name == "services"} == {
        "the request does not say how many; kubernetes and DNS are among them (b)"
    }


def test_make_plan__same_request_same_plan():
    clusters = [cluster("platform: gke, mesh: m", name=f"c{n}") for n in range(9)]

    first, second = (json.dumps([texts(p), p.certificate]) for p in (planned(*clusters), planned(*clusters)))

    assert first == second


def test_make_plan__first_to_fill_is_in_the_title_with_never_for_what_does_not_grow():
    assert planned(cluster()).title == "3 ranges for 1 cluster; none fills up, nothing grows"
    assert planned(cluster("growth: [0%, 20%]")).title.endswith("years or later")


@settings(max_examples=25)
@given(st.lists(_KINDS, min_size=1, max_size=6))
def test_make_plan__ranges_that_share_a_domain_are_apart_and_all_are_large_enough(kinds):
    plan = planned(*(cluster(text, name=f"c{n}") for n, text in enumerate(kinds)))

    for one in plan.ranges:
        assert any(
            one.network in parent
            for parent in plan.request.parents_of(one.cluster, one.role, one.network.version)
        )
        assert all(limit.n >= 31 for limit in one.limits if limit.quantity == "nodes")
        for other in plan.ranges:
            shared = range_domains(one.cluster, one.role) & range_domains(other.cluster, other.role)
            if one is not other and shared - {"not routable"}:
                assert one.network not in other.network
    assert check(plan.certificate) == []


_FIXED = st.sampled_from(
    ("", "cni: calico, pod_cidr: 10.1.0.0/16", "platform: k3s, service_cidr: 10.2.0.0/16", "node_cidr: 10.3.0.0/24",
     "platform: gke", "platform: gke, pod_cidr: 10.4.0.0/16", "platform: aks", "cni: calico, pod_cidr: 10.4.0.0/20",
     "platform: eks, instance_type: m5.xlarge, node_cidr: 10.1.4.0/22", "mesh: one, pod_cidr: 10.5.0.0/16")
)  # fmt: skip
_SHARED_PARENTS = st.sampled_from(
    ("parents: [10.0.0.0/13]",
     "parents: {pods: [10.0.0.0/14, 100.64.0.0/16], services: 10.0.0.0/15, nodes: 10.2.0.0/15, routable: 10.0.0.0/13}",
     "parents: {pods: 10.0.0.0/12, services: 10.0.0.0/15, nodes: 10.2.0.0/23}")
)  # fmt: skip


def _meet(one, other):
    return one in other or other in one


@settings(max_examples=60)
@given(st.lists(_FIXED, min_size=1, max_size=6), _SHARED_PARENTS)
def test_make_plan__a_range_that_is_not_routable_meets_no_routable_one_and_nothing_in_use(kinds, head):
    office = netaddr.IPNetwork("10.0.0.0/22")
    clusters = [cluster(text, name=f"c{n}") for n, text in enumerate(kinds)]
    try:
        plan = planned(*clusters, head=f"{head}\nin_use: [{office}]")
    except (ManifestError, ImpossiblePlanError):
        return

    routable, others = [], []
    for planned_range in plan.ranges:
        is_routable = "routable" in range_domains(planned_range.cluster, planned_range.role)
        (routable if is_routable else others).append(planned_range.network)
    assert not any(_meet(one, other) for one in [office, *routable] for other in others)
    assert not any(_meet(one, other) for one, other in combinations([office, *routable], 2))
    assert check(plan.certificate) == []


def test_make_plan__what_is_not_routable_may_repeat_others_of_its_kind_beside_what_is():
    kinds = [cluster("cni: calico", name="a"), cluster("cni: calico", name="b")]

    found = texts(planned(*kinds, cluster("platform: gke", name="c"), head="parents: [10.0.0.0/8]"))

    assert found["a/pods"] == found["b/pods"] == "10.0.32.0/20"
    assert found["c/pods"] == "10.0.0.0/19"


def test_make_plan__refuses_a_fixed_range_on_a_routable_one_of_another_cluster():
    ranges = (
        cluster("node_cidr: 10.1.0.0/24", name="a"),
        cluster("cni: calico, pod_cidr: 10.1.0.0/16", name="b"),
    )

    with pytest.raises(ManifestError, match=r"10\.1\.0\.0/.* apart from 10\.1\.0\.0/"):
        planned(*ranges)


def test_make_plan__the_relaxation_may_be_to_let_a_fixed_range_lie_elsewhere():
    head = f"{PARENTS}forbidden: [10.200.0.0/16]"

    with pytest.raises(ImpossiblePlanError) as error:
        planned(cluster("pod_cidr: 10.200.0.0/19"), head=head)

    assert str(error.value.relaxation) == "let shop/pods lie elsewhere than at 10.200.0.0/19"
    assert str(error.value.relaxation.plan["shop/pods"]) == "100.64.0.0/19"


@pytest.mark.parametrize("path", [b"x", {}, None])
def test_plan_addresses__refuses_what_is_no_path(path):
    with pytest.raises(ValueError, match="is no path: expected the name of a file with a request"):
        plan_addresses(path)
