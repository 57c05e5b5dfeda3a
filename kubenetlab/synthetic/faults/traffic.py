"""Faults of NetworkPolicies and Ingresses: KNL601 to KNL705."""

from kubenetlab.synthetic.catalogue import AppRow, ServiceRow
from kubenetlab.synthetic.draft import Draft, Json
from kubenetlab.synthetic.edges import DEFAULT_CLASS, ingress, ingress_class, policy
from kubenetlab.synthetic.planning import add_app
from kubenetlab.synthetic.services import metadata, service_for
from kubenetlab.synthetic.targets import claim_workload, label

_NGINX = "registry.k8s.io/ingress-nginx/controller:v1.13.3"
_INTERNET: Json = {"ports": [{"port": 443, "protocol": "TCP"}], "to": [{"ipBlock": {"cidr": "0.0.0.0/0"}}]}


def unenforced_policy(draft: Draft) -> tuple[str, ...]:
    """KNL601: a policy that nothing enforces; on EKS because the VPC CNI was told not to."""
    spec: Json = {"podSelector": {}, "policyTypes": ["Ingress"]}
    draft.objects.append(policy(draft, "storefront", "default-deny", spec))
    if draft.platform.name == "eks":
        draft.objects.append(
            {
                "apiVersion": "v1",
                "data": {"enable-network-policy-controller": "false"},
                "kind": "ConfigMap",
                "metadata": metadata(draft, "ConfigMap", "amazon-vpc-cni", "kube-system"),
            }
        )
    return ("Cluster",)


def egress_without_dns(draft: Draft) -> tuple[str, ...]:
    """KNL602: pods that may reach each other, and the internet by HTTPS, but cannot resolve a name."""
    workload = claim_workload(draft)
    rules = [_INTERNET, {"to": [{"podSelector": {}}]}]
    spec = {"egress": rules, "podSelector": {"matchLabels": workload.labels}, "policyTypes": ["Egress"]}
    item = policy(draft, workload.namespace, f"{workload.name}-egress", spec)
    draft.objects.append(item)
    return (label(item),)


def policy_host_bits(draft: Draft) -> tuple[str, ...]:
    """KNL603: an ipBlock that lets in a whole /16 where one address was meant."""
    workload = claim_workload(draft)
    rule = {"from": [{"ipBlock": {"cidr": "10.20.30.40/16"}}]}
    spec = {"ingress": [rule], "podSelector": {"matchLabels": workload.labels}, "policyTypes": ["Ingress"]}
    item = policy(draft, workload.namespace, f"{workload.name}-from-office", spec)
    draft.objects.append(item)
    return (label(item),)


def missing_backend(draft: Draft) -> tuple[str, ...]:
    """KNL701: an Ingress to a Service that was renamed."""
    workload = claim_workload(draft)
    backends: list[tuple[str, str, Json]] = [("/", f"{workload.name}-old", {"number": 80})]
    item = ingress(draft, workload.namespace, f"{workload.name}-old", "old.example.com", backends)
    draft.objects.append(item)
    return (label(item),)


def missing_backend_port(draft: Draft) -> tuple[str, ...]:
    """KNL702: an Ingress to the container's port instead of the Service's."""
    workload = claim_workload(draft)
    backends: list[tuple[str, str, Json]] = [("/", workload.service_name, {"number": 8081})]
    item = ingress(draft, workload.namespace, f"{workload.name}-api", "api.example.com", backends)
    draft.objects.append(item)
    return (label(item),)


def no_class(draft: Draft) -> tuple[str, ...]:
    """KNL703: an Ingress without a class, and no class is the default."""
    for item in draft.of_kind("IngressClass"):
        item["metadata"].get("annotations", {}).pop(DEFAULT_CLASS, None)
    return (label(add_classless_ingress(draft)),)


def missing_class(draft: Draft) -> tuple[str, ...]:
    """KNL705: an Ingress of a class whose controller was removed."""
    item = add_classless_ingress(draft)
    item["spec"]["ingressClassName"] = "internal"
    return (label(item),)


def add_classless_ingress(draft: Draft) -> Json:
    """Add an Ingress that names no class."""
    workload = claim_workload(draft)
    service = draft.get("Service", workload.service_name, workload.namespace)
    port = service["spec"]["ports"][0]["port"]
    backends: list[tuple[str, str, Json]] = [("/", workload.service_name, {"number": port})]
    item = ingress(draft, workload.namespace, f"{workload.name}-plain", "plain.example.com", backends)
    del item["spec"]["ingressClassName"]
    draft.objects.append(item)
    return item


def retired_controller(draft: Draft) -> tuple[str, ...]:
    """KNL704: ingress-nginx still at work."""
    row = AppRow(namespace="ingress-nginx", name="ingress-nginx-controller", image=_NGINX, most=1)
    workload = add_app(draft, row, row.namespace, 1)
    draft.objects.append(service_for(draft, workload, ServiceRow(type="LoadBalancer")))
    item = ingress_class(draft, "nginx", "k8s.io/ingress-nginx")
    draft.objects.append(item)
    return label(item), workload.object
