"""What a what-if may set: every setting, in its one form; anything else is refused at once."""

import ipaddress

import netaddr
import pytest

from kubenetlab import sample
from kubenetlab.cluster.setting_values import CHECKS, PLATFORMS, checked_value
from kubenetlab.errors import KubenetlabError
from kubenetlab.readers.settings import platforms
from kubenetlab.readers.settings.ledger import UNKNOWN_BECAUSE
from tests.builders import cluster


def test_checks__are_of_the_settings_that_a_cluster_has():
    assert list(CHECKS) == list(UNKNOWN_BECAUSE)


def test_platforms__are_those_that_are_recognised():
    assert {platform.name for platform in platforms.PLATFORMS} <= set(PLATFORMS)


@pytest.mark.parametrize("name", ["shop", "platform"])
def test_with__takes_the_settings_of_another_cluster(name):
    settings = sample(name).settings

    assert dict(cluster().with_(settings=settings).settings) == dict(settings)


@pytest.mark.parametrize(
    "value",
    [
        "10.244.0.0/16",
        ("10.244.0.0/16",),
        ["10.244.0.1/16"],
        netaddr.IPNetwork("10.244.0.0/16"),
        ipaddress.ip_network("10.244.0.0/16"),
    ],
)
@pytest.mark.parametrize("name", ["cluster_cidr", "service_cidr", "node_cidr"])
def test_with__takes_ranges_in_any_form(name, value):
    assert cluster().with_(settings={name: value}).settings[name].value == ("10.244.0.0/16",)


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("node_cidr_mask_size", 24, 24),
        ("node_port_range", "30000-32767", "30000-32767"),
        ("cluster_dns", ipaddress.ip_address("10.96.0.10"), "10.96.0.10"),
        ("proxy_mode", "NFTables", "nftables"),
        ("kubernetes_version", "v1.34.2+k3s1", "1.34.2"),
        ("cloud", "hcloud", "hcloud"),
        ("load_balancer", "MetalLB", "MetalLB"),
    ],
)
def test_checked_value__is_the_one_form(name, value, expected):
    assert checked_value(name, value) == expected


@pytest.mark.parametrize(("name", "value"), [("cluster_domain", None), ("cni", "unknown")])
def test_with__none_makes_a_setting_unknown(name, value):
    setting = cluster().with_(settings={name: None}).settings[name]

    assert (setting.value, setting.is_known) == (value, False)


@pytest.mark.parametrize(
    ("name", "value", "rule"),
    [
        ("nope", 1, "there is no such setting; there are cluster_cidr"),
        ("node_cidr", "garbage", "found 'garbage', expected a CIDR such as"),
        ("node_cidr", ("garbage",), "expected a CIDR"),
        ("node_cidr", (), "expected a CIDR"),
        ("node_cidr", 5, "found 5, expected a CIDR"),
        ("node_port_range", (5, 1), "expected a port range"),
        ("node_port_range", "5-1", "expected a port range"),
        ("node_cidr_mask_size", "abc", "expected a whole number from 1 to 128"),
        ("node_cidr_mask_size", 999, "expected a whole number"),
        ("max_pods", True, "expected a whole number from 1"),
        ("proxy_mode", "foo", "found 'foo', expected one of iptables, nftables, ipvs, none"),
        ("proxy_mode", 5, "expected one of"),
        ("kubernetes_version", "banana", "expected a version such as"),
        ("cluster_dns", "x", "expected an IP address"),
        ("container_runtime", "", "a text that is not empty"),
    ],
)
@pytest.mark.parametrize("error", [ValueError, KubenetlabError])
def test_with__refuses_at_once_what_a_setting_cannot_be(name, value, rule, error):
    with pytest.raises(error, match=rule):
        cluster().with_(settings={name: value})


def test_settings__say_how_many_are_known():
    before = cluster(settings={"cni": "calico", "cloud": "none"})

    assert (
        repr(before.with_(settings={"cloud": None}).settings) == "Settings(1 of 2 known; .frame lists them)"
    )
