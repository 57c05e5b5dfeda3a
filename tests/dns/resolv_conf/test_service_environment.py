import pytest

from kubenetlab.cluster import Cluster
from kubenetlab.dns.resolv_conf.service_environment import service_environment
from kubenetlab.objects import Metadata, Pod, Service, ServicePort
from kubenetlab.objects.pod import PodSpec
from kubenetlab.objects.service import ServiceSpec

POD = Pod(metadata=Metadata(name="p", namespace="shop"))


def service(name, ip, *ports, namespace="shop"):
    spec = ServiceSpec(cluster_ip=ip, ports=tuple(ServicePort(*port) for port in ports))
    return Service(metadata=Metadata(name=name, namespace=namespace), spec=spec)


KUBERNETES = service("kubernetes", "10.96.0.1", (443, "https"), namespace="default")


def variables(*services, pod=POD):
    frame = service_environment(Cluster(services=services), pod).frame
    return dict(zip(frame["name"], frame["value"], strict=True))


def test_service_environment__is_that_of_the_kubelets_own_test():
    # kubernetes, pkg/kubelet/envvars/envvars_test.go
    found = variables(
        service("foo-bar", "1.2.3.4", (8080,)),
        service("abc-123", "5.6.7.8", (8081, "u-d-p", "UDP"), (8081, "t-c-p")),
        service("q-u-u-x", "9.8.7.6", (8082,), (8083, "8083")),
        service("svrc-clusterip-none", "None", (8082,)),
        service("svrc-clusterip-empty", "", (8082,)),
    )

    assert found == {
        "FOO_BAR_SERVICE_HOST": "1.2.3.4",
        "FOO_BAR_SERVICE_PORT": "8080",
        "FOO_BAR_PORT": "tcp://1.2.3.4:8080",
        "FOO_BAR_PORT_8080_TCP": "tcp://1.2.3.4:8080",
        "FOO_BAR_PORT_8080_TCP_PROTO": "tcp",
        "FOO_BAR_PORT_8080_TCP_PORT": "8080",
        "FOO_BAR_PORT_8080_TCP_ADDR": "1.2.3.4",
        "ABC_123_SERVICE_HOST": "5.6.7.8",
        "ABC_123_SERVICE_PORT": "8081",
        "ABC_123_SERVICE_PORT_U_D_P": "8081",
        "ABC_123_SERVICE_PORT_T_C_P": "8081",
        "ABC_123_PORT": "udp://5.6.7.8:8081",
        "ABC_123_PORT_8081_UDP": "udp://5.6.7.8:8081",
        "ABC_123_PORT_8081_UDP_PROTO": "udp",
        "ABC_123_PORT_8081_UDP_PORT": "8081",
        "ABC_123_PORT_8081_UDP_ADDR": "5.6.7.8",
        "ABC_123_PORT_8081_TCP": "tcp://5.6.7.8:8081",
        "ABC_123_PORT_8081_TCP_PROTO": "tcp",
        "ABC_123_PORT_8081_TCP_PORT": "8081",
        "ABC_123_PORT_8081_TCP_ADDR": "5.6.7.8",
        "Q_U_U_X_SERVICE_HOST": "9.8.7.6",
        "Q_U_U_X_SERVICE_PORT": "8082",
        "Q_U_U_X_SERVICE_PORT_8083": "8083",
        "Q_U_U_X_PORT": "tcp://9.8.7.6:8082",
        "Q_U_U_X_PORT_8082_TCP": "tcp://9.8.7.6:8082",
        "Q_U_U_X_PORT_8082_TCP_PROTO": "tcp",
        "Q_U_U_X_PORT_8082_TCP_PORT": "8082",
        "Q_U_U_X_PORT_8082_TCP_ADDR": "9.8.7.6",
        "Q_U_U_X_PORT_8083_TCP": "tcp://9.8.7.6:8083",
        "Q_U_U_X_PORT_8083_TCP_PROTO": "tcp",
        "Q_U_U_X_PORT_8083_TCP_PORT": "8083",
        "Q_U_U_X_PORT_8083_TCP_ADDR": "9.8.7.6",
    }


@pytest.mark.parametrize("n_ports", [1, 2, 7])
def test_service_environment__has_so_many_variables(n_ports):
    ports = [(80 + number, f"p{number}") for number in range(n_ports)]

    assert len(variables(service("a", "10.0.0.1", *ports))) == 2 + n_ports + 1 + 4 * n_ports


def test_service_environment__without_service_links_holds_the_api_server_only():
    pod = Pod(metadata=Metadata(name="p", namespace="shop"), spec=PodSpec(enable_service_links=False))

    found = variables(service("cart", "10.0.0.1", (80,)), KUBERNETES, pod=pod)

    assert {name.partition("_")[0] for name in found} == {"KUBERNETES"}


def test_service_environment__other_namespaces_are_not_in_it():
    assert variables(service("cart", "10.0.0.1", (80,), namespace="other")) == {}


@pytest.mark.parametrize("own_first", [True, False])
def test_service_environment__an_own_service_named_kubernetes_hides_the_api_server(own_first):
    services = [service("kubernetes", "10.0.0.9", (80,)), KUBERNETES]

    found = variables(*(services if own_first else reversed(services)))

    assert found["KUBERNETES_SERVICE_HOST"] == "10.0.0.9"


def test_service_environment__brackets_ipv6_addresses_in_urls_only():
    found = variables(service("six", "fd00::9", (80,)))

    assert found["SIX_PORT"] == "tcp://[fd00::9]:80"
    assert found["SIX_PORT_80_TCP_ADDR"] == found["SIX_SERVICE_HOST"] == "fd00::9"


def test_service_environment__notes_a_variable_of_two_services():
    # Service foo: FOO_SERVICE_PORT is its first port; Service foo-service: FOO_SERVICE_PORT is its URL.
    cluster = Cluster(services=(service("foo", "10.0.0.1", (80,)), service("foo-service", "10.0.0.2", (90,))))

    found = service_environment(cluster, POD)

    row = found.frame.set_index("name").loc["FOO_SERVICE_PORT"]
    assert row.to_dict() == {
        "value": "tcp://10.0.0.2:90",
        "service": "shop/foo-service",
        "also": "shop/foo: 80",
    }
    assert found.because[-1] == "1 of them given by more than one Service"


def test_service_environment__says_its_size():
    found = service_environment(Cluster(services=(service("a", "1.1.1.1", (80,)),)), POD)

    whole = "".join(
        f"{name}={value}\0" for name, value in zip(found.frame["name"], found.frame["value"], strict=True)
    )
    assert found.because[1].startswith(f"7 variables of {len(whole)} bytes;")
