import re

import pytest

from kubenetlab.errors import ManifestError
from kubenetlab.kube_proxy.iptables_proxier import iptables_save
from kubenetlab.kube_proxy.ipvs_servers import ipvsadm_text, virtual_servers
from kubenetlab.kube_proxy.nftables_proxier import nftables_dump
from kubenetlab.kube_proxy.proxied_ports import ports_of
from kubenetlab.kube_proxy.proxy_settings import ProxySettings
from kubenetlab.kube_proxy.writable_ports import check_ports
from kubenetlab.objects import ServicePort
from kubenetlab.objects.service import ClientIpConfig, SessionAffinityConfig
from tests.builders import service

SETTINGS = ProxySettings(node_name="a")


WRITERS = {
    "iptables": iptables_save,
    "nftables": nftables_dump,
}
HOSTILE = (
    "x\nadd rule ip kube-proxy services drop",
    'x" -j ACCEPT',
    "x }",
    "..",
    "x/y",
    "A",
    "x\u2028",
    "x\n",
    "é",
)


@pytest.mark.parametrize("write", WRITERS.values(), ids=WRITERS)
@pytest.mark.parametrize("text", [*HOSTILE, "a" * 64])
@pytest.mark.parametrize(
    ("field", "made"),
    [
        ("metadata.name", lambda text: service(f"shop/{text.replace('/', ' ')}", cluster_ip="10.96.0.9")),
        ("metadata.namespace", lambda text: service(f"{text}/cart", cluster_ip="10.96.0.9")),
        ("spec.ports[].name", lambda text: service(cluster_ip="10.96.0.9", ports=(ServicePort(80, text),))),
        (
            "spec.ports[].protocol",
            lambda text: service(cluster_ip="10.96.0.9", ports=(ServicePort(80, "", text),)),
        ),
    ],
    ids=["name", "namespace", "port name", "protocol"],
)
def test_check_ports__refuses_a_name_that_would_be_read_as_another_rule(made, field, text, write):
    refused = rf"^dump: Service [^\n\u2028]*: {re.escape(field)}: found [^\n\u2028]*, expected [^\n]*$"

    with pytest.raises(ManifestError, match=refused):
        write(ports_of([made(text)], [], SETTINGS), SETTINGS)


@pytest.mark.parametrize("name", [*HOSTILE, "a" * 64])
def test_ipvsadm_text__holds_no_name(name):
    ports = ports_of([service(f"shop/{name.replace('/', ' ')}", cluster_ip="10.96.0.9")], [], SETTINGS)

    assert ipvsadm_text(virtual_servers(ports, SETTINGS)) == "-A -t 10.96.0.9:80 -s rr\n"


@pytest.mark.parametrize("protocol", ["tcp", "ICMP", "TCP\n-A -t 10.0.0.1:80"])
def test_ipvsadm_text__refuses_a_protocol_that_is_none(protocol):
    value = service(cluster_ip="10.96.0.9", ports=(ServicePort(80, "", protocol),))
    servers = virtual_servers(ports_of([value], [], SETTINGS), SETTINGS)

    with pytest.raises(
        ManifestError, match=r"^[^\n]*10.96.0.9:80: protocol: found [^\n]*, expected TCP, UDP or SCTP$"
    ):
        ipvsadm_text(servers)


@pytest.mark.parametrize("seconds", [-1, 0, 86401])
def test_check_ports__refuses_a_timeout_that_the_api_refuses(seconds):
    affinity = SessionAffinityConfig(ClientIpConfig(seconds))
    value = service(cluster_ip="10.96.0.9", session_affinity="ClientIP", session_affinity_config=affinity)

    with pytest.raises(ManifestError, match=r"timeoutSeconds: found .*, expected 1 to 86400 seconds$"):
        check_ports(ports_of([value], [], SETTINGS))


@pytest.mark.parametrize("write", WRITERS.values(), ids=WRITERS)
def test_check_ports__takes_the_longest_names(write):
    names = [letter * 63 for letter in "abc"]
    value = service("/".join(names[:2]), cluster_ip="10.96.0.9", ports=(ServicePort(80, names[2]),))

    assert "10.96.0.9" in write(ports_of([value], [], SETTINGS), SETTINGS)
