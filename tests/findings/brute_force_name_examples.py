"""Minimal dumps on which KNL502 to KNL512 fire, and near neighbours on which they are silent."""

from tests.findings.brute_force_builders import DNS, endpoint, endpoint_slice, item, node, pod, service

MUSL = {"name": "c", "image": "docker.io/library/nginx:1.29-alpine"}
GLIBC = {"name": "c", "image": "docker.io/library/nginx:1.29"}
HEADLESS = service(clusterIP="None")
TWO_NODES = [node("a"), node("b", ip="192.168.1.5")]
KUBERNETES = "kubernetes cluster.local in-addr.arpa ip6.arpa {\n  pods insecure\n}"


def namespace(name):
    return item("Namespace", name)


def searches(length, image=GLIBC):
    """A pod whose search list has so many characters: the three domains of the cluster have 55."""
    left = length - len("shop.svc.cluster.local svc.cluster.local cluster.local")
    domains = ["a" * 99, "b" * (left - 101)]
    return pod(containers=[image], dnsConfig={"searches": domains})


def ndots(value, image=MUSL, **spec):
    return pod(containers=[image], dnsConfig={"options": [{"name": "ndots", "value": value}]}, **spec)


def corefile(*lines):
    text = "\n".join([".:53 {", KUBERNETES, *lines, "}"])
    return item("ConfigMap", "coredns", namespace="kube-system", data={"Corefile": text})


def zones_of_the_block(option):
    """A Corefile whose zones stand in the keys of its block alone."""
    text = f"cluster.local:53 in-addr.arpa:53 {{\nkubernetes\ncache 30 {{\n  {option}\n}}\n}}"
    return item("ConfigMap", "coredns", namespace="kube-system", data={"Corefile": text})


def coredns(limit, image="registry.k8s.io/coredns/coredns:v1.13.1"):
    container = {"name": "coredns", "image": image, "resources": {"limits": {"memory": limit}}}
    template = {"metadata": {"labels": {"k8s-app": "kube-dns"}}, "spec": {"containers": [container]}}
    return item("Deployment", "coredns", {"template": template}, namespace="kube-system")


def two_of(deployment):
    return deployment | {"spec": deployment["spec"] | {"replicas": 2}}


def alias(target, name="alias", home="shop"):
    return item("Service", name, {"type": "ExternalName", "externalName": target}, namespace=home)


def chain(length):
    """So many ExternalNames, each of which leads to the next, and the last to a Service."""
    names = [f"a{number}.shop.svc.cluster.local" for number in range(1, length)]
    targets = [*names, "cart.shop.svc.cluster.local"]
    return [service(), *(alias(target, f"a{number}") for number, target in enumerate(targets))]


def dns_slice(*endpoints):
    return endpoint_slice(*endpoints, of="kube-dns") | {
        "metadata": {
            "name": "kube-dns-x",
            "namespace": "kube-system",
            "labels": {"kubernetes.io/service-name": "kube-dns"},
        }
    }


def addresses(number):
    return endpoint_slice(*(endpoint(f"10.0.0.{n}", ready=True) for n in range(1, number + 1)))


FIRES = [
    ("KNL502", [service("redis"), namespace("shop"), namespace("redis")], "Service shop/redis"),
    ("KNL503", [searches(248)], "Pod shop/cart-1"),
    ("KNL503", [searches(248, MUSL)], "Pod shop/cart-1"),
    ("KNL504", [ndots("1")], "Pod shop/cart-1"),
    ("KNL504", [ndots("2")], "Pod shop/cart-1"),
    ("KNL505", [HEADLESS, addresses(30)], "Service shop/cart"),
    ("KNL506", [corefile("errors")], "ConfigMap kube-system/coredns"),
    (
        "KNL506",
        [corefile("cache 30 {", "  disable success cluster.local", "}")],
        "ConfigMap kube-system/coredns",
    ),
    ("KNL506", [corefile("cache {", "  disable denial", "}")], "ConfigMap kube-system/coredns"),
    ("KNL506", [corefile("cache {", "  disable denial Local.", "}")], "ConfigMap kube-system/coredns"),
    ("KNL506", [corefile("cache 30 example.org")], "ConfigMap kube-system/coredns"),
    ("KNL506", [zones_of_the_block("disable success cluster.local")], "ConfigMap kube-system/coredns"),
    ("KNL507", [DNS, coredns("50Mi")], "Deployment kube-system/coredns"),
    (
        "KNL507",
        [DNS, coredns("53Mi"), corefile("cache", "autopath @kubernetes")],
        "Deployment kube-system/coredns",
    ),
    ("KNL508", [alias("gone.shop.svc.cluster.local")], "Service shop/alias"),
    ("KNL508", [service(), alias("cart")], "Service shop/alias"),
    ("KNL508", [service(), alias("cart.shop.svc.", home="other")], "Service other/alias"),
    ("KNL508", [alias("alias.shop.svc.cluster.local")], "Service shop/alias"),
    ("KNL508", chain(12), "Service shop/a0"),
    (
        "KNL509",
        [DNS, dns_slice(endpoint("10.0.0.1", ready=True)), *TWO_NODES],
        "Service kube-system/kube-dns",
    ),
    ("KNL509", [DNS, coredns("170Mi"), *TWO_NODES], "Service kube-system/kube-dns"),
    ("KNL510", [pod(hostNetwork=True)], "Pod shop/cart-1"),
    ("KNL511", [pod(dnsPolicy="None")], "Pod shop/cart-1"),
    (
        "KNL511",
        [pod(dnsConfig={"nameservers": ["10.9.0.1", "10.9.0.2", "10.9.0.3"]})],
        "Pod shop/cart-1",
    ),
    ("KNL511", [pod(dnsConfig={"searches": [f"d{n}.example" for n in range(30)]})], "Pod shop/cart-1"),
    ("KNL512", [corefile("cache", "autopath @kubernetes")], "ConfigMap kube-system/coredns"),
]

SILENT = [
    ("KNL502", [service("shop"), namespace("shop"), namespace("redis")]),
    ("KNL503", [searches(247, MUSL)]),
    ("KNL504", [ndots("1", GLIBC)]),
    ("KNL504", [ndots("3")]),
    ("KNL504", [ndots("1", dnsPolicy="Default")]),
    ("KNL504", [ndots("1", {"name": "c", "image": "example.com/alpineschnee:1"})]),
    ("KNL505", [HEADLESS, addresses(29)]),
    ("KNL505", [service(clusterIP="10.96.0.9"), addresses(60)]),
    ("KNL506", [corefile("cache 30")]),
    ("KNL506", [corefile("cache 30 {", "  disable denial example.org", "}")]),
    ("KNL506", [corefile("cache 30 local")]),
    ("KNL506", [zones_of_the_block("disable success in-addr.arpa")]),
    ("KNL507", [DNS, coredns("170Mi")]),
    ("KNL507", [DNS, coredns("50Mi", "registry.k8s.io/dns/k8s-dns-kube-dns:1.26")]),
    ("KNL507", [coredns("50Mi") | {"metadata": {"name": "coredns", "namespace": "shop"}}]),
    ("KNL508", [service(), alias("cart.shop.svc.cluster.local")]),
    ("KNL508", [alias("gateway.example.com")]),
    ("KNL508", [alias("gone.other.svc.cluster.local")]),  # of namespace other the dump shows nothing
    ("KNL508", [alias("10.0.0.7")]),  # KNL107
    ("KNL508", chain(11)),
    ("KNL509", [DNS, dns_slice(endpoint("10.0.0.1"), endpoint("10.0.0.2")), *TWO_NODES]),
    ("KNL509", [DNS, dns_slice(endpoint("10.0.0.1")), node("a")]),
    ("KNL509", [DNS, two_of(coredns("170Mi")), *TWO_NODES]),
    ("KNL510", [pod(hostNetwork=True, dnsPolicy="ClusterFirstWithHostNet")]),
    ("KNL510", [pod(hostNetwork=True) | {"metadata": {"name": "a", "namespace": "kube-system"}}]),
    ("KNL511", [pod(dnsConfig={"nameservers": ["10.9.0.1", "10.9.0.2"]})]),
    ("KNL512", [corefile("cache", "autopath /etc/resolv.conf")]),
    ("KNL512", [corefile("cache")]),
]
