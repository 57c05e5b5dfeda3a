"""A dump as plain dictionaries: the accessors that the brute-force rules share. Standard library only."""

import ipaddress
from collections import defaultdict

GROUPS = {
    "Node": {""},
    "Namespace": {""},
    "Pod": {""},
    "Service": {""},
    "EndpointSlice": {"discovery.k8s.io"},
    "Endpoints": {""},
    "NetworkPolicy": {"networking.k8s.io", "extensions"},
    "Ingress": {"networking.k8s.io", "extensions"},
    "IngressClass": {"networking.k8s.io", "extensions"},
    "ServiceCIDR": {"networking.k8s.io"},
    "IPAddress": {"networking.k8s.io"},
    "IPPool": {"crd.projectcalico.org", "projectcalico.org"},
    "IPAMBlock": {"crd.projectcalico.org", "projectcalico.org"},
    "CiliumNode": {"cilium.io"},
    "CiliumPodIPPool": {"cilium.io"},
    "NodeNetworkConfig": {"acn.azure.com"},
    "ConfigMap": {""},
    "Deployment": {"apps", "extensions"},
    "StatefulSet": {"apps", "extensions"},
    "DaemonSet": {"apps", "extensions"},
    "ReplicaSet": {"apps", "extensions"},
    "Job": {"batch"},
    "CronJob": {"batch"},
    # Not of Kubernetes: what the clouds' command lines print, and host-local's directory, as items of our own.
    "CloudListing": {""},
    "HostLocalListing": {""},
}
CLUSTER_SCOPED = {
    "Node",
    "Namespace",
    "IngressClass",
    "ServiceCIDR",
    "IPAddress",
    "IPPool",
    "IPAMBlock",
    "CiliumNode",
    "CiliumPodIPPool",
}
WORKLOADS = ("Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "Job", "CronJob")


class Dump:
    """Items by kind; ``pods`` are the unfinished ones, by namespace."""

    def __init__(self, items):
        self.by_kind = defaultdict(list)
        for item in flatten(items):
            group = (item.get("apiVersion") or "").rpartition("/")[0]
            kind = item.get("kind")
            if kind in GROUPS and (not item.get("apiVersion") or group in GROUPS[kind]):
                self.by_kind[kind].append(item)
        self.pods = defaultdict(list)
        for pod in self.by_kind["Pod"]:
            if get(pod, "status", "phase") not in ("Succeeded", "Failed"):
                self.pods[namespace(pod)].append(pod)
        self.workloads = [item for kind in WORKLOADS for item in self.by_kind[kind]]
        self.services = {(namespace(s), name(s)): s for s in self.by_kind["Service"]}
        self.slices = defaultdict(list)
        for piece in self.by_kind["EndpointSlice"]:
            self.slices[namespace(piece), labels(piece).get("kubernetes.io/service-name")].append(piece)
        owners = [o for p in self.by_kind["Pod"] for o in each(p, "metadata", "ownerReferences")]
        self.agents = {name(d) for d in self.by_kind["DaemonSet"]}
        self.agents |= {o["name"] for o in owners if o.get("kind") == "DaemonSet"}

    def selected_pods(self, service):
        """Unfinished pods of the Service's namespace whose labels hold its whole selector."""
        selector = get(service, "spec", "selector") or {}
        return [
            p for p in self.pods[namespace(service)] if selector and selector.items() <= labels(p).items()
        ]

    def selected_workloads(self, service):
        """Workloads of the Service's namespace whose pod template's labels hold its whole selector."""
        selector = get(service, "spec", "selector") or {}
        return [
            w
            for w in self.workloads
            if selector
            and namespace(w) == namespace(service)
            and selector.items() <= labels(template(w)).items()
        ]

    def endpoints_of(self, service):
        """(address, pod or address, node name, ready) of a Service's slices, else of its Endpoints."""
        publish = bool(get(service, "spec", "publishNotReadyAddresses"))
        key = namespace(service), name(service)
        found = slice_endpoints(self.slices[key]) or old_endpoints(self.endpoints_objects(key))
        return [(address, who, node, ready or publish) for address, who, node, ready in found]

    def endpoints_objects(self, key):
        """Endpoints objects with a namespace and name."""
        return [e for e in self.by_kind["Endpoints"] if (namespace(e), name(e)) == key]


def flatten(items):
    """Items, with the contents of Lists in place of the Lists."""
    for item in items:
        if "items" in item and str(item.get("kind", "")).endswith("List"):
            yield from flatten(item["items"] or [])
        else:
            yield item


def get(item, *path):
    """The value at a path of keys, or None."""
    for key in path:
        item = (item or {}).get(key)
    return item


def each(item, *path):
    """The list at a path of keys; null and absent are empty."""
    return get(item, *path) or []


def name(item):
    return get(item, "metadata", "name") or ""


def namespace(item):
    return get(item, "metadata", "namespace") or "default"


def labels(item):
    return get(item, "metadata", "labels") or {}


def annotations(item):
    return get(item, "metadata", "annotations") or {}


def object_name(item):
    """``Kind namespace/name``, or ``Kind name`` where the kind has no namespace."""
    kind = item["kind"]
    return f"{kind} {name(item)}" if kind in CLUSTER_SCOPED else f"{kind} {namespace(item)}/{name(item)}"


def template(workload):
    """The pod template of a workload."""
    spec = workload.get("spec") or {}
    return get(spec, "jobTemplate", "spec", "template") or spec.get("template") or {}


def replicas(workload):
    """Pods a workload wants: absent is 1; a DaemonSet one or more, or its status; Jobs, which come and go, none."""
    if workload["kind"] in ("Job", "CronJob"):
        return 0
    place = ("status", "desiredNumberScheduled") if workload["kind"] == "DaemonSet" else ("spec", "replicas")
    wanted = get(workload, *place)
    return 1 if wanted is None else wanted


def slice_endpoints(slices):
    """Endpoints of slices; ready null or absent is ready; one row per endpoint."""
    return [
        (
            (endpoint.get("addresses") or [""])[0],
            get(endpoint, "targetRef", "name") or (endpoint.get("addresses") or [""])[0],
            endpoint.get("nodeName"),
            get(endpoint, "conditions", "ready") is not False,
        )
        for piece in slices
        for endpoint in each(piece, "endpoints")
    ]


def old_endpoints(objects):
    """Endpoints of Endpoints objects: addresses are ready, notReadyAddresses are not."""
    return [
        (
            address.get("ip"),
            get(address, "targetRef", "name") or address.get("ip"),
            address.get("nodeName"),
            ready,
        )
        for item in objects
        for subset in each(item, "subsets")
        for field, ready in (("addresses", True), ("notReadyAddresses", False))
        for address in each(subset, field)
    ]


def network(text):
    """The range of a CIDR text (host bits dropped), or None where it is not one."""
    try:
        return ipaddress.ip_network(str(text).strip(), strict=False)
    except ValueError:
        return None


def networks(texts):
    """Ranges of texts; a text may hold several, separated by commas."""
    parts = [part for text in texts for part in str(text or "").split(",")]
    return [n for n in map(network, parts) if n is not None]


def has_host_bits(text):
    """Whether a CIDR text has bits set beyond its prefix."""
    try:
        interface = ipaddress.ip_interface(str(text).strip())
    except ValueError:
        return False
    return interface.ip != interface.network.network_address


def holds(outer, inner):
    """Whether a range holds another of the same family."""
    return outer.version == inner.version and inner.subnet_of(outer)


def overlap(one, other):
    """Whether two ranges of the same family share an address."""
    return one.version == other.version and one.overlaps(other)


def matches(selector, its_labels):
    """Kubernetes label selector: all matchLabels and all matchExpressions; an empty one matches everything."""
    selector = selector or {}
    if not (selector.get("matchLabels") or {}).items() <= its_labels.items():
        return False
    checks = {
        "In": lambda key, values: key in its_labels and its_labels[key] in values,
        "NotIn": lambda key, values: key not in its_labels or its_labels[key] not in values,
        "Exists": lambda key, values: key in its_labels,
        "DoesNotExist": lambda key, values: key not in its_labels,
    }
    return all(
        checks[e["operator"]](e["key"], e.get("values") or []) for e in each(selector, "matchExpressions")
    )
