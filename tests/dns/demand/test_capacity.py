from math import ceil

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubenetlab.dns.demand.capacity import (
    CORES_BUSY,
    QUERIES_PER_S,
    DnsLoad,
    DnsServers,
    autoscaled_replicas,
    coredns_capacity,
    coredns_memory_mb,
    dns_servers,
)
from kubenetlab.objects import Metadata
from kubenetlab.objects.node import NodeResources, NodeSpec
from kubenetlab.objects.workload import ContainerResources
from kubenetlab.readers.corefile import corefile_from_text
from kubenetlab.result import Basis, Origin
from kubenetlab.samples import sample
from tests.builders import cluster, config_map, deployment, endpoint, endpoint_slice, node, service, template

RATES = st.floats(0, 1e6)
_TRACKED = "connection tracking of a node with CoreDNS"
_DNS = {"k8s-app": "kube-dns"}
_COREFILE = ".:53 {\n autopath @kubernetes\n kubernetes cluster.local {\n  pods verified\n }\n forward . 10.0.0.2%s\n}\n"


def nodes(n, cpu):
    found = [node(f"n{at}") for at in range(n)]
    resources = NodeResources("110", cpu)
    return [
        msgspec.structs.replace(one, status=msgspec.structs.replace(one.status, capacity=resources))
        for one in found
    ]


def coredns(*replicas, limits=None, wanted=2):
    """The DNS Service with endpoints by readiness, and its Deployment."""
    made = template(_DNS)
    container = msgspec.structs.replace(made.spec.containers[0], resources=ContainerResources(limits or {}))
    spec = msgspec.structs.replace(made.spec, containers=(container,))
    ends = [endpoint(f"10.244.0.{at}", ready=ready) for at, ready in enumerate(replicas, 1)]
    return (
        service("kube-system/kube-dns", _DNS, cluster_ip="10.96.0.10"),
        deployment("kube-system/coredns", msgspec.structs.replace(made, spec=spec), wanted),
        *([endpoint_slice(*ends, of="kube-system/kube-dns")] if ends else []),
    )


def limits(servers=None, load=None, **options):
    servers = servers or DnsServers(pods=1000, services=100, nodes=10, cores=40)
    return coredns_capacity(servers, load or DnsLoad(10_000), **options).frame.set_index("limit")


@pytest.mark.parametrize(
    ("n_objects", "plugin", "mb", "measured"),
    # coredns/deployment, Scaling_CoreDNS.md: measured MB, to which the formulas add 30 for a full cache and 5 for queries
    [
        (15_820, "default", 69.82, 31 + 35),
        (63_280, "default", 117.28, 76 + 35),
        (158_200, "default", 212.2, 154 + 35),
        (15_820, "autopath", 119.28, 62 + 35),
        (63_280, "autopath", 309.12, 178 + 35),
    ],
)
def test_coredns_memory_mb__is_the_documents_formula_and_not_below_what_was_measured(
    n_objects, plugin, mb, measured
):
    assert coredns_memory_mb(n_objects, plugin) == pytest.approx(mb)
    assert coredns_memory_mb(n_objects, plugin) > measured


def test_queries_per_s__of_the_document_are_five_a_lookup_of_an_outside_name():
    assert pytest.approx(QUERIES_PER_S["default"], rel=2e-4) == 6_733 * 5


@pytest.mark.parametrize(
    ("cores", "nodes", "replicas"),
    # cluster-proportional-autoscaler, linear_controller_test.go, TestScaleFromMultipleParams
    [
        (0, 0, 1), (1, 2, 2), (2, 3, 2), (3, 4, 2), (4, 4, 2), (6, 4, 3), (6, 5, 3), (8, 5, 4), (8, 15, 6), (8, 16, 7),
        (19, 21, 10), (23, 20, 12), (26, 38, 16), (30, 49, 20), (40, 20, 20),
    ],
)  # fmt: skip
def test_autoscaled_replicas__agrees_with_the_autoscalers_own_linear_test(cores, nodes, replicas):
    linear = {
        "coresPerReplica": 2,
        "nodesPerReplica": 2.5,
        "min": 1,
        "max": 100,
        "preventSinglePointFailure": True,
    }

    assert autoscaled_replicas(nodes, cores, {"linear": linear}) == replicas


@pytest.mark.parametrize(
    ("cores", "replicas"), [(0, 2), (3, 2), (6, 3), (11, 6), (21, 11), (40, 20), (400, 100)]
)
def test_autoscaled_replicas__keeps_between_min_and_max(cores, replicas):
    # linear_controller_test.go, TestScaleFromSingleParam; the last row: max
    assert autoscaled_replicas(1, cores, {"linear": {"coresPerReplica": 2, "min": 2, "max": 100}}) == replicas


LADDER = {
    "coresToReplicas": [[1, 1], [64, 3], [512, 5], [1024, 7], [2048, 10], [4096, 15]],
    "nodesToReplicas": [[1, 1], [2, 2]],
}


@pytest.mark.parametrize(
    ("nodes", "cores", "ladder", "replicas"),
    # cluster-proportional-autoscaler, README.md, Ladder Mode
    [
        (100, 400, LADDER, 3),
        (1, 1, LADDER, 1),
        (2, 4096, LADDER, 15),
        (5, 1, {"nodesToReplicas": [[0, 0], [6, 1]]}, 1),
        (0, 0, {"coresToReplicas": [[4, 2], [1, 1]]}, 1),
    ],
)
def test_autoscaled_replicas__climbs_a_ladder(nodes, cores, ladder, replicas):
    assert autoscaled_replicas(nodes, cores, {"ladder": ladder}) == replicas


@pytest.mark.parametrize(
    ("nodes", "cores", "replicas"), [(1, 4, 1), (2, 8, 2), (17, 68, 2), (33, 132, 3), (33, 1_200, 5)]
)
def test_autoscaled_replicas__has_the_addons_parameters(nodes, cores, replicas):
    assert autoscaled_replicas(nodes, cores) == replicas


@pytest.mark.parametrize(
    "linear",
    [{}, {"coresPerReplica": 0}, {"coresPerReplica": -1}, {"nodesPerReplica": 1, "min": 100, "max": 50}],
)
def test_autoscaled_replicas__refuses_what_the_autoscaler_refuses(linear):
    with pytest.raises(ValueError, match=r"^parameters are .*, expected linear with coresPerReplica"):
        autoscaled_replicas(3, 12, {"linear": linear})


def test_coredns_capacity__compares_needs_with_what_is_there():
    frame = limits(load=DnsLoad(10_000, forwarded_per_s=4_000, upstream_s=0.05))

    needed = frame["needed"].to_dict()
    assert needed["memory of a replica"] == pytest.approx(55.1)
    assert needed["queries of a replica"] == 5_000
    assert needed["CPU of a replica"] == pytest.approx(5_000 / 33_669 * CORES_BUSY)
    assert needed["replicas for the queries"] == 1
    assert needed["replicas (autoscaler)"] == 2
    assert needed["forwarded at once by a replica"] == pytest.approx(100)  # Little: 2,000/s for 0.05 s
    # a node with CoreDNS: its own pods' sockets, those from the other nine to one of two replicas, what it forwards at once
    assert needed[_TRACKED] == pytest.approx((10_000 / 10 + 10_000 / 2 * 0.9) / 2 * 30 + 100)
    assert frame["holds"].all()
    assert frame.index[frame["binds"]].tolist() == ["connection tracking of a node with CoreDNS"]


@pytest.mark.parametrize(
    ("load", "limit"),
    [
        (DnsLoad(90_000), "queries of a replica"),
        (DnsLoad(90_000), "replicas for the queries"),
        (DnsLoad(9_000, 8_000, 0.3), "forwarded at once by a replica"),
        (DnsLoad(9_000, pod_queries_per_s=900_000, queries_per_socket=1), _TRACKED),
    ],
)
def test_coredns_capacity__says_what_does_not_hold(load, limit):
    assert not limits(load=load).loc[limit, "holds"]


def test_coredns_capacity__says_that_a_memory_limit_is_too_small():
    # facts: a limit of 170 MB is enough for 116,000 pods and Services, with autopath for 28,500
    for has_autopath, most in ((False, 116_000), (True, 28_500)):
        enough, above = (
            limits(DnsServers(pods=n, services=0, nodes=10, memory_mb=170, has_autopath=has_autopath)).loc[
                "memory of a replica", "holds"
            ]
            for n in (most, most + 1)
        )
        assert (enough, above) == (True, False)


def test_coredns_capacity__tracks_no_connections_to_a_node_cache():
    servers = DnsServers(nodes=10, has_node_cache=True)

    assert limits(servers).loc[_TRACKED, "needed"] == 0


def test_coredns_capacity__a_node_with_coredns_tracks_the_queries_of_all_nodes():
    # 10,000 queries/s for each of two replicas, two queries a socket, 30 s: the table is full, whatever the mean of 100 nodes says
    row = limits(DnsServers(nodes=100, replicas=2), DnsLoad(20_000)).loc[_TRACKED]

    assert row["needed"] == pytest.approx((200 + 9_900) / 2 * 30)
    assert not row["holds"]


@pytest.mark.parametrize(
    ("servers", "load", "entries"),
    [
        (
            DnsServers(nodes=1, replicas=2),
            DnsLoad(60),
            60 / 2 * 30,
        ),  # a pod and CoreDNS on one node: one entry
        (DnsServers(nodes=2, replicas=8), DnsLoad(60), (30 + 60 / 2 / 2) / 2 * 30),  # 4 replicas on each
        (DnsServers(nodes=5, replicas=2), DnsLoad(2, client_nodes=1), (2 + 1 * 0.8) / 2 * 30),  # one pod asks
    ],
)
def test_coredns_capacity__tracks_a_connection_once_a_node(servers, load, entries):
    assert limits(servers, load).loc[_TRACKED, "needed"] == pytest.approx(entries)


def test_coredns_capacity__has_no_bound_where_max_concurrent_is_off():
    frame = limits(DnsServers(max_concurrent=0), DnsLoad(1_000, 1_000, 1e6))

    assert frame.loc["forwarded at once by a replica", "holds"]


def test_coredns_capacity__says_that_the_measurements_are_old():
    result = coredns_capacity(DnsServers(nodes=3), DnsLoad(100))

    assert result.basis is Basis.DOCS
    assert "CoreDNS 1.2.4 and 1.2.5" in result.because[0]
    assumed = {setting.name: setting for setting in result.assumptions}
    assert assumed["memory_mb"].origin is Origin.DEFAULT
    assert "nodes" not in assumed


@given(RATES, st.integers(1, 50), st.floats(0, 0.9))
def test_coredns_capacity__enough_replicas_hold_the_queries(rate, n, head_room):
    # Law: with the replicas that it asks for, the queries of a replica hold; with one fewer they do not
    wanted = int(
        limits(DnsServers(replicas=n), DnsLoad(rate), head_room=head_room).loc[
            "replicas for the queries", "needed"
        ]
    )

    held = [
        limits(DnsServers(replicas=replicas), DnsLoad(rate), head_room=head_room).loc[
            "queries of a replica", "used_share"
        ]
        for replicas in (wanted, max(1, wanted - 1))
    ]

    assert held[0] <= 1 + 1e-9
    assert wanted == 1 or held[1] > 1 - 1e-9
    assert wanted == max(1, ceil(rate / (33_669 * (1 - head_room))))


@pytest.mark.parametrize(
    ("servers", "load", "head_room"),
    [
        (DnsServers(replicas=0), DnsLoad(1), 0.5),
        (DnsServers(nodes=0), DnsLoad(1), 0.5),
        (DnsServers(busy_cores=0), DnsLoad(1), 0.5),
        (DnsServers(), DnsLoad(-1), 0.5),
        (DnsServers(), DnsLoad(float("nan")), 0.5),
        (DnsServers(), DnsLoad(float("inf")), 0.5),
        (DnsServers(), DnsLoad(1, queries_per_socket=0.5), 0.5),
        (DnsServers(), DnsLoad(1), 1.0),
    ],
)
def test_coredns_capacity__refuses_numbers_that_cannot_be(servers, load, head_room):
    with pytest.raises(ValueError, match=r"^found {.*expected numbers from 0"):
        coredns_capacity(servers, load, head_room=head_room)


@pytest.mark.parametrize(
    ("name", "pods", "services", "nodes"), [("shop", 59, 23, 5), ("platform", 1981, 248, 100)]
)
def test_dns_servers__reads_a_dump(name, pods, services, nodes):
    servers = dns_servers(sample(name))

    assert (servers.pods, servers.services, servers.nodes, servers.replicas) == (pods, services, nodes, 2)


def test_dns_servers__takes_what_is_known_and_leaves_out_cordoned_nodes():
    cluster = sample("shop")
    node = cluster.nodes[0]

    cordoned = msgspec.structs.replace(node, spec=msgspec.structs.replace(node.spec, unschedulable=True))

    servers = dns_servers(cluster.with_(nodes=(cordoned, *cluster.nodes[1:])), memory_mb=300)

    assert (servers.nodes, servers.memory_mb) == (4, 300)


@pytest.mark.parametrize(
    ("n", "cpu", "cores", "replicas"),
    [(10, "96", 960, 4), (20, "31920m", 639, 3), (10, 4, 40, 2), (10, "", None, 2)],
)
def test_dns_servers__counts_the_cores_of_nodes_that_can_be_scheduled_on(n, cpu, cores, replicas):
    # cluster-proportional-autoscaler: max(ceil(cores / 256), ceil(nodes / 16)), cores of status.capacity
    cordoned = msgspec.structs.replace(
        nodes(1, "1000")[0], spec=NodeSpec(unschedulable=True), metadata=Metadata(name="x")
    )

    servers = dns_servers(cluster(*nodes(n, cpu), cordoned))

    assert (servers.nodes, servers.cores) == (n, cores)
    scaled = coredns_capacity(servers, DnsLoad(1)).frame.set_index("limit")["needed"]
    assert scaled[scaled.index.str.startswith("replicas (autoscaler")].tolist() == [replicas]


def test_dns_servers__knows_the_connection_tracking_of_its_smallest_node():
    # kube-proxy: max(conntrack.min 131,072, conntrack.maxPerCore 32,768 x cores)
    assert dns_servers(cluster(*nodes(2, "16"))).conntrack_max == 524_288
    assert dns_servers(cluster(*nodes(2, "2"))).conntrack_max == 131_072


def test_dns_servers__reads_the_limits_of_the_dns_servers_template():
    found = dns_servers(cluster(*coredns(limits={"memory": "170Mi", "cpu": "100m"})))

    assert (found.memory_mb, found.busy_cores) == (pytest.approx(178.25792), 0.1)
    assert DnsServers().memory_mb == found.memory_mb  # kubeadm's limit


@pytest.mark.parametrize("limits", [{"memory": "1k"}, {"memory": "lots"}, {"cpu": "0"}, {"cpu": 1}])
def test_dns_servers__of_odd_limits__can_be_compared(limits):
    assert len(coredns_capacity(cluster(*coredns(limits=limits)), DnsLoad(1)).frame) == 7


@pytest.mark.parametrize(
    ("ready", "replicas"), [((True, True, False), 2), ((True,), 1), ((False,), 2), ((), 2)]
)
def test_dns_servers__counts_ready_endpoints(ready, replicas):
    assert dns_servers(cluster(*coredns(*ready))).replicas == replicas


@pytest.mark.parametrize(("option", "most"), [(" {\n  max_concurrent 50\n }", 50), ("", 0)])
def test_dns_servers__reads_the_corefile(option, most):
    text = _COREFILE % option
    dump = cluster(config_map("kube-system/coredns", Corefile=text))

    for found in (dns_servers(dump), dns_servers(cluster(), corefile_from_text(text))):
        assert (found.has_autopath, found.max_concurrent) == (True, most)


@pytest.mark.parametrize("text", [".:53 {\n oops\n", ".:53 {\n forward . 1.1.1.1\n"])
def test_dns_servers__without_a_corefile_that_coredns_takes__has_kubeadms_numbers(text):
    found = dns_servers(cluster(config_map("kube-system/coredns", Corefile=text)))

    assert (found.has_autopath, found.max_concurrent) == (False, 1000)


def test_coredns_capacity__takes_a_dump():
    frame = coredns_capacity(sample("platform"), DnsLoad(10_000)).frame

    assert frame.loc[frame["limit"] == "replicas (autoscaler)", "needed"].item() == 7
