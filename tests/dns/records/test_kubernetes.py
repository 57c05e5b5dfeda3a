"""Answers of the kubernetes plugin: every recording, and what the source says beyond them."""

from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubenetlab.cluster import Cluster
from kubenetlab.dns.records import KubernetesOptions, KubernetesRecords
from kubenetlab.objects import Endpoint, EndpointSlice, Metadata, Namespace, Service, ServicePort
from kubenetlab.objects.dns_message import Answer, Rcode, Record
from kubenetlab.objects.service import EndpointPort, Endpoints, ServiceSpec
from kubenetlab.samples import sample
from tests.builders import cluster, endpoint, endpoint_slice, namespace, pod, service
from tests.golden_dns_records import answer_query, config_error, split_answer, split_config
from tests.golden_recordings import recordings
from tests.golden_replay import first_difference

GOLDEN = Path(__file__).parents[2] / "golden"
RECORDED = [r for r in recordings(GOLDEN) if r.component == "coredns"]
ANSWERS = [recording for recording in RECORDED if recording.output == "answers"]


def web(**spec):
    spec = {"cluster_ip": "10.96.0.20", "ports": (ServicePort(80, name="http"),), **spec}
    return service("shop/web", **spec)


def external(name, target):
    return service(f"shop/{name}", None, ports=(), type="ExternalName", external_name=target)


def records(*objects, upstream=None, **options):
    return KubernetesRecords(cluster(namespace("shop"), *objects), KubernetesOptions(**options), upstream)


def data(answer):
    return [record.data for record in answer.answer]


def test_answer__agrees_with_every_recording():
    pairs = [(recording, split_answer(recording)) for recording in ANSWERS]

    differences = {
        r.case: first_difference(recorded, answer_query(inputs)) for r, (inputs, recorded) in pairs
    }

    assert {case: text for case, text in differences.items() if text} == {}
    assert len(pairs) == 253


def test_of_directive__agrees_with_every_recorded_refusal():
    pairs = [split_config(recording) for recording in RECORDED if recording.output == "trace"]

    assert pairs
    assert [config_error(inputs) for inputs, _ in pairs] == [recorded for _, recorded in pairs]


def test_answer__sees_a_damaged_recording():
    inputs, recorded = split_answer(ANSWERS[0])

    assert first_difference(recorded | {"aa": False}, answer_query(inputs))


def test_answer__keeps_the_letters_of_the_question():
    answer = records(web()).answer("_HTTP._Tcp.Web.shop.SVC.Cluster.Local", "SRV")

    assert answer.answer == (
        Record("_HTTP._Tcp.Web.shop.SVC.Cluster.Local.", "SRV", 5, "0 100 80 web.shop.svc.Cluster.Local."),
    )


@pytest.mark.parametrize(
    ("name", "type", "verdict"),
    [
        ("Cluster.Local", "NS", "NODATA"),  # handler.go compares the lower-case name with the zone as asked
        ("Cluster.Local", "SOA", "ANSWER"),
        ("ns.dns.Cluster.Local", "A", "NXDOMAIN"),  # ns.go, isDefaultNS
        ("ns.dns.cluster.local", "SRV", "NODATA"),
        ("ns.dns.cluster.local", "PTR", "NXDOMAIN"),
        ("ns.dns.cluster.local.cluster.local", "A", "ANSWER"),
        ("nothing.at.all.cluster.local", "SOA", "NODATA"),
        ("dns-version.cluster.local", "A", "NXDOMAIN"),
        ("cluster.local", "AXFR", "REFUSED"),
        ("web.shop.svc.cluster.local", "ANY", "NODATA"),
        ("_._tcp.web.shop.svc.cluster.local", "SRV", "ANSWER"),
        ("_http._udp.web.shop.svc.cluster.local", "SRV", "NXDOMAIN"),
        ("shop.svc.in-addr.arpa", "A", "NXDOMAIN"),
        ("in-addr.arpa", "PTR", "NODATA"),
        ("96.10.in-addr.arpa", "PTR", "NXDOMAIN"),
        ("20.0.96.10.in-addr.arpa", "A", "NXDOMAIN"),
        ("20.0.96.10.IN-ADDR.arpa", "PTR", "ANSWER"),
    ],
)
def test_answer__gives_the_verdict_of_the_source(name, type, verdict):
    found = records(web(), local_ips=("10.0.0.1",)).answer(name, type)

    assert found.verdict == verdict


def test_answer__refuses_a_transfer_without_authority():
    assert records().answer("cluster.local", "AXFR") == Answer(Rcode.REFUSED)


def test_answer__hands_on_what_is_outside_its_zones():
    assert records().answer("example.org") is None


def test_answer__falls_through_in_the_given_zones_only():
    plugin = records(fallthrough=("in-addr.arpa",))

    assert plugin.answer("1.0.0.10.in-addr.arpa", "PTR") is None
    assert plugin.answer("x.shop.svc.cluster.local").rcode is Rcode.NXDOMAIN


@pytest.mark.parametrize(("n_hops", "verdict"), [(11, "ANSWER"), (12, "NODATA")])
def test_answer__follows_eleven_aliases(n_hops, verdict):
    # facts/dns.md, section 2, measured: 12 hops give NODATA.
    last = [external(f"a{n_hops - 1}", "web.shop.svc.cluster.local")]
    chain = [external(f"a{n}", f"a{n + 1}.shop.svc.cluster.local") for n in range(n_hops - 1)]

    found = records(web(), *chain, *last).answer("a0.shop.svc.cluster.local")

    assert (found.verdict, len(found.answer)) == (verdict, n_hops + 1 if verdict == "ANSWER" else 0)


@pytest.mark.parametrize(
    "target", ["b.shop.svc.cluster.local", "a.shop.svc.cluster.local", "x.a.shop.svc.cluster.local"]
)
def test_answer__gives_no_data_for_a_loop(target):
    objects = external("a", target), external("b", "a.shop.svc.cluster.local")

    assert records(*objects).answer("a.shop.svc.cluster.local").verdict == "NODATA"


def test_answer__asks_upstream_for_an_alias_outside_the_zone():
    reply = Answer(answer=(Record("db.test.", "A", 9, "192.0.2.1"),), is_truncated=True)

    found = records(external("db", "DB.test"), upstream=lambda name, type: reply).answer(
        "db.shop.svc.cluster.local"
    )

    assert data(found) == ["DB.test.", "192.0.2.1"]
    assert (found.internal_queries, found.is_truncated) == ((("DB.test.", "A"),), True)


def test_answer__asks_upstream_also_for_a_type_that_it_does_not_have():
    found = records(external("db", "db.test")).answer("db.shop.svc.cluster.local", "HTTPS")

    assert (found.verdict, found.internal_queries) == ("NODATA", (("db.test.", "A"),))


def test_answer__reads_no_endpoints_objects():
    headless = web(cluster_ip="None")
    old = Cluster(
        namespaces=(namespace("shop"),),
        services=(headless,),
        endpoints=(
            msgspec.convert(
                {
                    "metadata": {"name": "web", "namespace": "shop"},
                    "subsets": [{"addresses": [{"ip": "10.0.0.1"}]}],
                },
                Endpoints,
            ),
        ),
    )

    plugin = KubernetesRecords(old)

    assert plugin.answer("web.shop.svc.cluster.local").rcode is Rcode.NXDOMAIN
    assert "Endpoints only" in plugin.because("web.shop.svc.cluster.local")


def test_answer__names_the_servers_by_the_headless_service_of_coredns():
    # ns.go: one name an endpoint of the slice that holds CoreDNS' own address
    dns = service("kube-system/dns", cluster_ip="None")
    slices = endpoint_slice(endpoint("10.0.0.1"), endpoint("10.0.0.2"), of="kube-system/dns")

    found = records(dns, slices, local_ips=("10.0.0.1",)).answer("cluster.local", "NS")

    assert data(found) == [f"10-0-0-{n}.dns.kube-system.svc.cluster.local." for n in (1, 2)]
    assert [record.data for record in found.additional] == ["10.0.0.1", "10.0.0.2"]


def test_answer__has_no_address_for_a_service_that_has_none_yet():
    assert records(web(cluster_ip="")).answer("web.shop.svc.cluster.local").verdict == "NODATA"


def test_answer__knows_no_endpoints_with_noendpoints():
    objects = web(cluster_ip="None"), endpoint_slice(endpoint("10.0.0.1"), of="shop/web")

    assert records(*objects).answer("web.shop.svc.cluster.local").verdict == "ANSWER"
    assert records(*objects, noendpoints=True).answer("web.shop.svc.cluster.local").verdict == "NXDOMAIN"


def test_answer__ends_no_endpoint_name_with_a_dash():
    # kubernetes.go, endpointHostname
    plugin = records(web(cluster_ip="None"), endpoint_slice(endpoint("fd00:10:244::"), of="shop/web"))

    assert data(plugin.answer("fd00-10-244--0.web.shop.svc.cluster.local", "AAAA")) == ["fd00:10:244::"]


def test_answer__counts_ports_of_one_number_in_the_weight_only():
    # facts/dns.md, section 2, measured: three ports, two of them 443
    named = tuple(ServicePort(port, name=f"p{n}") for n, port in enumerate((80, 443, 443)))

    found = records(web(ports=named)).answer("web.shop.svc.cluster.local", "SRV")

    assert [text.split()[1:3] for text in data(found)] == [["33", "80"], ["33", "443"]]


def test_answer__takes_namespaces_for_granted_in_a_dump_without_any():
    plugin = KubernetesRecords(cluster(web()))

    assert data(plugin.answer("web.shop.svc.cluster.local")) == ["10.96.0.20"]
    assert plugin.answer("web.other.svc.cluster.local").rcode is Rcode.NXDOMAIN


def test_answer__works_below_the_root_zone():
    plugin = records(web(), zones=(".",), local_ips=("10.0.0.1",))

    assert data(plugin.answer("web.shop.svc.")) == ["10.96.0.20"]
    assert plugin.answer("x.shop.svc.").authority[0].data.startswith("ns.dns. hostmaster. 1 ")


@pytest.mark.parametrize(
    ("name", "type", "because"),
    [
        ("web.shop.svc.cluster.local", "A", "Service shop/web"),
        ("10-0-0-1.web.shop.svc.cluster.local", "A", "Service shop/web: EndpointSlice shop/web-abcde"),
        ("x.shop.svc.cluster.local", "A", "no Service shop/x"),
        ("web.redis.svc.cluster.local", "A", "no Namespace redis that the options expose"),
        (
            "x.web.shop.svc.cluster.local",
            "A",
            "Service shop/web: nothing ready of this name or port",
        ),
        ("10-0-0-1.shop.pod.cluster.local", "A", "pods disabled"),
        ("20.0.96.10.in-addr.arpa", "PTR", "Service shop/web"),
        ("1.0.0.10.in-addr.arpa", "PTR", "EndpointSlice shop/web-abcde"),
        ("9.0.0.10.in-addr.arpa", "PTR", "no Service and no endpoint has 10.0.0.9"),
        ("shop.svc.cluster.local", "A", "Namespace shop"),
        ("cluster.local", "A", "zone cluster.local."),
        ("a.b.cluster.local", "A", "no name in cluster.local. has this form"),
    ],
)
def test_because__names_what_decided(name, type, because):
    plugin = records(web(), endpoint_slice(endpoint("10.0.0.1"), of="shop/web"))

    assert plugin.because(name, type) == because


def test_because__names_the_pod_of_a_verified_address():
    plugin = records(pod("shop/p", ips=("10.0.0.7",)), pods="verified")

    assert plugin.because("10-0-0-7.shop.pod.cluster.local") == "Pod shop/p"
    assert plugin.because("10-0-0-8.shop.pod.cluster.local") == "pods verified: no pod has 10.0.0.8"


text = st.text("abAB.-_\\*\x00 ü", max_size=8)


@given(st.data())
def test_answer__takes_hostile_names_and_questions(drawn):
    name, space, label, host, target = (drawn.draw(text) for _ in range(5))
    objects = Cluster(
        namespaces=(Namespace(Metadata(name=space)),),
        services=(
            Service(
                Metadata(name=name, namespace=space), ServiceSpec(cluster_ip="None", cluster_ips=("None",))
            ),
            Service(
                Metadata(name=host, namespace=space), ServiceSpec(type="ExternalName", external_name=target)
            ),
        ),
        endpoint_slices=(
            EndpointSlice(
                Metadata(name="s", namespace=space, labels={"kubernetes.io/service-name": name}),
                endpoints=(Endpoint(addresses=("10.0.0.1",), hostname=label),),
                ports=(EndpointPort(name=target, protocol=label),),
            ),
        ),
    )
    plugin = KubernetesRecords(objects, KubernetesOptions(local_ips=("10.0.0.1",)))

    for asked in (
        f"{label}.{name}.{space}.svc.cluster.local",
        f"{target}.cluster.local",
        "1.0.0.10.in-addr.arpa",
    ):
        for type in ("A", "AAAA", "SRV", "PTR", "NS", "TXT", "ANY"):
            assert plugin.answer(asked, type).is_authoritative


def test_answer__is_the_same_in_small_and_capital_letters():
    plugin = KubernetesRecords(sample("shop"))
    names = [f"{s.metadata.name}.{s.metadata.namespace}.svc.cluster.local" for s in sample("shop").services]

    assert [data(plugin.answer(name)) for name in names] == [
        data(plugin.answer(name.upper())) for name in names
    ]
