"""Ingresses, their class, and NetworkPolicies of a synthetic cluster."""

from kubenetlab.synthetic.draft import Draft, Json
from kubenetlab.synthetic.services import metadata

DEFAULT_CLASS = "ingressclass.kubernetes.io/is-default-class"
INGRESS_CLASS = "traefik"


def add_ingresses(draft: Draft) -> None:
    """Add the Ingress class of Traefik and an Ingress for every storefront."""
    draft.objects.append(
        ingress_class(draft, INGRESS_CLASS, "traefik.io/ingress-controller", is_default=True)
    )
    for service in list(draft.of_kind("Service")):
        namespace, name = service["metadata"]["namespace"], service["metadata"]["name"]
        if name == "frontend":
            backends: list[tuple[str, str, Json]] = [("/", name, {"name": "http"})]
            others = [
                s["metadata"]["name"]
                for s in draft.of_kind("Service")
                if s["metadata"]["namespace"] == namespace
            ]
            backends += [
                (f"/{other}", other, {"number": 80}) for other in ("catalog", "cart") if other in others
            ]
            draft.objects.append(ingress(draft, namespace, "shop", f"{namespace}.example.com", backends))


def ingress_class(draft: Draft, name: str, controller: str, *, is_default: bool = False) -> Json:
    """Return an IngressClass."""
    entry = metadata(draft, "IngressClass", name)
    if is_default:
        entry["annotations"] = {DEFAULT_CLASS: "true"}
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "IngressClass",
        "metadata": entry,
        "spec": {"controller": controller},
    }


def ingress(
    draft: Draft, namespace: str, name: str, host: str, backends: list[tuple[str, str, Json]]
) -> Json:
    """Return an Ingress of one host; ``backends`` are (path, Service, port)."""
    paths = [
        {"backend": {"service": {"name": service, "port": port}}, "path": path, "pathType": "Prefix"}
        for path, service, port in backends
    ]
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "Ingress",
        "metadata": metadata(draft, "Ingress", name, namespace),
        "spec": {
            "ingressClassName": INGRESS_CLASS,
            "rules": [{"host": host, "http": {"paths": paths}}],
            "tls": [{"hosts": [host], "secretName": f"{name}-tls"}],
        },
        "status": {"loadBalancer": {}},
    }


def policy(draft: Draft, namespace: str, name: str, spec: Json) -> Json:
    """Return a NetworkPolicy."""
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": metadata(draft, "NetworkPolicy", name, namespace),
        "spec": spec,
    }


#: An egress rule that lets names be resolved.
DNS_RULE: Json = {
    "ports": [{"port": 53, "protocol": "UDP"}, {"port": 53, "protocol": "TCP"}],
    "to": [{"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "kube-system"}}}],
}


def add_policies(draft: Draft) -> None:
    """Add the policies of every checkout and storefront, where something enforces them."""
    if not draft.platform.enforces_policies:
        return
    namespaces = {workload.namespace for workload in draft.workloads}
    for namespace in sorted(name for name in namespaces if name.startswith("checkout")):
        draft.objects += _checkout_policies(draft, namespace, namespace.replace("checkout", "storefront"))
    for namespace in sorted(name for name in namespaces if name.startswith("databases")):
        spec: Json = {
            "ingress": [{"from": [{"namespaceSelector": {}}], "ports": [{"port": 5432, "protocol": "TCP"}]}],
            "podSelector": {"matchLabels": {"app.kubernetes.io/name": "postgres"}},
            "policyTypes": ["Ingress"],
        }
        draft.objects.append(policy(draft, namespace, "postgres-clients", spec))


def _checkout_policies(draft: Draft, namespace: str, storefront: str) -> list[Json]:
    callers = {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": storefront}}}
    internet = {"ipBlock": {"cidr": "0.0.0.0/0", "except": ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"]}}
    dns = DNS_RULE if draft.platform.name != "openshift" else _openshift_dns_rule()
    return [
        policy(draft, namespace, "default-deny", {"podSelector": {}, "policyTypes": ["Ingress"]}),
        policy(
            draft,
            namespace,
            "from-storefront",
            {
                "ingress": [
                    {"from": [callers, {"podSelector": {}}], "ports": [{"port": "http", "protocol": "TCP"}]}
                ],
                "podSelector": {},
                "policyTypes": ["Ingress"],
            },
        ),
        policy(
            draft,
            namespace,
            "payments-egress",
            {
                "egress": [dns, {"ports": [{"port": 443, "protocol": "TCP"}], "to": [internet]}],
                "podSelector": {"matchLabels": {"app.kubernetes.io/name": "payments"}},
                "policyTypes": ["Egress"],
            },
        ),
    ]


def _openshift_dns_rule() -> Json:
    return {
        "ports": [
            {"port": 53, "protocol": "UDP"},
            {"port": 5353, "protocol": "UDP"},
            {"port": 5353, "protocol": "TCP"},
        ],
        "to": [{"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "openshift-dns"}}}],
    }
