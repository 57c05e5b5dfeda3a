import pytest

from kubenetlab.dns.cluster_dns import cluster_dns, corefiles, dns_service
from tests.builders import cluster, config_map, endpoint, endpoint_slice, service

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
