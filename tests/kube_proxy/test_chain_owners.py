import re

import pytest

from kubenetlab.kube_proxy.chain_names import chain_hash
from kubenetlab.kube_proxy.chain_owners import chain_names_of, endpoint_of
from tests.golden_kube_proxy import CASES, case_in, content

FOLDER = CASES / "027-loadbalancer-etp-local-with-local"


def test_chain_names_of__of_a_service_port_and_of_an_endpoint():
    # kubernetes v1.36.2, pkg/proxy/iptables/proxier_test.go and nftables/proxier_test.go
    names = chain_names_of("ns1/svc1:p80", "tcp")
    of_endpoint = chain_names_of("ns1/svc1:p80", "TCP", "10.180.0.1:80")

    assert names[0] == "KUBE-SVC-XPGD46QRK7WJZT7O"
    assert "service-ULMVA6XW-ns1/svc1/tcp/p80" in names
    assert of_endpoint == (
        "KUBE-SEP-SXIVWICOYRO3J4NJ",
        "endpoint-5OJB2KTY-ns1/svc1/tcp/p80__10.180.0.1/80",
        "affinity-5OJB2KTY-ns1/svc1/tcp/p80__10.180.0.1/80",
    )


@pytest.mark.parametrize("file", ["output.save", "output.nft-dump"])
def test_chain_names_of__every_recorded_chain_has_an_owner(file):
    text = content(FOLDER, file).decode()
    chains = set(
        re.findall(r"KUBE-(?:SVC|SVL|EXT|FW|SEP)-\w+|(?:service|local|external|firewall)-\w{8}-\S+", text)
    )

    owned = {
        name
        for port, selection in case_in(FOLDER, 4).ports
        for where in ("", *(endpoint.where for endpoint in selection.everything))
        for name in chain_names_of(port.full_name, port.protocol, where)
    }

    assert chains
    assert chains <= owned


def test_endpoint_of__finds_address_and_port():
    name = f"KUBE-SEP-{chain_hash('shop/cart:http', 'TCP', '10.244.3.200:8080')}"

    assert endpoint_of(name, "shop/cart:http", "tcp", "10.244.0.0/20", [80, 8080]) == "10.244.3.200:8080"
    assert endpoint_of(name, "shop/cart:http", "tcp", "10.244.0.0/20", [80]) is None
    assert endpoint_of(name, "shop/cart:https", "tcp", "10.244.0.0/20", [8080]) is None


def test_endpoint_of__writes_ipv6_in_brackets():
    name = f"KUBE-SEP-{chain_hash('shop/cart', 'UDP', '[fd00::1f]:53')}"

    assert endpoint_of(name, "shop/cart", "UDP", "fd00::/120", range(50, 60)) == "[fd00::1f]:53"


@pytest.mark.parametrize(
    ("chain", "cidr", "ports", "message"),
    [
        ("KUBE-SVC-AAAAAAAAAAAAAAAA", "10.0.0.0/24", [80], "expected KUBE-SEP- and 16 characters"),
        ("KUBE-SEP-AAAAAAAAAAAAAAA1", "10.0.0.0/24", [80], "expected KUBE-SEP- and 16 characters"),
        ("KUBE-SEP-AAAAAAAAAAAAAAAA", "10.0.0.0/11", [80], "at most 1,048,576 addresses"),
        ("KUBE-SEP-AAAAAAAAAAAAAAAA", "10.0.0.0/12", range(5), "with 5 ports each"),
        ("KUBE-SEP-AAAAAAAAAAAAAAAA", "10.0.0.1/24", [80], "has host bits set"),
    ],
)
def test_endpoint_of__refuses_what_it_cannot_try(chain, cidr, ports, message):
    with pytest.raises(ValueError, match=message):
        endpoint_of(chain, "shop/cart", "TCP", cidr, ports)
