"""The two clusters that come with kubenetlab: a small online shop with a few real mistakes, and a middle-sized cluster."""

import random
from dataclasses import replace

from kubenetlab.synthetic.catalogue import GRAFANA, POSTGRES, PROMETHEUS, REDIS, TRAEFIK, AppRow, ServiceRow
from kubenetlab.synthetic.config_maps import add_config_maps
from kubenetlab.synthetic.draft import Draft, Json, Workload
from kubenetlab.synthetic.dump import Dump
from kubenetlab.synthetic.edges import DNS_RULE, ingress, ingress_class, policy
from kubenetlab.synthetic.generate import generate
from kubenetlab.synthetic.identity import Identity
from kubenetlab.synthetic.nodes import add_nodes, cluster_ranges
from kubenetlab.synthetic.planning import add_app, add_system_workloads, move
from kubenetlab.synthetic.platforms import platform_named
from kubenetlab.synthetic.services import add_system_services, service_for, service_object
from kubenetlab.synthetic.shape import Planted, Shape

_WEB = ServiceRow()
_AMQP = "amqp:5672>amqp"
_RABBITMQ = AppRow(
    namespace="data",
    name="rabbitmq",
    image="docker.io/library/rabbitmq:4.1.4",
    kind="StatefulSet",
    ports="amqp:5672 epmd:4369",
    services=(ServiceRow(suffix="-nodes", ports=_AMQP, is_headless=True), ServiceRow(ports=_AMQP)),
)


def _app(
    namespace: str, name: str, services: tuple[ServiceRow, ...] = (_WEB,), kind: str = "Deployment"
) -> AppRow:
    return AppRow(namespace=namespace, name=name, kind=kind, ports="http:8080", services=services)


#: The applications and their replicas.
_APPS: tuple[tuple[AppRow, int], ...] = (
    (TRAEFIK, 3),
    (_app("shop", "frontend"), 4),
    (_app("shop", "catalog"), 3),
    (_app("shop", "cart", services=(ServiceRow(has_affinity=True),)), 3),
    (_app("shop", "search", services=()), 2),
    (_app("shop", "recommendations"), 2),
    (_app("shop", "reviews", services=(ServiceRow(ports="http:80>web"),)), 2),
    (_app("payments", "checkout"), 3),
    (_app("payments", "card-gateway"), 2),
    (_app("payments", "fraud-check"), 2),
    (replace(POSTGRES, namespace="data"), 3),
    (replace(REDIS, namespace="data"), 3),
    (_RABBITMQ, 3),
    (_app("warehouse", "stock"), 2),
    (_app("warehouse", "shipping"), 2),
    (_app("warehouse", "stock-report", kind="CronJob", services=()), 1),
    (replace(PROMETHEUS, namespace="monitoring", services=PROMETHEUS.services[1:]), 1),
    (replace(GRAFANA, namespace="monitoring"), 1),
    (_app("default", "hello"), 1),
)


def shop_dump() -> Dump:
    """Return a cluster of 5 nodes and 60 pods that runs an online shop (kubeadm, Calico), with eight mistakes."""
    shape = Shape(nodes=5, pods=60, seed=2026, platform="kubeadm-calico", fat=False)
    rng = random.Random(shape.seed)
    platform = platform_named(shape.platform)
    draft = Draft(shape=shape, platform=platform, identity=Identity(shape.seed), rng=rng, ranges={})
    draft.ranges = cluster_ranges(draft)
    add_nodes(draft)
    add_system_workloads(draft)
    add_system_services(draft)
    apps = {row.name: _add(draft, row, replicas) for row, replicas in _APPS}
    add_config_maps(draft)
    _add_ingress(draft)
    _add_policies(draft, apps)
    _make_mistakes(draft, apps)
    return Dump(draft)


def platform_dump() -> Dump:
    """Return a cluster of 100 nodes and 2,000 pods on GKE, with four mistakes."""
    faults = ("KNL101", "KNL106", "KNL401", "KNL702")
    return generate(Shape(nodes=100, pods=2000, seed=100, platform="gke", faults=faults, fat=False))


def _add(draft: Draft, row: AppRow, replicas: int) -> Workload:
    workload = add_app(draft, row, row.namespace, replicas)
    draft.objects += [service_for(draft, workload, service) for service in row.services]
    return workload


def _add_ingress(draft: Draft) -> None:
    draft.objects.append(ingress_class(draft, "traefik", "traefik.io/ingress-controller", is_default=True))
    backends: list[tuple[str, str, Json]] = [
        ("/", "frontend", {"name": "http"}),
        ("/catalog", "catalog", {"number": 80}),
        ("/cart", "cart", {"number": 80}),
        ("/gift-cards", "gift-cards", {"number": 80}),
    ]
    draft.objects.append(ingress(draft, "shop", "shop", "www.shop.example.com", backends))
    checkout: list[tuple[str, str, Json]] = [("/", "checkout", {"name": "http"})]
    draft.objects.append(ingress(draft, "payments", "checkout", "pay.shop.example.com", checkout))
    draft.planted.append(Planted("KNL701", "Ingress shop/shop"))


def _add_policies(draft: Draft, apps: dict[str, Workload]) -> None:
    callers = {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "shop"}}}
    https: Json = {"ports": [{"port": 443, "protocol": "TCP"}], "to": [{"ipBlock": {"cidr": "0.0.0.0/0"}}]}
    specs: dict[str, tuple[str, Json]] = {
        "default-deny": ("payments", {"podSelector": {}, "policyTypes": ["Ingress"]}),
        "from-shop": (
            "payments",
            {
                "ingress": [
                    {"from": [callers, {"podSelector": {}}], "ports": [{"port": 8080, "protocol": "TCP"}]}
                ],
                "podSelector": {},
                "policyTypes": ["Ingress"],
            },
        ),
        "card-gateway-egress": (
            "payments",
            {
                "egress": [https],
                "podSelector": {"matchLabels": apps["card-gateway"].labels},
                "policyTypes": ["Egress"],
            },
        ),
        "postgres-egress": (
            "data",
            {
                "egress": [DNS_RULE, {"to": [{"podSelector": {}}]}],
                "podSelector": {"matchLabels": apps["postgres"].labels},
                "policyTypes": ["Egress"],
            },
        ),
    }
    draft.objects += [policy(draft, namespace, name, spec) for name, (namespace, spec) in specs.items()]
    draft.planted.append(Planted("KNL602", "NetworkPolicy payments/card-gateway-egress"))


def _make_mistakes(draft: Draft, apps: dict[str, Workload]) -> None:
    """Misspell a selector, break a readiness probe, put two of three Traefik pods on one node, and so on."""
    search = service_for(draft, apps["search"], _WEB)
    search["spec"]["selector"]["app.kubernetes.io/name"] = "serach"
    draft.objects.append(search)
    for pod in apps["fraud-check"].pods:
        pod.is_ready = False
    apps["catalog"].pods[0].is_ready = False
    first, second, third = apps["traefik"].pods
    if second.node != first.node:
        move(draft, second, draft.nodes[first.node])
    if third.node == first.node:
        move(draft, third, next(node for node in draft.workers() if node.index != first.node))
    external: Json = {"externalName": "198.51.100.44"}
    draft.objects.append(service_object(draft, "payments", "bank", external))
    draft.planted += [
        Planted("KNL101", "Service shop/search"),
        Planted("KNL102", "Service payments/fraud-check"),
        Planted("KNL103", "Service shop/reviews"),
        Planted("KNL107", "Service payments/bank"),
        Planted("KNL109", "Service default/hello"),
        Planted("KNL501", "Namespace data"),
        Planted("KNL501", "Namespace shop"),
        Planted("KNL401", "Service edge/traefik"),
    ]
