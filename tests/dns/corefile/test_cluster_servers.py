import msgspec
import pytest

from kubenetlab.dns.corefile.cluster_servers import cluster_servers
from kubenetlab.errors import ManifestError
from kubenetlab.objects.dns_message import Sent
from kubenetlab.readers.corefile import corefile_from_text
from kubenetlab.result import Origin
from tests.dns.corefile.servers import OUTSIDE, cluster

WEB = "web.shop.svc.cluster.local."
COREDNS = """
apiVersion: v1
kind: ConfigMap
metadata: {name: coredns, namespace: kube-system}
data:
  Corefile: |
    .:53 {
        kubernetes cluster.local
        import custom/*.override
        file /etc/coredns/db.example example.org
        forward . /etc/resolv.conf
    }
  db.example: |
    @ SOA ns h 1 2 3 4 5
    a A 192.0.2.8
"""
NODE_LOCAL = """
apiVersion: v1
kind: ConfigMap
metadata: {name: node-local-dns, namespace: kube-system}
data:
  Corefile: |
    cluster.local:53 {
        cache {
            success 9984 30
            denial 9984 5
        }
        bind 169.254.20.10 10.96.0.10
        forward . __PILLAR__CLUSTER__DNS__ {
            force_tcp
        }
    }
    .:53 {
        bind 169.254.20.10 10.96.0.10
        forward . __PILLAR__UPSTREAM__SERVERS__
    }
"""
OTHER = "{apiVersion: v1, kind: ConfigMap, metadata: {name: other, namespace: x}, data: {Corefile: '. { forward . 1.1.1.1 }'}}"


def test_cluster_servers__without_a_corefile_kubeadms_is_assumed_and_said():
    servers = cluster_servers(cluster(OTHER), None, OUTSIDE)

    assert (servers.setting.value, servers.setting.origin) == ("kubeadm", Origin.DEFAULT)
    assert servers.core_dns.ask(Sent(WEB, "A")).answer.answer[0].ttl == 30


def test_cluster_servers__the_corefile_of_the_dump_and_files_beside_it():
    servers = cluster_servers(cluster(OTHER, COREDNS), None, OUTSIDE)

    assert servers.setting.evidence == "ConfigMap kube-system/coredns"
    assert servers.by_address["10.96.0.10"](Sent("a.example.org.", "A")).answer.addresses == ("192.0.2.8",)


def test_cluster_servers__node_local_dns_cache_stands_before_coredns():
    servers = cluster_servers(cluster(COREDNS, NODE_LOCAL), None, OUTSIDE)

    assert set(servers.by_address) == {"10.96.0.10", "169.254.20.10"}
    for address in servers.by_address:
        inside, outside = (servers.by_address[address](Sent(name, "A")) for name in (WEB, "www.example.com."))
        assert (inside.answered_by, inside.answer.addresses) == ("kubernetes", ("10.96.0.20",))
        assert outside.because == "line 13: __PILLAR__UPSTREAM__SERVERS__ answers"


def test_cluster_servers__a_given_corefile_wins():
    given = cluster_servers(cluster(), None).core_dns.corefile

    assert cluster_servers(cluster(COREDNS), given).setting.evidence == "given"


def changed(service, metadata, ip):
    """The Service with another name and address, and CoreDNS' selector."""
    replace = msgspec.structs.replace
    spec = replace(service.spec, cluster_ip=ip, cluster_ips=(ip,), selector={"k8s-app": "kube-dns"})
    return replace(service, metadata=replace(service.metadata, **metadata), spec=spec)


def test_cluster_servers__a_given_node_local_cache_stands_before_the_clusters_own():
    given = corefile_from_text("cluster.local {\n forward . 10.96.0.99:53\n}")
    *others, dns = cluster().services
    both = [
        changed(dns, {"name": name}, ip) for name, ip in (("kube-dns", "10.96.0.10"), ("any", "10.96.0.99"))
    ]

    dump = cluster().with_(services=(*others, *both))

    reply = cluster_servers(dump, given, OUTSIDE).core_dns.ask(Sent(WEB, "A"))

    assert (reply.answered_by, reply.answer.addresses) == ("kubernetes", ("10.96.0.20",))


def test_cluster_servers__the_manifests_words_stand_for_node_local_dns_caches_addresses():
    words = NODE_LOCAL.replace("169.254.20.10 10.96.0.10", "__PILLAR__LOCAL__DNS__ __PILLAR__DNS__SERVER__")

    servers = cluster_servers(cluster(words), None, OUTSIDE)

    assert servers.by_address["169.254.20.10"](Sent("a.", "A")).because.startswith(
        "line 13: __PILLAR__UPSTREAM"
    )
    assert servers.by_address["10.96.0.10"](Sent(WEB, "A")).answered_by == "kubernetes"


def test_cluster_servers__a_broken_corefile_of_the_dump_is_not_replaced_by_kubeadms():
    broken = "{apiVersion: v1, kind: ConfigMap, metadata: {name: coredns, namespace: kube-system}, data: {Corefile: '. { oops }'}}"

    with pytest.raises(ManifestError, match="ConfigMap kube-system/coredns: line 1: oops"):
        cluster_servers(cluster(broken))


def test_cluster_servers__who_forwards_to_himself_has_no_answer():
    given = corefile_from_text(". {\n kubernetes cluster.local\n forward . 10.96.0.10\n}")

    reply = cluster_servers(cluster(), given, OUTSIDE).core_dns.ask(Sent("www.example.com.", "A"))

    assert (reply.answer.rcode, reply.because) == ("SERVFAIL", "10.96.0.10 is silent")


def test_cluster_servers__says_which_imports_are_not_known():
    given = corefile_from_text(". {\n import custom/*.override\n whoami\n}\nimport custom/*.server\n")

    settings = {setting.name: setting.value for setting in cluster_servers(cluster(), given).assumptions}

    assert settings["imports"] == ("custom/*.override", "custom/*.server")


def test_cluster_servers__no_server_is_made_up_for_an_unknown_address():
    assert "10.0.0.1" not in cluster_servers(cluster(), None).by_address
