"""What objects say of themselves."""

import pytest

from kubenetlab.objects.address_text import has_host_bits, is_address, is_cidr
from tests.readers.dumps import cluster, item, node, pod


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("10.0.0.1", True),
        ("255.255.255.255", True),
        ("0.0.0.0", True),
        ("010.0.0.1", False),
        ("10.0.0.01", False),
        ("10.0.0", False),
        ("10.0.0.256", False),
        ("10.0.0.1\n", False),
        ("fd00::1", True),
        ("::ffff:10.0.0.1", True),
        ("fe80::1%eth0", False),
        ("fd00:::1", False),
        ("", False),
        ("a", False),
    ],
)
def test_is_address__takes_what_the_api_takes(text, expected):
    assert is_address(text) is expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("10.0.0.0/8", True),
        ("10.0.0.1/8", True),
        ("10.0.0.0/33", False),
        ("10.0.0.0/-1", False),
        ("10.0.0.0/", False),
        ("10.0.0.0/²", False),
        ("10.0.0.0/" + "9" * 5000, False),
        ("fd00::/129", False),
        ("fd00::/128", True),
        ("x/8", False),
    ],
)
def test_is_cidr__takes_what_the_api_takes(text, expected):
    assert is_cidr(text) is expected


@pytest.mark.parametrize(
    ("cidr", "expected"), [("172.17.0.1/16", True), ("172.17.0.0/16", False), ("fd00::1/64", True)]
)
def test_has_host_bits__tells_a_range_from_an_address_in_it(cidr, expected):
    assert has_host_bits(cidr) is expected


@pytest.mark.parametrize("label", ["topology.kubernetes.io/zone", "failure-domain.beta.kubernetes.io/zone"])
def test_node__knows_its_zone_by_either_label(label):
    assert cluster(node(metadata={"labels": {label: "a"}})).nodes[0].zone == "a"


@pytest.mark.parametrize(("status", "expected"), [("True", True), ("Unknown", False)])
def test_node_and_pod__are_ready_by_their_condition(status, expected):
    conditions = {"conditions": [{"type": "Ready", "status": status}]}

    result = cluster(node(status=conditions), pod(status=conditions))

    assert (result.nodes[0].is_ready, result.pods[0].is_ready) == (expected, expected)


def test_pod__a_restartable_init_container_serves():
    spec = {"initContainers": [{"name": "once"}, {"name": "sidecar", "restartPolicy": "Always"}]}

    found = cluster(pod(spec=spec)).pods[0]

    assert [container.name for container in found.spec.serving_containers] == ["c", "sidecar"]


def test_pod__is_terminating_when_told_to_go():
    assert cluster(pod(metadata={"deletionTimestamp": "2026-01-01T00:00:00Z"})).pods[0].is_terminating


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        ({}, ("Ingress",)),
        ({"egress": [{}]}, ("Ingress", "Egress")),
        ({"policyTypes": ["Egress"]}, ("Egress",)),
    ],
)
def test_network_policy__types_are_defaulted_as_the_api_does(spec, expected):
    assert (
        cluster(item("NetworkPolicy", api_version="networking.k8s.io/v1", spec=spec))
        .network_policies[0]
        .policy_types
        == expected
    )


def test_ingress__backends_of_both_forms():
    new = {"service": {"name": "s", "port": {"name": "http"}}}
    old = {"serviceName": "t", "servicePort": 80}
    oldest = {"serviceName": "u", "servicePort": "web"}
    bucket = {"resource": {"kind": "Bucket", "name": "b"}}
    rules = [
        {"host": "a.example", "http": {"paths": [{"path": "/x", "backend": new}, {"backend": old}]}},
        {"http": {"paths": [{"backend": bucket}]}},
        {"host": "none.example"},
    ]

    found = cluster(
        item("Ingress", api_version="networking.k8s.io/v1", spec={"backend": oldest, "rules": rules})
    ).ingresses[0]

    assert [(place, b.name, b.port.name, b.port.number) for place, b in found.backends] == [
        ("defaultBackend", "u", "web", 0),
        ("a.example/x", "s", "http", 0),
        ("a.example/", "t", "", 80),
    ]


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        (
            {
                "spec": {"ingressClassName": "a"},
                "metadata": {"annotations": {"kubernetes.io/ingress.class": "b"}},
            },
            "a",
        ),
        ({"metadata": {"annotations": {"kubernetes.io/ingress.class": "b"}}}, "b"),
        ({}, ""),
    ],
)
def test_ingress__class_is_the_field_or_else_the_annotation(fields, expected):
    assert (
        cluster(item("Ingress", api_version="networking.k8s.io/v1", **fields)).ingresses[0].class_name
        == expected
    )


def test_ingress_class__is_default_by_annotation():
    annotation = {"annotations": {"ingressclass.kubernetes.io/is-default-class": "true"}}

    result = cluster(item("IngressClass", "a", "", "networking.k8s.io/v1", metadata=annotation))

    assert result.ingress_classes[0].is_default


@pytest.mark.parametrize(
    ("spec", "is_headless", "has_selector", "ips"),
    [
        ({"clusterIP": "10.0.0.1", "clusterIPs": ["10.0.0.1", "fd00::1"], "selector": {"a": "b"}}, False, True, ("10.0.0.1", "fd00::1")),
        ({"clusterIP": "10.0.0.1"}, False, False, ("10.0.0.1",)),
        ({"clusterIP": "None", "clusterIPs": ["None"]}, True, False, ()),
        ({"type": "ExternalName", "externalName": "a.example", "selector": {"a": "b"}}, False, False, ()),
    ],
)  # fmt: skip
def test_service__knows_its_addresses(spec, is_headless, has_selector, ips):
    found = cluster(item("Service", spec=spec)).services[0]

    assert (found.is_headless, found.has_selector, found.cluster_ips) == (is_headless, has_selector, ips)


@pytest.mark.parametrize(("labels", "name"), [({"kubernetes.io/service-name": "s"}, "shop/s"), ({}, "")])
def test_endpoint_slice__names_its_service(labels, name):
    result = cluster(item("EndpointSlice", api_version="discovery.k8s.io/v1", metadata={"labels": labels}))

    assert result.endpoint_slices[0].service_name == name


@pytest.mark.parametrize(("affinity", "node_name"), [("host:n1", "n1"), ("virtual:x", ""), ("", "")])
def test_ipam_block__names_its_node(affinity, node_name):
    block = item(
        "IPAMBlock", "b", "", "crd.projectcalico.org/v1", spec={"cidr": "10.0.0.0/26", "affinity": affinity}
    )

    assert cluster(block).ipam_blocks[0].node_name == node_name


@pytest.mark.parametrize(
    ("quantity", "expected"),
    [("110", 110), (250, 250), ("1k", 1000), ("1.5k", 1500), ("110000m", 110), ("1Ki", 1024), ("1e3", 1000), ("1500m", 2), ("", None), ("x", None), ("-1", None), ("9" * 5000, None)],
)  # fmt: skip
def test_node_resources__read_a_quantity(quantity, expected):
    assert cluster(node(status={"capacity": {"pods": quantity}})).nodes[0].status.capacity.n_pods == expected


@pytest.mark.parametrize(
    "text", ["10.0.0.9-10.0.0.1", "10.0.0.1-", "-10.0.0.1", "fd00::1-10.0.0.1", "10.0.0.1", ""]
)
def test_ip_address_pool__refuses_what_is_no_range(text):
    pool = item("IPAddressPool", "b", "m", "metallb.io/v1beta1", spec={"addresses": [text]})

    refused = cluster(pod(), pool).provenance.refused

    assert [(r.field, r.found) for r in refused] == [("spec.addresses", text)]


@pytest.mark.parametrize(
    "text", ["10.0.0.1-10.0.0.1", "10.0.0.1 - 10.0.0.9", "fd00::1-fd00::f", "10.0.0.0/24"]
)
def test_ip_address_pool__takes_ranges(text):
    pool = item("IPAddressPool", "b", "m", "metallb.io/v1beta1", spec={"addresses": [text]})

    assert cluster(pool).ip_address_pools[0].spec.addresses == (text,)


def test_ipam_block__refuses_more_allocations_than_addresses():
    block = item("IPAMBlock", "b", "", "crd.projectcalico.org/v1")
    block["spec"] = {"cidr": "10.0.0.0/30", "allocations": [None] * 5}

    refused = cluster(pod(), block).provenance.refused

    assert [r.expected for r in refused] == ["at most the 4 addresses of 10.0.0.0/30"]


@pytest.mark.parametrize(
    ("cpu", "milli"), [("4", 4000), (96, 96_000), ("3920m", 3920), ("0.5", 500), (0.5, 500), ("", None)]
)
def test_node__says_its_cores(cpu, milli):
    assert cluster(node(status={"capacity": {"cpu": cpu}})).nodes[0].status.capacity.milli_cores == milli
