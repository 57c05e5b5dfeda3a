import re

import pytest

from kubenetlab.kube_proxy.chain_names import (
    NFTABLES_MAX_LENGTH,
    chain_hash,
    nftables_base,
    service_port_name,
)


# kubernetes v1.36.2, pkg/proxy/iptables/proxier_test.go; the last three: recorded from the real kube-proxy v1.36.2.
@pytest.mark.parametrize(
    ("service_port", "protocol", "endpoint", "expected"),
    [
        ("ns1/svc1:p80", "tcp", "", "XPGD46QRK7WJZT7O"),
        ("ns1/svc1:p80", "tcp", "10.180.0.1:80", "SXIVWICOYRO3J4NJ"),
        ("default/kubernetes:https", "TCP", "", "NPX46M4PTMTKRN6Y"),
        ("kube-system/kube-dns:dns", "UDP", "", "TCOU7JCQXEZGVUNU"),
        ("ingress-nginx/ingress-nginx-controller:http", "TCP", "", "CG5I4G2RS3ZVWGLK"),
        ("ingress-nginx/ingress-nginx-controller:http", "TCP", "10.244.1.4:80", "XTVW27DA33IR4SBW"),
        ("ingress-nginx/ingress-nginx-controller:https", "TCP", "10.244.2.4:443", "XR5QN4PXBW2YMCER"),
    ],
)
def test_chain_hash__is_what_kube_proxy_writes(service_port, protocol, endpoint, expected):
    assert chain_hash(service_port, protocol, endpoint) == expected


# kubernetes v1.36.2, pkg/proxy/nftables/proxier_test.go; the last two: recorded from the real kube-proxy v1.36.2.
@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (("ns1", "svc1", "TCP", "p80"), "ULMVA6XW-ns1/svc1/tcp/p80"),
        (("ns1", "svc1", "tcp", "p80", "10.180.0.1:80"), "5OJB2KTY-ns1/svc1/tcp/p80__10.180.0.1/80"),
        (("shop", "session", "TCP", "http"), "QFJ6ZP23-shop/session/tcp/http"),
        (
            ("shop", "session", "TCP", "http", "10.244.1.5:8080"),
            "36KF347O-shop/session/tcp/http__10.244.1.5/8080",
        ),
    ],
)
def test_nftables_base__is_what_kube_proxy_writes(arguments, expected):
    assert nftables_base(*arguments) == expected


def test_nftables_base__writes_ipv6_with_dots():
    assert nftables_base("a", "b", "TCP", "", "[fd00::5]:80").endswith("-a/b/tcp/__fd00..5/80")


def test_nftables_base__cuts_long_names():
    base = nftables_base(
        "n" * 63, "s" * 63, "TCP", "p" * 15, "[fd00:1111:2222:3333:4444:5555:6666:7777]:65535"
    )

    assert len(base) <= NFTABLES_MAX_LENGTH
    assert len(nftables_base("n" * 200, "s" * 63, "TCP", "p")) == NFTABLES_MAX_LENGTH
    assert re.fullmatch(r"[A-Z2-7]{8}-n+/s+\.\.\.", nftables_base("n" * 200, "s" * 63, "TCP", "p"))


def test_service_port_name__leaves_the_colon_out_for_an_unnamed_port():
    assert service_port_name("shop", "cart", "") == "shop/cart"
