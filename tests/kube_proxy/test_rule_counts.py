import re
from ipaddress import ip_address
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubenetlab.kube_proxy.endpoint_selection import select
from kubenetlab.kube_proxy.iptables_proxier import IptablesProxier
from kubenetlab.kube_proxy.proxy_settings import DetectLocalMode, ProxySettings
from kubenetlab.kube_proxy.rule_counts import rule_counts
from kubenetlab.kube_proxy.service_port import NodeEndpoint, ProxiedPort, ServicePort
from kubenetlab.result import Basis
from tests.golden_kube_proxy import case_in, content

GOLDEN = Path(__file__).parent.parent / "golden" / "kube-proxy"
CASES = sorted(path.name for path in GOLDEN.iterdir() if path.is_dir())
FAMILIES = [(name, 4) for name in CASES] + [
    (name, 6) for name in CASES if content(GOLDEN / name, "output.ipv6.save")
]
WITH_CIDR = {"detect_local_mode": DetectLocalMode.CLUSTER_CIDR, "detect_local_value": "10.0.0.0/8"}


@st.composite
def settings(draw):
    """A node with any combination of what its rules depend on."""
    detector = draw(st.sampled_from(({}, WITH_CIDR)))
    flags = {
        name: draw(st.booleans())
        for name in ("masquerade_all", "localhost_node_ports", "conntrack_tcp_be_liberal", "is_nfacct")
    }
    addresses = draw(
        st.sampled_from(((), ("192.168.0.0/16",), ("127.0.0.0/8", "192.168.0.0/16"), ("9.0.0.0/8",)))
    )
    ips = ("192.168.10.11", "192.168.10.12")
    return ProxySettings(
        node_name="worker-1", node_ips=ips, node_port_addresses=addresses, **detector, **flags
    )


@st.composite
def endpoints(draw):
    """Endpoints in any state, sorted as kube-proxy sorts them."""
    found = {}
    for number in draw(st.lists(st.integers(1, 250), max_size=4, unique=True)):
        ready, local, leaving = draw(st.tuples(st.booleans(), st.booleans(), st.booleans()))
        address = f"10.244.1.{number}"
        states = {
            "is_ready": ready,
            "is_serving": ready or leaving,
            "is_terminating": leaving,
            "is_local": local,
        }
        found[f"{address}:80"] = NodeEndpoint(f"{address}:80", address, 80, **states)
    return tuple(found[where] for where in sorted(found))


@st.composite
def proxied_ports(draw):
    """Service ports of any kind, with what a node selected, sorted."""
    ports = []
    for name in sorted(draw(st.sets(st.sampled_from(("api", "cart", "dns", "web")), max_size=3))):
        service = ServicePort(
            "shop",
            name,
            draw(st.sampled_from(("", "http"))),
            draw(st.sampled_from(("TCP", "UDP", "SCTP"))),
            f"10.96.0.{sum(name.encode()) % 200}",
            draw(st.integers(1, 65535)),
            node_port=draw(st.sampled_from((0, 30080))),
            external_ips=draw(st.sampled_from(((), ("203.0.113.1",), ("203.0.113.1", "203.0.113.2")))),
            load_balancer_vips=draw(
                st.sampled_from(((), ("198.51.100.1",), ("198.51.100.1", "198.51.100.2")))
            ),
            source_ranges=draw(st.sampled_from(((), ("10.0.0.0/8",), ("192.168.0.0/16", "9.0.0.0/8")))),
            internal_policy_local=draw(st.booleans()),
            external_policy_local=draw(st.booleans()),
            affinity_s=draw(st.sampled_from((None, 10800))),
            health_check_node_port=draw(st.sampled_from((0, 32000))),
        )
        ports.append(
            ProxiedPort(service, select(service, draw(endpoints()), ProxySettings(node_name="worker-1")))
        )
    return tuple(ports)


def written(ports, proxy_settings, version):
    """Rules of the nat and the filter table, and chains, counted in the text itself."""
    text = IptablesProxier(proxy_settings, version).sync(ports)
    filters, nat = text.split("*nat")
    return [len(re.findall(*found)) for found in (("(?m)^-A", nat), ("(?m)^-A", filters), ("(?m)^:", text))]


def counted(ports, proxy_settings, version=4):
    frame = rule_counts(ports, proxy_settings, version).frame
    return frame[["nat_rules", "filter_rules", "chains"]].sum().tolist()


@pytest.mark.parametrize(("name", "version"), FAMILIES)
def test_rule_counts__are_those_of_the_recorded_rules(name, version):
    case = case_in(GOLDEN / name, version)

    assert counted(case.ports, case.settings, version) == written(case.ports, case.settings, version)


@given(proxied_ports(), settings(), st.sampled_from((4, 6)))
def test_rule_counts__are_those_that_are_written(ports, proxy_settings, version):
    if version == 6:
        ports = tuple(ProxiedPort(_six(port.service_port), port.selection) for port in ports)

    assert counted(ports, proxy_settings, version) == written(ports, proxy_settings, version)


def _six(service):
    """The same service port with IPv6 addresses."""
    return service._replace(
        cluster_ip=f"fd00::{int(ip_address(service.cluster_ip)):x}"[:9],
        external_ips=tuple(f"2001:db8::{n}" for n in range(len(service.external_ips))),
        load_balancer_vips=tuple(f"2001:db8:1::{n}" for n in range(len(service.load_balancer_vips))),
        source_ranges=tuple(f"fd0{n}::/16" for n in range(len(service.source_ranges))),
    )


# kubernetes v1.36.2, pkg/proxy/iptables/number_generated_rules_test.go: n Services with n endpoints each, in filter and nat.
PLAIN = {}
OUTSIDE = {
    "node_port": 30001,
    "external_ips": ("4.4.4.4",),
    "load_balancer_vips": ("5.5.5.5",),
    "source_ranges": ("7.7.7.7/24",),
}


@pytest.mark.parametrize(
    ("given", "n_services", "n_endpoints", "expected"),
    [
        (PLAIN, 0, 0, (4, 5)),
        (PLAIN, 1, 1, (4, 10)),
        (PLAIN, 1, 10, (4, 37)),
        (PLAIN, 10, 10, (4, 325)),
        (OUTSIDE, 1, 0, (8, 5)),
        (OUTSIDE, 1, 1, (5, 18)),
        (OUTSIDE, 10, 10, (14, 405)),
    ],
)
def test_rule_counts__upstream_examples(given, n_services, n_endpoints, expected):
    proxy_settings = ProxySettings(node_name="worker-1", node_ips=("192.168.0.2",), **WITH_CIDR)
    addresses = [f"10.244.0.{number}" for number in range(n_endpoints)]
    ready = tuple(NodeEndpoint(f"{address}:80", address, 80) for address in addresses)
    services = [
        ServicePort("ns", f"svc-{number}", "p80", "TCP", "172.30.0.41", 80, **given)
        for number in range(n_services)
    ]
    ports = tuple(ProxiedPort(service, select(service, ready, proxy_settings)) for service in services)

    nat, filters, _ = counted(ports, proxy_settings)

    assert (filters, nat) == expected


def test_rule_counts__one_row_a_service_port_after_that_of_the_node():
    service = ServicePort("shop", "cart", "http", "TCP", "10.96.20.1", 80)
    ready = (NodeEndpoint("10.244.1.1:80", "10.244.1.1", 80), NodeEndpoint("10.244.1.2:80", "10.244.1.2", 80))
    proxy_settings = ProxySettings(node_name="worker-1", **WITH_CIDR)

    result = rule_counts((ProxiedPort(service, select(service, ready, proxy_settings)),), proxy_settings)

    assert result.frame.to_dict("split")["data"] == [["", 5, 4, 10], ["shop/cart:http", 8, 0, 3]]
    assert result.title == "Rules of 1 service ports: 13 in nat, 4 in filter"
    assert result.basis is Basis.RAN
