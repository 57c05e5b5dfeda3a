import msgspec
import pytest

from kubenetlab.dns.corefile.core_dns import CoreDns
from kubenetlab.objects.dns_message import Rcode, Sent
from kubenetlab.readers.corefile import corefile_from_text
from tests.dns.corefile.servers import OUTSIDE, ask, block, cluster, data

LINES = ("kubernetes cluster.local {\n pods verified\n}", "autopath @kubernetes", "forward . 192.0.2.53")
POD = "10.244.1.5"


def test_autopath__answers_under_the_asked_name():
    reply = ask(block(*LINES), "web.shop.shop.svc.cluster.local.", source=POD)

    assert data(reply) == [
        ("web.shop.shop.svc.cluster.local.", "CNAME", "web.shop.svc.cluster.local."),
        ("web.shop.svc.cluster.local.", "A", "10.96.0.20"),
    ]


@pytest.mark.parametrize(
    ("name", "source", "rcode"),
    [
        ("www.example.com.shop.svc.cluster.local.", POD, Rcode.NOERROR),
        ("www.example.com.shop.svc.cluster.local.", "", Rcode.NXDOMAIN),
        ("www.example.com.shop.svc.cluster.local.", "10.244.1.6", Rcode.NXDOMAIN),
        ("www.example.com.svc.cluster.local.", POD, Rcode.NXDOMAIN),
        ("nope.shop.svc.cluster.local.", POD, Rcode.NXDOMAIN),
        ("redis.shop.svc.cluster.local.", POD, Rcode.NOERROR),
        ("shop.svc.cluster.local.", POD, Rcode.SERVFAIL),
    ],
    ids=["outside", "no client", "no pod", "second domain", "missing", "a namespace", "the domain itself"],
)
def test_autopath__acts_below_the_first_search_domain_of_a_known_pod(name, source, rcode):
    assert ask(block(*LINES), name, source=source).answer.rcode is rcode


def test_autopath__has_nothing_for_pods_on_the_hosts_network():
    # coredns, plugin/autopath/README.md
    (pod,) = cluster().pods
    spec = msgspec.structs.replace(pod.spec, host_network=True)
    on_host = cluster().with_(pods=(msgspec.structs.replace(pod, spec=spec),))
    asked = Sent("www.example.com.shop.svc.cluster.local.", "A", transport="tcp", source=POD)

    reply = CoreDns(corefile_from_text(block(*LINES)), on_host, upstream=OUTSIDE).ask(asked)

    assert reply.answer.rcode is Rcode.NXDOMAIN


def test_autopath__needs_verified_pods():
    lines = ("kubernetes cluster.local", *LINES[1:])

    assert ask(block(*lines), "web.shop.shop.svc.cluster.local.", source=POD).answer.rcode is Rcode.NXDOMAIN


def test_autopath__walks_the_search_list_of_the_servers_own_resolv_conf():
    # The only way in which a bare name was seen to find a Service of another namespace.
    reply = ask(
        block(*LINES), "web.redis.svc.cluster.local.", source=POD, own_search=["shop.svc.cluster.local"]
    )
    own = ask(
        block("autopath /etc/resolv.conf", *LINES[::2]),
        "web.a.test.",
        own_search=["a.test", "shop.svc.cluster.local"],
    )

    assert reply.answer.rcode is Rcode.NXDOMAIN
    assert own.answer.addresses == ("10.96.0.20",)
