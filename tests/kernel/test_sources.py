from ipaddress import ip_address, ip_network

import pytest

from kubenetlab.kernel.loading import loadable
from kubenetlab.kernel.sources import node_of, sources_of
from kubenetlab.load_balancing.survey import Survey
from tests.kernel.golden_rules import golden


def found_in(text):
    _, rules, _ = loadable(text)
    node = node_of(rules, Survey(rules))
    return node, {source.name: source for source in sources_of(rules, node)}


def nat(*rules):
    chains = "".join(
        f":{name} - [0:0]\n" for name in ("PREROUTING", "KUBE-SERVICES", "KUBE-NODEPORTS", "DOCKER")
    )
    return f"*nat\n{chains}-A PREROUTING -j KUBE-SERVICES\n" + "\n".join(rules) + "\nCOMMIT\n"


def test_sources_of__pods_come_from_the_largest_part_of_the_cluster_cidr_that_no_rule_cuts():
    _, sources = found_in(golden("006-clusterip-5-endpoints", "output.save"))

    pods = sources["pod"]
    addresses = ip_network(f"{ip_address(pods.first)}/32").supernet(16)
    assert addresses == ip_network("10.244.0.0/16")
    endpoints = {int(ip_address(f"10.244.{index}.5")) for index in range(1, 6)}
    assert not endpoints & set(range(pods.first, pods.first + pods.size))
    assert pods.size > 60_000


@pytest.mark.parametrize("output", ["output.save", "output.nft"])
def test_sources_of__clients_in_ranges_of_a_load_balancer(output):
    _, sources = found_in(golden("029-loadbalancer-source-ranges", output))

    assert [name for name in sources if name.startswith("client in ")]
    assert list(sources)[:3] == ["pod", "client outside", "node"]


def test_sources_of__are_asked_the_same_by_every_rule():
    _, sources = found_in(nat("-A KUBE-SERVICES -s 198.18.0.0/17 -j RETURN"))

    outside = sources["client outside"]
    assert (ip_address(outside.first), outside.size) in [
        (ip_address("198.18.0.0"), 2**15),
        (ip_address("198.18.128.0"), 2**15),
    ]


def test_node_of__has_the_address_that_the_rules_take_for_node_ports():
    node, _ = found_in(golden("101-random", "output.save"))

    assert node.local_addresses[0] == "192.168.10.11"


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ("cni0", "cni0"),
        ("cali+", "cali0"),
        ("lo", "pods0"),
        ("uplink0", "pods0"),
        ("feed-pods", "pods0"),
        ("x;reboot", "pods0"),
    ],
)
def test_node_of__pods_come_in_by_the_interface_that_the_rules_name(written, name):
    node, _ = found_in(nat(f"-A KUBE-SERVICES ! -i {written} -j RETURN"))

    assert node.pod_interface == name


def test_node_of__leaves_interfaces_and_ranges_of_others_alone():
    node, sources = found_in(nat("-A DOCKER ! -s 172.17.0.0/16 -i docker0 -j RETURN"))

    assert node.pod_interface == "pods0"
    assert ip_address(sources["pod"].first) in ip_network("10.244.0.0/16")
