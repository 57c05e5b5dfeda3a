"""Harmless NetworkPolicies and Ingresses that look like KNL601 to KNL705."""

from kubenetlab.synthetic.draft import Draft, Json
from kubenetlab.synthetic.edges import ingress, ingress_class, policy
from kubenetlab.synthetic.faults.traffic import add_classless_ingress
from kubenetlab.synthetic.services import metadata
from kubenetlab.synthetic.targets import claim_workload


def enforced_policy(draft: Draft) -> None:
    """KNL601: a policy where the CNI enforces it."""
    spec: Json = {"podSelector": {}, "policyTypes": ["Ingress"]}
    draft.objects.append(policy(draft, "storefront", "default-deny", spec))


def egress_with_dns_elsewhere(draft: Draft) -> None:
    """KNL602: one policy isolates the pods, another lets DNS out; and one that lets every port out."""
    workload = claim_workload(draft)
    pods = {"matchLabels": workload.labels}
    first = 5350 if draft.platform.name == "openshift" else 50  # OpenShift's DNS pods listen on 5353
    rules: dict[str, list[Json]] = {
        "deny": [],
        "dns": [
            {
                "ports": [
                    {"endPort": first + 10, "port": first, "protocol": "UDP"},
                    {"port": 53, "protocol": "TCP"},
                ]
            }
        ],
    }
    for name, egress in rules.items():
        spec: Json = {"egress": egress, "podSelector": pods, "policyTypes": ["Egress"]}
        draft.objects.append(policy(draft, workload.namespace, f"{workload.name}-{name}", spec))
    other = claim_workload(draft)
    spec = {
        "egress": [{"to": [{"ipBlock": {"cidr": "0.0.0.0/0"}}]}],
        "podSelector": {"matchLabels": other.labels},
        "policyTypes": ["Egress"],
    }
    draft.objects.append(policy(draft, other.namespace, f"{other.name}-every-port", spec))


def aligned_blocks(draft: Draft) -> None:
    """KNL603: ranges without host bits."""
    workload = claim_workload(draft)
    blocks = [{"cidr": "10.20.0.0/16", "except": ["10.20.30.0/24"]}, {"cidr": "198.51.100.7/32"}]
    rule = {"from": [{"ipBlock": block} for block in blocks]}
    spec = {"ingress": [rule], "podSelector": {"matchLabels": workload.labels}, "policyTypes": ["Ingress"]}
    draft.objects.append(policy(draft, workload.namespace, f"{workload.name}-from-office", spec))


def resource_backend(draft: Draft) -> None:
    """KNL701: an Ingress whose backend is a storage bucket and no Service."""
    workload = claim_workload(draft)
    item = ingress(draft, workload.namespace, f"{workload.name}-static", "static.example.com", [])
    bucket = {"apiGroup": "k8s.example.com", "kind": "StorageBucket", "name": "static"}
    path = {"backend": {"resource": bucket}, "path": "/", "pathType": "Prefix"}
    item["spec"]["rules"][0]["http"]["paths"] = [path]
    draft.objects.append(item)


def backend_port_by_name(draft: Draft) -> None:
    """KNL702: an Ingress to a Service's port by its name."""
    workload = claim_workload(draft)
    service = draft.get("Service", workload.service_name, workload.namespace)
    port = {"name": service["spec"]["ports"][0]["name"]}
    backends: list[tuple[str, str, Json]] = [("/", workload.service_name, port)]
    draft.objects.append(
        ingress(draft, workload.namespace, f"{workload.name}-api", "api.example.com", backends)
    )


def class_by_default_or_annotation(draft: Draft) -> None:
    """KNL703: an Ingress without a class while one class is the default; and one with the old annotation."""
    add_classless_ingress(draft)
    item = add_classless_ingress(draft)
    item["metadata"]["annotations"] = {"kubernetes.io/ingress.class": "traefik"}


def class_that_the_controller_knows(draft: Draft) -> None:
    """KNL705: the old annotation with a name that Traefik knows from its own configuration."""
    item = add_classless_ingress(draft)
    item["metadata"]["annotations"] = {"kubernetes.io/ingress.class": "traefik-internal"}


def enforced_by_npm(draft: Draft) -> None:
    """KNL601: a policy on AKS where Azure's network policy manager runs."""
    enforced_policy(draft)
    container = {"image": "mcr.microsoft.com/containernetworking/azure-npm:v1.6.29", "name": "azure-npm"}
    labels = {"k8s-app": "azure-npm"}
    template: Json = {
        "metadata": {"labels": labels},
        "spec": {"containers": [container], "hostNetwork": True},
    }
    draft.objects.append(
        {
            "apiVersion": "apps/v1",
            "kind": "DaemonSet",
            "metadata": metadata(draft, "DaemonSet", "azure-npm", "kube-system", labels),
            "spec": {"selector": {"matchLabels": labels}, "template": template},
        }
    )


def other_nginx(draft: Draft) -> None:
    """KNL704: F5's NGINX Ingress Controller, which is another product."""
    draft.objects.append(ingress_class(draft, "nginx", "nginx.org/ingress-controller"))
