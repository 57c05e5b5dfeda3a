"""KNL502 to KNL512: dns_names, dns_pods and dns_server."""

import pytest

from kubenetlab.findings import Severity, check
from tests.findings.brute_force_builders import DNS, deployment, endpoint, endpoint_slice, pod, service
from tests.findings.brute_force_name_examples import (
    FIRES,
    HEADLESS,
    MUSL,
    SILENT,
    TWO_NODES,
    addresses,
    alias,
    chain,
    coredns,
    corefile,
    dns_slice,
    namespace,
    ndots,
    searches,
)
from tests.findings.listings import read_items


def found(items, code):
    return list(check(read_items(items), [code]))


@pytest.mark.parametrize(("code", "items", "name"), FIRES)
def test_check__finds_what_the_brute_force_finds(code, items, name):
    assert name in [finding.object for finding in found(items, code)]


@pytest.mark.parametrize(("code", "items"), SILENT)
def test_check__is_silent_where_the_brute_force_is(code, items):
    assert found(items, code) == []


def test_knl502__says_whose_name_it_is():
    (finding,) = found([service("redis"), namespace("redis")], "KNL502")

    assert finding.message == (
        "Outside of namespace shop, the bare name redis stands for namespace redis: musl stops there."
    )


@pytest.mark.parametrize(("image", "severity"), [({}, Severity.LOW), (MUSL, Severity.MEDIUM)])
def test_knl503__is_worse_where_an_image_hints_at_musl(image, severity):
    (finding,) = found([searches(300, image)], "KNL503")

    assert finding.severity is severity
    assert finding.message == "The search list has 300 characters, and musl reads 247 at most."


@pytest.mark.parametrize(
    ("value", "names", "severity"),
    [("1", "service.namespace", Severity.MEDIUM), ("2", "service.namespace.svc", Severity.LOW)],
)
def test_knl504__says_which_names_are_not_found(value, names, severity):
    (finding,) = found([ndots(value)], "KNL504")

    assert finding.severity is severity
    assert finding.message == f"ndots:{value}: on musl {names} is not found; the image's name hints at musl."


def test_knl505__counts_as_coredns_did():
    # golden/coredns, 200 endpoints of big.shop: 29 A records and TC
    (finding,) = found(
        [
            service("big", clusterIP="None"),
            addresses(200)
            | {
                "metadata": {
                    "name": "x",
                    "namespace": "shop",
                    "labels": {"kubernetes.io/service-name": "big"},
                }
            },
        ],
        "KNL505",
    )

    assert finding.message == "An answer of 512 bytes holds 29 of its 200 IPv4 addresses."


def test_knl505__counts_families_apart():
    six = endpoint_slice(*(endpoint(f"fd00::{n:x}") for n in range(1, 21))) | {"addressType": "IPv6"}

    (finding,) = found([HEADLESS, six], "KNL505")

    assert finding.message == "An answer of 512 bytes holds 16 of its 20 IPv6 addresses."


def test_knl506__is_information():
    (finding,) = found([corefile("cache {", "disable success", "disable denial", "}")], "KNL506")

    assert finding.severity is Severity.INFO
    assert finding.evidence == ("disable success", "disable denial")


def test_knl506__names_the_line_of_the_cache():
    (elsewhere,) = found([corefile("cache 30 example.org")], "KNL506")
    (missing,) = found([corefile("errors")], "KNL506")

    assert (elsewhere.evidence, missing.evidence) == (("cache 30 example.org",), ("no plugin cache",))


def test_knl506__is_silent_on_a_corefile_that_cannot_be_read():
    broken = corefile() | {"data": {"Corefile": ".:53 {\n  kubernetes cluster.local\n  errors {\n"}}

    assert found([broken], "KNL506") == []


def test_knl508__names_the_service_that_was_meant():
    (finding,) = found([service(), alias("cart.shop")], "KNL508")

    assert finding.message == "CoreDNS puts no search domain behind cart.shop to find Service shop/cart."


@pytest.mark.parametrize(
    ("args", "severity"), [((), Severity.INFO), (("--api=http://api.shop.svc:80",), Severity.MEDIUM)]
)
def test_knl510__is_worse_where_a_command_line_names_a_service(args, severity):
    (finding,) = found([pod(hostNetwork=True, containers=[{"name": "c", "args": list(args)}])], "KNL510")

    assert finding.severity is severity


def test_knl510__is_said_of_the_workload_and_not_of_its_pods():
    workload = deployment()
    workload["spec"]["template"]["spec"] |= {"hostNetwork": True}
    owned = pod(hostNetwork=True)
    owned["metadata"]["ownerReferences"] = [{"kind": "ReplicaSet", "name": "cart-x", "controller": True}]

    assert [finding.object for finding in found([workload, owned], "KNL510")] == ["Deployment shop/cart"]


def test_knl502__is_silent_on_a_namespace_of_its_own_name():
    assert found([service("shop"), namespace("shop"), namespace("redis")], "KNL502") == []


def test_knl503__is_silent_on_a_line_that_musl_reads():
    assert found([searches(247, MUSL)], "KNL503") == []


def test_knl504__is_silent_without_a_hint_at_musl():
    assert found([ndots("1", {"name": "c", "image": "nginx:1.29"})], "KNL504") == []


def test_knl507__tells_the_formula_and_the_limit():
    # the Deployment stands for one pod
    (finding,) = found([coredns("50Mi"), service()], "KNL507")

    assert finding.message == "2 pods and Services want 54 MB, as measured with CoreDNS 1.2.5."
    assert finding.evidence == ("resources.limits.memory: 50Mi",)


def test_knl507__is_silent_on_what_kubeadm_writes():
    assert found([coredns("170Mi"), service()], "KNL507") == []


def test_knl508__is_silent_on_a_name_outside_of_the_cluster():
    assert found([service(), alias("gateway.example.com")], "KNL508") == []


@pytest.mark.parametrize("length", [11, 12])
def test_knl508__takes_as_many_names_as_coredns(length):
    # golden/coredns/externalname-chain: 11 CNAMEs give an address, 12 do not
    assert len(found(chain(length), "KNL508")) == (length == 12)


def test_knl509__counts_the_addresses_of_a_dual_stack_pod_once():
    pod_of_two = [endpoint("10.0.0.1"), endpoint("fd00::1")]

    (finding,) = found([DNS, dns_slice(*pod_of_two), *TWO_NODES], "KNL509")

    assert finding.message == "It has one endpoint for 2 nodes."


def test_knl509__is_silent_on_a_single_node():
    assert found([DNS, dns_slice(endpoint("10.0.0.1")), TWO_NODES[0]], "KNL509") == []


def test_knl511__tells_what_the_kubelet_says():
    (finding,) = found([pod(dnsConfig={"nameservers": ["10.9.0.1", "10.9.0.2", "10.9.0.3"]})], "KNL511")

    assert finding.severity is Severity.LOW
    assert finding.message.startswith("Nameserver limits were exceeded, some nameservers have been omitted")


def test_knl511__is_high_where_the_api_server_refuses_the_pod():
    (finding,) = found([pod(dnsPolicy="None")], "KNL511")

    assert finding.severity is Severity.HIGH


def test_knl512__tells_the_mode():
    (finding,) = found([corefile("autopath @kubernetes")], "KNL512")

    assert finding.evidence == ("pods insecure",)


def test_knl512__is_silent_without_autopath():
    assert found([corefile("cache")], "KNL512") == []
