import pytest

from kubenetlab.dns.cluster_dns import (
    cluster_dns,
    cluster_domain,
    corefiles,
    dns_addresses,
    dns_service,
    has_node_local_cache,
)
from tests.builders import cluster, config_map, daemon_set, endpoint, endpoint_slice, service

DNS = service("kube-system/kube-dns", cluster_ip="10.96.0.10")
ADDRESS = {"cluster_domain": "cluster.local", "cluster_dns": "10.96.0.10"}


def facts(value):
    return cluster_dns(value).frame.set_index("fact")["value"].to_dict()


def test_dns_service__is_the_one_with_the_dns_address():
    own = service("infra/our-dns", cluster_ip="10.96.0.53")

    found = dns_service(cluster(DNS, own, settings={"cluster_dns": "10.96.0.53"}))

    assert found is own


@pytest.mark.parametrize("name", ["kube-system/kube-dns", "openshift-dns/dns-default"])
def test_dns_service__is_found_by_name_without_the_setting(name):
    assert dns_service(cluster(service("shop/cart"), service(name))).metadata.full_name == name


def test_dns_service__is_none_where_the_dump_has_none():
    assert dns_service(cluster(service("shop/cart"))) is None


def test_cluster_domain__is_what_the_settings_say_else_the_usual_one():
    own = cluster(settings={"cluster_domain": "k8s.test"})

    assert [cluster_domain(value) for value in (own, cluster(), None)] == [
        "k8s.test",
        "cluster.local",
        "cluster.local",
    ]


def test_dns_addresses__of_both_families_or_none():
    both = cluster(settings={"cluster_dns": "10.96.0.10, fd00::10"})

    assert dns_addresses(both) == ("10.96.0.10", "fd00::10")
    assert dns_addresses(None) == dns_addresses(cluster()) == ()


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (daemon_set("kube-system/node-local-dns"), True),
        (config_map("kube-system/node-local-dns"), True),
        (config_map("kube-system/nodelocaldns"), True),
        (DNS, False),
    ],
)
def test_has_node_local_cache__by_its_daemon_set_or_its_config_map(value, expected):
    assert has_node_local_cache(cluster(value)) is expected


def test_corefiles__are_the_texts_of_config_maps():
    value = cluster(
        config_map("kube-system/coredns", Corefile=".:53 {}"), config_map("shop/settings", color="red")
    )

    assert corefiles(value) == (("kube-system/coredns", ".:53 {}"),)


def test_cluster_dns__counts_replicas():
    slice_ = endpoint_slice(
        endpoint("10.244.0.2", node_name="a"),
        endpoint("10.244.1.2", node_name="b"),
        of="kube-system/kube-dns",
    )

    found = facts(cluster(DNS, slice_, settings=ADDRESS))

    assert (found["DNS Service"], found["ready replicas"], found["nodes with a ready replica"]) == (
        "kube-system/kube-dns", "2", "2",
    )  # fmt: skip


def test_cluster_dns__says_unknown_where_the_dump_is_silent():
    found = facts(cluster(DNS))

    assert found["cluster domain"] == found["ready replicas"] == found["Corefile"] == "unknown"
    assert facts(cluster())["DNS Service"] == "unknown"
